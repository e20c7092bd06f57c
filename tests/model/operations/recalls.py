"""A lot is held back, put back or called back: asked for, then done; and codes are replaced before they are seen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from codes.models import BatchStatus, CodeJob, CodeStatus, JobKind, JobStatus, ReservationStatus
from codes.services import hold_batch, release_batch, replace_unseen_code, request_recall, run_job
from distribution.services import reissue
from tests.model.desk import Desk, until_free
from tests.model.ledger import Ledger, Lot, Refused
from tests.model.operations.base import Operation
from tests.model.operations.holdings import OfHolding, hold

MOVES = {
    JobKind.HOLD: (CodeStatus.AVAILABLE, CodeStatus.HELD),
    JobKind.RELEASE: (CodeStatus.HELD, CodeStatus.AVAILABLE),
}
OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)


@dataclass(frozen=True)
class OfLot(Operation):
    """What is asked for a whole lot; from states in which it may be, while no other work on it is open."""

    lot: str
    kind: ClassVar[JobKind]
    new: ClassVar[BatchStatus]
    old: ClassVar[tuple[BatchStatus, ...]]
    service: ClassVar[Callable[..., Any]]

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return [name for name, lot in ledger.lots.items() if lot.status != BatchStatus.STAGED]

    def ask(self, ledger: Ledger) -> None:
        """Ask for it in the model."""
        lot = ledger.lots[self.lot]
        if lot.status not in self.old:
            raise Refused("batch_not_in_stock")
        if lot.work:
            raise Refused("batch_work_running")
        lot.status, lot.work = self.new, self.kind

    def perform(self, desk: Desk) -> Any:
        type(self).service(batch_id=desk.lots[self.lot], reason="model", now=desk.now)


@dataclass(frozen=True)
class HoldBack(OfLot):
    kind, new, old = JobKind.HOLD, BatchStatus.PAUSED, (BatchStatus.ACTIVE,)
    service = staticmethod(hold_batch)

    def expected(self, ledger: Ledger) -> Any:
        self.ask(ledger)


@dataclass(frozen=True)
class PutInStock(OfLot):
    kind, new, old = JobKind.RELEASE, BatchStatus.ACTIVE, (BatchStatus.PAUSED,)
    service = staticmethod(release_batch)

    def expected(self, ledger: Ledger) -> Any:
        self.ask(ledger)


@dataclass(frozen=True)
class Recall(OfLot):
    kind, new, old = JobKind.RECALL, BatchStatus.RECALLED, (BatchStatus.ACTIVE, BatchStatus.PAUSED)
    service = staticmethod(request_recall)

    def expected(self, ledger: Ledger) -> Any:
        self.ask(ledger)


@dataclass(frozen=True)
class Work(Operation):
    """A worker does what was asked for a lot, to its end."""

    lot: str

    @classmethod
    def with_work(cls, ledger: Ledger, *kinds: JobKind) -> list[str]:
        """Name the lots on which there is work of some kinds."""
        return [name for name, lot in ledger.lots.items() if lot.work in kinds]

    def perform(self, desk: Desk) -> Any:
        for job in CodeJob.objects.filter(batch=desk.lots[self.lot], status__in=OPEN):
            until_free(lambda job=job: run_job(job_id=job.pk, now=desk.now))


@dataclass(frozen=True)
class WorkOnHold(Work):
    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return cls.with_work(ledger, *MOVES)

    def expected(self, ledger: Ledger) -> Any:
        lot = ledger.lots[self.lot]
        if lot.work:
            lot.move(*MOVES[lot.work])
        lot.work = None


@dataclass(frozen=True)
class WorkOnRecall(Work):
    """What nobody holds is blocked, what nobody has seen is replaced as far as the stock goes."""

    at_once: ClassVar[bool] = False

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return cls.with_work(ledger, JobKind.RECALL)

    def expected(self, ledger: Ledger) -> Any:
        lot = ledger.lots[self.lot]
        lot.work = None
        for kept in ledger.kept.values():
            if kept.lot == self.lot and kept.status == ReservationStatus.HELD:
                ledger.free(kept, ReservationStatus.RELEASED)
        _block_stock(lot)
        for name, holding in ledger.holdings.items():
            code = ledger.code_of(name)
            if code.lot == self.lot and not (code.is_void or holding.is_withdrawn or holding.shown):
                _replace_or_block(ledger, name)


@dataclass(frozen=True)
class Replace(OfHolding):
    """A code that nobody has seen gives way to another; the link stays."""

    def expected(self, ledger: Ledger) -> Any:
        holding = ledger.holdings[self.holding]
        if holding.shown or holding.is_withdrawn:
            raise Refused("code_not_replaceable")
        _replace(ledger, self.holding)

    def perform(self, desk: Desk) -> Any:
        award_id = desk.awards[self.holding]
        until_free(lambda: replace_unseen_code(award_id=award_id, reason="model", now=desk.now))


@dataclass(frozen=True)
class Reissue(OfHolding):
    """An award that nobody has seen is withdrawn and another given in its place; a repeat finds that one."""

    def expected(self, ledger: Ledger) -> Any:
        holding = ledger.holdings[self.holding]
        if holding.replaced_by:
            return holding.replaced_by
        if holding.is_withdrawn:
            raise Refused("award_voided")
        if holding.shown:
            raise Refused("already_revealed")
        hold(ledger, self.name, ledger.take())
        ledger.block(ledger.code_of(self.holding))
        holding.is_withdrawn, holding.replaced_by = True, self.name
        return self.name

    def perform(self, desk: Desk) -> Any:
        award_id = desk.awards[self.holding]
        award = until_free(lambda: reissue(award_id=award_id, reason="model", now=desk.now))
        known = next((name for name, pk in desk.awards.items() if pk == award.pk), self.name)
        desk.awards[known] = award.pk
        return known


def _block_stock(lot: Lot) -> None:
    lot.move(CodeStatus.AVAILABLE, CodeStatus.VOID)
    lot.move(CodeStatus.HELD, CodeStatus.VOID)


def _replace(ledger: Ledger, name: str) -> None:
    code = ledger.take()
    ledger.block(ledger.code_of(name))
    ledger.holdings[name].code_count += 1
    ledger.put_code(name, code)


def _replace_or_block(ledger: Ledger, name: str) -> None:
    try:
        _replace(ledger, name)
    except Refused:
        ledger.block(ledger.code_of(name))
