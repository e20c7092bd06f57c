"""What became of entries: verdict, result, prize and delivery, over all stages."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.urls import reverse

from codes.models import Award
from codes.selectors import waits_for_another_code
from distribution.models import Delivery
from eligibility.models import Decision, ReviewCase, ReviewStatus
from eligibility.reasons import described
from participants.models import Entry
from receipts.models import Receipt

register = template.Library()


@register.inclusion_tag("admin/entry_stories.html", takes_context=True)
def entry_stories(context: Mapping[str, Any], entries: Iterable[Entry]) -> dict[str, Any]:
    """Show each entry of a person with what followed."""
    return {"stories": [_story(entry) for entry in entries], "perms": context.get("perms")}


@register.inclusion_tag("admin/entry_stories.html", takes_context=True)
def entry_story(context: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """Show what followed one entry."""
    return {"stories": [_story(entry)], "is_single": True, "perms": context.get("perms")}


def _story(entry: Entry) -> dict[str, Any]:
    decisions = list(Decision.objects.filter(entry=entry).select_related("decided_by").order_by("number"))
    for decision in decisions:
        decision.texts = described(decision.reasons)  # type: ignore[attr-defined]
    awards = list(Award.objects.filter(entry=entry).select_related("prize", "gift_code"))
    for award in awards:
        award.number = award.notice_number  # type: ignore[attr-defined]
        award.waits = waits_for_another_code(award)  # type: ignore[attr-defined]
    case = ReviewCase.objects.filter(entry=entry, status=ReviewStatus.OPEN).first()
    return {
        "entry": entry,
        "url": reverse("admin:participants_entry_change", args=[entry.pk]),
        "decisions": decisions,
        "receipts": Receipt.objects.filter(entry=entry).prefetch_related("photos"),
        "case_url": reverse("admin:eligibility_reviewcase_change", args=[case.pk]) if case else "",
        "awards": awards,
        "deliveries": Delivery.objects.filter(entry=entry).select_related("identity").order_by("pk"),
    }
