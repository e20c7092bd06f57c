"""Refusals about messages."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class NotResendable(DomainError):
    code = "not_resendable"
    message = _("This message is on its way already, or was cancelled.")


class NoContact(DomainError):
    code = "no_contact"
    message = _("There is no confirmed contact to which a message could be sent.")
