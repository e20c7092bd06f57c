"""What is done to a batch in stock: held back, put back, recalled, each asked in numbers first; and its story."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.desk import Question, attempt, yen
from codes import services
from codes.admin.bars import state_bar
from codes.admin.forms import ReasonForm
from codes.errors import RecallBySamePerson
from codes.figures import RecallPreview, batch_states, codeless_awards, recall_preview, seen_awards
from codes.history import story_of_batch
from codes.models import BatchStatus, CodeBatch, CodeJob, CodeSource, JobKind, JobStatus
from codes.reasons import reason_in_words
from codes.selectors import failed_cards
from core import clock
from core.errors import DomainError

SEEN_SHOWN = 50
GOES_ON = _("Until then its codes go on being given out. To stop that at once, hold the batch back first.")
NOT_BEGUN = _("Nothing has been done yet. The batch stays as it is.")
ACTS = ("hold", "release", "recall", "approve_recall", "cancel_recall", "serve_codeless")


class BatchActs:
    """Adds hold, release and recall to the page of a batch, and what its page tells."""

    def has_held_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._may_if(request, object_id, status=BatchStatus.ACTIVE)

    def has_paused_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        own = (CodeSource.IMPORTED, CodeSource.GENERATED)  # a supplier's cards have `resume`, which asks the supplier
        return self._may_if(request, object_id, status=BatchStatus.PAUSED, source__in=own)

    def has_recall_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        in_stock = self._may_if(request, object_id, status__in=[BatchStatus.ACTIVE, BatchStatus.PAUSED])
        return in_stock and not self.has_waiting_permission(request, object_id)  # asked for already

    def has_waiting_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        return self._may_if(request, object_id, jobs__kind=JobKind.RECALL, jobs__status=JobStatus.WAITING)

    def has_codeless_permission(self: Any, request: HttpRequest, object_id: str | None = None) -> bool:
        recalled = self._may_if(request, object_id, status=BatchStatus.RECALLED)
        return recalled and codeless_awards(int(object_id or 0)).exists()

    def _may_if(self: Any, request: HttpRequest, object_id: str | None, **state: Any) -> bool:
        if not self.may(request, "change", object_id):
            return False
        return bool(CodeBatch.objects.filter(pk=object_id or 0, **state).exists())

    @action(description=_("Hold back"), url_path="hold", icon="pause_circle", permissions=["held"])
    def hold(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.row_or_404(request, object_id)
        return self._asked(
            request,
            batch,
            Question(
                title=_("Hold this batch back?"),
                button=_("Hold back"),
                sentences=[_("Its codes are not given out until you put them back. What is given out stays valid.")],
                figures=_figures(batch),
            ),
            services.hold_batch,
            _("The batch is held back."),
        )

    @action(description=_("Put back into stock"), url_path="release", icon="play_circle", permissions=["paused"])
    def release(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.row_or_404(request, object_id)
        return self._asked(
            request,
            batch,
            Question(
                title=_("Put this batch back into stock?"),
                button=_("Put back into stock"),
                sentences=[_("All its held codes can be given out again, those held one by one included.")],
                figures=_figures(batch),
            ),
            services.release_batch,
            _("The batch is back in stock."),
        )

    @action(description=_("Recall"), url_path="recall", icon="undo", permissions=["recall"])
    def recall(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.row_or_404(request, object_id)
        preview = recall_preview(batch)
        sentences, done = _recall_sentences(preview), _("The recall has begun.")
        if preview.value_jpy > batch.agency.second_person_above_jpy:
            sentences += [
                _("Because of its value a second person has to confirm the recall before it begins."),
                GOES_ON,
            ]
            done = _("The recall waits on a second person's first page. Until then its codes go on being given out.")
        question = Question(
            title=_("Recall this batch?"),
            button=_("Recall"),
            sentences=sentences,
            figures=_recall_figures(preview),
            is_grave=True,
        )
        return self._asked(request, batch, question, services.request_recall, done)

    @action(description=_("Confirm the recall"), url_path="approve-recall", icon="done_all", permissions=["waiting"])
    def approve_recall(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request, object_id, services.approve_recall, _("Confirm the recall"), _("The recall has begun.")
        )

    @action(description=_("Give the recall up"), url_path="cancel-recall", icon="close", permissions=["waiting"])
    def cancel_recall(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, services.cancel_recall, _("Give the recall up"), _("It is given up."))

    @action(
        description=_("Give codes to those who wait"),
        url_path="serve-codeless",
        icon="published_with_changes",
        permissions=["codeless"],
    )
    def serve_codeless(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        batch = self.row_or_404(request, object_id)
        waiting, stock = codeless_awards(batch.pk).count(), recall_preview(batch).other_stock
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            return self._served(request, batch, form.cleaned_data["reason"])
        question = Question(
            title=_("Give other codes to the winners who wait?"),
            button=_("Give codes to those who wait"),
            sentences=[
                _("Each gets another code of the same prize, the earliest first. The link that they have shows it."),
                _("Up to 300 at once; press again for the rest."),
            ],
            figures=[
                (_("prize"), batch.prize.name),
                (_("winners without a code"), f"{waiting:,}"),
                (_("other stock"), f"{stock:,}"),
            ],
            obstacles=[] if stock else [_("There is no other stock of this prize. Please bring codes in first.")],
            form=form,
        )
        return self.ask(request, question, batch)

    def _served(self: Any, request: HttpRequest, batch: CodeBatch, reason: str) -> HttpResponse:
        try:
            served, left = services.serve_codeless(
                batch_id=batch.pk, reason=reason, now=clock.now(), actor_id=request.user.pk
            )
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            done = _("%(served)s winners have a code now; %(left)s still wait.")
            messages.success(request, str(done % {"served": f"{served:,}", "left": f"{left:,}"}))
        return redirect(self.page_of(batch))

    def _decide(self: Any, request: HttpRequest, object_id: str, service: Any, title: Any, done: Any) -> HttpResponse:
        """Ask before a recall that waits is confirmed, by another person, or given up."""
        batch = self.row_or_404(request, object_id)
        job = batch.jobs.filter(kind=JobKind.RECALL, status=JobStatus.WAITING).latest("pk")
        if request.method == "POST":
            attempt(request, lambda: service(job_id=job.pk, now=clock.now(), actor_id=request.user.pk), done)
            return redirect(self.page_of(batch))
        preview = recall_preview(batch)
        is_confirming = service is services.approve_recall
        is_own = is_confirming and job.requested_by_id == request.user.pk
        question = Question(
            title=title,
            button=title,
            sentences=_recall_sentences(preview) if is_confirming else [NOT_BEGUN],
            figures=[
                (_("asked for by"), str(job.requested_by or "")),
                (_("reason"), str(job.parameters.get("reason", ""))),
                *_recall_figures(preview),
            ],
            obstacles=[str(RecallBySamePerson())] if is_own else [],
            is_grave=is_confirming,
        )
        return self.ask(request, question, batch)

    def _asked(
        self: Any, request: HttpRequest, batch: CodeBatch, question: Question, service: Any, done: Any
    ) -> HttpResponse:
        question.form = ReasonForm(request.POST or None)
        if not question.form.is_valid():
            return self.ask(request, question, batch)
        reason = question.form.cleaned_data["reason"]
        attempt(
            request,
            lambda: service(batch_id=batch.pk, reason=reason, now=clock.now(), actor_id=request.user.pk),
            done,
        )
        return redirect(self.page_of(batch))

    def changeform_view(
        self: Any, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        batch = self.get_object(request, unquote(object_id)) if object_id else None
        told = {"batch": batch} | (batch_context(batch) if batch is not None else {})
        return super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **told}
        )


def batch_context(batch: CodeBatch) -> dict[str, Any]:
    """What the page of a batch tells: its story, where its codes are, work on it, and who saw recalled codes."""
    is_fetched = batch.source == CodeSource.FETCHED
    seen = seen_awards(batch.pk) if batch.status == BatchStatus.RECALLED else None
    return {
        "reason": reason_in_words(batch.status_reason),
        "waiting": waiting_activation(batch.pk),
        "failed_count": failed_cards(batch.pk).count() if is_fetched else 0,
        "failed": failed_cards(batch.pk).select_related("gift_code__batch")[:SEEN_SHOWN] if is_fetched else [],
        "bar": state_bar(batch_states(batch)),
        "story": story_of_batch(batch),
        "jobs": [_progress(job) for job in batch.jobs.select_related("requested_by", "approved_by")[:10]],
        "seen_count": seen.count() if seen is not None else 0,
        "codeless_count": codeless_awards(batch.pk).count() if seen is not None else 0,
        "codeless": list(codeless_awards(batch.pk)[:SEEN_SHOWN]) if seen is not None else [],
        "seen_awards": list(seen.select_related("entry")[:SEEN_SHOWN]) if seen is not None else [],
    }


def waiting_activation(batch_id: int) -> CodeJob | None:
    """Give what a second person has to confirm before a batch is in stock."""
    asked = CodeJob.objects.filter(batch=batch_id, kind=JobKind.ACTIVATE, status=JobStatus.WAITING)
    return asked.select_related("requested_by").first()


def _progress(job: CodeJob) -> tuple[CodeJob, int]:
    """A job and how far it is, in hundredths."""
    return job, int(100 * job.done_count / job.total_count) if job.total_count else 100


def _recall_sentences(preview: RecallPreview) -> list[Any]:
    """What a recall does to winners and shops, as far as it concerns this one."""
    sentences: list[Any] = [
        _("Codes that nobody has are blocked for ever. Awards whose code nobody has seen receive another one."),
        _("Codes that were seen stay valid; they are listed on the batch's page for the desk."),
    ]
    if preview.printed:
        sentences.append(_("Printed codes stop working at once, whoever holds the paper. Please tell the shops."))
    if preview.other_stock < preview.unseen:
        sentences.append(_("There is not enough other stock: some winners will be left without a code."))
    return sentences


def _recall_figures(preview: RecallPreview) -> list[tuple[Any, Any]]:
    return [
        (_("to be blocked"), f"{preview.unissued:,}"),
        (_("printed, to be blocked"), f"{preview.printed:,}"),
        (_("to be replaced"), f"{preview.unseen:,}"),
        (_("seen: for the desk"), f"{preview.seen:,}"),
        (_("other stock"), f"{preview.other_stock:,}"),
        (_("value in all"), yen(preview.value_jpy)),
    ]


def _figures(batch: CodeBatch) -> list[tuple[Any, Any]]:
    states = batch_states(batch)
    return [
        (_("prize"), batch.prize.name),
        (_("available"), f"{states.get('available', 0):,}"),
        (_("held back"), f"{states.get('held', 0):,}"),
        (_("value each (yen)"), yen(batch.face_value_jpy)),
    ]
