"""One statement sets one code aside: the last of the stock, so that it never stands in the way of those who win.

Winners take from the head of the stock; whoever reserves and releases leaves his traces at its end.
"""

from datetime import datetime

from django.db import connection

from codes.errors import OutOfStock, StockBusy
from codes.models import CodeStatus, GiftCode

SET_ASIDE = """
UPDATE codes_giftcode SET status = 'reserved', updated_at = %(now)s
WHERE id = (
    SELECT id FROM codes_giftcode
    WHERE prize_id = %(prize)s AND status = 'available' AND (expires_at IS NULL OR expires_at > %(until)s)
    ORDER BY position DESC LIMIT 1 {lock}
)
RETURNING *
"""


def set_code_aside(*, prize_id: int, until: datetime, now: datetime) -> GiftCode:
    """Reserve a code that is still valid at `until`, in the caller's transaction.

    Raises:
        OutOfStock: none is left.
        StockBusy: some are left, but others hold them at this moment; to be tried again.
    """
    if taken := _take(prize_id, until, now):
        return taken
    left = GiftCode.objects.filter(prize_id=prize_id, status=CodeStatus.AVAILABLE)
    if left.exclude(expires_at__lte=until).exists():
        raise StockBusy(prize_id=prize_id)
    raise OutOfStock(prize_id=prize_id)


def _take(prize_id: int, until: datetime, now: datetime) -> GiftCode | None:
    # SQLite has no row locks; there the IMMEDIATE transaction has locked the whole database.
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    adapted = connection.ops.adapt_datetimefield_value
    values = {"now": adapted(now), "until": adapted(until), "prize": prize_id}
    taken = list(GiftCode.objects.raw(SET_ASIDE.format(lock=lock), values))
    return taken[0] if taken else None
