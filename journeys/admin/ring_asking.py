"""Before a ring's entries are decided at once: what happens to which of them, in numbers, and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.desk import Question, yen
from campaigns.models import Campaign
from eligibility.models import ReviewCase, ReviewStatus, RingAct, RingActKind, SuspectedRing
from eligibility.reasons import REASONS, REFUSALS_OF_RINGS
from eligibility.ring_figures import AT_ONCE, cases_held_for, entries_to_send_to_review
from participants.models import Entry

Text = str | Promise


class RingForm(forms.Form):
    """The entries that the person saw, and why; entries that came since are not among them."""

    title: Text
    button: Text
    done: Text
    sentences: Sequence[Text] = ()
    obstacle: Text = _("None of these entries is held for this group alone.")
    is_grave = False

    entry_ids = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("reason, for colleagues"),
        min_length=5,
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Stands in the audit trail. The entrants do not see it."),
    )

    def __init__(self, *args: Any, ring: SuspectedRing, chosen: Sequence[str], now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ring, self.now = ring, now
        self.cases = cases_held_for(ring.pk)
        able = self.able()
        wanted = {int(pk) for pk in chosen if pk.isascii() and pk.isdigit() and len(pk) < 19}
        self.entries = [pk for pk in able if pk in wanted or not wanted][:AT_ONCE]
        self.left_count = len(able) - len(self.entries)
        self.initial["entry_ids"] = ",".join(map(str, self.entries))

    def able(self) -> list[int]:
        """Give the entries that can be decided."""
        return [case.entry_id for case in self.cases]

    def clean_entry_ids(self) -> list[int]:
        parts = [part for part in self.cleaned_data["entry_ids"].split(",") if part]
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            self.add_error(None, _("Please look at the page again."))  # of a hidden field nobody would see it
            return []
        return [int(part) for part in parts]

    def figures(self) -> list[tuple[Text, Text]]:
        """Tell in numbers what would happen."""
        others = ReviewCase.objects.filter(entry__ring_member__ring=self.ring, status=ReviewStatus.OPEN)
        other_count = others.exclude(pk__in=[case.pk for case in self.cases]).count()
        people = Entry.objects.filter(pk__in=self.entries).values("participant").distinct().count()
        found: list[tuple[Text, Text]] = [
            (_("entries"), str(len(self.entries))),
            (_("number of people"), str(people)),
            (_("value at stake"), yen(self._value())),
        ]
        if self.left_count:
            found.append((_("not chosen, stay as they are"), str(self.left_count)))
        if other_count:
            found.append((_("stay at the review desk for other reasons"), str(other_count)))
        if taken := self._taken():
            found.append((_("in the hands of another reviewer, left out"), str(taken)))
        return found

    def obstacles(self) -> list[Text]:
        """Tell what keeps the button away."""
        return [] if self.entries else [self.obstacle]

    def campaigns(self) -> list[Campaign]:
        """Give the campaigns of the entries."""
        return list(Campaign.objects.filter(entries__in=self.entries).distinct().order_by("title", "pk"))

    def _value(self) -> int:
        return sum(case.value_jpy for case in self.cases if case.entry_id in self.entries)

    def _taken(self) -> int:
        chosen = [case for case in self.cases if case.entry_id in self.entries]
        return sum(case.claimed_until is not None and case.claimed_until > self.now for case in chosen)


class ReleaseForm(RingForm):
    title = _("Release these entries?")
    button = _("Release the entries")
    done = _("Released. The entries go on by themselves.")
    sentences = (
        _("They are approved and go on in their campaign: to the draw, or to their result."),
        _("Until something is given they can be held again. Entries that come later are checked anew."),
        _("Where the campaign has a share of cases seen by two, another reviewer has to agree."),
    )


class RefuseForm(RingForm):
    title = _("Refuse these entries?")
    button = _("Refuse the entries")
    done = _("Refused. The entrants are told with the reason.")
    is_grave = True
    sentences = (
        _("Each entrant reads the reason on the entry's page and in a mail; receipts and numbers are free again."),
        _("This cannot be taken back here: an entrant may object, and the answer to that can change the result."),
        _("Where the campaign has a share of cases seen by two, another reviewer has to agree."),
    )

    reason_code = forms.ChoiceField(label=_("reason that the entrants read"), widget=UnfoldAdminSelectWidget)

    field_order = ("entry_ids", "reason_code", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(code, REASONS[code].message) for code in REFUSALS_OF_RINGS]
        self.fields["reason_code"].choices = choices  # type: ignore[attr-defined]

    def figures(self) -> list[tuple[Text, Text]]:
        """Add how long the entrants of each campaign may object."""
        windows: list[tuple[Text, Text]] = [
            (
                _("objections: %(campaign)s") % {"campaign": campaign.title},
                gettext("%(days)s days") % {"days": campaign.appeal_days}
                if campaign.appeal_days
                else gettext("not heard; only the inquiry desk"),
            )
            for campaign in self.campaigns()
        ]
        return [*super().figures(), *windows]


class HoldForm(RingForm):
    title = _("Send these entries to review?")
    button = _("Send to review")
    done = _("A person looks at these entries before anything is given.")
    obstacle = _("No entry of this group is accepted and without a result, and none is held.")
    sentences = (
        _("Entries that would go on by themselves are held; those that are held stay so, with the risk of the group."),
        _("Entries that have a result keep it."),
    )

    def able(self) -> list[int]:
        return entries_to_send_to_review(self.ring.pk)

    def figures(self) -> list[tuple[Text, Text]]:
        """Tell how many are new at the desk, and how many are there."""
        return [(_("entries to hold"), str(len(self.entries))), (_("held already"), str(len(self.cases)))]

    def obstacles(self) -> list[Text]:
        return [] if self.entries or self.cases else [self.obstacle]


class UndoForm(forms.Form):
    """Why something is taken back."""

    title: Text = _("Take this back?")
    button: Text = _("Undo it")
    done: Text = _("Taken back, as far as nothing was given in the meantime.")
    is_grave = False

    reason = RingForm.base_fields["reason"]

    def __init__(self, *args: Any, act: RingAct, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.act = act
        self.sentences: Sequence[Text] = (
            (_("The released entries are held again, those without a result."),)
            if act.kind == RingActKind.RELEASED
            else (_("The entries that were held by this go on by themselves."),)
        )

    def figures(self) -> list[tuple[Text, Text]]:
        """Tell what would be taken back."""
        return [(self.act.get_kind_display(), str(len(self.act.entry_ids))), (_("reason"), self.act.reason)]

    def obstacles(self) -> list[Text]:
        """Tell what keeps the button away."""
        if self.act.kind == RingActKind.REFUSED or self.act.undoes_id or hasattr(self.act, "undone_by"):
            return [_("This cannot be undone any more. A refusal is changed by the answer to an appeal.")]
        return []


def question_of(form: RingForm | UndoForm) -> Question:
    """Make the page's question out of a form."""
    return Question(
        title=form.title,
        button=form.button,
        sentences=form.sentences,
        figures=form.figures(),
        obstacles=form.obstacles(),
        form=form,
        is_grave=form.is_grave,
    )
