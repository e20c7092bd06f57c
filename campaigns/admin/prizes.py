"""Own codes as prizes: under which conditions tills take them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts import audit
from accounts.desk import InclusiveEndField, LinesField, TenantModelAdmin, TenantStackedInline, yen
from campaigns.models import Prize, PrizeKind, UseConditions
from campaigns.selectors import conditions_sentences
from core.japanese import WEEKDAYS


class UseConditionsForm(forms.ModelForm):
    products = LinesField(
        label=_("products and services"),
        required=False,
        help_text=_("Item numbers (JAN or your own), one a line. Empty: everything."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("weekdays"),
        coerce=int,
        choices=list(enumerate(WEEKDAYS)),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None ticked: every day."),
    )
    valid_until = InclusiveEndField(label=_("usable until"), required=False)

    class Meta:
        model = UseConditions
        fields: ClassVar = [
            "mode",
            "use_limit",
            "minimum_jpy",
            "maximum_jpy",
            "products",
            "stores",
            "valid_from",
            "valid_until",
            "weekdays",
            "hour_from",
            "hour_until",
            "is_combinable",
            "is_offline_allowed",
        ]

    def clean(self) -> dict[str, Any]:
        """Say in words what the table's constraints would refuse."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        least, most = cleaned.get("minimum_jpy"), cleaned.get("maximum_jpy")
        if least is not None and most is not None and least > most:
            self.add_error("maximum_jpy", _("The largest amount is below the smallest."))
        begins, ends = cleaned.get("valid_from"), cleaned.get("valid_until")
        if begins and ends and begins >= ends:
            self.add_error("valid_until", _("The end lies before the beginning."))
        return cleaned


class UseConditionsInline(TenantStackedInline):
    model = UseConditions
    form = UseConditionsForm
    filter_horizontal = ("stores",)
    fields = (
        ("mode", "use_limit"),
        ("minimum_jpy", "maximum_jpy"),
        "products",
        "stores",
        ("valid_from", "valid_until"),
        "weekdays",
        ("hour_from", "hour_until"),
        "is_combinable",
        "is_offline_allowed",
    )


@admin.register(Prize)
class PrizeAdmin(TenantModelAdmin):
    """Prizes themselves are edited with their campaign."""

    agency_path = "course__campaign__agency"
    list_display = ("name", "campaign", "value", "in_words")
    list_select_related = ("course__campaign", "conditions")
    search_fields = ("name", "course__campaign__title")
    fields = ("name", "campaign", "value", "in_words")
    readonly_fields = ("name", "campaign", "value", "in_words")
    inlines = (UseConditionsInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        prizes = super().get_queryset(request).filter(kind=PrizeKind.OWN_CODE)
        return prizes.prefetch_related("conditions__stores")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("campaign"), ordering="course__campaign__title")
    def campaign(self, prize: Prize) -> str:
        return prize.course.campaign.title

    @admin.display(description=_("value (yen)"), ordering="face_value_jpy")
    def value(self, prize: Prize) -> str:
        return yen(prize.face_value_jpy)

    @admin.display(description=_("conditions of use"))
    def in_words(self, prize: Prize) -> str:
        return "".join(conditions_sentences(getattr(prize, "conditions", None))) or str(_("none"))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Tills follow the new conditions at once, so the trail tells who set them."""
        super().save_related(request, form, formsets, change)
        if any(formset.has_changed() for formset in formsets):
            prize = form.instance
            agency_id = prize.course.campaign.agency_id
            audit.record("prize.conditions_set", subject=prize, agency_id=agency_id, actor_id=request.user.pk)
