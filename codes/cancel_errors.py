"""Refusals about a card that is to be taken back at its supplier."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class CodeShown(DomainError):
    code = "code_shown"
    message = _("The winner has seen this code, so that it cannot be cancelled at the supplier.")


class CardNotCancellable(DomainError):
    code = "card_not_cancellable"
    message = _("There is no card at the supplier that could be cancelled.")


class CancelTooLate(DomainError):
    code = "cancel_too_late"
    message = _("The time in which the supplier cancels a card is over. Please talk to the supplier.")


class CancelRefused(DomainError):
    """The supplier let the card stand; `reason` is the supplier's own word."""

    code = "cancel_refused"
    message = _("The supplier did not cancel the card, and the code stays as it was. Please talk to the supplier.")


class CancelOutcomeUnknown(DomainError):
    code = "cancel_outcome_unknown"
    message = _(
        "The supplier has not answered. The cancelling goes on by itself, and nobody is shown the code meanwhile."
    )
    status = 503
