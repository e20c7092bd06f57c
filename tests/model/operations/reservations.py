"""A code is kept for somebody until an instant, given out to him, or goes back."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self

from codes.models import CodeStatus, Reservation, ReservationStatus
from codes.services import expire_reservations, release_reservation, reserve_code, void_code
from participants.models import Entry
from tests.factories import CLOSES
from tests.model.desk import Desk, until_free
from tests.model.ledger import Code, Kept, Ledger, Refused
from tests.model.operations.base import Draw, Operation
from tests.model.operations.holdings import Enter, hold
from tests.worlds import begin, send

HOURS = [1, 24, 48]
LIVE = (ReservationStatus.HELD, ReservationStatus.USED)


def keep(ledger: Ledger, name: str, reference: str, hours: int) -> str:
    """Keep the last code of the stock that is valid so long."""
    until = ledger.now + timedelta(hours=hours)
    for key, lot in reversed(ledger.lots.items()):
        if lot.codes[CodeStatus.AVAILABLE] and lot.lasts_until(until):
            lot.move(CodeStatus.AVAILABLE, CodeStatus.RESERVED, 1)
            ledger.kept[name] = Kept(key, reference, until)
            return name
    raise Refused("out_of_stock")


@dataclass(frozen=True)
class Reserve(Operation):
    """A code is kept under a reference of its own."""

    hours: int

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, draw(HOURS))

    def expected(self, ledger: Ledger) -> Any:
        return keep(ledger, self.name, self.name, self.hours)

    def perform(self, desk: Desk) -> Any:
        return self.reserve(desk, self.name)

    def reserve(self, desk: Desk, reference: str) -> str:
        """Reserve under a reference; returns the reservation's name, which may be an earlier one."""
        made = until_free(
            lambda: reserve_code(
                agency_id=desk.world.agency.pk,
                prize_id=desk.world.prize.pk,
                reference=reference,
                ttl_seconds=self.hours * 3600,
                now=desk.now,
            )
        )
        known = next((name for name, pk in desk.kept.items() if pk == made.pk), self.name)
        desk.kept[known] = made.pk
        return known


@dataclass(frozen=True)
class ReserveAgain(Reserve):
    """The same reference once more: the same code, unless its time is over or it was given back."""

    kept: str
    at_once: ClassVar[bool] = False

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.kept)

    @classmethod
    def drawn(cls, name: str, target: str, draw: Draw) -> Self:
        return cls(name, draw(HOURS), target)

    def expected(self, ledger: Ledger) -> Any:
        reference = ledger.kept[self.kept].reference
        for name, kept in ledger.kept.items():
            if kept.reference == reference and kept.status in LIVE:
                if kept.status == ReservationStatus.USED or kept.until > ledger.now:
                    return name
                ledger.free(kept, ReservationStatus.EXPIRED)
        return keep(ledger, self.name, reference, self.hours)

    def perform(self, desk: Desk) -> Any:
        return self.reserve(desk, Reservation.objects.get(pk=desk.kept[self.kept]).reference)


@dataclass(frozen=True)
class OfKept(Operation):
    """What is done to a reservation."""

    kept: str

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.kept)


@dataclass(frozen=True)
class EnterKept(OfKept):
    """Somebody enters under a reference for which a code was kept; if that has ended, he is one among others."""

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.kept) if ledger.now < CLOSES else []

    def prepare(self, desk: Desk) -> None:
        entry = begin(desk.world, now=desk.now)
        reference = Reservation.objects.get(pk=desk.kept[self.kept]).reference
        Entry.objects.filter(pk=entry.pk).update(external_reference=reference)
        desk.entries[self.name] = send(entry, now=desk.now).pk

    def expected(self, ledger: Ledger) -> Any:
        reference = ledger.kept[self.kept].reference
        for kept in ledger.kept.values():
            is_usable = kept.status == ReservationStatus.HELD and kept.until > ledger.now and not kept.is_blocked
            if kept.reference == reference and is_usable:
                kept.status = ReservationStatus.USED
                lot = ledger.lots[kept.lot]
                lot.move(CodeStatus.RESERVED, CodeStatus.ISSUED, 1)
                return hold(ledger, self.name, Code(kept.lot, lot.expires_at))
        return Enter(self.name).expected(ledger)

    def perform(self, desk: Desk) -> Any:
        return Enter(self.name).perform(desk)


@dataclass(frozen=True)
class Release(OfKept):
    """It is given back before its time; a repeat changes nothing."""

    def expected(self, ledger: Ledger) -> Any:
        kept = ledger.kept[self.kept]
        if kept.status == ReservationStatus.USED:
            raise Refused("reservation_ended")
        if kept.status == ReservationStatus.HELD:
            ledger.free(kept, ReservationStatus.RELEASED)

    def perform(self, desk: Desk) -> Any:
        release_reservation(reservation_id=desk.kept[self.kept], now=desk.now)


@dataclass(frozen=True)
class EndReservations(Operation):
    """The sweep, until it finds nothing: what others hold at this moment it leaves to the next round."""

    def expected(self, ledger: Ledger) -> Any:
        for kept in ledger.kept.values():
            if kept.status == ReservationStatus.HELD and kept.until <= ledger.now:
                ledger.free(kept, ReservationStatus.EXPIRED)

    def perform(self, desk: Desk) -> Any:
        due = Reservation.objects.filter(status=ReservationStatus.HELD, expires_at__lte=desk.now)
        while due.exists():
            expire_reservations(now=desk.now)


@dataclass(frozen=True)
class BlockKept(OfKept):
    """A code is blocked while it is kept for somebody."""

    at_once: ClassVar[bool] = False

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        held = (item for item in ledger.kept.items() if item[1].status == ReservationStatus.HELD)
        return [name for name, kept in held if not kept.is_blocked]

    def expected(self, ledger: Ledger) -> Any:
        kept = ledger.kept[self.kept]
        kept.is_blocked = True
        ledger.lots[kept.lot].move(CodeStatus.RESERVED, CodeStatus.VOID, 1)

    def perform(self, desk: Desk) -> Any:
        gift_code_id = Reservation.objects.get(pk=desk.kept[self.kept]).gift_code_id
        void_code(gift_code_id=gift_code_id, reason="model", now=desk.now)
