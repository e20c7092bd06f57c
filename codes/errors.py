"""Refusals about codes: stock, claim, redemption."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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


class BoundElsewhere(DomainError):
    """Somebody else's device has opened this prize first (T06)."""

    code = "bound_elsewhere"
    message = _("This prize was opened on another device before. You can have a link for this device sent to you.")
    status = 403


class LineProofNeeded(DomainError):
    code = "line_proof_needed"
    message = _("Please log in with the LINE account that you entered with.")
    status = 403


class PinNotUsable(DomainError):
    code = "pin_not_usable"
    message = _("Please choose 4 to 8 digits that are not all the same and not in a row.")
    status = 422


class ClaimPinWrong(DomainError):
    code = "claim_pin_wrong"
    message = _("This PIN is not the one chosen at the first opening. Please type it again.")
    status = 403


class ClaimPaused(DomainError):
    """Too many wrong PINs; `until` says from when the next try is taken."""

    code = "claim_paused"
    message = _("A wrong PIN was typed several times. Please wait and try again later.")
    status = 429

    def __init__(self, until: datetime) -> None:
        super().__init__(until=until.isoformat())
        self.until = until


class ClaimNotMoved(DomainError):
    code = "claim_not_moved"
    message = _("This link is no longer good. Please have a new one sent to you.")
    status = 410


class AlreadyRevealed(DomainError):
    """A code that was seen may have been used: it is not replaced."""

    code = "already_revealed"
    message = _("The code of this prize has been shown already, so it cannot be reissued.")


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
