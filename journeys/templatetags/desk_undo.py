"""The offer to take back what was decided a moment ago, on the pages of the review desk."""

from collections.abc import Mapping
from typing import Any

from django import template

from core import clock
from eligibility.selectors import UNDO_TIME
from journeys.undoing import obstacle_to_undoing, own_opinions

register = template.Library()


@register.inclusion_tag("admin/eligibility/review_undo.html", takes_context=True)
def undo_offer(context: Mapping[str, Any]) -> dict[str, Any]:
    """Offer the button while nothing has followed from the person's last decision; its key works beside a case."""
    last = own_opinions(context["request"].user).filter(given_at__gt=clock.now() - UNDO_TIME).first()
    is_free = last is not None and obstacle_to_undoing(last) is None
    return {
        "undoable": last if is_free else None,
        "case": context.get("case"),
        "csrf_token": context.get("csrf_token"),
    }
