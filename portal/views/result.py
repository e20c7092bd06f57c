"""Where a sent entry stands: being checked, sent back, refused, accepted, won or not won; always with what is next."""

import io
import math
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect
from PIL import Image

from campaigns.models import Mechanic
from codes.links import claim_url
from codes.models import Award
from core import clock
from draws.models import DrawResult
from draws.selectors import first_draw
from eligibility.models import Decision
from eligibility.reasons import described
from eligibility.selectors import appeal_deadline, appeal_of, current_decision
from participants.models import Entry, EntryStatus
from participants.selectors import pending_email, reachable_identity
from portal.refusals import private
from portal.session import own_entry
from portal.steps import steps_of
from portal.sums import marked_place, sum_context
from receipts.models import ReceiptPhoto
from receipts.selectors import (
    ReadingProgress,
    current_receipt,
    current_receipts,
    is_being_read,
    photo_bytes,
    reading_progress,
    tries_left,
)

FIXED_AT = {
    "serial": "serial",
    "reference": "reference",
    "survey": "survey",
    "line_friend": "line",
    "x_follow": "x",
}
REGION_MARGIN = 0.35  # of the region's height: enough of the paper to recognise the place
PREVIEW_SIDE = 640
MINUTE = 60


def result_page(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Show a sent entry."""
    context = result_context(entry) | {"reveals": "reveal" in request.GET}
    return render(request, f"portal/result/{context['page']}.html", context)


@require_safe
@private
def progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give the part of the waiting page that changes; once there is more to say, lead to the page that says it."""
    entry = own_entry(request, public_id)
    context = result_context(entry)
    if context["page"] != request.GET.get("page", "checking"):
        address = f"/e/{entry.public_id}/?reveal=1"
        return HttpResponseClientRedirect(address)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)  # nothing is swapped, so that nothing is read out again
    return render(request, "portal/parts/progress.html", context)


@require_safe
@private
def photo(request: HttpRequest, public_id: UUID, position: int) -> HttpResponse:
    """Show one's own photograph, small, as it was received."""
    entry = own_entry(request, public_id)
    image = _open(_photo(entry, position, request.GET.get("receipt", "")))
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return _jpeg(image)


@require_safe
@private
def region(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """Show the part of one's own photograph that a reason is about."""
    entry = own_entry(request, public_id)
    decision = current_decision(entry.pk)
    reasons = decision.reasons if decision else []
    reason = reasons[number] if number < len(reasons) else {}
    place = reason.get("region")
    if not place:
        raise Http404
    image = _open(_photo(entry, place["photo"] + 1, reason.get("receipt", "")))
    return _jpeg(image.crop(_box(place["polygon"], image.size)))


def result_context(entry: Entry) -> dict[str, Any]:
    """Gather what the pages about a sent entry say."""
    decision = current_decision(entry.pk)
    page = page_of(entry)
    awards = Award.objects.filter(entry=entry, voided_at__isnull=True)
    stages = _stages(entry)
    reading = _reading(entry) if page == "checking" else None
    return {
        "entry": entry,
        "campaign": entry.campaign,
        "sponsor": entry.campaign.sponsor,
        "page": page,
        "stages": stages,
        "reading": reading,
        "seen": _seen(stages, reading),
        "reasons": _reasons(entry, decision),
        **sum_context(entry, decision),
        "fix_step": _fix_step(entry, decision),
        "email": pending_email(entry.participant_id),
        "awards": [(award, claim_url(award)) for award in awards.select_related("prize")] if page == "won" else [],
        "is_instant": entry.campaign.mechanic == Mechanic.INSTANT,
        "tries_left": tries_left(entry.pk),
        **_appeal(entry, decision),
        "draw_follows": entry.campaign.mechanic == Mechanic.LATER,
        "drawn_before": first_draw(entry.campaign) if page == "accepted" and not _has_result(entry) else None,
    }


def page_of(entry: Entry) -> str:
    """Name the page that fits an entry; an accepted one is about its draw or about a contact to be confirmed."""
    if entry.status != EntryStatus.ACCEPTED:
        return _PAGES[EntryStatus(entry.status)]
    if reachable_identity(entry.participant_id) is None:
        return "confirm_contact"
    later = entry.campaign.mechanic == Mechanic.LATER
    return "accepted" if later or _has_result(entry) else "checking"


_PAGES = {
    EntryStatus.STARTED: "started",
    EntryStatus.SUBMITTED: "checking",
    EntryStatus.IN_REVIEW: "in_review",
    EntryStatus.SENT_BACK: "sent_back",
    EntryStatus.REFUSED: "refused",
    EntryStatus.WON: "won",
    EntryStatus.LOST: "lost",
    EntryStatus.WITHDRAWN: "withdrawn",
}


def _has_result(entry: Entry) -> bool:
    return DrawResult.objects.filter(entry=entry).exists()


def _stages(entry: Entry) -> list[tuple[str, str]]:
    """Tell what was done and what is being done, as (name, state)."""
    is_judged = entry.status not in (EntryStatus.SUBMITTED, EntryStatus.IN_REVIEW)
    facts = [("received", True)]
    if current_receipt(entry.pk) is not None:
        facts.append(("read", not is_being_read(entry.pk)))
    facts += [("checked", is_judged), ("drawn", _has_result(entry))]
    current = next((name for name, done in facts if not done), "")
    return [(name, "done" if done else "now" if name == current else "later") for name, done in facts]


def _reading(entry: Entry) -> ReadingProgress | None:
    """Give how the receipt is coming along, the seconds in steps that do not pretend to be exact."""
    receipt = current_receipt(entry.pk)
    found = reading_progress(receipt, now=clock.now()) if receipt else None
    if found is None:
        return None
    step = 10 if found.seconds < MINUTE else MINUTE
    return replace(found, seconds=math.ceil(found.seconds / step) * step)


def _seen(stages: list[tuple[str, str]], reading: ReadingProgress | None) -> str:
    """Name what the part that changes says, so that it is sent only when that changes."""
    current = next((name for name, state in stages if state == "now"), "")
    if reading is None:
        return current
    return f"{current}-{reading.ahead}-{reading.seconds}-{reading.is_reading:d}-{reading.is_late:d}"


def _reasons(entry: Entry, decision: Decision | None) -> list[dict[str, Any]]:
    """Give the reasons in words; each place is marked on the photograph that was judged, never on a later one.

    What is wrong with one receipt of a sum, and what the sum lacks, stands beside the receipts instead.
    """
    if decision is None:
        return []
    receipt = current_receipt(entry.pk)
    judged = receipt if receipt is not None and receipt.created_at <= decision.decided_at else None
    reasons = [reason for reason in described(decision.reasons) if not _is_of_sum(reason)]
    return [reason | marked_place(reason.get("region"), judged) for reason in reasons]


def _is_of_sum(reason: dict[str, Any]) -> bool:
    return reason["rule"] != "returns" and bool(reason.get("receipt") or reason.get("missing"))


def _appeal(entry: Entry, decision: Decision | None) -> dict[str, Any]:
    """Tell whether an objection waits, was answered, can still be made, and until when."""
    made = appeal_of(entry.pk)
    is_of_this = made is not None and decision is not None and decision.pk in (made.decision_id, made.outcome_id)
    can_object = decision is not None and entry.status in (EntryStatus.SENT_BACK, EntryStatus.REFUSED)
    until = appeal_deadline(decision, entry.campaign) if decision is not None and can_object else None
    is_free = until is not None and not (made and decision and made.decision_id == decision.pk)
    return {
        "appeal": made if is_of_this else None,
        "appeal_until": until,
        "appeal_is_open": is_free and until is not None and clock.now() < until,
        "appeal_is_over": is_free and until is not None and clock.now() >= until,
    }


def _fix_step(entry: Entry, decision: Decision | None) -> str:
    """Name the step at which the first reason that can be mended is mended."""
    names = [step.name for step in steps_of(entry)]
    rules = [reason.get("rule", "") for reason in (decision.reasons if decision else [])]
    step = next((FIXED_AT[rule] for rule in rules if rule in FIXED_AT), "receipt")
    return step if step in names else "confirm"


def _photo(entry: Entry, position: int, receipt_id: str) -> ReceiptPhoto:
    """Find a photograph of the receipt that is named, or of the last one sent."""
    receipts = current_receipts(entry.pk)
    receipt = next((r for r in receipts if str(r.public_id) == receipt_id), None) if receipt_id else receipts.last()
    photo = receipt and receipt.photos.filter(position=position, purged_at__isnull=True).first()
    if not photo:
        raise Http404
    return photo


def _open(photo: ReceiptPhoto) -> Image.Image:
    """Open a photograph of our own making: rebuilt from pixels when it came in."""
    return Image.open(io.BytesIO(photo_bytes(photo)), formats=["JPEG"])


def _box(polygon: list[list[float]], size: tuple[int, int]) -> tuple[int, int, int, int]:
    xs, ys = [point[0] for point in polygon], [point[1] for point in polygon]
    margin = (max(ys) - min(ys)) * REGION_MARGIN + 8
    return (
        max(0, int(min(xs) - margin)),
        max(0, int(min(ys) - margin)),
        min(size[0], int(max(xs) + margin)),
        min(size[1], int(max(ys) + margin)),
    )


def _jpeg(image: Image.Image) -> HttpResponse:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=82)
    return HttpResponse(buffer.getvalue(), content_type="image/jpeg")
