"""One statement takes one code out of stock: exact under any number of clients, on both databases.

On PostgreSQL it is the function `codes_take`, which others of ours call too. On SQLite, which has no row locks, the
IMMEDIATE transaction has locked the whole database, and a plain update is as exact.
"""

import random
import time
from datetime import datetime
from typing import Any

from django.db import connection

from codes.errors import OutOfStock, StockBusy
from codes.models import CodeStatus, GiftCode

TRIES = 5
TAKE_ON_SQLITE = """
UPDATE codes_giftcode SET status = %(status)s, issued_at = %(issued_at)s, updated_at = %(now)s
WHERE id = (
    SELECT id FROM codes_giftcode
    WHERE prize_id = %(prize)s AND status = 'available' AND (expires_at IS NULL OR expires_at > %(now)s)
    ORDER BY position LIMIT 1
)
RETURNING id
"""


def claim_next_code(*, prize_id: int, now: datetime, status: CodeStatus = CodeStatus.ISSUED) -> GiftCode:
    """Take the next available code of a prize, valid at `now`, in the caller's transaction.

    Raises:
        OutOfStock: none is left.
        StockBusy: some are left, but others held them through all tries.
    """
    for attempt in range(TRIES):
        taken = _take(prize_id, status, now)
        if taken:
            return GiftCode.objects.get(pk=taken)
        if taken == 0:
            raise OutOfStock(prize_id=prize_id)
        wait_for_others(attempt)
    raise StockBusy(prize_id=prize_id)


def wait_for_others(attempt: int) -> None:
    """Let those finish who hold the last codes; the tries of clients are spread apart."""
    time.sleep(random.uniform(0.005, 0.02) * (attempt + 1))  # noqa: S311


def _take(prize_id: int, status: CodeStatus, now: datetime) -> int | None:
    """Give the id of the code taken, 0 when none is left, None when others hold what is left."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT codes_take(%s, %s, %s)", [prize_id, status.value, now])
            taken: int | None = cursor.fetchone()[0]
            return taken
        moment = connection.ops.adapt_datetimefield_value(now)
        issued_at = moment if status == CodeStatus.ISSUED else None
        values: dict[str, Any] = {"prize": prize_id, "status": status.value, "now": moment, "issued_at": issued_at}
        cursor.execute(TAKE_ON_SQLITE, values)
        row = cursor.fetchone()
        return int(row[0]) if row else 0
