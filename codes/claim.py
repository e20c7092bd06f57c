"""One statement takes one code out of stock: exact under any number of clients, on both databases.

The scan starts behind the last position this process took, since issued rows pile up at the head of the index until
they are vacuumed; when nothing is found there it starts again from the beginning.
"""

import random
import time
from datetime import datetime

from django.db import connection

from codes.errors import OutOfStock, StockBusy
from codes.models import CodeStatus, GiftCode

TAKE = """
UPDATE codes_giftcode SET status = 'issued', issued_at = %(now)s, updated_at = %(now)s
WHERE id = (
    SELECT id FROM codes_giftcode
    WHERE prize_id = %(prize)s AND status = 'available' AND position > %(behind)s
      AND (expires_at IS NULL OR expires_at > %(now)s)
    ORDER BY position LIMIT 1 {lock}
)
RETURNING *
"""
LOOK_BACK = 64  # positions that others may have rolled back
TRIES = 5
_last_position: dict[int, int] = {}


def claim_next_code(*, prize_id: int, now: datetime) -> GiftCode:
    """Take the next available code of a prize, valid at `now`, in the caller's transaction.

    Raises:
        OutOfStock: none is left.
        StockBusy: some are left, but others held them through all tries.
    """
    for attempt in range(TRIES):
        behind = _last_position.get(prize_id, 0) - LOOK_BACK if attempt == 0 else 0
        if taken := _take(prize_id, behind, now):
            return taken
        if not _is_any_left(prize_id, now):
            raise OutOfStock(prize_id=prize_id)
        if attempt:
            time.sleep(random.uniform(0.005, 0.02) * attempt)  # noqa: S311 spreads the tries of clients apart
    raise StockBusy(prize_id=prize_id)


def _take(prize_id: int, behind: int, now: datetime) -> GiftCode | None:
    # SQLite has no row locks; there the IMMEDIATE transaction has locked the whole database.
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    moment = connection.ops.adapt_datetimefield_value(now)
    values = {"now": moment, "prize": prize_id, "behind": behind}
    taken = list(GiftCode.objects.raw(TAKE.format(lock=lock), values))  # the statement gives the row: no second one
    if not taken:
        return None
    _last_position[prize_id] = taken[0].position
    return taken[0]


def _is_any_left(prize_id: int, now: datetime) -> bool:
    left = GiftCode.objects.filter(prize_id=prize_id, status=CodeStatus.AVAILABLE)
    return left.exclude(expires_at__lte=now).exists()
