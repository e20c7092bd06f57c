"""What stands in the books before a sale or its undoing, of the store and of the code."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from campaigns.models import Store, UseConditions
from codes.conditions import Conditions, conditions_in
from codes.journal import pos_names
from codes.models import CodeLock, GiftCode, Redemption
from codes.services.redemption.ledger import BOOKED, Standing, standing_in
from core import rows

SETTLED = "(SELECT MAX(business_day) FROM codes_settlement WHERE store_id = %s)"
PAST = f"""
SELECT {SETTLED},
    EXISTS(SELECT 1 FROM codes_tombstone WHERE agency_id = %s AND store_id = %s AND pos_transaction_id IN ({{names}})),
    {rows.columns(Redemption, "r")}{{columns}}
FROM (SELECT 1) AS one LEFT JOIN codes_redemption r
    ON r.agency_id = %s AND r.store_id = %s AND r.pos_transaction_id IN ({{names}}) AND r.pos_transaction_id <> ''
{{joins}}
LIMIT 1
"""  # noqa: S608 names of columns only
FACTS = f""", {rows.columns(Store, "s")}, {rows.columns(UseConditions, "c")}, {rows.columns(CodeLock, "l")}, b.*, h.*"""
JOINS = f"""
LEFT JOIN campaigns_store s ON s.id = %s AND s.agency_id = %s AND s.is_active
LEFT JOIN campaigns_useconditions c ON c.prize_id = %s
LEFT JOIN codes_codelock l ON l.gift_code_id = %s
CROSS JOIN ({BOOKED}) AS b
LEFT JOIN (
    SELECT e.participant_id, e.campaign_id, e.id FROM codes_award w JOIN participants_entry e ON e.id = w.entry_id
    WHERE w.gift_code_id = %s
) AS h ON h.id IS NOT NULL"""  # noqa: S608 names of columns only
RETURN = f"SELECT {SETTLED}, (SELECT reversed_jpy FROM codes_redemption WHERE id = %s), b.* FROM ({BOOKED}) AS b"  # noqa: S608


@dataclass(frozen=True)
class Past:
    """Which day is settled, and whether the till has undone its number, or used it before for this line."""

    settled_day: date | None
    is_undone: bool
    known: Redemption | None


@dataclass(frozen=True)
class Facts:
    """What a use is judged by and booked with.

    `store` is None if it is not an active one of the code's agency; `holder` names participant, campaign
    and entry; a printed voucher has none.
    """

    past: Past
    store: Store | None
    conditions: Conditions
    use_conditions: UseConditions | None
    lock: CodeLock | None
    standing: Standing
    holder: tuple[int, int, int] | None


def past_of(store: Store, pos_transaction_id: str = "") -> Past:
    """Read what the store's books say of a till's number; while the caller holds it and the day, it stays so."""
    names = _names(store.pk, pos_transaction_id)
    statement = PAST.format(names=rows.places(names), columns="", joins="")
    settled, is_undone, *line = _one(statement, _values(store.agency_id, store.pk, names))
    return _past(settled, is_undone, rows.apart(line, Redemption)[0], pos_transaction_id)


def facts_of(gift_code: GiftCode, store_id: int, pos_transaction_id: str = "") -> Facts:
    """Read in one statement what a use of a code needs to know.

    While the caller holds the till's number, the store's day and the code's row, it stays so. A statement of its own,
    after the one that waited for them: what is read with a lock may be older than the lock.
    """
    agency_id, pk = gift_code.agency_id, gift_code.pk
    names = _names(store_id, pos_transaction_id)
    statement = PAST.format(names=rows.places(names), columns=FACTS, joins=JOINS)
    values = [*_values(agency_id, store_id, names), store_id, agency_id, gift_code.prize_id, pk, pk, pk]
    settled, is_undone, *found = _one(statement, values)
    kinds = (Redemption, Store, UseConditions, CodeLock)
    known, store, use_conditions, lock = rows.apart(found, *kinds)
    *booked, participant_id, campaign_id, entry_id = found[sum(len(kind._meta.concrete_fields) for kind in kinds) :]
    return Facts(
        past=_past(settled, is_undone, known, pos_transaction_id),
        store=store,
        conditions=conditions_in(use_conditions),
        use_conditions=use_conditions,
        lock=lock,
        standing=standing_in(booked),
        holder=None if entry_id is None else (participant_id, campaign_id, entry_id),
    )


def before_return(use: Redemption) -> tuple[date | None, int, Standing]:
    """Read the store's settled day, what was given back of a use, and how its code stands in the books.

    While the caller holds the store's day and the code's row, it stays so.
    """
    settled, reversed_jpy, *booked = _one(RETURN, [use.store_id, use.pk, use.gift_code_id])
    return _day(settled), int(reversed_jpy), standing_in(booked)


def _one(statement: str, values: list[Any]) -> list[Any]:
    found = rows.one(statement, values)
    assert found is not None  # there is always one
    return list(found)


def _names(store_id: int, pos_transaction_id: str) -> list[str]:
    """Give a till's number, and by a hash where it came back from the journal."""
    return pos_names(store_id, pos_transaction_id) if pos_transaction_id else [""]


def _values(agency_id: int, store_id: int, names: list[str]) -> list[Any]:
    return [store_id, *(agency_id, store_id, *names) * 2]


def _past(settled: Any, is_undone: Any, known: Redemption | None, pos_transaction_id: str) -> Past:
    if known is not None:
        known.pos_transaction_id = pos_transaction_id
    return Past(_day(settled), bool(is_undone), known)


def _day(settled: Any) -> date | None:
    return date.fromisoformat(str(settled)) if settled else None
