"""The root of every refusal: what a face shows, logs and answers."""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal that a person or a program can act on.

    Attributes:
        code: stable machine name; part of the API contract.
        message: sentence for a person, in the reader's language, saying what to do.
        status: HTTP status that faces answer with.
        context: facts for the log; never codes or personal data.
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[str | Promise] = _("This could not be done. Please check the input and try again.")
    status: ClassVar[int] = 409

    def __init__(self, **context: Any) -> None:
        super().__init__(self.code)
        self.context = context

    def __str__(self) -> str:
        return str(self.message)


class StaleState(DomainError):
    """Somebody else moved the row first; the caller reads again and decides anew."""

    code = "stale_state"
    message = _("Someone else changed this a moment ago. Please reload the page and try again.")


class KeyUnavailable(DomainError):
    """The key that opens a stored secret is not loaded."""

    code = "key_unavailable"
    message = _("This cannot be shown right now. Please try again in a few minutes.")
    status = 503


class SecretDamaged(DomainError):
    """A stored secret does not belong to its row, or was altered."""

    code = "secret_damaged"
    message = _("This cannot be shown. Please contact support.")
    status = 503
