"""A ring's held entries decided at once: each by the ordinary way of a review, the whole with a line of its own."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from core.errors import DomainError
from core.text import has_controls
from eligibility.errors import ReasonMissing, RingChanged, RingNoteNotAccepted
from eligibility.models import ReviewStatus, RingAct, RingActKind, SuspectedRing, Verdict
from eligibility.reasons import REFUSALS_OF_RINGS
from eligibility.ring_figures import AT_ONCE, cases_held_for
from eligibility.services.opinions import give_opinion

NOTE_LENGTHS = range(5, 201)


@dataclass
class Outcome:
    """Entries by what became of them: done, waiting for a second reviewer, or left with the code of a refusal."""

    done: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)


@transaction.atomic
def release_ring(
    *,
    ring_id: int,
    entry_ids: Iterable[int],
    reason: str,
    actor_id: int,
    now: datetime,
    is_senior: bool = False,
    undoes_id: int | None = None,
) -> RingAct:
    """Approve those of some entries that are held only because of the ring; they go on in their journey.

    Raises:
        RingNoteNotAccepted: the reason is too short, too long, or has control characters.
        RingChanged: none of these entries is held for this ring any more; or what stood against all of them.
    """
    note = checked_note(reason)
    outcome = _decide(
        ring_id=ring_id,
        entry_ids=entry_ids,
        verdict=Verdict.ELIGIBLE,
        reason_code="",
        note=note,
        actor_id=actor_id,
        is_senior=is_senior,
        now=now,
    )
    return note_ring_act(
        ring_id=ring_id,
        kind=RingActKind.RELEASED,
        outcome=outcome,
        reason=note,
        actor_id=actor_id,
        now=now,
        undoes_id=undoes_id,
    )


@transaction.atomic
def refuse_ring(
    *,
    ring_id: int,
    entry_ids: Iterable[int],
    reason_code: str,
    reason: str,
    actor_id: int,
    now: datetime,
    is_senior: bool = False,
) -> RingAct:
    """Refuse those of some entries that are held only because of the ring; each entrant is told and may appeal.

    Raises:
        ReasonMissing: the code is none that fits the refusal of a ring.
        RingNoteNotAccepted, RingChanged: as in `release_ring`.
    """
    if reason_code not in REFUSALS_OF_RINGS:
        raise ReasonMissing
    note = checked_note(reason)
    outcome = _decide(
        ring_id=ring_id,
        entry_ids=entry_ids,
        verdict=Verdict.REFUSED,
        reason_code=reason_code,
        note=note,
        actor_id=actor_id,
        is_senior=is_senior,
        now=now,
    )
    return note_ring_act(
        ring_id=ring_id,
        kind=RingActKind.REFUSED,
        outcome=outcome,
        reason=note,
        actor_id=actor_id,
        now=now,
        reason_code=reason_code,
    )


@transaction.atomic
def note_ring_act(
    *,
    ring_id: int,
    kind: RingActKind,
    outcome: Outcome,
    reason: str,
    actor_id: int,
    now: datetime,
    reason_code: str = "",
    undoes_id: int | None = None,
) -> RingAct:
    """Keep what was decided of a ring, so that it can be read and, where that is possible, undone."""
    ring = SuspectedRing.objects.get(pk=ring_id)
    act = RingAct.objects.create(
        agency_id=ring.agency_id,
        ring=ring,
        kind=kind,
        entry_ids=outcome.done,
        waiting_ids=outcome.waiting,
        skipped={str(entry): code for entry, code in outcome.skipped.items()},
        reason=reason,
        reason_code=reason_code,
        actor_id=actor_id,
        at=now,
        undoes_id=undoes_id,
    )
    audit.record(
        f"ring.{kind}",
        subject=ring,
        actor_id=actor_id,
        reason=reason,
        act=str(act.public_id),
        done=len(outcome.done),
        waiting=len(outcome.waiting),
    )
    return act


def checked_note(text: str) -> str:
    """Take a reason in a person's words, for colleagues.

    Raises:
        RingNoteNotAccepted: too short, too long, or with control characters.
    """
    plain = text.strip()
    if len(plain) not in NOTE_LENGTHS or has_controls(plain):
        raise RingNoteNotAccepted
    return plain


def _decide(*, ring_id: int, entry_ids: Iterable[int], **word: Any) -> Outcome:
    """Give a person's word on each case, in the order of the entries; what one refuses does not hold up the others."""
    wanted = set(entry_ids)
    cases = [case for case in cases_held_for(ring_id) if case.entry_id in wanted][:AT_ONCE]
    outcome, refusal = Outcome(), DomainError()
    for case in cases:
        try:
            given = give_opinion(case_id=case.pk, **word)
        except DomainError as error:
            outcome.skipped[case.entry_id] = error.code
            refusal = error
        else:
            (outcome.waiting if given.status == ReviewStatus.OPEN else outcome.done).append(case.entry_id)
    if not outcome.done and not outcome.waiting:
        raise refusal if outcome.skipped else RingChanged(ring_id=ring_id)
    return outcome
