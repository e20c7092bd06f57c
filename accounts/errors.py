"""Refusals about who may act."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class KeyNotAccepted(DomainError):
    """Unknown, revoked, expired or from a wrong address: one answer for all."""

    code = "key_not_accepted"
    message = _("This API key is not accepted. Please check the key, or ask the campaign desk for a new one.")
    status = 401


class ScopeMissing(DomainError):
    """The key is good but lacks the scope of this call."""

    code = "scope_missing"
    message = _(
        "This API key may not do this. Please ask the campaign desk for the scope that the documentation names."
    )
    status = 403
