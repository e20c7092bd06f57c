"""Forms about stock, and what is wrong with a row in words."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.desk import InclusiveEndField
from accounts.models import Agency
from campaigns.models import GOODS, Prize, PrizeKind, Store, TrackedLinkChannel
from codes.models import Allocation, BatchPurpose, CodeFormat
from codes.services.fetched_stock import MAX_FETCHED
from codes.services.generating import MOST

PROBLEMS = {
    "duplicate_in_file": _("stands twice in the file"),
    "duplicate_in_stock": _("cannot be used: it came in before"),
    "duplicate_in_other_campaign": _("is a code of another campaign already"),
    "brand_field_missing": _("lacks a field that the gift brand asks for"),
    "brand_field_unknown": _("has a field that the gift brand does not know"),
    "brand_field_malformed": _("is not written in the way of the gift brand"),
    "columns_differ": _("has more or fewer columns than the first row"),
    "damaged_by_spreadsheet": _(
        "was damaged by a spreadsheet (such as 1.2E+15 or #REF!); please export the file anew as text"
    ),
    "code_malformed": _("is empty, or not a code of 4 to 200 letters, digits or signs without blanks"),
    "pin_malformed": _("has a PIN with blanks or signs that nobody can type"),
    "url_malformed": _("has a link that does not begin with https:// or http://, or holds blanks"),
    "number_malformed": _("has a card number with blanks or signs that nobody can type"),
    "expiry_malformed": _("has an expiry that is not a day, such as 2029-03-31"),
    "row_broken": _("has a quotation mark that is not closed"),
    "no_code_column": _("has no column named “code” or “コード”"),
    "column_twice": _("names two columns for the same thing; please keep the one that is meant"),
    "file_too_large": _("The file is larger than 300 MB."),
    "file_empty": _("The file holds no codes."),
    "file_is_archive": _(
        "The file is an Excel workbook or an archive. Please save the workbook as “CSV UTF-8”, or unpack the archive, "
        "and choose the CSV file."
    ),
    "too_many_rows": _("The file has more than 10,000,000 rows."),
    "file_gone": _("The file is kept no longer. Please choose it again."),
    "file_damaged": _("The kept file is damaged. Please choose it again."),
    "not_checked": _("The check of the file has not ended well. Please have it checked first."),
    "work_broken": _("The work broke off five times without getting on. It can be tried again, or given up."),
    "encoding_unknown": _(
        "The file is not text in UTF-8, Shift_JIS or UTF-16. Please save it as “CSV UTF-8” and choose it again."
    ),
}
HAS_CODES = [kind for kind in PrizeKind if kind not in GOODS]


class PrizeChoice(forms.ModelChoiceField):
    """A prize with its campaign, since names repeat."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.course.campaign.title} ／ {obj.course.name} ／ {obj.name}"


class StockForm(forms.Form):
    """What every way into stock asks."""

    prize = PrizeChoice(
        Prize.objects.none(), label=_("prize"), empty_label=_("Choose a prize"), widget=UnfoldAdminSelectWidget
    )
    name = forms.CharField(
        label=_("name of the batch"),
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("So that you find it again, such as 2026年11月 第1回."),
    )
    expires_at = InclusiveEndField(
        label=_("codes expire at"),
        required=False,
        help_text=_("Last minute included; without a time 23:59. Empty: no end."),
    )

    def __init__(self, *args: Any, prizes: QuerySet[Prize], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["prize"].queryset = prizes  # type: ignore[attr-defined]


class ImportForm(StockForm):
    file = forms.FileField(
        label=_("CSV file"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_(
            "First row: names of the columns, “code” or “url” at least (also “pin”, “number”, “expiry”). "
            "UTF-8, Shift_JIS or UTF-16."
        ),
    )

    def clean_file(self) -> Any:
        """Refuse what the sealing handler has thrown away."""
        file = self.cleaned_data["file"]
        if file.is_too_large:
            raise forms.ValidationError(PROBLEMS["file_too_large"], code="file_too_large")
        return file


class GenerateForm(StockForm):
    count = forms.IntegerField(label=_("how many"), min_value=1, max_value=MOST, widget=UnfoldAdminIntegerFieldWidget)
    code_format = forms.ChoiceField(
        label=_("form"),
        choices=CodeFormat.choices,
        initial=CodeFormat.TYPED,
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "13 digits (JAN) are easy to guess: choose them only for tills that read nothing else, "
            "and for codes of low value."
        ),
    )
    purpose = forms.ChoiceField(
        label=_("purpose"),
        choices=BatchPurpose.choices,
        initial=BatchPurpose.AWARDS,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Printed codes are good from activation on, and no winner receives them."),
    )


class FetchForm(StockForm):
    count = forms.IntegerField(
        label=_("how many"), min_value=1, max_value=MAX_FETCHED, widget=UnfoldAdminIntegerFieldWidget
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Stands in the audit trail."),
    )


class CountForm(forms.Form):
    agency = forms.ModelChoiceField(Agency.objects.none(), label=_("agency"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, agencies: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"].queryset = agencies  # type: ignore[attr-defined]


class ShareForm(forms.Form):
    """A place and its share; at least one of the three says where."""

    store = forms.ModelChoiceField(
        Store.objects.none(), label=_("store"), required=False, widget=UnfoldAdminSelectWidget
    )
    channel = forms.ChoiceField(
        label=_("channel"),
        required=False,
        choices=[("", "---------"), *TrackedLinkChannel.choices],
        widget=UnfoldAdminSelectWidget,
    )
    day = forms.DateField(label=_("day"), required=False, widget=UnfoldAdminDateWidget)
    quota = forms.IntegerField(label=_("how many"), min_value=0, widget=UnfoldAdminIntegerFieldWidget)

    def __init__(self, *args: Any, stores: QuerySet[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = stores  # type: ignore[attr-defined]


class ShareChoice(forms.ModelChoiceField):
    """A share by the name of its place."""

    def label_from_instance(self, obj: Any) -> str:
        parts = [str(part) for part in (obj.store, obj.get_channel_display(), obj.day) if part]
        name = " × ".join(parts) or _("everybody else")
        return f"{name} ({obj.quota - obj.used:,})"


class MoveForm(forms.Form):
    source = ShareChoice(Allocation.objects.none(), label=_("move from"), widget=UnfoldAdminSelectWidget)
    target = ShareChoice(Allocation.objects.none(), label=_("move to"), widget=UnfoldAdminSelectWidget)
    count = forms.IntegerField(label=_("how many"), min_value=1, widget=UnfoldAdminIntegerFieldWidget)

    def __init__(self, *args: Any, shares: QuerySet[Allocation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("source", "target"):
            self.fields[name].queryset = shares  # type: ignore[attr-defined]

    @property
    def is_sure(self) -> bool:
        """Tell whether just this was shown before the button was pressed."""
        return bool(self.data.get("sure") == self._summary())

    def ask_whether_sure(self) -> None:
        """Let the next press of the button do what is shown now, and nothing else."""
        self.fields["sure"] = forms.CharField(widget=forms.HiddenInput, required=False)
        self.data = {**self.data.dict(), "sure": self._summary()}  # type: ignore[attr-defined]

    def _summary(self) -> str:
        given = self.cleaned_data
        return f"{given['source'].pk}:{given['target'].pk}:{given['count']}"


class FindCodeForm(forms.Form):
    code = forms.CharField(
        label=_("code"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The whole code, as the holder reads it out. It is looked up by a fingerprint and not kept."),
    )
