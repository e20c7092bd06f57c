"""The holder opens the claim page and has the code shown; the line in the trail comes first (I13)."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts import audit
from campaigns.models import ClaimBinding
from codes.errors import AwardVoided, ClaimExpired, CodeExpired, CodeSuspended, NotEligible, SupplierUnavailable
from codes.holders import Holder
from codes.models import Award, CodeStatus
from codes.selectors import RevealedCode
from codes.services.binding import hold_award, prove_pin
from codes.services.fetching import note_not_shown, prepare_card, shown_code
from codes.services.journaling import journal_award
from core.crashpoints import crashpoint
from participants.models import TouchKind
from participants.services import record_touch


def open_claim(*, award_id: int, now: datetime) -> None:
    """Note that the holder has opened the claim page, the first time only."""
    if Award.objects.filter(pk=award_id, claimed_at__isnull=True).update(claimed_at=now):
        _touch(Award.objects.select_related("entry").get(pk=award_id), TouchKind.CLAIM_OPENED, now)


def reveal_code(
    *, award_id: int, now: datetime, actor_label: str = "holder", holder: Holder | None = None
) -> RevealedCode:
    """Show the code of an award to whoever holds its claim link, and is its holder where the campaign binds it to one.

    Raises:
        BoundElsewhere, LineProofNeeded: another device, or not the winner's LINE account.
        ClaimPinWrong, ClaimPaused, PinNotUsable: the PIN is wrong, was wrong too often, or cannot be chosen.
        AwardVoided, CodeSuspended: withdrawn or blocked.
        ClaimExpired: the deadline passed before the code was first shown.
        CodeExpired: the code itself is past its day.
        NotEligible: the prize has no code.
        JournalUnavailable, KeyUnavailable: it cannot be shown right now.
        SupplierUnavailable: the supplier that makes and shows the code is away; nothing is used up.
    """
    open_claim(award_id=award_id, now=now)
    holder = holder or Holder()
    award = Award.objects.select_related("gift_code", "entry__campaign").get(pk=award_id)
    check_claimable(award, now)
    new_pin_hash = ""
    if award.entry.campaign.claim_binding == ClaimBinding.PIN and not holder.knows_pin:
        new_pin_hash = prove_pin(award_id=award_id, pin=holder.pin, now=now)  # slow on purpose: outside of the lock
        holder = replace(holder, knows_pin=not new_pin_hash)
    noted = None
    while noted is None:  # again where another code was put in its place between the journal's line and the trail's
        prepare_card(award_id=award_id, now=now)
        journal_award(award_id=award_id, now=now)
        noted = _note_reveal(award_id, now, actor_label, holder, new_pin_hash)
    if noted.gift_code is None:
        raise NotEligible(award_id=award_id)
    try:
        return shown_code(gift_code=noted.gift_code, now=now)
    except SupplierUnavailable:
        note_not_shown(award_id=award_id)
        raise


@transaction.atomic
def _note_reveal(award_id: int, now: datetime, actor_label: str, holder: Holder, new_pin_hash: str) -> Award | None:
    """Note that the code is shown; None where the journal does not know of this code yet, which must come first."""
    # Its code is read after the wait for its row: a joined one would be that of before a replacement.
    award = Award.objects.select_for_update(of=("self",)).select_related("entry__campaign").get(pk=award_id)
    check_claimable(award, now)
    if award.journaled_at is None:
        return None
    hold_award(award, holder, new_pin_hash=new_pin_hash, now=now)
    is_first = award.revealed_at is None
    Award.objects.filter(pk=award_id).update(revealed_at=award.revealed_at or now, reveal_count=F("reveal_count") + 1)
    audit.record("code.revealed", subject=award, actor_label=actor_label, first=is_first)
    crashpoint("claim.after_audit")
    if is_first:
        _touch(award, TouchKind.REVEALED, now)
    crashpoint("claim.before_commit")
    return award


def check_claimable(award: Award, now: datetime) -> None:
    """Refuse to show a code that was withdrawn, blocked or is past its time; raises as `reveal_code`."""
    if award.voided_at is not None:
        raise AwardVoided
    if award.revealed_at is None and award.claim_expires_at <= now:
        raise ClaimExpired
    gift_code = award.gift_code
    if gift_code is None:
        return
    if gift_code.status == CodeStatus.VOID:
        raise CodeSuspended
    if gift_code.expires_at is not None and gift_code.expires_at <= now:
        raise CodeExpired


def _touch(award: Award, kind: TouchKind, now: datetime) -> None:
    record_touch(
        kind=kind,
        agency_id=award.agency_id,
        participant_id=award.entry.participant_id,
        campaign_id=award.entry.campaign_id,
        entry_id=award.entry_id,
        now=now,
    )
