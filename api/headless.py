"""An entry that an agency's own page has collected: it arrives whole, and goes the same way as any other."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from campaigns.models import Campaign
from campaigns.selectors import needed_steps
from distribution.models import DeliveryKind
from distribution.services import queue_message
from participants.models import Entry, ProofKind
from participants.services import agree, give_email, save_answers, save_typed_proof, start_entry, submit_entry
from receipts.models import Receipt
from receipts.selectors import current_receipts
from receipts.services import Place, store_upload


@dataclass(frozen=True)
class GivenEntry:
    """What the caller collected; numbers by kind, answers by the questions' pk."""

    campaign: Campaign
    email: str
    numbers: Mapping[ProofKind, str] = field(default_factory=dict)
    answers: Mapping[int, Sequence[str]] = field(default_factory=dict)
    terms_agreed: bool = False
    wants_news: bool = False
    external_reference: str = ""
    link_id: int | None = None


@transaction.atomic
def take_entry(*, given: GivenEntry, now: datetime) -> Entry:
    """Store an entry and have its address confirmed; it is sent at once unless a receipt is still to come.

    The address is not confirmed because an agency says so: a prize goes to whoever opens the link in the mail.

    Raises:
        CampaignNotYetOpen, CampaignClosed, CampaignPaused: no entry is taken at `now`.
        ContactNotAccepted, NumberNotAccepted, AnswerNotAccepted: what was typed cannot be used.
        IncompleteEntry: the terms were not agreed to.
    """
    entry = start_entry(
        campaign_id=given.campaign.pk, link_id=given.link_id, external_reference=given.external_reference, now=now
    )
    give_email(entry_id=entry.pk, email=given.email, now=now)
    for kind, value in given.numbers.items():
        save_typed_proof(entry_id=entry.pk, kind=kind, value=value)
    save_answers(entry_id=entry.pk, answers=given.answers)
    if given.terms_agreed:
        agree(entry_id=entry.pk, wants_news=given.wants_news, now=now)
    queue_message(kind=DeliveryKind.VERIFY_EMAIL, entry_id=entry.pk, now=now)
    if needed_steps(given.campaign).receipt:
        return entry
    return submit_entry(entry_id=entry.pk, now=now)


def take_receipt(*, entry_id: int, photos: Sequence[bytes], now: datetime, place: Place) -> Receipt:
    """Store the photographs of an entry's receipt and send the entry; the same photographs again change nothing.

    Not one transaction: photographs are decoded before any lock, and a repeat takes up what is missing.

    Raises:
        EntryNotEditable: the entry was sent with other photographs.
        PhotoNotAccepted, NoPhoto, TooManyPhotos: the photographs cannot be used.
        TooManyReceipts, PhotoSentBefore: added, but the sum is full, or one of them is there already.
        CampaignNotYetOpen, CampaignClosed, CampaignPaused: no entry is taken at `now`.
    """
    receipt = _same_receipt(entry_id, photos) or store_upload(entry_id=entry_id, photos=photos, place=place, now=now)
    submit_entry(entry_id=entry_id, now=now)
    return receipt


def _same_receipt(entry_id: int, photos: Sequence[bytes]) -> Receipt | None:
    given = [hashlib.sha256(photo).hexdigest() for photo in photos]
    for receipt in current_receipts(entry_id):
        if given == list(receipt.photos.order_by("position").values_list("original_sha256", flat=True)):
            return receipt
    return None
