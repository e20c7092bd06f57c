"""What people type on the pages: shape only; whether it is accepted is said by the services."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Self

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from campaigns.models import Question, QuestionKind, UseMode
from codes.conditions import Conditions, Item, Purchase
from core.errors import DomainError
from core.japanese import format_yen
from core.text import canonical_number


class PortalForm(forms.Form):
    """A form whose first wrong field gets the focus, by attribute and so without scripts."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            if field.required:
                field.error_messages["required"] = _("Please fill this in.")
                field.widget.attrs["aria-required"] = "true"

    def refuse(self, name: str, refusal: DomainError) -> None:
        """Show a refusal at the field it concerns."""
        self.add_error(name, str(refusal))

    @property
    def first_wrong(self) -> str:
        """Give the name of the field that gets the focus."""
        return next((name for name in self.fields if name in self.errors), "")

    def focus_first_wrong(self) -> Self:
        """Move the focus to the first field with an error."""
        if self.first_wrong:
            self.fields[self.first_wrong].widget.attrs["autofocus"] = True
        return self


class NumberForm(PortalForm):
    """A serial code or a reference number, in whatever width, case and grouping."""

    number = forms.CharField(
        max_length=80,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
    )

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].label = label


class EmailForm(PortalForm):
    """One mail address; old carrier addresses break the RFC, so the service judges, not the browser."""

    email = forms.CharField(
        label=_("E-mail address"),
        max_length=300,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}),
    )


class AppealForm(PortalForm):
    """What an entrant says against a result."""

    text = forms.CharField(
        label=_("What is wrong with the result?"),
        help_text=_("For example: the product is on the third line under another name. Up to 1,000 characters."),
        max_length=1000,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 6, "maxlength": 1000}),
    )


class ConfirmForm(PortalForm):
    """The agreement to the terms, and apart from it the wish for news."""

    terms = forms.BooleanField(
        label=_("I agree to the terms"),
        error_messages={"required": _("Please read the terms and agree to them.")},
    )
    news = forms.BooleanField(label=_("I would like to receive news from the sponsor"), required=False)

    def __init__(self, *args: Any, has_agreed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["terms"].error_messages["required"] = _("Please read the terms and agree to them.")
        if has_agreed:
            self.fields.clear()


class SurveyForm(PortalForm):
    """The questions that are asked after the answers so far."""

    def __init__(
        self,
        *args: Any,
        questions: Sequence[Question],
        answers: dict[int, list[str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            field = _question_field(question)
            kept = answers.get(question.pk, [])
            is_many = question.kind == QuestionKind.MULTIPLE
            field.initial = kept if is_many else next(iter(kept), "")
            self.fields[f"q{question.pk}"] = field

    def answers(self) -> dict[int, list[str]]:
        """Give the answers by question, each as a list of texts."""
        found = {}
        for question in self.questions:
            value = self.cleaned_data.get(f"q{question.pk}") or []
            texts = value if isinstance(value, list) else [value]
            found[question.pk] = [text.replace("\r\n", "\n") for text in texts]
        return found


class StaffLoginForm(PortalForm):
    store = forms.CharField(
        label=_("Store number"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    pin = forms.CharField(
        label=_("PIN"),
        max_length=12,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "inputmode": "numeric"}),
    )


LONGEST_CODE = 600  # letters; a camera reads more than that out of somebody else's QR


class CodeForm(PortalForm):
    """A code as it was scanned or typed; blanks and hyphens do not matter to the service."""

    code = forms.CharField(
        label=_("Code"),
        max_length=LONGEST_CODE,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
            }
        ),
    )


YEN = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "amount"})


class YenForm(PortalForm):
    """An amount to be taken off a code; empty means all of it."""

    amount = forms.CharField(
        label=_("Amount (yen)"),
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "amount"}),
    )

    def clean_amount(self) -> int | None:
        """Read whole yen, also in full width and with separators."""
        return typed_yen(self.cleaned_data["amount"])

    def refuse_above(self, balance_jpy: int) -> None:
        """Say at the amount that it is more than the code holds: the code is good, and need not be shown again."""
        words = _("The balance is %(balance)s. Please type this amount or less.")
        self.add_error("amount", words % {"balance": format_yen(balance_jpy)})


class AmountForm(CodeForm, YenForm):
    """An amount and the code it is taken off."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = forms.HiddenInput()


class RedeemForm(AmountForm):
    """What staff has to tell for this code: the amount unless all of it goes, the purchase, a look at the goods."""

    empty_means: Any = _("Empty means the whole balance.")
    total = forms.CharField(
        label=_("Whole purchase (yen)"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "amount"}),
    )
    confirmed = forms.BooleanField(
        label=_("I have checked that the products are the ones named above"),
        error_messages={"required": _("Please check the products and tick this.")},
    )

    def __init__(self, *args: Any, conditions: Conditions, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmed"].error_messages["required"] = _("Please check the products and tick this.")
        if conditions.mode == UseMode.TIMES:
            self.empty_means = _("Empty means one use's equal share of the balance.")
        if conditions.mode == UseMode.ONCE:
            del self.fields["amount"]
        if conditions.minimum_jpy is None and conditions.maximum_jpy is None:
            del self.fields["total"]
        if not conditions.products:
            del self.fields["confirmed"]

    def clean_total(self) -> int | None:
        """Read whole yen."""
        return typed_yen(self.cleaned_data["total"])

    @property
    def purchase(self) -> Purchase:
        """What staff has told about the purchase."""
        return Purchase(total_jpy=self.cleaned_data.get("total"), is_confirmed=bool(self.cleaned_data.get("confirmed")))


class MaskedInput(forms.PasswordInput):
    """Digits that are hidden and never sent back, in a field that no browser offers to remember."""

    input_type = "text"


class PressForm(YenForm):
    """What the staff tell on somebody else's phone, as far as the code's conditions need it.

    Nothing there may offer to remember it.
    """

    store = forms.CharField(
        label=_("Store number"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    pin = forms.CharField(
        label=_("The store's PIN"),
        max_length=12,
        widget=MaskedInput(attrs={"autocomplete": "off", "inputmode": "numeric", "class": "masked"}),
    )
    item = forms.ChoiceField(label=_("Product or service"), error_messages={"required": _("Please choose it.")})
    price = forms.CharField(label=_("Price of the product (yen)"), max_length=12, widget=YEN)
    total = forms.CharField(label=_("Whole purchase (yen)"), max_length=12, widget=YEN)
    field_order = ("item", "price", "total", "amount", "store", "pin")

    def __init__(self, *args: Any, conditions: Conditions, products: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asks_figure = conditions.minimum_jpy is not None or conditions.maximum_jpy is not None
        is_once = conditions.mode == UseMode.ONCE
        is_asked = {
            "item": bool(products),
            "price": bool(products) and (asks_figure or not is_once),
            "total": asks_figure and not products,
            "amount": not is_once,
        }
        for name in (name for name, asked in is_asked.items() if not asked):
            del self.fields[name]
        self.empty_means = _empty_amount(conditions, products)
        if products:
            item = self.fields["item"]
            item.choices = [("", "—"), *((name, name) for name in products)]  # type: ignore[attr-defined]
            item.error_messages["required"] = _("Please choose it.")

    def clean_price(self) -> int | None:
        """Read whole yen."""
        return needed_yen(self.cleaned_data["price"])

    def clean_total(self) -> int | None:
        """Read whole yen."""
        return needed_yen(self.cleaned_data["total"])

    def purchase(self, balance_jpy: int) -> Purchase:
        """Give what is bought; a service that is used once is worth what the code holds."""
        item, price = self.cleaned_data.get("item"), self.cleaned_data.get("price")
        items = (Item(item, 1, balance_jpy if price is None else price),) if item else ()
        return Purchase(total_jpy=self.cleaned_data.get("total"), items=items)


class ClaimPinForm(PortalForm):
    """The PIN chosen at the first opening."""

    pin = forms.CharField(
        label=_("Your PIN"),
        help_text=_("The one you chose when you opened the prize first."),
        max_length=20,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def clean_pin(self) -> str:
        """Read digits in full width, too."""
        return unicodedata.normalize("NFKC", self.cleaned_data["pin"])


class NewClaimPinForm(ClaimPinForm):
    """A PIN to be chosen, typed twice since it is not shown."""

    again = forms.CharField(
        label=_("The PIN once more"),
        max_length=20,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pin"].label = _("Choose a PIN")
        self.fields["pin"].help_text = _("4 to 8 digits. You need it whenever you want to see the code.")

    def clean_again(self) -> str:
        """Compare both."""
        again = unicodedata.normalize("NFKC", self.cleaned_data["again"])
        if again != self.cleaned_data.get("pin"):
            raise forms.ValidationError(_("The two PINs differ. Please type them once more."))
        return again


class NoticeNumberForm(PortalForm):
    """The number printed in a winner notice: the first twelve digits of the award's id."""

    number = forms.CharField(
        label=_("Number in the notice"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    @property
    def is_a_notice_number(self) -> bool:
        """Tell whether it has the form of one at all."""
        typed = canonical_number(self.cleaned_data["number"])
        return re.fullmatch(r"[0-9A-F]{12}", typed) is not None


def typed_yen(text: str) -> int | None:
    """Read whole yen as people type them; nothing typed is None."""
    typed = re.sub(r"[\s,、円¥]", "", unicodedata.normalize("NFKC", text))
    if not typed:
        return None
    if not re.fullmatch(r"[0-9]{1,8}", typed):
        raise forms.ValidationError(_("Please type the amount in digits."))
    return int(typed)


def needed_yen(text: str) -> int | None:
    """Read whole yen where something has to stand."""
    typed = typed_yen(text)
    if typed is None:
        raise forms.ValidationError(_("Please fill this in."))
    return typed


def photos_in(files: "Sequence[UploadedFile[bytes]]", *, max_bytes: int) -> list[bytes] | None:
    """Read uploaded photographs; None when one is larger than what is read at all."""
    if any((file.size or 0) > max_bytes for file in files):
        return None
    return [file.read() for file in files]


def _empty_amount(conditions: Conditions, products: Sequence[str]) -> Any:
    if conditions.mode == UseMode.TIMES:
        return _("Empty means one use's equal share of the balance.")
    return _("Empty means the price, up to the balance.") if products else _("Empty means the whole balance.")


def _question_field(question: Question) -> forms.Field:
    common: dict[str, Any] = {
        "label": question.text,
        "required": question.is_required,
        "error_messages": {"required": _("Please answer this question.")},
    }
    choices = [(choice, choice) for choice in question.choices]
    if question.kind == QuestionKind.SINGLE:
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)
    if question.kind == QuestionKind.MULTIPLE:
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)
    if question.kind == QuestionKind.NUMBER:
        number = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        return forms.CharField(max_length=12, widget=number, **common)
    return forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 4}), **common)
