"""After a restore: a sale that its till undid stays undone, and a repeated call has no second effect (F27).

What a call did is known by its line; the call itself by keyed hashes only, which is enough to know it again.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.models import Agency
from campaigns.models import Store
from codes.journal import Line
from codes.key_use import TILLS_ASK
from codes.models import RecoveredCall, Redemption, Tombstone
from codes.promised import unknown_undoings
from codes.reasons import FROM_JOURNAL
from codes.recovered import look_again


def lost_undoings(lines: Iterable[Line]) -> list[Line]:
    """Give the lines of sales that their tills have undone, of which the database does not know it."""
    return unknown_undoings([line for line in lines if line["what"] == "undone"])


@transaction.atomic
def undo_again(lines: list[Line]) -> list[str]:
    """Note again that tills have undone sales; returns the ids of those whose store is not there any more."""
    stores = Store.objects.in_bulk({line["store"] for line in lines}, field_name="public_id")
    conflicts = []
    for line in lines:
        store = stores.get(UUID(line["store"]))
        if store is None:
            conflicts.append(line["id"])
            continue
        Tombstone.objects.create(
            agency_id=store.agency_id,
            store=store,
            pos_transaction_id=line["pos"],
            at=datetime.fromisoformat(line["at"]),
        )
        audit.record("sale.undone", subject=store, actor_label=store.code, reason=FROM_JOURNAL, at=line["at"])
    return conflicts


def remember_call(line: Line, booked: Redemption | None, now: datetime) -> bool:
    """Note the call that made a line, for as long as answers are kept, so that its repeat is known; tells whether."""
    at = datetime.fromisoformat(line["at"])
    agency = Agency.objects.filter(public_id=line["agency"]).first()
    if not line.get("call") or at <= now - TILLS_ASK or agency is None:
        return False
    key_id, key_index, body_index = line["call"].rsplit(":", 2)
    RecoveredCall.objects.update_or_create(
        agency=agency,
        key_index=key_index,
        defaults={"body_index": body_index, "index_key_id": key_id, "redemption": booked, "at": at},
    )
    look_again()
    return True


def forget_recovered_calls(*, now: datetime) -> int:
    """Drop calls known from the journal as old as answers are kept; returns how many."""
    return RecoveredCall.objects.filter(at__lte=now - TILLS_ASK).delete()[0]
