"""What became of entries: verdict, result, prize and delivery, over all stages."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.urls import reverse

from accounts.selectors import agencies_where
from codes.models import Award, Shipment, ShipmentStatus
from codes.selectors import waits_for_another_code
from core.clock import inclusive_end
from distribution.models import Delivery
from distribution.selectors import with_contact
from eligibility.models import Decision, ReviewCase, ReviewStatus
from eligibility.reasons import described
from participants.models import Entry, Participant
from receipts.models import Receipt

register = template.Library()
ASKED_FOR = (ShipmentStatus.WAITING, ShipmentStatus.RETURNED)


@register.inclusion_tag("admin/entry_stories.html", takes_context=True)
def entry_stories(context: Mapping[str, Any], entries: Iterable[Entry]) -> dict[str, Any]:
    """Show each entry of a person with what followed."""
    return {"stories": [_story(entry) for entry in entries], "perms": context.get("perms")}


@register.inclusion_tag("admin/entry_stories.html", takes_context=True)
def entry_story(context: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """Show what followed one entry."""
    return {"stories": [_story(entry)], "is_single": True, "perms": context.get("perms")}


@register.inclusion_tag("admin/parcel_rows.html", takes_context=True)
def parcel_rows(context: Mapping[str, Any], person: Participant) -> dict[str, Any]:
    """Show where the goods stand that a person has won, to whoever may see parcels of that agency."""
    seen = agencies_where(context["request"].user, "codes.view_shipment", "codes.change_shipment")
    parcels = Shipment.objects.filter(award__entry__participant=person, agency__in=seen)
    rows = list(parcels.select_related("award__prize").order_by("-pk"))
    for row in rows:
        row.asked_until = inclusive_end(row.address_until) if row.status in ASKED_FOR else None  # type: ignore[attr-defined]
    return {"parcels": rows}


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
        "deliveries": with_contact(Delivery.objects.filter(entry=entry).order_by("pk")),
    }
