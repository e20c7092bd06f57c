"""Refusals about codes: stock, claim, redemption."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class OutOfStock(DomainError):
    code = "out_of_stock"
    message = _("All codes of this prize have been given.")


class StockBusy(DomainError):
    """Codes are left, but others hold them at this moment."""

    code = "stock_busy"
    message = _("Many people are receiving codes right now. Please try again in a moment.")
    status = 503


class StockHeld(StockBusy):
    """The codes that are left are held back until their supplier is in order again; nobody loses his win."""

    code = "stock_held"
    message = _("This prize is being made ready. Please try again later; nothing is lost.")


class NotEligible(DomainError):
    code = "not_eligible"
    message = _("This entry has not won this prize.")


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one row of a file; `row` counts from 1 and includes the header."""

    row: int
    code: str


class FileNotAccepted(DomainError):
    """The file cannot be imported; `problems` name rows, never a code."""

    code = "file_not_accepted"
    message = _("The file cannot be imported as it is. Please correct the rows named below and send it again.")
    status = 422

    def __init__(self, problems: Sequence[RowProblem] = (), reason: str = "rows") -> None:
        super().__init__(reason=reason, problem_count=len(problems))
        self.problems = list(problems)
        self.reason = reason


class FileAlreadyImported(DomainError):
    code = "file_already_imported"
    message = _("This file has been imported before. Discard that batch first if it was a mistake.")


class QuantityNotAccepted(DomainError):
    code = "quantity_not_accepted"
    message = _("Please give a number of codes from 1 to 100,000.")
    status = 422


class AwardVoided(DomainError):
    code = "award_voided"
    message = _("This prize has been withdrawn. Please contact the inquiry desk.")
    status = 410


class ClaimExpired(DomainError):
    code = "claim_expired"
    message = _("The time to receive this prize has passed.")
    status = 410


class CodeNotAccepted(DomainError):
    """Unknown, another agency's, not given out yet, or not ours to redeem: one answer (T05)."""

    code = "code_not_accepted"
    message = _("This code is not accepted. Please check it and type it again.")
    status = 404


class CodeTokenExpired(DomainError):
    code = "code_token_expired"
    message = _("The code on the phone is too old. Please show it again.")
    status = 422


class AlreadyRedeemed(DomainError):
    code = "already_redeemed"
    message = _("This code has already been used.")


class CodeExpired(DomainError):
    code = "expired"
    message = _("This code has expired.")
    status = 410


class CodeSuspended(DomainError):
    code = "suspended"
    message = _("This code has been blocked. Please contact the inquiry desk.")


class InsufficientBalance(DomainError):
    code = "insufficient_balance"
    message = _("The balance of this code is too small for the amount.")


class AmountOutOfRange(DomainError):
    code = "amount_out_of_range"
    message = _("Please give an amount from 1 to 100,000,000 yen.")
    status = 422


class StoreNotAllowed(DomainError):
    code = "store_not_allowed"
    message = _("This store cannot redeem codes.")
    status = 403


class DuplicateTransaction(DomainError):
    code = "duplicate_transaction"
    message = _("This transaction number has been used for something else.")


class AlreadyReversed(DomainError):
    code = "already_reversed"
    message = _("This redemption has already been reversed.")


class RedemptionNotFound(DomainError):
    code = "redemption_not_found"
    message = _("There is no such redemption.")
    status = 404


class SupplierUnavailable(DomainError):
    """The supplier did not say what became of it; the same request again is harmless. `reason` says why."""

    code = "supplier_unavailable"
    message = _("The issuer of this gift does not answer right now. Nothing is lost: open this page again in a while.")
    status = 503

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason=reason)
        self.reason = reason


class SupplierNotConnected(DomainError):
    code = "supplier_not_connected"
    message = _("The supplier of this gift brand is not set up. Please ask whoever runs this installation.")
    status = 503


class BrandNotFetched(DomainError):
    code = "brand_not_fetched"
    message = _("Codes of this prize are not made by a supplier. Please import or generate them.")
    status = 422


class ValueNotOffered(DomainError):
    code = "value_not_offered"
    message = _("The gift brand does not offer this value. Please correct the value of the prize.")
    status = 422


class FundsTooSmall(DomainError):
    code = "supplier_funds_too_small"
    message = _("The deposit at the supplier is too small for so many codes. Please top it up or take fewer.")
