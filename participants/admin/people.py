"""Participants: found by any identifier, shown masked, with everything that happened to them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts import audit
from accounts.desk import Question, ReadOnlyAdmin
from accounts.desk.tenancy import signed_in
from accounts.selectors import agencies_where
from core import clock
from participants.models import Participant, TouchKind
from participants.selectors import entries_of, find_participants, timeline
from participants.services import record_touch


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("note"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("What was asked and answered. Please write no contacts and no codes."),
    )


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "contacts", "agency", "entry_count", "created_at")
    list_select_related = ("agency",)
    search_fields = ("public_id",)
    search_help_text = _("Whole mail address, LINE or X id, or the id of a person or an entry")
    actions_detail = ("note",)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> Any:
        people = super().get_queryset(request).prefetch_related("identities")
        return people.annotate(entered=Count("entries", distinct=True))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find by the keyed hash of a contact; parts of a contact find nobody, so that nobody can fish."""
        if not search_term.strip():
            return queryset, False
        agencies = agencies_where(signed_in(request), "participants.view_participant")
        found = find_participants(agencies, search_term).values("pk")
        return queryset.filter(pk__in=found), False

    @admin.display(description=_("contacts"))
    def contacts(self, person: Participant) -> str:
        return "、".join(identity.masked for identity in person.identities.all()) or "-"

    @admin.display(description=_("entries"), ordering="entered")
    def entry_count(self, person: Any) -> int:
        return int(person.entered)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The story of one person; opening it is itself a line in the trail."""
        person = self.row_or_404(request, object_id)
        audit.record("participant.viewed", subject=person, actor_id=request.user.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Participant"),
            "subtitle": str(person),
            "original": person,
            "person": person,
            "identities": person.identities.all(),
            "entries": entries_of(person.pk),
            "consents": person.consents.select_related("campaign", "terms_version"),
            "touches": timeline(person.pk),
            "can_note": self.has_note_permission(request, object_id),
        }
        return TemplateResponse(request, "admin/participants/participant/story.html", context)

    def has_note_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.may(request, "view", object_id)

    @action(description=_("Write a note"), url_path="note", icon="edit_note", permissions=["note"])
    def note(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.row_or_404(request, object_id)
        form = NoteForm(request.POST or None)
        if form.is_valid():
            record_touch(
                kind=TouchKind.NOTE,
                agency_id=person.agency_id,
                participant_id=person.pk,
                note=form.cleaned_data["note"],
                now=clock.now(),
            )
            audit.record("participant.noted", subject=person, actor_id=request.user.pk)
            return redirect(self.page_of(person))
        question = Question(
            title=_("Write a note"),
            button=_("Keep the note"),
            sentences=[_("The note stands in the timeline for everybody at the desk.")],
            form=form,
        )
        return self.ask(request, question, person)
