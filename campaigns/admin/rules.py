"""Conditions of entry as forms: each kind has its own fields, nobody writes JSON."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.desk import LinesField
from campaigns.models import EntryRule, Question, RuleKind, TargetProduct

# Which fields belong to which kind; the page shows only these, and only these are kept.
FIELDS_OF: dict[str, tuple[str, ...]] = {
    RuleKind.PURCHASE: (
        "minimum_spend_jpy",
        "spend_counts",
        "minimum_quantity",
        "receipts_at_most",
        "categories",
        "receipt_once",
    ),
    RuleKind.SERIAL: (),
    RuleKind.REFERENCE: ("list",),
    RuleKind.SURVEY: (),
    RuleKind.LINE_FRIEND: (),
    RuleKind.X_FOLLOW: ("account", "account_id"),
}

MOST_RECEIPTS = 5


class AddedForm(forms.ModelForm):
    """A row that was added on the page is meant, even where all its values are the preset ones."""

    def has_changed(self) -> bool:
        return self.instance.pk is None or bool(super().has_changed())


class EntryRuleForm(forms.ModelForm):
    minimum_spend_jpy = forms.IntegerField(
        label=_("minimum spend (yen)"), min_value=0, required=False, widget=UnfoldAdminIntegerFieldWidget
    )
    spend_counts = forms.ChoiceField(
        label=_("which amount counts"),
        choices=[
            ("receipt", _("the whole receipt")),
            ("receipt_before_tax", _("the whole receipt, before tax")),
            ("target_products", _("target products only")),
        ],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    minimum_quantity = forms.IntegerField(
        label=_("target products at least"), min_value=0, required=False, widget=UnfoldAdminIntegerFieldWidget
    )
    categories = LinesField(
        label=_("words that make a line a target product"),
        required=False,
        help_text=_("One a line, such as ビール: every line of a receipt that holds the word counts."),
    )
    receipt_once = forms.ChoiceField(
        label=_("one receipt counts once"),
        choices=[("campaign", _("in this campaign")), ("sponsor", _("in all campaigns of the sponsor"))],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    receipts_at_most = forms.IntegerField(
        label=_("receipts added up at most"),
        min_value=1,
        max_value=MOST_RECEIPTS,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "1: each receipt has to reach the minimum alone. More: so many receipts of one entry reach it together; "
            "each has to be within the purchase period and of a shop that counts, and shows a target product if one "
            "is asked for."
        ),
    )
    list = forms.ChoiceField(label=_("list"), required=False, widget=UnfoldAdminSelectWidget)
    account = forms.CharField(
        label=_("account on X (without @)"), max_length=15, required=False, widget=UnfoldAdminTextInputWidget
    )
    account_id = forms.RegexField(
        r"\A[0-9]{1,25}\Z", label=_("number of the account"), required=False, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = EntryRule
        fields: ClassVar = ["kind", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = [("", _("any list of this campaign"))]
        group = getattr(self.instance, "group", None) if self.instance.group_id else None
        if group is not None:
            lists += [(str(found.public_id), found.name) for found in group.campaign.reference_lists.all()]
        self.fields["list"].choices = lists  # type: ignore[attr-defined]
        for name, value in (self.instance.parameters or {}).items():
            if name in self.fields:
                self.initial[name] = value

    def clean(self) -> dict[str, Any]:
        """Keep what belongs to the kind; what the kind needs has to be there."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind = cleaned.get("kind", "")
        if kind == RuleKind.X_FOLLOW and not (cleaned.get("account") and cleaned.get("account_id")):
            self.add_error("account", _("Write the account and its number."))
        if kind == RuleKind.PURCHASE:
            cleaned["minimum_spend_jpy"] = cleaned.get("minimum_spend_jpy") or 0
            cleaned["minimum_quantity"] = cleaned.get("minimum_quantity") or 0
            cleaned["receipt_once"] = cleaned.get("receipt_once") or "campaign"
            cleaned["spend_counts"] = cleaned.get("spend_counts") or "receipt"
            self._check_sum(cleaned)
        return cleaned

    def _check_sum(self, cleaned: dict[str, Any]) -> None:
        """Receipts are added up to reach something."""
        cleaned["receipts_at_most"] = cleaned.get("receipts_at_most") or 1
        is_sum = cleaned["receipts_at_most"] > 1
        if is_sum and not cleaned["minimum_spend_jpy"] and cleaned["minimum_quantity"] < 2:
            self.add_error("receipts_at_most", _("Write the amount or the number of products that is to be reached."))

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs leave it out
        kept = FIELDS_OF.get(self.cleaned_data.get("kind", ""), ())
        values = {name: self.cleaned_data.get(name) for name in kept}
        self.instance.parameters = {name: value for name, value in values.items() if value not in (None, "", [])}


class TargetProductForm(forms.ModelForm):
    printed_forms = LinesField(
        label=_("names on receipts"),
        required=False,
        help_text=_("One a line, as shops print it, such as ミズヒキリョクチャ600."),
    )

    class Meta:
        model = TargetProduct
        fields: ClassVar = ["name", "jan", "printed_forms"]


class QuestionForm(forms.ModelForm):
    choices = LinesField(label=_("choices"), required=False)

    class Meta:
        model = Question
        fields: ClassVar = [
            "position",
            "text",
            "kind",
            "choices",
            "is_required",
            "shown_if_question",
            "shown_if_answer",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "shown_if_question" in self.fields:
            siblings = Question.objects.filter(survey_id=self.instance.survey_id or 0).exclude(pk=self.instance.pk)
            self.fields["shown_if_question"].queryset = siblings  # type: ignore[attr-defined]
