"""再発行: another code in place of one that nobody has seen."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from codes.errors import AlreadyRevealed, AwardVoided, NotEligible
from codes.models import Award
from codes.services.awarding import new_award, void_award


@transaction.atomic
def reissue_award(*, award_id: int, reason: str, now: datetime, actor_id: int | None = None) -> Award:
    """Withdraw an award with its code and give another in its place, under a link of its own; a repeat gives the same.

    The caller queues the notice of the new award in the same transaction (I03): see `distribution.services`.

    Raises:
        AlreadyRevealed: the code was shown.
        AwardVoided: it was withdrawn without another in its place.
        NotEligible: the prize has no code.
        OutOfStock, StockBusy: there is no other code; the award stays as it is.
    """
    award = (
        Award.objects.select_for_update(of=("self",))
        .select_related("result__entry__campaign", "prize")
        .get(pk=award_id)
    )
    if known := Award.objects.filter(replaces=award).first():
        return known
    if award.voided_at is not None:
        raise AwardVoided
    if award.revealed_at is not None:
        raise AlreadyRevealed(award_id=award_id)
    if award.gift_code_id is None:
        raise NotEligible(award_id=award_id)
    void_award(award_id=award_id, reason=reason, now=now, actor_id=actor_id, is_replaced=True)
    other = new_award(award.result, award.prize, now=now, replaces=award)
    audit.record("award.reissued", subject=other, actor_id=actor_id, reason=reason, replaces=str(award.public_id))
    return other


@transaction.atomic
def note_reminder(*, award_id: int, now: datetime) -> bool:
    """Note that the holder is reminded of an award that waits to be opened; False if it is too late, or was noted."""
    waiting = Award.objects.filter(
        pk=award_id,
        reminded_at__isnull=True,
        revealed_at__isnull=True,
        voided_at__isnull=True,
        claim_expires_at__gt=now,
    )
    if not waiting.update(reminded_at=now):
        return False
    audit.record("award.reminded", subject=Award.objects.get(pk=award_id))
    return True
