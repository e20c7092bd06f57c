"""Refusals about receipts and their photographs: each says what the sender can do about it."""

from collections.abc import Sequence

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


class PhotoNotStored(DomainError):
    """The file store failed or gave back something else; nothing of the upload is kept, and nothing is used up."""

    code = "photo_not_stored"
    message = _("The photo could not be stored safely just now. Please send it again; your entry is kept.")
    status = 503


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


class TooManyReceipts(DomainError):
    """The campaign sums no more receipts of one entry, or none at all."""

    code = "too_many_receipts"
    message = _("No further receipt can be added to this entry. You can replace one of those you sent.")
    status = 422


class PhotoSentBefore(DomainError):
    """The very file is among the photographs of the entry already."""

    code = "photo_sent_before"
    message = _("This photo was already sent for this entry. Please send the receipt of another purchase.")


class ReceiptNotThere(DomainError):
    """What was to be replaced is none of the entry's receipts."""

    code = "receipt_not_there"
    message = _("This receipt is no longer part of the entry. Please look at the entry's page again.")
    status = 422


class DuplicateReceipt(DomainError):
    """The same paper receipt already counts for another entry of the campaign."""

    code = "receipt_already_used"
    message = _("This receipt has already been used for an entry.")


class FiguresNotAccepted(DomainError):
    code = "figures_not_accepted"
    message = _("Please check the figures: amounts are whole yen from 0 to 100,000,000, the date lies in the past.")
    status = 422


class ShopUnknown(DomainError):
    """A printed form belongs to a chain, and the receipt does not say of which it is."""

    code = "shop_unknown"
    message = _("Please write the name of the store first: a name on receipts is learned for its chain.")
    status = 422


class LineNotThere(DomainError):
    code = "line_not_there"
    message = _("The receipt has no such line any more. Please reload the page.")
    status = 422


class FormTooShort(DomainError):
    """So short a name stands for many goods."""

    code = "form_too_short"
    message = _("This name is too short to tell one product from others, so it is not learned.")
    status = 422


class FormTaughtOtherwise(DomainError):
    """The chain's form is already known as another product of the sponsor."""

    code = "form_taught_otherwise"
    message = _("This name is already in the dictionary for another product. Undo that entry first if it is wrong.")


class ProductNotOfCampaign(DomainError):
    code = "product_not_of_campaign"
    message = _("Please choose one of the campaign's target products.")
    status = 422


class MasterNotAccepted(DomainError):
    """A file for the shop master or the dictionary that cannot be used; `problems` name rows, counted from 1."""

    code = "master_not_accepted"
    message = _("The file cannot be imported as it is. Please correct the rows named below and send it again.")
    status = 422

    def __init__(self, problems: Sequence[tuple[int, str]] = (), reason: str = "rows") -> None:
        super().__init__(reason=reason, problem_count=len(problems))
        self.problems = list(problems)
        self.reason = reason


class NameNotAccepted(DomainError):
    code = "name_not_accepted"
    message = _("Please write 1 to 100 ordinary characters, and a JAN code of 8 or 13 digits or none.")
    status = 422


class KnownAlready(DomainError):
    """Another chain or product has this name or JAN code; it was not stored a second time."""

    code = "known_already"
    message = _("This name or JAN code is known already. Please change the entry that is there.")


class ReceiptNotSetAside(DomainError):
    code = "receipt_not_set_aside"
    message = _("Only a receipt that could not be read can be read again; this one is in another state by now.")


class PhotosPurged(DomainError):
    code = "photos_purged"
    message = _("The photos of this receipt were deleted after their retention period.")
    status = 410
