"""What a store's books say before a sale."""

from dataclasses import dataclass
from datetime import date

from campaigns.models import Store
from codes.journal import pos_names
from codes.models import Redemption
from core import rows

PAST = f"""
SELECT (SELECT MAX(business_day) FROM codes_settlement WHERE store_id = %s),
    EXISTS(SELECT 1 FROM codes_tombstone WHERE agency_id = %s AND store_id = %s AND pos_transaction_id IN ({{names}})),
    {rows.columns(Redemption, "r")}
FROM (SELECT 1) AS one LEFT JOIN codes_redemption r
    ON r.agency_id = %s AND r.store_id = %s AND r.pos_transaction_id IN ({{names}}) AND r.pos_transaction_id <> ''
LIMIT 1
"""  # noqa: S608 names of columns only


@dataclass(frozen=True)
class Past:
    """Which day is settled, and whether the till has undone its number, or used it before for this line."""

    settled_day: date | None
    is_undone: bool
    known: Redemption | None


def past_of(store: Store, pos_transaction_id: str = "") -> Past:
    """Read it in one statement; while the caller holds number and day, it stays so."""
    # by a hash where it came back from the journal
    names = pos_names(store.pk, pos_transaction_id) if pos_transaction_id else [""]
    whose = [store.agency_id, store.pk, *names]
    found = rows.one(PAST.format(names=rows.places(names)), [store.pk, *whose, *whose])
    assert found is not None  # there is always one
    settled, is_undone, *line = found
    known = rows.row_of(Redemption, line) if line[0] is not None else None
    if known is not None:
        known.pos_transaction_id = pos_transaction_id
    return Past(date.fromisoformat(str(settled)) if settled else None, bool(is_undone), known)
