"""What goes on behind the stock: keys are changed, what is used up is cleared away, and processes die half way."""

import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from codes.models import JobStatus
from codes.services import drop_ended_locks, forget_shown_numbers
from codes.services.checking_files import forget_problems
from codes.services.key_duties import KEY_REST, destroy_emptied_keys
from codes.services.rotation import run_rotation, start_rewrap
from tests.model.desk import Desk
from tests.model.ledger import Ledger
from tests.model.operations.base import Operation
from tests.model.operations.holdings import Reveal
from tests.model.operations.tills import Redeem, Reverse


@dataclass(frozen=True)
class Rotate(Operation):
    """The campaign's codes are sealed under a new key, and the old one is destroyed; no code becomes another."""

    at_once: ClassVar[bool] = False

    def expected(self, ledger: Ledger) -> Any:
        return JobStatus.DONE, 0

    def perform(self, desk: Desk) -> Any:
        job = start_rewrap(campaign_id=desk.world.campaign.pk, now=desk.now)
        done = run_rotation(job_id=job.pk, now=desk.now)
        destroy_emptied_keys(now=desk.now + KEY_REST)
        return done.status, done.report["left"]


@dataclass(frozen=True)
class Purge(Operation):
    """What has done its service is deleted; nothing of value hangs on it."""

    at_once: ClassVar[bool] = False

    def expected(self, ledger: Ledger) -> Any:
        return None

    def perform(self, desk: Desk) -> Any:
        drop_ended_locks(now=desk.now)
        forget_shown_numbers(now=desk.now)
        forget_problems(now=desk.now)


class Killed(BaseException):
    """The process is no more: its transaction is undone, and nothing else of it happens."""


def until_killed(module: str, point: str, operation: Operation, desk: Desk) -> Any:
    """Let an operation run to one of its crash points, if it comes there."""

    def die(name: str) -> None:
        if name == point:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{module}.crashpoint", die)
        try:
            return operation.perform(desk)
        except Killed:
            return "killed"


@dataclass(frozen=True)
class KilledRedeem(Redeem):
    """The till's sale dies before its commit: nothing was sold, and the same number may be sent again."""

    at_once: ClassVar[bool] = False

    def expected(self, ledger: Ledger) -> Any:
        is_known = self.key in ledger.uses
        amount = Redeem.expected(self, copy.deepcopy(ledger))
        return amount if is_known else "killed"

    def perform(self, desk: Desk) -> Any:
        sale = Redeem(self.name, self.code, self.amount, self.transaction)
        return until_killed("codes.services.redemption.redeeming", "redeem.before_commit", sale, desk)


@dataclass(frozen=True)
class KilledReverse(Reverse):
    """A reversal dies before its commit: nothing was given back."""

    at_once: ClassVar[bool] = False

    def expected(self, ledger: Ledger) -> Any:
        Reverse.expected(self, copy.deepcopy(ledger))
        return "killed"

    def perform(self, desk: Desk) -> Any:
        undo = Reverse(self.name, self.use, self.amount)
        return until_killed("codes.services.redemption.reversing", "reverse.before_commit", undo, desk)


@dataclass(frozen=True)
class KilledReveal(Reveal):
    """The page dies before the showing is committed: it was opened, and nothing was shown."""

    at_once: ClassVar[bool] = False

    def expected(self, ledger: Ledger) -> Any:
        after = copy.deepcopy(ledger)
        ledger.holdings[self.holding].is_claimed = True
        Reveal.expected(self, after)
        return "killed"

    def perform(self, desk: Desk) -> Any:
        shown = Reveal(self.name, self.holding)
        return until_killed("codes.services.claiming", "claim.before_commit", shown, desk)
