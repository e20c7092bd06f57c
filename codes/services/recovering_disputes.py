"""After a restore: a use that was disputed is so again, and settled as it was; its repeat books nothing (F27).

It comes after the uses: whatever took a code before has to be known first.
"""

from collections.abc import Iterable
from datetime import datetime

from accounts import audit
from campaigns.models import Store
from codes.journal import Line, pos_index
from codes.models import DisputeStatus, GiftCode, OfflineDispute, Redemption
from codes.promised import unknown_disputes
from codes.reasons import FROM_JOURNAL


def lost_disputes(lines: Iterable[Line]) -> list[Line]:
    """Give the last line of each disputed use that the database does not know, or not as it was settled."""
    last: dict[str, Line] = {}
    for line in lines:
        if line["what"] == "dispute" and (line["dispute"] not in last or line["status"] != DisputeStatus.OPEN):
            last[line["dispute"]] = line
    return unknown_disputes(list(last.values()))


def dispute_again(line: Line, code: GiftCode | None, now: datetime) -> OfflineDispute | None:
    """Put a use on the list again, or settle it as it was, in the caller's transaction.

    Returns None where a person must look: its store is not there any more, somebody has settled it otherwise since, or
    the same use has been reported again and judged anew.
    """
    dispute = OfflineDispute.objects.select_for_update().filter(public_id=line["dispute"]).first()
    if dispute is None:
        dispute = _made_again(line, code)
    if dispute is None or dispute.status not in (DisputeStatus.OPEN, line["status"]):
        return None
    if dispute.status != line["status"]:
        dispute.move_to(line["status"], note=FROM_JOURNAL, resolved_at=datetime.fromisoformat(line["resolved"]))
        audit.record("dispute.resolved", subject=dispute, reason=FROM_JOURNAL, at=line["at"], borne_by=line["status"])
    return dispute


def _made_again(line: Line, code: GiftCode | None) -> OfflineDispute | None:
    store = Store.objects.filter(public_id=line["store"], agency__public_id=line["agency"]).first()
    if store is None or _is_judged_anew(store, line, code):
        return None
    dispute = OfflineDispute.objects.create(
        public_id=line["dispute"],
        agency_id=store.agency_id,
        store=store,
        gift_code=code,
        pos_transaction_id=line["pos"],
        amount_jpy=line["amount"],
        occurred_at=datetime.fromisoformat(line["occurred"]),
        received_at=datetime.fromisoformat(line["received"]),
        reason_code=line["reason"],
    )
    audit.record("use.disputed", subject=dispute, actor_label=store.code, reason=FROM_JOURNAL, at=line["at"])
    return dispute


def _is_judged_anew(store: Store, line: Line, code: GiftCode | None) -> bool:
    """Tell whether the use was reported again since the restore, which only happens if tills were let in too early."""
    same = {"store": store, "gift_code": code, "amount_jpy": line["amount"]}
    since = datetime.fromisoformat(line["received"])
    disputed = OfflineDispute.objects.filter(received_at__gte=since, **same)
    booked = Redemption.objects.filter(at__gte=since, is_offline=True, **same).exclude(
        pos_transaction_id__startswith="#"
    )
    numbers = [number for rows in (disputed, booked) for number in rows.values_list("pos_transaction_id", flat=True)]
    key_id = line["pos"][1:].partition(":")[0] if ":" in line["pos"] else "0"
    return any(pos_index(store.pk, number, key_id) == line["pos"] for number in numbers)
