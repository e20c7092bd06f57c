"""Refusals about addresses and parcels."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class AddressPartMissing(DomainError):
    code = "address_part_missing"
    message = _("Please fill this in.")
    status = 422


class AddressTextNotAccepted(DomainError):
    code = "address_text_not_accepted"
    message = _("Please shorten this, and use no special signs.")
    status = 422


class PostalCodeNotAccepted(DomainError):
    code = "postal_code_not_accepted"
    message = _("Please type the postal code in 7 digits, for example 150-0001.")
    status = 422


class PostalCodeUnknown(DomainError):
    """A doubt: codes come into being every month, so the winner may insist."""

    code = "postal_code_unknown"
    message = _(
        "We did not find this postal code. Please check it. If it is right, for example because it is new, please "
        "tick the box below and send it again."
    )
    status = 422


class PostalCodeElsewhere(DomainError):
    """A doubt: the code is of another prefecture; the winner may insist."""

    code = "postal_code_elsewhere"
    message = _(
        "This postal code belongs to %(prefectures)s. Please check postal code and prefecture. If they are right, "
        "please tick the box below and send it again."
    )
    status = 422

    def __init__(self, prefectures: Sequence[str]) -> None:
        super().__init__()
        self.prefectures = prefectures

    def __str__(self) -> str:
        return str(self.message) % {"prefectures": "・".join(self.prefectures)}


class PrefectureNotAccepted(DomainError):
    code = "prefecture_not_accepted"
    message = _("Please choose the prefecture.")
    status = 422


class PhoneNotAccepted(DomainError):
    code = "phone_not_accepted"
    message = _("Please type the phone number in 10 or 11 digits, beginning with 0.")
    status = 422


class AddressNotAccepted(DomainError):
    """Parts of an address cannot be taken; `problems` names each with its own refusal, never what was typed."""

    code = "address_not_accepted"
    message = _("Please look at the fields marked below.")
    status = 422

    def __init__(self, problems: Mapping[str, DomainError]) -> None:
        super().__init__(fields={name: refusal.code for name, refusal in problems.items()})
        self.problems = dict(problems)


class HouseholdLimit(DomainError):
    code = "household_limit"
    message = _(
        "This campaign sends a limited number of prizes to one household, and that number is reached for this address."
        " If the address has a mistake, please correct it. If you think that this is wrong, please write to support;"
        " nothing has been changed."
    )


class AddressNotAsked(DomainError):
    """The prize is not sent, or its shipment was cancelled."""

    code = "address_not_asked"
    message = _("No address is needed for this prize.")


class AddressFixed(DomainError):
    code = "address_fixed"
    message = _("The address was handed to the shipper and cannot be changed here. Please write to support.")


class ShipmentReasonMissing(DomainError):
    code = "shipment_reason_missing"
    message = _("Please write down the reason.")
    status = 422


class NothingToShip(DomainError):
    code = "nothing_to_ship"
    message = _("No shipment of this campaign is ready to be sent.")


class ShippingListNotYours(DomainError):
    code = "shipping_list_not_yours"
    message = _("Only the person who asked for the list and the one who confirmed it may open it.")
    status = 403


class ShippingListEnded(DomainError):
    code = "shipping_list_ended"
    message = _("This list can no longer be opened. Please ask for a new one.")


class TrackingFileNotAccepted(DomainError):
    """A file of tracking numbers is not taken; `problems` are pairs of row and code."""

    code = "tracking_file_not_accepted"
    message = _("The file cannot be taken over as it is. Please correct the rows named below and send it again.")
    status = 422

    def __init__(self, problems: Sequence[tuple[int, str]] = (), reason: str = "rows") -> None:
        super().__init__(reason=reason, problem_count=len(problems))
        self.problems = list(problems)
        self.reason = reason
