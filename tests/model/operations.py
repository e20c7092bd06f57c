"""What can be done to codes, each with what the model expects of it and what the services do.

A new operation is a class: `objects` names what it can be done to, `drawn` draws its other fields, `expected` changes
the ledger or raises Refused, `perform` calls the service and gives the same outcome.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from hypothesis import strategies as st

from campaigns.models import Campaign
from codes.errors import FileAlreadyImported, FileNotAccepted, StockBusy
from codes.models import BatchStatus, CodeStatus, GiftCode, Redemption
from codes.services import (
    activate_batch,
    discard_batch,
    expire_codes,
    generate_codes,
    import_codes,
    open_claim,
    redeem_code,
    reveal_code,
    reverse_redemption,
    void_award,
    void_code,
)
from core.clock import end_of_jst_day, jst_day
from core.errors import DomainError
from distribution.services import resend_delivery, send_delivery
from journeys.services import advance_entry
from participants.models import EntryStatus
from tests.factories import CLOSES
from tests.model.desk import Desk
from tests.model.ledger import Holding, Ledger, Lot, Refused, Use
from tests.worlds import begin, send

FACE = 500
CLAIM_DAYS = Campaign._meta.get_field("claim_days").default
Draw = Callable[[st.SearchStrategy[Any]], Any]
COUNTS = st.integers(1, 4)
DAYS = st.sampled_from([None, None, 1, 20])
AMOUNTS = st.sampled_from([None, 1, 200, 300, 500, 501])
TRANSACTIONS = st.sampled_from(["", "", "P1", "P2", "P3"])
HOURS = st.sampled_from([1, 24, 24 * 20])
KINDS: list[type["Operation"]] = []


@dataclass(frozen=True)
class Operation:
    """One act; `name` is what it makes, new for each operation."""

    name: str
    at_once: ClassVar[bool] = True  # may be drawn for threads that run at the same moment

    def __init_subclass__(cls) -> None:
        if "expected" in vars(cls):  # else it is what several have in common
            KINDS.append(cls)

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        """Name what it can be done to now; one empty name where it needs nothing."""
        return [""]

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        """Draw the rest of it."""
        return cls(name, target) if target else cls(name)  # type: ignore[call-arg]

    def prepare(self, desk: Desk) -> None:
        """Do what comes before, never at the same moment as others."""

    def expected(self, ledger: Ledger) -> Any:
        """Do it to the model."""
        raise NotImplementedError

    def perform(self, desk: Desk) -> Any:
        """Do it to the rows."""
        raise NotImplementedError


def outcome_of(act: Callable[[], Any]) -> Any:
    """Give what an act gave, or the code of its refusal."""
    try:
        return act()
    except Refused as refusal:
        return f"refused: {refusal}"
    except (FileAlreadyImported, FileNotAccepted):
        return "refused: known_file"
    except DomainError as refusal:
        return f"refused: {refusal.code}"


def csv_of(lot: str, count: int) -> bytes:
    """Make the file of a lot, the same each time."""
    return "\n".join(["code", *(f"MODEL-{lot}-{number:04d}" for number in range(count))]).encode()


@dataclass(frozen=True)
class Generate(Operation):
    count: int
    days: int | None

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, draw(COUNTS), draw(DAYS))

    def expires_at(self, now: datetime) -> datetime | None:
        """Give the end of the codes' validity."""
        return None if self.days is None else now + timedelta(days=self.days)

    def expected(self, ledger: Ledger) -> Any:
        codes = Counter({CodeStatus.STAGED.value: self.count})
        ledger.lots[self.name] = Lot(BatchStatus.STAGED, codes, self.expires_at(ledger.now), is_file=False)

    def perform(self, desk: Desk) -> Any:
        made = generate_codes(
            prize_id=desk.world.prize.pk,
            name=self.name,
            count=self.count,
            expires_at=self.expires_at(desk.now),
            now=desk.now,
        )
        desk.lots[self.name] = made.pk


@dataclass(frozen=True)
class ImportFile(Operation):
    count: int

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, draw(COUNTS))

    def expected(self, ledger: Ledger) -> Any:
        codes = Counter({CodeStatus.STAGED.value: self.count})
        ledger.lots[self.name] = Lot(BatchStatus.STAGED, codes, None, is_file=True)

    def perform(self, desk: Desk) -> Any:
        made = import_codes(
            prize_id=desk.world.prize.pk,
            name=self.name,
            data=csv_of(self.name, self.count),
            expires_at=None,
            now=desk.now,
        )
        desk.lots[self.name] = made.pk


@dataclass(frozen=True)
class ImportAgain(Operation):
    """The same file once more: refused unless its lot was discarded."""

    lot: str
    at_once: ClassVar[bool] = False

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return [key for key, lot in ledger.lots.items() if lot.is_file and lot.status != BatchStatus.DISCARDED]

    def expected(self, ledger: Ledger) -> Any:
        raise Refused("known_file")

    def perform(self, desk: Desk) -> Any:
        count = GiftCode.objects.filter(batch=desk.lots[self.lot]).count()
        import_codes(
            prize_id=desk.world.prize.pk,
            name=self.name,
            data=csv_of(self.lot, count),
            expires_at=None,
            now=desk.now,
        )


@dataclass(frozen=True)
class Activate(Operation):
    lot: str

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.lots)

    def expected(self, ledger: Ledger) -> Any:
        lot = ledger.lots[self.lot]
        if lot.status != BatchStatus.STAGED:
            raise Refused("stale_state")
        lot.status = BatchStatus.ACTIVE
        lot.move(CodeStatus.STAGED, CodeStatus.AVAILABLE)

    def perform(self, desk: Desk) -> Any:
        activate_batch(batch_id=desk.lots[self.lot], now=desk.now)


@dataclass(frozen=True)
class Discard(Operation):
    lot: str

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.lots)

    def expected(self, ledger: Ledger) -> Any:
        lot = ledger.lots[self.lot]
        if lot.status != BatchStatus.STAGED:
            raise Refused("stale_state")
        lot.status = BatchStatus.DISCARDED
        lot.move(CodeStatus.STAGED, CodeStatus.VOID)

    def perform(self, desk: Desk) -> Any:
        discard_batch(batch_id=desk.lots[self.lot], reason="model", now=desk.now)


@dataclass(frozen=True)
class VoidInStock(Operation):
    """The last code of a lot that is in stock is blocked."""

    lot: str
    at_once: ClassVar[bool] = False

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return [key for key, lot in ledger.lots.items() if lot.codes[CodeStatus.AVAILABLE]]

    def expected(self, ledger: Ledger) -> Any:
        ledger.lots[self.lot].move(CodeStatus.AVAILABLE, CodeStatus.VOID, 1)

    def perform(self, desk: Desk) -> Any:
        last = GiftCode.objects.filter(batch=desk.lots[self.lot], status=CodeStatus.AVAILABLE).latest("position")
        void_code(gift_code_id=last.pk, reason="model", now=desk.now)


@dataclass(frozen=True)
class Enter(Operation):
    """Somebody enters; he wins while a code is left."""

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return [""] if ledger.now < CLOSES else []

    def prepare(self, desk: Desk) -> None:
        desk.entries[self.name] = send(begin(desk.world, now=desk.now), now=desk.now).pk

    def expected(self, ledger: Ledger) -> Any:
        for key, lot in ledger.lots.items():
            is_valid = lot.expires_at is None or lot.expires_at > ledger.now
            if lot.codes[CodeStatus.AVAILABLE] and is_valid:
                lot.move(CodeStatus.AVAILABLE, CodeStatus.ISSUED, 1)
                deadline = end_of_jst_day(jst_day(ledger.now) + timedelta(days=CLAIM_DAYS))
                ledger.holdings[self.name] = Holding(key, FACE, FACE, deadline, lot.expires_at)
                return key
        return "lost"

    def perform(self, desk: Desk) -> Any:
        while True:
            try:
                entry = advance_entry(entry_id=desk.entries[self.name], now=desk.now)
                break
            except StockBusy:  # as the sweep does
                continue
        if entry.status == EntryStatus.LOST:
            return "lost"
        award = entry.awards.select_related("gift_code").get()
        desk.awards[self.name] = award.pk
        return desk.lot_of(award)


@dataclass(frozen=True)
class OfHolding(Operation):
    """What is done to something that a winner holds."""

    holding: str

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.holdings)


@dataclass(frozen=True)
class OpenClaim(OfHolding):
    def expected(self, ledger: Ledger) -> Any:
        ledger.holdings[self.holding].is_claimed = True

    def perform(self, desk: Desk) -> Any:
        open_claim(award_id=desk.awards[self.holding], now=desk.now)


@dataclass(frozen=True)
class Reveal(OfHolding):
    def expected(self, ledger: Ledger) -> Any:
        holding = ledger.holdings[self.holding]
        holding.is_claimed = True
        if holding.is_withdrawn:
            raise Refused("award_voided")
        if not holding.shown and holding.deadline <= ledger.now:
            raise Refused("claim_expired")
        if holding.is_void:
            raise Refused("suspended")
        if holding.expires_at is not None and holding.expires_at <= ledger.now:
            raise Refused("expired")
        holding.shown += 1
        return "its own code"

    def perform(self, desk: Desk) -> Any:
        shown = reveal_code(award_id=desk.awards[self.holding], now=desk.now).code
        return "its own code" if shown == desk.text_of(self.holding) else "another code"


@dataclass(frozen=True)
class Redeem(OfHolding):
    """A till takes an amount, or everything; few transaction numbers, so that they come again."""

    amount: int | None
    transaction: str

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, target, draw(AMOUNTS), draw(TRANSACTIONS))

    @property
    def key(self) -> str:
        """Name the use: a transaction number is one use, however often it is sent."""
        return self.transaction or self.name

    def expected(self, ledger: Ledger) -> Any:
        holding = ledger.holdings[self.holding]
        if known := ledger.uses.get(self.key):
            if known.holding != self.holding or self.amount not in (None, known.amount):
                raise Refused("duplicate_transaction")
            return known.amount
        amount = holding.balance if self.amount is None else self.amount
        if holding.is_void:
            raise Refused("suspended")
        if holding.balance == 0:
            raise Refused("already_redeemed")
        if holding.expires_at is not None and holding.expires_at <= ledger.now:
            raise Refused("expired")
        if amount > holding.balance:
            raise Refused("insufficient_balance")
        holding.balance -= amount
        ledger.uses[self.key] = Use(self.holding, amount)
        return amount

    def perform(self, desk: Desk) -> Any:
        line = redeem_code(
            agency_id=desk.world.agency.pk,
            presented=desk.text_of(self.holding),
            store_id=desk.world.store.pk,
            amount_jpy=self.amount,
            pos_transaction_id=self.transaction,
            now=desk.now,
        )
        desk.uses[self.key] = line.pk
        return line.amount_jpy


@dataclass(frozen=True)
class Reverse(Operation):
    use: str

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.uses)

    def expected(self, ledger: Ledger) -> Any:
        use = ledger.uses[self.use]
        if use.is_reversed:
            raise Refused("already_reversed")
        use.is_reversed = True
        ledger.holdings[use.holding].balance += use.amount

    def perform(self, desk: Desk) -> Any:
        public_id = Redemption.objects.get(pk=desk.uses[self.use]).public_id
        reverse_redemption(agency_id=desk.world.agency.pk, redemption_public_id=str(public_id), now=desk.now)


@dataclass(frozen=True)
class VoidAward(OfHolding):
    def expected(self, ledger: Ledger) -> Any:
        holding = ledger.holdings[self.holding]
        holding.is_withdrawn = True
        block(ledger, holding)

    def perform(self, desk: Desk) -> Any:
        void_award(award_id=desk.awards[self.holding], reason="model", now=desk.now)


@dataclass(frozen=True)
class VoidCode(OfHolding):
    def expected(self, ledger: Ledger) -> Any:
        holding = ledger.holdings[self.holding]
        if holding.is_void:
            raise Refused("stale_state")
        block(ledger, holding)

    def perform(self, desk: Desk) -> Any:
        void_code(gift_code_id=desk.award(self.holding).gift_code_id, reason="model", now=desk.now)


@dataclass(frozen=True)
class SendNotice(OfHolding):
    """A worker sends the winner's message, if it is due; a withdrawn award is not told of."""

    def expected(self, ledger: Ledger) -> Any:
        holding = ledger.holdings[self.holding]
        if holding.mail == "queued":
            holding.mail = "cancelled" if holding.is_withdrawn else "sent"

    def perform(self, desk: Desk) -> Any:
        send_delivery(delivery_id=desk.award(self.holding).delivery.pk, now=desk.now)


@dataclass(frozen=True)
class Resend(OfHolding):
    def expected(self, ledger: Ledger) -> Any:
        holding = ledger.holdings[self.holding]
        if holding.mail != "sent":
            raise Refused("not_resendable")
        holding.mail = "queued"

    def perform(self, desk: Desk) -> Any:
        resend_delivery(delivery_id=desk.award(self.holding).delivery.pk, actor_id=None, now=desk.now)


@dataclass(frozen=True)
class Expire(Operation):
    """The sweep takes codes past their day out of stock."""

    def expected(self, ledger: Ledger) -> Any:
        for lot in ledger.lots.values():
            if lot.expires_at is not None and lot.expires_at <= ledger.now:
                lot.move(CodeStatus.AVAILABLE, CodeStatus.EXPIRED)

    def perform(self, desk: Desk) -> Any:
        expire_codes(now=desk.now)


@dataclass(frozen=True)
class AdvanceClock(Operation):
    hours: int
    at_once: ClassVar[bool] = False

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, draw(HOURS))

    def expected(self, ledger: Ledger) -> Any:
        ledger.now += timedelta(hours=self.hours)

    def perform(self, desk: Desk) -> Any:
        desk.now += timedelta(hours=self.hours)


def block(ledger: Ledger, holding: Holding) -> None:
    """Block a holding's code, unless it is."""
    if not holding.is_void:
        holding.is_void = True
        ledger.lots[holding.lot].move(CodeStatus.ISSUED, CodeStatus.VOID, 1)
