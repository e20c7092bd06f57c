"""The page of one code: where it is, what happened to it, and what may safely be done; never what it says."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts import audit
from accounts.desk import Question, attempt, id_begins
from accounts.desk.tenancy import allowed_agency_ids
from campaigns.models import Prize
from codes import services
from codes.admin.forms import FindCodeForm, ReasonForm
from codes.history import story_of_code
from codes.models import Award, BatchStatus, CodeStatus, GiftCode
from codes.selectors import code_by_text
from core import clock


class PrizeFilter(admin.SimpleListFilter):
    """The prizes of the user's agencies, found without a look at the codes."""

    title = _("prize")
    parameter_name = "prize"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        ids = allowed_agency_ids(request, "codes.view_giftcode")
        prizes = Prize.objects.filter(course__campaign__agency__in=ids, batches__isnull=False).distinct()
        return [(prize.pk, f"{prize.course.campaign}: {prize.name}") for prize in _with_campaign(prizes)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value() or ""
        return queryset.filter(batch__prize_id=int(value)) if value.isdecimal() and value.isascii() else queryset


class CodePage:
    """Adds the story of a code and the acts on it to its page, and the search by its text to the list."""

    change_form_template = "admin/codes/giftcode/change_form.html"

    def changeform_view(
        self: Any, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        gift_code = self.get_object(request, object_id) if object_id else None
        told = _context(gift_code) if gift_code is not None else {}
        return super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **told}
        )

    def get_search_results(self: Any, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find codes by the beginning of their id, by its index: a look into every row would take too long."""
        if not search_term.strip():
            return queryset, False
        begins = id_begins(search_term, "public_id")
        return (queryset.filter(begins) if begins else queryset.none()), False

    def has_find_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        return bool(self.may(request, "change", None))

    def has_hold_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._is_in(request, object_id, status=CodeStatus.AVAILABLE)

    def has_release_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._is_in(request, object_id, status=CodeStatus.HELD, batch__status=BatchStatus.ACTIVE)

    def has_replace_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        unseen = {"award__isnull": False, "award__revealed_at__isnull": True, "award__voided_at__isnull": True}
        return self._is_in(request, object_id, status__in=[CodeStatus.ISSUED, CodeStatus.VOID], **unseen)

    def _is_in(self: Any, request: HttpRequest, object_id: str | None, **state: Any) -> bool:
        if not self.may(request, "change", object_id):
            return False
        return bool(GiftCode.objects.filter(pk=object_id or 0, **state).exists())

    @action(description=_("Find a code by its text"), url_path="find", icon="search", permissions=["find"])
    def find(self: Any, request: HttpRequest) -> HttpResponse:
        """Look a code up by its keyed index; its text is in no address, log or page."""
        form = FindCodeForm(request.POST or None)
        if form.is_valid():
            found = _found(request, form.cleaned_data["code"])
            if found is not None:
                audit.record("code.looked_up", subject=found, actor_id=request.user.pk)
                return redirect(self.page_of(found))
            messages.error(request, gettext("No such code is known."))
            form = FindCodeForm()
        question = Question(title=_("Find a code by its text"), button=_("Find"), form=form)
        return self.ask(request, question)

    @action(description=_("Hold back"), url_path="hold", icon="pause_circle", permissions=["hold"])
    def hold(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Hold this code back?"),
            button=_("Hold back"),
            sentences=[_("It is not given out until you put it back into stock.")],
        )
        return self._asked(request, object_id, question, services.hold_code, _("The code is held back."))

    @action(description=_("Put back into stock"), url_path="release", icon="play_circle", permissions=["release"])
    def release(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        question = Question(
            title=_("Put this code back into stock?"),
            button=_("Put back into stock"),
            sentences=[_("It can be given out again at once.")],
        )
        return self._asked(request, object_id, question, services.release_code, _("The code is back in stock."))

    @action(description=_("Replace by another code"), url_path="replace", icon="sync", permissions=["replace"])
    def replace(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        gift_code = self.row_or_404(request, object_id)
        award = Award.objects.get(gift_code=gift_code)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            attempt(
                request,
                lambda: services.replace_unseen_code(
                    award_id=award.pk, reason=form.cleaned_data["reason"], now=clock.now(), actor_id=request.user.pk
                ),
                _("The award has another code; this one is blocked."),
            )
            return redirect(self.page_of(gift_code))
        question = Question(
            title=_("Replace this code by another one?"),
            button=_("Replace by another code"),
            sentences=[
                _("Nobody has seen it yet. The winner's link stays the same and shows the other code."),
                _("This code is blocked for ever. This cannot be taken back."),
            ],
            figures=[(_("prize"), gift_code.prize.name)],
            form=form,
            is_grave=True,
        )
        return self.ask(request, question, gift_code)

    def _asked(
        self: Any, request: HttpRequest, object_id: str, question: Question, service: Any, done: Any
    ) -> HttpResponse:
        gift_code = self.row_or_404(request, object_id)
        question.form = ReasonForm(request.POST or None)
        question.figures = [(_("prize"), gift_code.prize.name), (_("status"), gift_code.get_status_display())]
        if not question.form.is_valid():
            return self.ask(request, question, gift_code)
        reason = question.form.cleaned_data["reason"]
        attempt(
            request,
            lambda: service(gift_code_id=gift_code.pk, reason=reason, now=clock.now(), actor_id=request.user.pk),
            done,
        )
        return redirect(self.page_of(gift_code))


def _context(gift_code: GiftCode) -> dict[str, Any]:
    award = Award.objects.filter(gift_code=gift_code).select_related("entry").first()
    return {"gift_code": gift_code, "award": award, "story": story_of_code(gift_code)}


def _found(request: HttpRequest, text: str) -> GiftCode | None:
    ids = allowed_agency_ids(request, "codes.change_giftcode")
    return code_by_text(GiftCode.objects.all(), agency_ids=ids, text=text)


def _with_campaign(prizes: Any) -> Any:
    return prizes.select_related("course__campaign").order_by("-course__campaign__pk", "pk")
