"""組織的な応募: the list of suspected rings, the page of each, and what is decided of all its entries at once."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.desk import ExportMixin, TenantModelAdmin, attempt, shown, yen
from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from core import clock
from eligibility.models import RingAct, RingMember, SuspectedRing
from eligibility.ring_figures import suspected, with_figures, with_held_entries
from eligibility.ring_words import LINKS, NAMES
from eligibility.services import refuse_ring, release_ring
from journeys.admin.ring_asking import HoldForm, RefuseForm, ReleaseForm, RingForm, UndoForm, question_of
from journeys.admin.ring_filters import CampaignFilter, KindFilter, StateFilter
from journeys.admin.ring_page import ring_context
from journeys.rings import hold_ring, undo_ring_act

RIGHT = "eligibility.change_suspectedring"
SETTLE = "eligibility.settle_reviewcase"


def suspected_ring_badge(request: HttpRequest) -> str | None:
    """Give the number of rings of which entries wait, for the sidebar."""
    rings = SuspectedRing.objects.filter(agency__in=agencies_where(signed_in(request), RIGHT))
    count = with_held_entries(suspected(rings)).count()
    return str(count) if count else None


@admin.register(SuspectedRing)
class SuspectedRingAdmin(ExportMixin, TenantModelAdmin):
    list_display = (
        "name",
        "score_label",
        "people",
        "ties",
        "sponsor_name",
        "campaigns",
        "at_stake",
        "held",
        "released",
        "refused",
        "age",
    )
    list_select_related = ("sponsor",)
    list_filter = (StateFilter, KindFilter, CampaignFilter)
    search_fields = ("public_id", "members__entry__public_id", "members__entry__participant__public_id")
    search_help_text = _("Id of a group, an entry or a participant")
    ordering = ("-score", "pk")
    actions_detail = ("release", "send_to_review", "refuse")
    sponsor_name = shown("sponsor", _("sponsor"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Tell whether the user may decide on this ring."""
        return self.may(request, "change", object_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SuspectedRing]:
        members = RingMember.objects.select_related("entry__campaign")
        return with_figures(super().get_queryset(request)).prefetch_related(Prefetch("members", members))

    @admin.display(description=_("group"), ordering="public_id")
    def name(self, ring: SuspectedRing) -> str:
        return str(ring)

    @display(description=_("suspicion"), ordering="score", label={"held": "danger", "weak": "info", "gone": "default"})
    def score_label(self, ring: SuspectedRing) -> tuple[str, str]:
        if ring.dissolved_at:
            return "gone", gettext("fell apart")
        return ("held" if ring.is_suspected else "weak"), str(ring.score)

    @admin.display(description=_("number of people"), ordering="people_count")
    def people(self, ring: Any) -> str:
        told = {"people": ring.people_count, "entries": ring.entry_count}
        return gettext("%(people)s people, %(entries)s entries") % told

    @admin.display(description=_("What links them"))
    def ties(self, ring: SuspectedRing) -> str:
        return "、".join(f"{NAMES[kind]} {count}" for kind, count in ring.evidence.items() if kind in NAMES)

    @admin.display(description=_("campaigns"))
    def campaigns(self, ring: SuspectedRing) -> str:
        return "、".join(dict.fromkeys(member.entry.campaign.title for member in ring.members.all()))

    @admin.display(description=_("value at stake"), ordering="value_jpy")
    def at_stake(self, ring: Any) -> str:
        return yen(ring.value_jpy)

    @admin.display(description=_("held for review"), ordering="held_count")
    def held(self, ring: Any) -> int:
        return int(ring.held_count)

    @admin.display(description=_("released"), ordering="released_count")
    def released(self, ring: Any) -> int:
        return int(ring.released_count)

    @admin.display(description=_("not eligible"), ordering="refused_count")
    def refused(self, ring: Any) -> int:
        return int(ring.refused_count)

    @admin.display(description=_("found at"), ordering="found_at")
    def age(self, ring: SuspectedRing) -> str:
        days = (clock.now() - ring.found_at).days
        since = ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
        return f"{timezone.localtime(ring.found_at):%m/%d %H:%M} ({since})"

    def get_urls(self) -> Any:
        undo = path(
            "<int:object_id>/undo/<int:act_id>/",
            self.admin_site.admin_view(self.undo),
            name="eligibility_suspectedring_undo",
        )
        return [undo, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The ring itself: drawn, told, and its entries side by side."""
        ring = self.row_or_404(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            **ring_context(ring, request.GET.get("page", "")),
            "opts": self.opts,
            "original": ring,
            "title": _("People who seem to enter together as one"),
            "can_decide": self.has_decide_permission(request, ring),
            "links": LINKS,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/eligibility/ring.html", context)

    @action(description=_("Release the entries"), url_path="release", permissions=["decide"])
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask_or_do(request, object_id, ReleaseForm)

    @action(description=_("Send to review"), url_path="hold", permissions=["decide"])
    def send_to_review(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask_or_do(request, object_id, HoldForm)

    @action(description=_("Refuse the entries"), url_path="refuse", permissions=["decide"])
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask_or_do(request, object_id, RefuseForm)

    def undo(self, request: HttpRequest, object_id: int, act_id: int) -> HttpResponse:
        """Ask for a reason, and take an act back."""
        ring = self.row_or_404(request, str(object_id), "change")
        act = RingAct.objects.filter(pk=act_id, ring=ring).first()
        if act is None:
            raise Http404
        form = UndoForm(request.POST or None, act=act)
        return self._do(request, ring, form, undo_ring_act, act_id=act.pk, is_senior=self._is_senior(request, ring))

    def _ask_or_do(self, request: HttpRequest, object_id: str, kind: type[RingForm]) -> HttpResponse:
        ring = self.row_or_404(request, object_id, "change")
        form = kind(request.POST or None, ring=ring, chosen=request.GET.getlist("entry"), now=clock.now())
        services: dict[type[RingForm], Any] = {ReleaseForm: release_ring, HoldForm: hold_ring, RefuseForm: refuse_ring}
        more = {} if kind is HoldForm else {"is_senior": self._is_senior(request, ring)}
        return self._do(request, ring, form, services[kind], ring_id=ring.pk, **more)

    def _do(self, request: HttpRequest, ring: SuspectedRing, form: Any, act: Any, **values: Any) -> HttpResponse:
        values |= {"actor_id": signed_in(request).pk, "now": clock.now()}
        if form.is_valid() and attempt(request, lambda: act(**values, **form.cleaned_data), form.done):
            return redirect(self.page_of(ring))
        return self.ask(request, question_of(form), ring)

    def _is_senior(self, request: HttpRequest, ring: SuspectedRing) -> bool:
        return agencies_where(signed_in(request), SETTLE).filter(pk=ring.agency_id).exists()
