"""Refusals about codes: stock, claim, redemption."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class OutOfStock(DomainError):
    code = "out_of_stock"
    message = _("All codes of this prize have been given.")


class BudgetSpent(OutOfStock):
    """So much is not left of the campaign's budget: for entrants its prizes are used up."""

    code = "budget_spent"
    message = _("The budget of this campaign is used up, so this prize cannot be given. Please raise the budget.")


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
    ending: str = field(default="", compare=False)  # of a code that stands twice, by which people find it


class FileNotAccepted(DomainError):
    """The file cannot be imported; `problems` name rows, never a code."""

    code = "file_not_accepted"
    message = _("The file cannot be imported as it is. Please correct the rows named below and send it again.")
    status = 422

    def __init__(self, problems: Sequence[RowProblem] = (), reason: str = "rows", offset: int | None = None) -> None:
        super().__init__(reason=reason, problem_count=len(problems), offset=offset)
        self.problems = list(problems)
        self.reason = reason
        self.offset = offset  # the byte that is in no known encoding


class FileAlreadyImported(DomainError):
    code = "file_already_imported"
    message = _("This file has been imported before. Discard that batch first if it was a mistake.")


class QuantityNotAccepted(DomainError):
    code = "quantity_not_accepted"
    message = _("Please give a number of codes from 1 to 10,000,000.")
    status = 422


class FormatNotAvailable(DomainError):
    """The installation has set no number range for codes of this form."""

    code = "code_format_not_available"
    message = _("Codes of this form cannot be made here. Please choose another form, or ask the administrator.")
    status = 422


class SecondPersonNeeded(DomainError):
    """More value than one person may move; whoever made the batch is not the one who confirms."""

    code = "second_person_needed"
    message = _("This is worth so much that a second person has to confirm it. Please ask a colleague.")
    status = 403


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
    message = _("This amount cannot be used with this code. Please check the conditions of use.")
    status = 422


class NotYetValid(DomainError):
    code = "not_yet_valid"
    message = _("This code cannot be used yet. Please check from when it is valid.")


class ProductNotAllowed(DomainError):
    code = "product_not_allowed"
    message = _("This code is for other products. Please check the conditions of use.")


class TimeNotAllowed(DomainError):
    code = "time_not_allowed"
    message = _("This code cannot be used on this weekday or at this hour.")


class NotCombinable(DomainError):
    code = "not_combinable"
    message = _("This code cannot be used together with another one in the same purchase.")


class Locked(DomainError):
    code = "locked"
    message = _("This code is being used elsewhere right now. Please try again in a few minutes.")


class LockNotFound(DomainError):
    code = "lock_not_found"
    message = _("There is no such lock, or it has ended.")
    status = 404


class StoreNotAllowed(DomainError):
    code = "store_not_allowed"
    message = _("This code cannot be used at this store.")
    status = 403


class TerminalNotAllowed(DomainError):
    code = "terminal_not_allowed"
    message = _("This key belongs to another terminal of the store. Please check the terminal's number.")
    status = 403


class DuplicateTransaction(DomainError):
    code = "duplicate_transaction"
    message = _("This transaction number has been used for something else.")


class AlreadyReversed(DomainError):
    code = "already_reversed"
    message = _("This redemption has already been reversed.")


class ReversalTooLarge(DomainError):
    code = "reversal_too_large"
    message = _("More would be given back than this redemption has left. Please check the amount.")


class ReversedBeforeArrival(DomainError):
    """The till undid the sale before we had heard of it; a late arrival must not count."""

    code = "reversed_before_arrival"
    message = _("This transaction was reversed by the till before it arrived. Please use a new transaction number.")


class OfflineLimitExceeded(DomainError):
    code = "offline_limit_exceeded"
    message = _("This store may not take so much without a connection.")


class OfflineNotAllowed(DomainError):
    code = "offline_not_allowed"
    message = _("This prize may not be taken without a connection.")


class OccurredAtNotAccepted(DomainError):
    code = "occurred_at_not_accepted"
    message = _("The time at the till lies in the future or more than seven days back. Please check the till's clock.")
    status = 422


class TerminalTaken(DomainError):
    code = "terminal_taken"
    message = _("This store has a terminal of this number already.")


class RedemptionNotFound(DomainError):
    code = "redemption_not_found"
    message = _("There is no such redemption.")
    status = 404


class JournalUnavailable(DomainError):
    """What is handed out cannot be written down outside of the database, so nothing is handed out (F27)."""

    code = "journal_unavailable"
    message = _("This cannot be shown right now. Please try again in a few minutes.")
    status = 503


class CodeNotGivenOut(DomainError):
    code = "code_not_given_out"
    message = _("Only a code that was given to somebody can be shown.")


class RevealQuotaReached(DomainError):
    code = "reveal_quota_reached"
    message = _("You have shown as many codes today as one person may. Please ask a colleague.")
    status = 429


class ReservationTimeOutOfRange(DomainError):
    code = "reservation_time_out_of_range"
    message = _("A code can be reserved for 1 second to 7 days.")
    status = 422


class ReservationEnded(DomainError):
    """It was released, has expired, or its code was given out already."""

    code = "reservation_ended"
    message = _("This reservation has ended. Please reserve anew.")
    status = 410


class ReservationOfAnotherPrize(DomainError):
    code = "reservation_of_another_prize"
    message = _("The reserved code belongs to a prize that this entry has not won.")


class ShareTooLarge(DomainError):
    """More is asked for a place than is left where it would come from; `left_count` says how many there are."""

    code = "share_too_large"
    message = _("So many codes are not left there. Please enter a smaller number.")

    def __init__(self, left_count: int) -> None:
        super().__init__(left_count=left_count)
        self.left_count = left_count


class ShareNotAccepted(DomainError):
    code = "share_not_accepted"
    message = _("Please name a store, a channel or a day, and a number of codes that is not negative.")
    status = 422


class PlaceNotOfPrize(DomainError):
    code = "place_not_of_prize"
    message = _("The places belong to different prizes, or the store to another agency.")
    status = 422


class BatchNotInStock(DomainError):
    code = "batch_not_in_stock"
    message = _("The batch is not in a state in which this can be done. Please reload the page.")


class BatchWorkRunning(DomainError):
    code = "batch_work_running"
    message = _("Work on this batch has not ended yet. Please wait for its end.")


class RecallBySamePerson(DomainError):
    code = "recall_by_same_person"
    message = _("A recall of this value is confirmed by a second person. Please ask a colleague.")
    status = 403


class CodeNotReplaceable(DomainError):
    """The code was shown, or its award withdrawn: it is the desk's decision, not a replacement."""

    code = "code_not_replaceable"
    message = _("The code has been shown or its award withdrawn, so that it cannot be replaced.")


class SupplierUnavailable(DomainError):
    """The supplier did not say what became of it; the same request again is harmless. `reason` says why."""

    code = "supplier_unavailable"
    message = _("The issuer did not give us the code just now. Nothing is lost: please try again in a while.")
    status = 503

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason=reason)
        self.reason = reason


class SupplierNotConnected(DomainError):
    code = "supplier_not_connected"
    message = _("The supplier of this gift brand is not set up. Please ask whoever runs this installation.")
    status = 503


class FundsTooSmall(DomainError):
    code = "supplier_funds_too_small"
    message = _("The deposit at the supplier is too small for so many codes. Please top it up or take fewer.")
