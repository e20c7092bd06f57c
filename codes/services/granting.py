"""The award itself: who won, what, with which code, and until when it is to be received."""

import uuid
from datetime import datetime, timedelta

from accounts import audit
from campaigns.models import Prize
from codes.links import claim_token, token_index
from codes.models import Award, GiftCode, Shipment
from core.clock import end_of_jst_day, jst_day
from core.index_keys import current_key_id
from draws.models import DrawResult


def award_code(
    *,
    result: DrawResult,
    prize: Prize,
    gift_code: GiftCode | None,
    now: datetime,
    public_id: uuid.UUID | None = None,
    token_key_id: str = "",
    replaces: Award | None = None,
) -> Award:
    """Write down that a winning entry holds a prize, with the code that was taken for it in this transaction.

    The caller has it count towards the campaign's budget, last; what is given in place of another counts as that did.

    An award that a restore had lost is given its earlier id and key again, so that links already out lead to it.
    """
    public_id = public_id or uuid.uuid4()
    key_id = token_key_id or current_key_id()
    value_jpy = worth_of(prize, gift_code) if replaces is None else replaces.value_jpy
    award = Award.objects.create(
        public_id=public_id,
        agency_id=result.agency_id,
        entry_id=result.entry_id,
        result=result,
        prize=prize,
        gift_code=gift_code,
        replaces=replaces,
        value_jpy=value_jpy,
        token_index=token_index(claim_token(public_id, key_id), key_id),
        token_key_id=key_id,
        claim_expires_at=end_of_jst_day(jst_day(now) + timedelta(days=result.entry.campaign.claim_days)),
    )
    if prize.is_goods:
        Shipment.objects.create(agency_id=result.agency_id, award=award)
    audit.record("code.issued", subject=award, gift_code=str(gift_code.public_id) if gift_code else None)
    return award


def worth_of(prize: Prize, gift_code: GiftCode | None) -> int:
    """Give what a prize counts in yen: the face value of its code, of goods the value stated."""
    return gift_code.face_value_jpy if gift_code else prize.face_value_jpy
