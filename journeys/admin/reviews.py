"""The review desk as reviewers work it, with taking back: only from here can be seen what left the house."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.desk import attempt
from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from core import clock
from eligibility.admin.review import RIGHT, ReviewCaseAdmin
from eligibility.models import ReviewCase, ReviewOpinion
from eligibility.reasons import describe
from eligibility.selectors import UNDO_TIME
from journeys.undoing import obstacle_to_undoing, undo_review

SHOWN = 20


@admin.register(ReviewCase)
class ReviewDeskAdmin(ReviewCaseAdmin):
    """The queue and the desk, and one's own last decisions."""

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        pages = [
            path("mine/", view(self.mine), name="eligibility_reviewcase_mine"),
            path("undo/<int:opinion_id>/", view(require_POST(self.undo)), name="eligibility_reviewcase_undo"),
        ]
        return [*pages, *super().get_urls()]

    def mine(self, request: HttpRequest) -> HttpResponse:
        """Show what the person decided last, and of each whether it can still be taken back."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        rows = [(opinion, obstacle_to_undoing(opinion)) for opinion in _own_opinions(request)[:SHOWN]]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("My last decisions"),
            "rows": [
                {
                    "opinion": opinion,
                    "reason": describe(opinion.reason_code).message if opinion.reason_code else "",
                    "obstacle": str(obstacle) if obstacle else "",
                }
                for opinion, obstacle in rows
            ],
        }
        return TemplateResponse(request, "admin/eligibility/review_mine.html", context)

    def undo(self, request: HttpRequest, opinion_id: int) -> HttpResponse:
        """Take one's own decision back and open its case."""
        opinion = _own_opinions(request).filter(pk=opinion_id).first()
        if opinion is None or not self.has_change_permission(request, opinion.case):
            raise Http404
        done = attempt(
            request,
            lambda: undo_review(opinion_id=opinion.pk, actor_id=signed_in(request).pk, now=clock.now()),
            _("The decision is taken back. The case waits again."),
        )
        return redirect(self.page_of(opinion.case) if done else "admin:eligibility_reviewcase_mine")

    def desk_context(self, request: HttpRequest) -> dict[str, Any]:
        """Offer to take back what was decided a moment ago."""
        last = _own_opinions(request).filter(given_at__gt=clock.now() - UNDO_TIME).first()
        return {"undoable": last if last and obstacle_to_undoing(last) is None else None}


def _own_opinions(request: HttpRequest) -> QuerySet[ReviewOpinion]:
    user = signed_in(request)
    own = ReviewOpinion.objects.filter(reviewer=user, case__agency__in=agencies_where(user, RIGHT))
    related = ("case__entry", "case__campaign", "case__outcome")
    return own.select_related(*related).order_by("-given_at", "-pk")
