"""Codes come in, go into stock, and leave it unused."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from codes.models import BatchStatus, CodeStatus, GiftCode
from codes.services import activate_batch, expire_codes, generate_codes, import_codes, start_discard, void_code
from tests.model.desk import Desk
from tests.model.ledger import Ledger, Lot, Refused
from tests.model.operations.base import Draw, Operation

COUNTS = range(1, 5)
LOTS = 6  # no more, so that much happens to each
DAYS = [None, None, 1, 20]
HOURS = [0.05, 1, 24, 24 * 20]


def csv_of(lot: str, count: int) -> bytes:
    """Make the file of a lot, the same each time."""
    return "\n".join(["code", *(f"MODEL-{lot}-{number:04d}" for number in range(count))]).encode()


@dataclass(frozen=True)
class Generate(Operation):
    """Never beside another: two lots that are made at one moment may share places in the stock."""

    count: int
    days: int | None
    at_once: ClassVar[bool] = False

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return [""] if len(ledger.lots) < LOTS else []

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
    at_once: ClassVar[bool] = False

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return [""] if len(ledger.lots) < LOTS else []

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
        start_discard(batch_id=desk.lots[self.lot], reason="model", now=desk.now)


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
    hours: float
    at_once: ClassVar[bool] = False

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, draw(HOURS))

    def expected(self, ledger: Ledger) -> Any:
        ledger.now += timedelta(hours=self.hours)

    def perform(self, desk: Desk) -> Any:
        desk.now += timedelta(hours=self.hours)
