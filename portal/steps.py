"""The steps of one entry: which there are, which are done, which comes next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Combination, EntryRule, Question, RuleKind
from campaigns.selectors import needed_steps
from participants.answers import asked_questions
from participants.models import Answer, Entry, IdentityKind
from participants.selectors import pending_email, verified_identities
from receipts.selectors import current_receipt

RULE_OF_STEP = {
    "receipt": RuleKind.PURCHASE,
    "serial": RuleKind.SERIAL,
    "reference": RuleKind.REFERENCE,
    "survey": RuleKind.SURVEY,
    "line": RuleKind.LINE_FRIEND,
    "x": RuleKind.X_FOLLOW,
}
TITLES: Mapping[str, str | Promise] = {
    "receipt": _("Receipt photo"),
    "serial": _("Serial code"),
    "reference": _("Reference number"),
    "survey": _("Survey"),
    "line": _("LINE"),
    "x": _("X"),
    "contact": _("Contact"),
    "confirm": _("Check and send"),
}


@dataclass(frozen=True)
class Step:
    """One screen of the entry form."""

    name: str
    is_done: bool
    is_optional: bool

    @property
    def title(self) -> str | Promise:
        """Give the step's name as people read it."""
        return TITLES[self.name]


def steps_of(entry: Entry) -> list[Step]:
    """Give the steps of an entry in order; the last one, where it is checked and sent, is never done."""
    needed = needed_steps(entry.campaign)
    optional = _optional_kinds(entry.campaign)
    steps = [
        Step(name, _CHECKS[name](entry), kind in optional)
        for name, kind in RULE_OF_STEP.items()
        if getattr(needed, name)
    ]
    contact = Step("contact", has_contact(entry), is_optional=False)
    return [*steps, contact, Step("confirm", is_done=False, is_optional=False)]


def next_step(entry: Entry, *, after: str = "") -> str:
    """Give the first step that is still to be done, looking on from `after` so that a skipped one stays skipped."""
    steps = steps_of(entry)
    names = [step.name for step in steps]
    start = names.index(after) + 1 if after in names else 0
    return next(step.name for step in steps[start:] if not step.is_done)


def open_steps(entry: Entry) -> list[str]:
    """Give the needed steps that are not done yet, for the service that sends the entry."""
    return [
        s.name for s in steps_of(entry) if not (s.is_done or s.is_optional) and s.name not in ("contact", "confirm")
    ]


def questions_to_ask(entry: Entry) -> list[Question]:
    """Give the questions that are asked after the answers so far."""
    questions = list(Question.objects.filter(survey__campaign=entry.campaign).order_by("position"))
    rows = [
        {
            "pk": q.pk,
            "shown_if_question_id": q.shown_if_question_id,
            "shown_if_answer": q.shown_if_answer,
        }
        for q in questions
    ]
    asked = asked_questions(rows, answers_of(entry))
    return [q for q in questions if q.pk in asked]


def answers_of(entry: Entry) -> dict[int, list[str]]:
    """Give the answers so far by question."""
    return dict(Answer.objects.filter(entry=entry).values_list("question_id", "values"))


def has_contact(entry: Entry) -> bool:
    """Tell whether there is somebody to write to, confirmed or not."""
    return pending_email(entry.participant_id) is not None or has_identity(entry, IdentityKind.LINE)


def has_identity(entry: Entry, kind: IdentityKind) -> bool:
    """Tell whether a contact of a kind is confirmed."""
    return verified_identities(entry.participant_id).filter(kind=kind).exists()


def _has_receipt(entry: Entry) -> bool:
    return current_receipt(entry.pk) is not None


def _survey_is_done(entry: Entry) -> bool:
    answers = answers_of(entry)
    questions = questions_to_ask(entry)
    seen = any(q.pk in answers for q in questions)
    return seen and all(answers.get(q.pk) or not q.is_required for q in questions)


def _has_number(entry: Entry, kind: str) -> bool:
    return entry.typed_proofs.filter(kind=kind).exists()


_CHECKS: Mapping[str, Callable[[Entry], bool]] = {
    "receipt": _has_receipt,
    "serial": lambda entry: _has_number(entry, "serial"),
    "reference": lambda entry: _has_number(entry, "reference"),
    "survey": _survey_is_done,
    "line": lambda entry: has_identity(entry, IdentityKind.LINE),
    "x": lambda entry: has_identity(entry, IdentityKind.X),
}


def _optional_kinds(campaign: Campaign) -> set[str]:
    """Kinds that stand only in groups of which not every condition is needed."""
    rules = EntryRule.objects.filter(group__campaign=campaign).values_list("kind", "group__combination")
    needed = {kind for kind, combination in rules if combination == Combination.ALL}
    return {kind for kind, _combination in rules} - needed
