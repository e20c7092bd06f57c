"""A winner gets his prizes: each with one code out of stock, once, however often it is asked."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit
from campaigns.models import Prize
from codes.claim import claim_next_code
from codes.errors import NotEligible
from codes.links import claim_token, token_index
from codes.models import Award, CodeStatus
from core.clock import end_of_jst_day, jst_day
from draws.models import DrawResult


@transaction.atomic
def award_prizes(*, result_id: int, now: datetime) -> list[Award]:
    """Give a winning entry every prize of its course; a repeat returns the same awards.

    Raises:
        NotEligible: the entry has not won.
        OutOfStock: a prize has no code left; nothing is awarded.
        StockBusy: codes are left but held by others; to be tried again.
    """
    result = DrawResult.objects.select_for_update(of=("self",)).select_related("entry__campaign").get(pk=result_id)
    if result.course_id is None:
        raise NotEligible(result_id=result_id)
    prizes = Prize.objects.filter(course_id=result.course_id).order_by("pk")
    return [_award(result, prize, now) for prize in prizes]


@transaction.atomic
def void_award(*, award_id: int, reason: str, now: datetime, actor_id: int | None = None) -> Award:
    """Withdraw an award and block its code, which never returns to stock; a repeat changes nothing."""
    award = Award.objects.select_for_update().get(pk=award_id)
    if award.voided_at is not None:
        return award
    award.voided_at = now
    award.save(update_fields=["voided_at", "updated_at"])
    if award.gift_code is not None and award.gift_code.status == CodeStatus.ISSUED:
        award.gift_code.move_to(CodeStatus.VOID)
    audit.record("award.voided", subject=award, actor_id=actor_id, reason=reason)
    return award


def _award(result: DrawResult, prize: Prize, now: datetime) -> Award:
    known = Award.objects.filter(entry_id=result.entry_id, prize=prize, voided_at__isnull=True).first()
    if known is not None:
        return known
    gift_code = claim_next_code(prize_id=prize.pk, now=now) if prize.needs_code else None
    public_id = uuid.uuid4()
    award = Award.objects.create(
        public_id=public_id,
        agency_id=result.agency_id,
        entry_id=result.entry_id,
        result=result,
        prize=prize,
        gift_code=gift_code,
        token_index=token_index(claim_token(public_id)),
        claim_expires_at=end_of_jst_day(jst_day(now) + timedelta(days=result.entry.campaign.claim_days)),
    )
    audit.record("code.issued", subject=award, gift_code=str(gift_code.public_id) if gift_code else None)
    return award
