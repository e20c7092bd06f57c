"""Refusals about receipts and their photographs: each says what the sender can do about it."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class PhotoRefused(DomainError):
    """The root of refusals of one photograph."""

    code = "photo_refused"
    message = _("This photo cannot be used. Please take it again.")
    status = 422


class FileTooLarge(PhotoRefused):
    code = "file_too_large"
    message = _("The photo is larger than 10 MB. Please send a smaller one.")
    status = 413


class UnsupportedImageType(PhotoRefused):
    code = "unsupported_image_type"
    message = _("Please send the photo as JPEG, PNG, WebP or HEIC.")
    status = 415


class ImageTooLarge(PhotoRefused):
    code = "image_too_large"
    message = _("The photo has too many pixels. Please take it again with the normal camera setting.")


class ImageAnimated(PhotoRefused):
    code = "image_animated"
    message = _("Moving pictures cannot be used. Please send a still photo.")


class ImageDamaged(PhotoRefused):
    code = "image_damaged"
    message = _("The photo is damaged and could not be opened. Please send it again.")


class NoPhoto(DomainError):
    code = "no_photo"
    message = _("Please add a photo of the receipt.")
    status = 422


class TooManyPhotos(DomainError):
    code = "too_many_photos"
    message = _("Please send at most four photos of one receipt.")
    status = 422


class TooManyTries(DomainError):
    """The entry was given photographs as often as one may."""

    code = "too_many_photo_tries"
    message = _("Many photos were sent for this entry already. Please ask the inquiry desk; your entry is kept.")
    status = 429


class DuplicateReceipt(DomainError):
    """The same paper receipt already counts for another entry of the campaign."""

    code = "receipt_already_used"
    message = _("This receipt has already been used for an entry.")


class FiguresNotAccepted(DomainError):
    code = "figures_not_accepted"
    message = _("Please check the figures: amounts are whole yen from 0 to 100,000,000, the date lies in the past.")
    status = 422
