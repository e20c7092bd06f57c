"""Reads: codes, sales and calls that the journal knows while a restored database had forgotten them."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.models import AuditEntry
from accounts.wall import confined_agency
from codes.journal import Call, pos_indexes
from codes.models import CodeStatus, GiftCode, RecoveredCall, Redemption, RedemptionKind, Tombstone
from core.index_keys import key_ids
from participants.models import Entry

RECOVERED = "code.recovered"
LOOK_SECONDS = 60.0
_looked: dict[str, tuple[float, bool]] = {}


@dataclass(frozen=True)
class RecoveredCode:
    """A code that an entry had won before the restore, and the award whose link its winner may hold."""

    gift_code: GiftCode
    award_public_id: uuid.UUID
    token_key_id: str


def recovered_code_of(*, entry: Entry, prize_id: int) -> RecoveredCode | None:
    """Find the code of a prize that an entry held before a restore and has no award for; restores are rare."""
    if not are_any_recovered():
        return None
    lines = AuditEntry.objects.filter(
        action=RECOVERED, subject_type=entry._meta.label_lower, subject_id=str(entry.public_id)
    )
    for facts in lines.values_list("facts", flat=True):
        code = GiftCode.objects.filter(
            public_id=facts["gift_code"], prize_id=prize_id, status=CodeStatus.ISSUED, award__isnull=True
        ).first()
        if code is not None:
            return RecoveredCode(code, uuid.UUID(facts["award"]), facts["token_key"])
    return None


@dataclass(frozen=True)
class RecoveredAnswer:
    """The line that a call made before the restore, if it could be booked again, and whether its body was this one."""

    redemption: Redemption | None
    is_same_body: bool


def recovered_answer(call: Call) -> RecoveredAnswer | None:
    """Find what a call did before a restore; restores are rare."""
    if not are_any_calls_recovered(call.agency_id):
        return None
    told = dict(call.hashes(key_id).rsplit(":", 2)[1:] for key_id in key_ids())
    known = RecoveredCall.objects.filter(agency_id=call.agency_id, key_index__in=told)
    found = known.select_related("redemption__store", "redemption__reverses").first()
    return RecoveredAnswer(found.redemption, found.body_index == told[found.key_index]) if found else None


def sales_alive_though_undone() -> list[int]:
    """Give the ids of uses whose till has undone them, where use or undoing came back with a hash of their number."""
    hashed = Q(pos_transaction_id__startswith="#")
    uses = Redemption.objects.filter(kind=RedemptionKind.REDEEM, reversed_jpy__lt=F("amount_jpy"))
    uses, stones = uses.exclude(pos_transaction_id="").order_by(), Tombstone.objects.order_by()
    stores = {pk for rows in (uses, stones) for pk in rows.filter(hashed).values_list("store", flat=True).distinct()}
    return [pk for store_id in sorted(stores) for pk in _alive_though_undone(store_id, uses, stones)]


def _alive_though_undone(store_id: int, uses: QuerySet[Redemption], stones: QuerySet[Tombstone]) -> list[int]:
    undone = stones.filter(store=store_id).values_list("pos_transaction_id", flat=True)
    buried = {name for number in undone for name in pos_indexes(store_id, number)}
    sold = uses.filter(store=store_id).values_list("pk", "pos_transaction_id") if buried else []
    return [pk for pk, number in sold if not buried.isdisjoint(pos_indexes(store_id, number))]


def look_again() -> None:
    """Forget in this process that nothing was recovered; others notice within a minute, or when they are started."""
    _looked.clear()


def are_any_recovered() -> bool:
    """Ask once a minute whether any code was ever recovered: awards are made by the thousand."""
    seen_by = confined_agency()  # such a session sees one agency's rows: no answer for others
    return _are_any(f"codes seen by {seen_by}", lambda: AuditEntry.objects.filter(action=RECOVERED))


def are_any_calls_recovered(agency_id: int) -> bool:
    """Ask once a minute whether a call of an agency is known from the journal: tills call by the thousand."""
    return _are_any(f"calls of {agency_id}", lambda: RecoveredCall.objects.filter(agency_id=agency_id))


def _are_any(what: str, rows: Callable[[], QuerySet[Any]]) -> bool:
    until, found = _looked.get(what, (0.0, False))
    if time.monotonic() > until:
        found = rows().exists()
        _looked[what] = (time.monotonic() + LOOK_SECONDS, found)
    return found
