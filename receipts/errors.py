"""Refusals about receipts and their photographs."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class NoPhoto(DomainError):
    code = "no_photo"
    message = _("Please add a photo of the receipt.")
    status = 422


class TooManyPhotos(DomainError):
    code = "too_many_photos"
    message = _("Please send at most four photos of one receipt.")
    status = 422


class DuplicateReceipt(DomainError):
    """The same paper receipt already counts for another entry of the campaign."""

    code = "receipt_already_used"
    message = _("This receipt has already been used for an entry.")


class FiguresNotAccepted(DomainError):
    code = "figures_not_accepted"
    message = _(
        "Please check the figures: amounts are whole yen from 0 to 100,000,000, the date lies in the past."
    )
    status = 422
