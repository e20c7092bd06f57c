"""What a reviewer fills in: figures and lines as they stand on the paper, and the verdict."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.models import TargetProduct
from eligibility.models import Verdict
from eligibility.reasons import REASONS, TO_REVIEW
from receipts.models import Receipt
from receipts.services import LineFigures, ReceiptFigures

FIGURES = (
    "store_name",
    "branch",
    "telephone",
    "registration_no",
    "purchased_on",
    "purchased_time",
    "receipt_no",
    "subtotal_jpy",
    "tax_jpy",
    "total_jpy",
)
NOT_CHOSEN = {"approved_by_desk", "refused_by_desk", *TO_REVIEW}  # given by the desk itself, or no outcome
SPARE_LINES = 2


class FiguresForm(forms.ModelForm):
    class Meta:
        model = Receipt
        fields = FIGURES
        widgets = {
            "purchased_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "purchased_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def figures(self) -> ReceiptFigures:
        """Give the figures as the service takes them."""
        return ReceiptFigures(**{name: self.cleaned_data[name] for name in FIGURES})


class LineForm(forms.Form):
    name = forms.CharField(label=_("item"), max_length=100, required=False)
    quantity = forms.IntegerField(label=_("quantity"), min_value=1, max_value=9999, required=False)
    price_jpy = forms.IntegerField(label=_("price (yen)"), required=False)
    discount_jpy = forms.IntegerField(label=_("discount (yen)"), max_value=0, required=False)
    product = forms.ModelChoiceField(TargetProduct.objects.none(), label=_("product of the campaign"), required=False)

    def __init__(self, *args: Any, products: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if products is not None:
            self.fields["product"].queryset = products  # type: ignore[attr-defined]
        self.fields["product"].empty_label = "—"  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label

    def clean(self) -> dict[str, Any]:
        """A named line needs its price; a line without a name is left out."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("product") and not cleaned.get("name"):
            self.add_error("name", _("Please write the name as it is printed."))
        if cleaned.get("name") and cleaned.get("price_jpy") is None:
            self.add_error("price_jpy", _("Please write the price."))
        return cleaned


LineFormSet = forms.formset_factory(LineForm, extra=SPARE_LINES, max_num=100, absolute_max=200)


def lines_of(formset: Any) -> list[LineFigures]:
    """Give the lines as the service takes them."""
    given = [form.cleaned_data for form in formset if form.cleaned_data.get("name")]
    return [
        LineFigures(
            name=line["name"],
            price_jpy=line["price_jpy"],
            quantity=line["quantity"] or 1,
            discount_jpy=line["discount_jpy"] or 0,
        )
        for line in given
    ]


def has_changed_figures(formset: Any) -> bool:
    """Tell whether any line differs from what was printed; naming its product is no change of the figures."""
    return any(set(form.changed_data) - {"product"} for form in formset)


def taught_lines(formset: Any) -> list[tuple[int, int]]:
    """Give position (from 1) and product of each line that the reviewer named."""
    named = [form.cleaned_data for form in formset if form.cleaned_data.get("name")]
    return [(position, line["product"].pk) for position, line in enumerate(named, start=1) if line["product"]]


def numbered(choices: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Put before each reason the number by which the keyboard chooses it."""
    return [(code, format_lazy("{}. {}", number, text)) for number, (code, text) in enumerate(choices, start=1)]


class VerdictForm(forms.Form):
    """The verdict is the button that was pressed; each refusal has a reason that the entrant reads."""

    verdict = forms.ChoiceField(choices=[(verdict, verdict) for verdict in Verdict], required=False)
    sent_back_reason = forms.ChoiceField(label=_("reason to send back"), required=False)
    refused_reason = forms.ChoiceField(label=_("reason to refuse"), required=False)
    note = forms.CharField(label=_("note for the desk"), max_length=500, required=False, widget=forms.TextInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fixable = [(code, text.message) for code, text in REASONS.items() if text.can_fix]
        final = [(code, text.message) for code, text in REASONS.items() if code not in NOT_CHOSEN]
        self.fields["sent_back_reason"].choices = [("", _("Choose a reason")), *numbered(fixable)]  # type: ignore[attr-defined]
        refused = [("refused_by_desk", REASONS["refused_by_desk"].message), *final]
        self.fields["refused_reason"].choices = [("", _("Choose a reason")), *numbered(refused)]  # type: ignore[attr-defined]
        for name in ("sent_back_reason", "refused_reason"):
            self.fields[name].widget.attrs["aria-label"] = self.fields[name].label

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        verdict = cleaned.get("verdict")
        if verdict in (Verdict.SENT_BACK, Verdict.REFUSED) and not cleaned.get(f"{verdict}_reason"):
            self.add_error(f"{verdict}_reason", _("Please choose a reason that the entrant will understand."))
        return cleaned

    @property
    def reason_code(self) -> str:
        """The reason that belongs to the pressed button."""
        verdict = self.cleaned_data["verdict"]
        return str(self.cleaned_data.get(f"{verdict}_reason", "")) or "approved_by_desk"
