"""Where goods are sent: what is typed; the service writes it in one way and says what is wrong."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from codes.addresses import PREFECTURES
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

    def refuse_all(self, problems: Mapping[str, DomainError]) -> None:
        """Show each refusal at its field."""
        self.is_valid()
        for name in self.fields:
            self.errors.pop(name, None)
        for name, refusal in problems.items():
            self.refuse(name, refusal)
