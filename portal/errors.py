"""Refusals of the pages themselves."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class ShiftOfAnotherStore(DomainError):
    """A phone reports what it took for another store than the one signed in; nothing is done."""

    code = "shift_of_another_store"
    message = _("This was taken for another store. Please sign in with that store's number.")
