"""Amazonギフトカード: its codes may not be kept, so each is made under our id and shown again under the same id."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from django.conf import settings

from codes.errors import SupplierUnavailable
from codes.suppliers.base import CANCELLED_THERE, MAX_REQUEST_ID, MadeCard, SupplierRefused
from core.clients.amazon_incentives import AmazonIncentives, IncentivesRefused, IncentivesUnavailable

CURRENCY = "JPY"
OUT_OF_FUNDS = "InsufficientFunds"
CANCELLED = "RefundedToPurchaser"
HEX_DIGITS = 32  # of the code's public id
SANDBOX_MARK = "-gamma."  # the sandbox has no deposit and says 0 to everybody


@dataclass(frozen=True)
class AmazonSupplier:
    """A partner's account."""

    api: AmazonIncentives
    cancellable_for: ClassVar[timedelta] = timedelta(minutes=15)

    def request_id(self, public_id: UUID) -> str:
        """Begin with the partner's id, as Amazon wants it."""
        return f"{self.api.partner_id}{public_id.hex}"

    def make(self, *, request_id: str, amount_jpy: int) -> MadeCard:
        """Make a card; a repeat of the id gives the same one and costs nothing."""
        with _errors_as_ours():
            card = self.api.create_gift_card(request_id=request_id, amount=amount_jpy, currency=CURRENCY)
        if card.status == CANCELLED:
            raise SupplierRefused(CANCELLED_THERE)
        if not (card.card_id and card.claim_code):
            raise SupplierUnavailable(reason="incomplete_answer")
        is_whole = card.amount == card.amount.to_integral_value()
        return MadeCard(
            card_id=card.card_id,
            amount_jpy=int(card.amount) if is_whole else 0,
            currency=card.currency,
            code=card.claim_code,
        )

    def show(self, *, request_id: str, amount_jpy: int) -> MadeCard:
        """Ask for the same card again: Amazon has no other way to show it."""
        return self.make(request_id=request_id, amount_jpy=amount_jpy)

    def cancel(self, *, request_id: str) -> None:
        """Have the card of a request taken back; Amazon does so for 15 minutes and unless it is claimed."""
        with _errors_as_ours():
            self.api.cancel_gift_card(request_id=request_id)

    def available_funds(self) -> int | None:
        """Give what is left of the deposit."""
        if SANDBOX_MARK in self.api.base_url:
            return None
        with _errors_as_ours():
            amount, currency = self.api.available_funds()
        return int(amount) if currency == CURRENCY else 0


def amazon_from_settings() -> AmazonSupplier | None:
    """Give the account of this installation, if it has one whose id leaves room for ours."""
    has_account = settings.SUPPLIER_AMAZON_PARTNER_ID and settings.SUPPLIER_AMAZON_SECRET_ACCESS_KEY
    if not has_account or len(settings.SUPPLIER_AMAZON_PARTNER_ID) > MAX_REQUEST_ID - HEX_DIGITS:
        return None
    return AmazonSupplier(
        AmazonIncentives(
            base_url=settings.SUPPLIER_AMAZON_BASE_URL,
            region=settings.SUPPLIER_AMAZON_REGION,
            partner_id=settings.SUPPLIER_AMAZON_PARTNER_ID,
            access_key_id=settings.SUPPLIER_AMAZON_ACCESS_KEY_ID,
            secret_access_key=settings.SUPPLIER_AMAZON_SECRET_ACCESS_KEY,
            timeout=(3.0, settings.SUPPLIER_AMAZON_TIMEOUT_SECONDS),
        )
    )


@contextmanager
def _errors_as_ours() -> Iterator[None]:
    try:
        yield
    except IncentivesUnavailable as error:
        raise SupplierUnavailable(reason=error.reason) from error
    except IncentivesRefused as error:
        raise SupplierRefused("out_of_funds" if error.error_type == OUT_OF_FUNDS else error.error_type) from error
