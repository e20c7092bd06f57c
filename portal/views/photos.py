"""The step of the receipt's photographs."""

import json
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from campaigns.models import EntryRule, RuleKind
from campaigns.selectors import receipts_at_most
from core import clock
from core.errors import DomainError
from participants.models import Entry, EntryStatus
from participants.services.entries import EDITABLE
from portal.forms import photos_in
from portal.refusals import private
from portal.session import own_entry
from portal.steps import next_step
from portal.views.entry import step_context
from receipts.errors import NoPhoto
from receipts.models import PhotoTrouble, Receipt
from receipts.selectors import current_receipts, first_look_limits, places_left
from receipts.services import Place, store_upload

FORM_BYTES = 64 * 1024  # what surrounds the photographs in an upload


@csrf_exempt  # only so that the length is judged before anything of the body is read; the inner view is protected
@require_http_methods(["GET", "HEAD", "POST"])
def photos_step(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Refuse by its announced length what is larger than all photographs together may be; then take the step."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    most = settings.PHOTOS_PER_RECEIPT * settings.PHOTO_MAX_BYTES + FORM_BYTES
    if not (length.isascii() and length.isdigit()) or int(length) > most:
        return render(request, "portal/errors/413.html", status=413)
    return _take_photos(request, public_id)


@csrf_protect
@private
def _take_photos(request: HttpRequest, public_id: UUID) -> HttpResponse:
    entry = own_entry(request, public_id)
    if entry.status not in EDITABLE:
        return redirect("portal:entry", public_id=public_id)
    if request.method != "POST":
        return _page(request, entry)
    files = [file for file in request.FILES.getlist("photos") if file]
    photos = photos_in(files, max_bytes=settings.PHOTO_MAX_BYTES)
    if photos is None:
        return render(request, "portal/errors/413.html", status=413)
    try:
        receipt = store_upload(entry_id=entry.pk, photos=photos, place=_place(request, entry), now=clock.now())
    except NoPhoto as refusal:
        if "keep" in request.POST and current_receipts(entry.pk):
            return _go_on(entry)
        return _page(request, entry, refusal=refusal)
    except DomainError as refusal:
        return _page(request, entry, refusal=refusal)
    if "anyway" not in request.POST and receipt.photos.exclude(trouble="").exists():
        # The page says at once what is wrong; nothing is used up, and keeping it is allowed.
        instead = f"?instead={receipt.public_id}" if receipts_at_most(entry.campaign) > 1 else ""
        return redirect(f"{request.path}{instead}")
    return _go_on(entry)


def _place(request: HttpRequest, entry: Entry) -> Place:
    """Tell where the receipt belongs: where receipts are summed it is added, unless it is sent instead of one."""
    if receipts_at_most(entry.campaign) == 1:
        return Place()
    replaced = _replaced(request, current_receipts(entry.pk))
    return Place(instead_of=replaced.public_id) if replaced else Place(adds=True)


def _replaced(request: HttpRequest, receipts: Iterable[Receipt]) -> Receipt | None:
    named = request.GET.get("instead", "")
    return next((receipt for receipt in receipts if str(receipt.public_id) == named), None)


def _go_on(entry: Entry) -> HttpResponse:
    """After a new photograph for an entry that was sent back, everything else is still there: check and send."""
    sent_back = entry.status == EntryStatus.SENT_BACK
    name = "confirm" if sent_back else next_step(entry, after="receipt")
    return redirect("portal:step", public_id=entry.public_id, name=name)


def _page(request: HttpRequest, entry: Entry, *, refusal: DomainError | None = None) -> HttpResponse:
    rule = EntryRule.objects.filter(group__campaign=entry.campaign, kind=RuleKind.PURCHASE).first()
    receipts = list(current_receipts(entry.pk).prefetch_related("photos"))
    replaced = _replaced(request, receipts)
    is_sum = receipts_at_most(entry.campaign) > 1
    context = step_context(entry, "receipt") | {
        "refusal": refusal,
        "purchase": rule.parameters if rule else {},
        "kept": list(enumerate(receipts, start=1)),
        "is_troubled": any(photo.trouble for receipt in receipts for photo in receipt.photos.all()),
        "limits": json.dumps(first_look_limits()),
        "troubles": json.dumps({trouble: str(trouble.label) for trouble in PhotoTrouble}),
        "is_sum": is_sum,
        "is_full": is_sum and bool(receipts) and not places_left(entry),
        "replaced": replaced,
        "replaced_number": receipts.index(replaced) + 1 if replaced else 0,
        "most": settings.PHOTOS_PER_RECEIPT,
        "max_bytes": settings.PHOTO_MAX_BYTES,
    }
    status = refusal.status if refusal else 200
    return render(request, "portal/steps/receipt.html", context, status=status)
