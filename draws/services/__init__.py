"""Writes: results, fixed once."""

from draws.services.drawing import hold_draw
from draws.services.results import decide_result, record_loss

__all__ = ["decide_result", "hold_draw", "record_loss"]
