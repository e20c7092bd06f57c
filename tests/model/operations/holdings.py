"""Somebody wins a code, looks at it, uses it, or has it taken away."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from hypothesis import strategies as st

from campaigns.models import Campaign
from codes.errors import StockBusy
from codes.models import CodeStatus, Redemption
from codes.services import open_claim, redeem_code, reveal_code, reverse_redemption, void_award, void_code
from core.clock import end_of_jst_day, jst_day
from distribution.services import resend_delivery, send_delivery
from journeys.services import advance_entry
from participants.models import EntryStatus
from tests.factories import CLOSES
from tests.model.desk import Desk
from tests.model.ledger import Holding, Ledger, Refused, Use
from tests.model.operations.base import Draw, Operation
from tests.worlds import begin, send

FACE = 500
CLAIM_DAYS = Campaign._meta.get_field("claim_days").default
AMOUNTS = st.sampled_from([None, 1, 200, 300, 500, 501])
TRANSACTIONS = st.sampled_from(["", "", "P1", "P2", "P3"])


def block(ledger: Ledger, holding: Holding) -> None:
    """Block a holding's code, unless it is."""
    if not holding.is_void:
        holding.is_void = True
        ledger.lots[holding.lot].move(CodeStatus.ISSUED, CodeStatus.VOID, 1)


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
