"""One's own last decisions at the review desk, and taking one back: only from here is seen what left the house."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.desk import attempt
from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from core import clock
from eligibility.models import ReviewCase, ReviewOpinion
from eligibility.reasons import describe
from journeys.undoing import obstacle_to_undoing, own_opinions, undo_review

RIGHT = "eligibility.change_reviewcase"
SHOWN = 20


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show what the person decided last, and of each whether it can still be taken back."""
    rows = [(opinion, obstacle_to_undoing(opinion)) for opinion in _own(request)[:SHOWN]]
    context = {
        **admin.site.each_context(request),
        "opts": ReviewCase._meta,
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


@require_POST
def undo(request: HttpRequest, opinion_id: int) -> HttpResponse:
    """Take one's own decision back and open its case."""
    opinion = _own(request).filter(pk=opinion_id).first()
    if opinion is None:
        raise Http404
    done = attempt(
        request,
        lambda: undo_review(opinion_id=opinion.pk, actor_id=signed_in(request).pk, now=clock.now()),
        _("The decision is taken back. The case waits again."),
    )
    return redirect("admin:eligibility_reviewcase_change", opinion.case_id) if done else redirect("review-mine")


def _own(request: HttpRequest) -> QuerySet[ReviewOpinion]:
    user = signed_in(request)
    if not user.has_perm(RIGHT):
        raise PermissionDenied
    return own_opinions(user).filter(case__agency__in=agencies_where(user, RIGHT))
