"""Writes: results, fixed once."""

from draws.services.drawing import hold_draw
from draws.services.results import decide_result, record_loss
from draws.services.supplementary import grant_course, hold_supplementary_draw

__all__ = ["decide_result", "grant_course", "hold_draw", "hold_supplementary_draw", "record_loss"]
