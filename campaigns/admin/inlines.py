"""What belongs to a campaign, edited on its page."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.desk import TenantStackedInline, TenantTabularInline
from campaigns.admin.rules import AddedForm, EntryRuleForm, QuestionForm, TargetProductForm
from campaigns.models import (
    EntryRule,
    KpiTarget,
    Prize,
    PrizeCourse,
    Question,
    RuleGroup,
    Survey,
    TargetProduct,
    TargetStore,
    TrackedLink,
)


class KpiTargetInline(TenantTabularInline):
    model = KpiTarget
    fields = ("metric", "target")


class PrizeInline(TenantStackedInline):
    model = Prize
    fields = (
        ("name", "brand"),
        ("kind", "face_value_jpy"),
        ("gift_brand", "use_approval", "text_approval"),
        ("picture", "how_to_use"),
    )


class PrizeCourseInline(TenantStackedInline):
    model = PrizeCourse
    fields = (("name", "position"), ("total_cap", "daily_cap", "win_rate_per_million"))
    inlines = (PrizeInline,)


class EntryRuleInline(TenantStackedInline):
    model = EntryRule
    form = EntryRuleForm
    fields = (
        ("kind", "position"),
        ("minimum_spend_jpy", "spend_counts", "minimum_quantity"),
        ("receipts_at_most", "receipt_once"),
        ("categories",),
        ("list",),
        ("account", "account_id"),
    )


class RuleGroupInline(TenantStackedInline):
    model = RuleGroup
    form = AddedForm
    fields = (("combination", "minimum_count", "position"),)
    inlines = (EntryRuleInline,)


class TargetProductInline(TenantTabularInline):
    model = TargetProduct
    form = TargetProductForm
    fields = ("name", "jan", "printed_forms")


class TargetStoreInline(TenantTabularInline):
    model = TargetStore
    fields = ("name", "telephone", "registration_no")


class QuestionInline(TenantStackedInline):
    model = Question
    form = QuestionForm
    fields = (
        ("text", "position"),
        ("kind", "is_required"),
        "choices",
        ("shown_if_question", "shown_if_answer"),
    )


class SurveyInline(TenantStackedInline):
    model = Survey
    form = AddedForm
    fields = ("introduction",)
    inlines = (QuestionInline,)


class TrackedLinkInline(TenantTabularInline):
    model = TrackedLink
    fields = ("name", "channel", "store", "address", "qr")
    readonly_fields = ("address", "qr")

    @admin.display(description=_("address"))
    def address(self, link: TrackedLink) -> Any:
        if not link.pk:
            return _("made when saved")
        return format_html(
            '<span class="desk-copy"><code>{}</code><button type="button" data-copy="{}">{}</button></span>',
            tracked_address(link),
            tracked_address(link),
            _("Copy"),
        )

    @admin.display(description="QR")
    def qr(self, link: TrackedLink) -> Any:
        if not link.pk:
            return ""
        url = reverse("admin:campaigns_campaign_link_qr", args=[link.public_id])
        return format_html(
            '<a class="desk-qr" href="{}" download><img src="{}" width="64" height="64" alt="{}">{}</a>',
            url,
            url,
            _("QR of the tracked link"),
            _("Save as PNG"),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a printed QR has to keep working


def tracked_address(link: TrackedLink) -> str:
    """Give the address that is announced; it counts the visit and leads to the campaign."""
    return f"{settings.PUBLIC_URL}/t/{link.token}"
