"""Refusals of the pages themselves."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class ShiftOfAnotherStore(DomainError):
    """A phone reports what it took for another store than the one signed in; nothing is done."""

    code = "shift_of_another_store"
    message = _("This was taken for another store. Please sign in with that store's number.")


class NotACustomersCode(DomainError):
    """A till's camera has read a QR code of something else, an address on a poster for example; nothing is tried."""

    code = "not_a_customers_code"
    message = _(
        "This QR code is not a customer's code. Scan the one below \"Show this screen to the staff\" on the customer's"
        " phone, or the one on the voucher."
    )
    status = 422


class PressTooLate(DomainError):
    """The screen on which the staff press was good for two minutes, and for its prize alone; nothing is used."""

    code = "press_too_late"
    message = _("The screen for the staff is no longer good. Nothing was used. Please begin again from the prize.")
    status = 403
