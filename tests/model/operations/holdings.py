"""Somebody wins a code, looks at it, or has it taken away."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaigns.models import Campaign
from codes.services import open_claim, reveal_code, void_award, void_code
from core.clock import end_of_jst_day, jst_day
from distribution.services import resend_delivery, send_delivery
from journeys.services import advance_entry
from participants.models import EntryStatus
from tests.factories import CLOSES
from tests.model.desk import Desk, until_free
from tests.model.ledger import Code, Holding, Ledger, Refused
from tests.model.operations.base import Operation
from tests.worlds import begin, send

CLAIM_DAYS = Campaign._meta.get_field("claim_days").default


def deadline_of(now: datetime) -> datetime:
    """Give the instant until which something that was won now is to be received."""
    return end_of_jst_day(jst_day(now) + timedelta(days=CLAIM_DAYS))


def hold(ledger: Ledger, name: str, code: Code) -> str:
    """Let a new holding have a code; returns the code's lot."""
    ledger.holdings[name] = Holding("", deadline_of(ledger.now))
    ledger.put_code(name, code)
    return code.lot


@dataclass(frozen=True)
class Enter(Operation):
    """Somebody enters; he wins while a code is left."""

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return [""] if ledger.now < CLOSES else []

    def prepare(self, desk: Desk) -> None:
        desk.entries[self.name] = send(begin(desk.world, now=desk.now), now=desk.now).pk

    def expected(self, ledger: Ledger) -> Any:
        try:
            return hold(ledger, self.name, ledger.take())
        except Refused:
            return "lost"

    def perform(self, desk: Desk) -> Any:
        entry = until_free(lambda: advance_entry(entry_id=desk.entries[self.name], now=desk.now))
        if entry.status == EntryStatus.LOST:
            return "lost"
        award = entry.awards.select_related("gift_code").get()
        desk.awards[self.name] = award.pk
        return desk.lot_of(award.gift_code)


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
        holding, code = ledger.holdings[self.holding], ledger.code_of(self.holding)
        holding.is_claimed = True
        if holding.is_withdrawn:
            raise Refused("award_voided")
        if not holding.shown and holding.deadline <= ledger.now:
            raise Refused("claim_expired")
        if code.is_void:
            raise Refused("suspended")
        if code.expires_at is not None and code.expires_at <= ledger.now:
            raise Refused("expired")
        holding.shown += 1
        return "its own code"

    def perform(self, desk: Desk) -> Any:
        shown = reveal_code(award_id=desk.awards[self.holding], now=desk.now).code
        return "its own code" if shown == desk.text_of(desk.award(self.holding).gift_code) else "another code"


@dataclass(frozen=True)
class VoidAward(OfHolding):
    def expected(self, ledger: Ledger) -> Any:
        ledger.holdings[self.holding].is_withdrawn = True
        ledger.block(ledger.code_of(self.holding))

    def perform(self, desk: Desk) -> Any:
        void_award(award_id=desk.awards[self.holding], reason="model", now=desk.now)


@dataclass(frozen=True)
class OfCode(Operation):
    """What is done to a code that was given out: one that a winner has, or had before it was replaced."""

    code: str

    @classmethod
    def objects(cls, ledger: Ledger) -> list[str]:
        return list(ledger.codes)

    def prepare(self, desk: Desk) -> None:
        desk.presented[self.name] = desk.code(self.code)


@dataclass(frozen=True)
class VoidCode(OfCode):
    def expected(self, ledger: Ledger) -> Any:
        code = ledger.codes[self.code]
        if code.is_void:
            raise Refused("stale_state")
        ledger.block(code)

    def perform(self, desk: Desk) -> Any:
        void_code(gift_code_id=desk.presented[self.name].pk, reason="model", now=desk.now)


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
