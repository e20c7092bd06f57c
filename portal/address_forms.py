"""Where goods are sent: what is typed; the service writes it in one way and says what is wrong."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from codes.address_errors import AddressNotAccepted, PostalCodeElsewhere, PostalCodeUnknown
from codes.addresses import PREFECTURES, accepted_address, accepted_postal_code
from codes.postal_codes import place_doubt, place_of
from core.errors import DomainError
from portal.forms import PortalForm

LONGEST = 200  # characters that are looked at at all


def _text(autocomplete: str, **attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": autocomplete, **attributes})


class AddressForm(PortalForm):
    """The fields in the order in which an address is written in Japan, named so that phones can fill them in."""

    name = forms.CharField(label=_("Your name"), widget=_text("name"))
    postal_code = forms.CharField(
        label=_("Postal code"), help_text=_("7 digits, for example 150-0001."), widget=_text("postal-code")
    )
    prefecture = forms.ChoiceField(
        label=_("Prefecture"),
        choices=[("", "—"), *((name, name) for name in PREFECTURES)],
        widget=forms.Select(attrs={"autocomplete": "address-level1"}),
    )
    city = forms.CharField(label=_("City, ward or town"), widget=_text("address-level2"))
    street = forms.CharField(
        label=_("Town and house number"),
        help_text=_("For example 神宮前1-2-3."),
        widget=_text("address-line1"),
    )
    building = forms.CharField(
        label=_("Building and room number"),
        help_text=_("In a house with several flats, please do not forget the room number."),
        required=False,
        widget=_text("address-line2"),
    )
    phone = forms.CharField(
        label=_("Phone number"),
        help_text=_("The shipper calls it if the parcel cannot be delivered."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )

    is_doubted = False

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        for name, field in self.fields.items():
            described = [f"{self[name].auto_id}_helptext"] if field.help_text else []
            if described:
                field.widget.attrs["aria-describedby"] = " ".join(described)

    @property
    def typed(self) -> dict[str, str]:
        """What was typed, as it was."""
        return {name: str(self.data.get(name, ""))[:LONGEST] for name in self.fields}

    def fill_in(self) -> None:
        """Write what the postal code tells into the form; a street that somebody has typed stays.

        Raises:
            AddressPartMissing, AddressTextNotAccepted, PostalCodeNotAccepted, PostalCodeUnknown: it tells nothing.
        """
        place = place_of(accepted_postal_code(self.typed["postal_code"]))
        if place is None:
            raise PostalCodeUnknown
        street = self.typed["street"].strip() or place.town
        told = {"prefecture": place.prefecture, "city": place.city, "street": street}
        self.data = self.typed | {name: text for name, text in told.items() if text}
        self.refuse_all({})
        self.fields["street"].widget.attrs["autofocus"] = True

    def check_place(self) -> None:
        """See to it that postal code and prefecture fit, or that the winner has said so of this very pair.

        Raises:
            AddressNotAccepted: as `accepted_address`, or they do not seem to fit.
        """
        address = accepted_address(self.typed)
        doubt = place_doubt(address)
        if doubt is not None and self.sure_of != _pair(self.typed):
            raise AddressNotAccepted({"postal_code": doubt})

    @property
    def sure_of(self) -> str:
        """The postal code and prefecture of which the winner has said that they are right."""
        return str(self.data.get("sure_of", ""))[:LONGEST]

    @property
    def doubted(self) -> str:
        """The pair to be sure of: the one in doubt now, or the one of which the winner was sure."""
        return _pair(self.typed) if self.is_doubted else self.sure_of

    def refuse_all(self, problems: Mapping[str, DomainError]) -> None:
        """Show each refusal at its field."""
        self.is_valid()
        for name in self.fields:
            self.errors.pop(name, None)
        for name, refusal in problems.items():
            self.refuse(name, refusal)
        self.is_doubted = isinstance(problems.get("postal_code"), PostalCodeUnknown | PostalCodeElsewhere)


def _pair(typed: Mapping[str, str]) -> str:
    return f"{typed['postal_code']} {typed['prefecture']}"
