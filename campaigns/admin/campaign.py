"""A campaign's page is its story: what is missing on top, one step a page, the acts that its state allows."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget

from accounts.desk import ExportMixin, TenantModelAdmin
from campaigns.admin.acts import CampaignActs
from campaigns.admin.inlines import tracked_address
from campaigns.admin.steps import BY_NAME, PAGES, PLAN, STEPS, Step, step_after, step_of
from campaigns.admin.texts import period_text
from campaigns.budgets import budget_of
from campaigns.errors import BudgetBelowUsed, BudgetNotCounted
from campaigns.models import Campaign, CampaignStatus, Sponsor, TrackedLink
from campaigns.selectors import current_rules, current_terms, publish_obstacles
from campaigns.services import freeze_rules, set_budget, write_terms
from campaigns.services.budgets import UNOPENED
from core import clock
from core.errors import DomainError
from core.qr import qr_png

LARGEST_BUDGET_JPY = 1_000_000_000_000
LOCKED_ONCE_PUBLISHED = ("slug", "mechanic", "sponsor")
STATUS_COLOURS = {
    CampaignStatus.DRAFT: "default",
    CampaignStatus.SCHEDULED: "info",
    CampaignStatus.OPEN: "success",
    CampaignStatus.PAUSED: "warning",
    CampaignStatus.CLOSED: "default",
    CampaignStatus.SETTLED: "default",
    CampaignStatus.ARCHIVED: "default",
}


class CampaignForm(forms.ModelForm):
    class Meta:
        model = Campaign
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "sponsor" in self.fields:
            same = Sponsor.objects.filter(agency_id=self.instance.agency_id)
            self.fields["sponsor"].queryset = same  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Say in words what the table's constraints would refuse."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for first, last in (
            ("entry_opens_at", "entry_closes_at"),
            ("delivery_opens_at", "delivery_closes_at"),
            ("purchase_from_on", "purchase_until_on"),
        ):
            begins, ends = cleaned.get(first), cleaned.get(last)
            if begins and ends and begins > ends:
                self.add_error(last, _("The end lies before the beginning."))
        return cleaned


class PlanForm(CampaignForm):
    budget_jpy = forms.IntegerField(
        label=_("budget (yen)"),
        required=False,
        min_value=1,
        max_value=LARGEST_BUDGET_JPY,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "What all prizes may be worth: face values, and the stated value of goods. Empty: as long as stock lasts."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.budget = budget_of(self.instance) if self.instance.pk else None
        self.initial["budget_jpy"] = self.budget.total_jpy if self.budget else None
        if self.budget is None and self.instance.status not in UNOPENED:
            self.fields["budget_jpy"].disabled = True
            self.fields["budget_jpy"].help_text = BudgetNotCounted.message

    def clean_budget_jpy(self) -> int | None:
        """Refuse less than what is given."""
        total: int | None = self.cleaned_data["budget_jpy"]
        if self.budget and total is not None and total < self.budget.used_jpy:
            raise forms.ValidationError(str(BudgetBelowUsed(self.budget.used_jpy)))
        return total


class PagesForm(CampaignForm):
    terms_body = forms.CharField(label=_("terms"), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 18}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        terms = current_terms(self.instance) if self.instance.pk else None
        self.initial["terms_body"] = terms.body if terms else ""


FORMS: dict[str, type[CampaignForm]] = {PLAN.name: PlanForm, PAGES.name: PagesForm}


@admin.register(Campaign)
class CampaignAdmin(CampaignActs, ExportMixin, TenantModelAdmin):
    list_display = ("title", "status_label", "mechanic", "period", "sponsor", "agency")
    list_select_related = ("sponsor", "agency")
    list_filter = ("status", "mechanic", ("sponsor", admin.RelatedOnlyFieldListFilter))
    search_fields = ("title", "slug")
    inclusive_ends = ("entry_closes_at", "delivery_closes_at")
    change_form_template = "admin/campaigns/campaign/change_form.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return _step(request, obj).fieldsets

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return _step(request, obj).inlines

    def get_form(self, request: HttpRequest, obj: Any = None, change: Any = None, **kwargs: Any) -> Any:
        kwargs["form"] = FORMS.get(_step(request, obj).name, CampaignForm)
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What an entrant relies on is fixed by publishing."""
        if obj is None or obj.status == CampaignStatus.DRAFT:
            return ()
        return LOCKED_ONCE_PUBLISHED

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        deletable = obj is None or getattr(obj, "status", "") == CampaignStatus.DRAFT
        return deletable and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if not change:
            obj.agency = obj.sponsor.agency
        super().save_model(request, obj, form, change)
        if "terms_body" in form.changed_data:
            write_terms(campaign_id=obj.pk, body=form.cleaned_data["terms_body"], actor_id=request.user.pk)
        if "budget_jpy" in form.changed_data:
            _set_budget(request, obj, form.cleaned_data["budget_jpy"])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """After publishing, changed rules become a new version: earlier verdicts keep the old one."""
        super().save_related(request, form, formsets, change)
        campaign = form.instance
        if campaign.status == CampaignStatus.DRAFT:
            return
        before = current_rules(campaign)
        campaign = Campaign.objects.get(pk=campaign.pk)
        version = freeze_rules(campaign_id=campaign.pk, actor_id=request.user.pk)
        if before is None or version.pk != before.pk:
            messages.warning(
                request,
                _("The campaign is published: the rules are now version %(number)s. Earlier verdicts keep theirs.")
                % {"number": version.number},
            )

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, _("The draft is made. Next: the prizes."))
        return redirect(f"{self.page_of(obj)}?step=offer")

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        step = _step(request, obj)
        following = step_after(step) if "_next" in request.POST else step
        messages.success(request, _("Saved."))
        if following is None and obj.status == CampaignStatus.DRAFT:
            return redirect("admin:campaigns_campaign_publish", obj.pk)
        following = following or step
        return redirect(f"{self.page_of(obj)}?step={following.name}")

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        campaign = self.get_object(request, object_id) if object_id else None
        extra_context = {**(extra_context or {}), **_story(request, campaign)}
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_urls(self) -> Any:
        qr = path(
            "link/<uuid:public_id>/qr.png",
            self.admin_site.admin_view(self.link_qr),
            name="campaigns_campaign_link_qr",
        )
        return [qr, *super().get_urls()]

    def link_qr(self, request: HttpRequest, public_id: Any) -> HttpResponse:
        """Draw the QR of a tracked link, to be printed."""
        link = TrackedLink.objects.filter(public_id=public_id, campaign__in=self.get_queryset(request)).first()
        if link is None:
            raise Http404
        response = HttpResponse(qr_png(tracked_address(link), box_pixels=16), content_type="image/png")
        response["Content-Disposition"] = f'inline; filename="qr-{link.token}.png"'
        return response

    @display(description=_("status"), label=STATUS_COLOURS, ordering="status")
    def status_label(self, campaign: Campaign) -> tuple[str, str]:
        return campaign.status, campaign.get_status_display()

    @admin.display(description=_("Entry period"), ordering="entry_opens_at")
    def period(self, campaign: Campaign) -> str:
        return period_text(campaign)


def _set_budget(request: HttpRequest, campaign: Campaign, total_jpy: int | None) -> None:
    """Set the budget; where more was given while the form was open, say so."""
    try:
        set_budget(campaign_id=campaign.pk, total_jpy=total_jpy, now=clock.now(), actor_id=request.user.pk)
    except DomainError as refusal:
        messages.error(request, str(refusal))


def _step(request: HttpRequest, campaign: Campaign | None) -> Step:
    if campaign is None:
        return PLAN
    return BY_NAME.get(request.GET.get("step", ""), PLAN)


def _story(request: HttpRequest, campaign: Campaign | None) -> dict[str, Any]:
    """What the bar above the form shows: the steps, and what is missing in which."""
    current = _step(request, campaign)
    obstacles = publish_obstacles(campaign, clock.now()) if campaign else []
    is_draft = campaign is not None and campaign.status == CampaignStatus.DRAFT
    missing = [(step_of(found), found.message) for found in obstacles] if is_draft else []
    return {
        "campaign": campaign,
        "step": current,
        "next_step": step_after(current),
        "steps": [(step, sum(step is other for other, _message in missing)) for step in STEPS],
        "missing": missing,
    }
