"""What tills do in the drill of restoring: calls whose answers they may miss, and sales that they undo."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

SALES = 6  # of each a part is given back, which has no number of its own
UNDONE = 6  # before they arrived
DISPUTED = 6  # taken without a connection, and reported later than the store may by itself
BEARERS = ("open", "sponsor", "store")


@dataclass
class Call:
    """A call as it is sent, again and again, and the line that its answer named."""

    path: str
    body: dict[str, Any]
    key: str
    line: str = ""


@dataclass
class Tills:
    """A till with its API key, its codes, and what it knows to have done."""

    secret: str
    codes: list[str]
    calls: list[Call] = field(default_factory=list)
    late: list[Call] = field(default_factory=list)  # sales that were undone and are still on their way
    reports: list[Call] = field(default_factory=list)  # of uses that were disputed
    borne: dict[str, str] = field(default_factory=dict)  # how each of these stands, by its public id


def open_till(world: Any) -> Tills:
    """Give a till its key and its customers their codes, all before the dump."""
    from accounts.models import Scope
    from accounts.services import issue_api_key
    from tests.worlds import winning_code

    logging.getLogger("django.request").setLevel(logging.ERROR)  # refusals are part of it
    _key, secret = issue_api_key(agency_id=world.agency.pk, name="drill", scopes=(Scope.REDEMPTIONS_WRITE,))
    return Tills(secret, [winning_code(world)[1] for _customer in range(SALES + UNDONE + DISPUTED)])


def sell_and_undo(world: Any, tills: Tills) -> None:
    """Sell, give parts back, and undo sales that have not arrived, all after the dump."""
    from core import clock

    till = {"terminal_id": "1", "occurred_at": clock.now().isoformat(), "amount": 100}
    for number, code in enumerate(tills.codes[:SALES]):
        name = {"store_id": world.store.code, "pos_transaction_id": f"sale-{number}"}
        sale = Call("redemptions", {"code": code, **name, **till}, f"sale-{number}")
        _keep(tills, sale)
        part = {"amount": 30, "reason": "返品"}
        _keep(tills, Call(f"redemptions/{sale.line}/reversals", part, f"back-{number}"))
    for number, code in enumerate(tills.codes[SALES : SALES + UNDONE]):
        name = {"store_id": world.store.code, "pos_transaction_id": f"late-{number}"}
        _send(tills, Call("redemptions/reversals", name, f"undo-{number}"))
        tills.late.append(Call("redemptions", {"code": code, **name, **till}, f"late-{number}"))


def dispute(world: Any, tills: Tills) -> None:
    """Report uses that cannot be booked, and let the desk settle some, all after the dump."""
    from codes.models import DisputeStatus, OfflineDispute
    from codes.services import resolve_dispute
    from core import clock

    for number, code in enumerate(tills.codes[SALES + UNDONE :]):
        name = {"pos_transaction_id": f"offline-{number}", "occurred_at": clock.now().isoformat()}
        uses = [{"code": code, "amount": 100, **name}]
        report = Call("redemptions/offline", {"store_id": world.store.code, "terminal_id": "1", "uses": uses}, "")
        _send(tills, report)
        tills.reports.append(report)
    for number, row in enumerate(OfflineDispute.objects.order_by("pk")):
        status = BEARERS[number % len(BEARERS)]
        if status != "open":
            resolve_dispute(dispute_id=row.pk, status=DisputeStatus(status), note="drill", now=clock.now())
        tills.borne[str(row.public_id)] = status


def booked_again(world: Any, tills: Tills) -> int:
    """Report the disputed uses anew, now that the store may take more by itself; count those that are booked."""
    from campaigns.models import Store
    from codes.models import Redemption

    before = Redemption.objects.count()
    Store.objects.filter(pk=world.store.pk).update(offline_limit_jpy=1000)
    for report in tills.reports:
        _send(tills, report)
    return int(Redemption.objects.count() - before)


def borne_as_before(tills: Tills) -> int:
    """Count the disputed uses that stand as they did when the database was lost."""
    from codes.models import OfflineDispute

    found = OfflineDispute.objects.values_list("public_id", "status")
    return sum(tills.borne.get(str(public_id)) == status for public_id, status in found)


def second_effects(tills: Tills) -> int:
    """Send every call once more, as a till does that has missed the answer; count the lines that this makes."""
    from codes.models import Redemption

    before = Redemption.objects.count()
    for call in tills.calls:
        _send(tills, call)
    return int(Redemption.objects.count() - before)


def answered_as_before(tills: Tills) -> int:
    """Count the calls whose repeat names the line that they made."""
    return sum(_send(tills, call).json().get("id") == call.line for call in tills.calls)


def booked_late(tills: Tills) -> int:
    """Let the undone sales arrive; count those that are booked."""
    return sum(_send(tills, call).status_code == 201 for call in tills.late)


def forgetful_journal(folder: Path) -> str:
    """Write the journal once more without what it holds of calls, undone sales and disputes; gives its address."""
    from codes.journal import FolderJournal, open_journal, read_lines
    from core import clock

    known = [line for line in read_lines(open_journal())[0] if line["what"] not in ("undone", "dispute")]
    lines = [{**line, "call": None} for line in known]
    FolderJournal(folder).append(lines, clock.now())
    return f"folder:{folder}"


def _keep(tills: Tills, call: Call) -> None:
    answer = _send(tills, call)
    assert answer.status_code == 201, answer.content
    call.line = answer.json()["id"]
    tills.calls.append(call)


def _send(tills: Tills, call: Call) -> Any:
    from django.test import Client

    till = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {tills.secret}"})
    headers = {"Idempotency-Key": call.key or uuid4().hex}  # a report is sent anew, by a till that had its answer
    return till.post(f"/api/v1/{call.path}", call.body, content_type="application/json", headers=headers)
