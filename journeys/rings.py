"""Rings among those who enter: looked for while nothing is given yet, and held for a person to look at."""

from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
from django.db import transaction

from draws.models import DrawResult
from eligibility.errors import NothingToDecide, RingActNotUndoable, RingChanged
from eligibility.models import ReviewCase, RingAct, RingActKind, RingSearch, SuspectedRing
from eligibility.ring_figures import AT_ONCE, cases_held_for, entries_to_send_to_review
from eligibility.services import hold_entry, keep_rings, note_ring_act, raise_risk, release_ring
from eligibility.services.ring_acts import Outcome, checked_note
from eligibility.shared import entries_to_hold, joins_suspected_ring, sponsors_to_search
from journeys.payouts import trace_payouts
from participants.models import Entry

log = structlog.get_logger(__name__)
HAS_RESULT = "has_result"


def sweep_rings(*, now: datetime) -> int:
    """Look at what changed among each sponsor's entrants; returns how many entries were held."""
    held = 0
    for sponsor_id in sponsors_to_search():
        try:
            held += search_rings(sponsor_id=sponsor_id, now=now)
        except Exception as error:  # one sponsor does not hold up the others
            log.exception("rings_not_looked_for", sponsor_id=sponsor_id, error=type(error).__name__)
    return held


def search_rings(*, sponsor_id: int, now: datetime) -> int:
    """Look for rings in a sponsor's campaigns and hold what is suspected; returns how many entries were held."""
    last = RingSearch.objects.filter(sponsor_id=sponsor_id).first()
    trace_payouts(sponsor_id=sponsor_id, since=last.searched_at if last else None, now=now)
    keep_rings(sponsor_id=sponsor_id, now=now)
    return sum(hold_if_unsettled(entry_id=entry_id, now=now) for entry_id in entries_to_hold(sponsor_id))


@transaction.atomic
def hold_if_unsettled(*, entry_id: int, now: datetime, actor_id: int | None = None, is_again: bool = False) -> bool:
    """Hold an accepted entry, unless it has a result already: a result is fixed once (I14)."""
    entry = Entry.objects.select_for_update().get(pk=entry_id)
    if DrawResult.objects.filter(entry=entry).exists():
        return False
    try:
        hold_entry(entry_id=entry_id, now=now, actor_id=actor_id, is_again=is_again)
    except NothingToDecide:
        return False
    return True


def hold_if_joining(*, entry_id: int, now: datetime) -> bool:
    """Hold an entry just accepted that comes from where a suspected ring comes from."""
    return joins_suspected_ring(Entry.objects.get(pk=entry_id)) and hold_if_unsettled(entry_id=entry_id, now=now)


@transaction.atomic
def hold_ring(
    *,
    ring_id: int,
    entry_ids: Iterable[int],
    reason: str,
    actor_id: int,
    now: datetime,
    undoes_id: int | None = None,
) -> RingAct:
    """Send those of some entries to review that would go on by themselves; all cases of the ring get its risk.

    Raises:
        RingNoteNotAccepted: the reason is too short, too long, or has control characters.
        RingChanged: none of these entries can be held, and none is held already.
    """
    note = checked_note(reason)
    wanted = set(entry_ids)
    outcome = Outcome()
    for entry_id in [pk for pk in entries_to_send_to_review(ring_id) if pk in wanted][:AT_ONCE]:
        if hold_if_unsettled(entry_id=entry_id, now=now, actor_id=actor_id, is_again=True):
            outcome.done.append(entry_id)
        else:
            outcome.skipped[entry_id] = HAS_RESULT
    cases = cases_held_for(ring_id)
    if not outcome.done and not cases:
        raise RingChanged(ring_id=ring_id)
    _lift(cases, SuspectedRing.objects.get(pk=ring_id).score)
    return note_ring_act(
        ring_id=ring_id,
        kind=RingActKind.HELD,
        outcome=outcome,
        reason=note,
        actor_id=actor_id,
        now=now,
        undoes_id=undoes_id,
    )


@transaction.atomic
def undo_ring_act(*, act_id: int, reason: str, actor_id: int, now: datetime, is_senior: bool = False) -> RingAct:
    """Hold again what was released, or release what was held, as far as nothing was given in the meantime.

    Raises:
        RingActNotUndoable: a refusal, an undoing, an act undone before, or nothing is left of it to undo.
        RingNoteNotAccepted: the reason is too short, too long, or has control characters.
    """
    act = RingAct.objects.select_for_update(of=("self",)).get(pk=act_id)
    opposite = _OPPOSITES.get(RingActKind(act.kind))
    if opposite is None or act.undoes_id or RingAct.objects.filter(undoes=act).exists():
        raise RingActNotUndoable(act_id=act_id)
    more = {"is_senior": is_senior} if opposite is release_ring else {}
    made = opposite(
        ring_id=act.ring_id,
        entry_ids=act.entry_ids,
        reason=reason,
        actor_id=actor_id,
        now=now,
        undoes_id=act.pk,
        **more,
    )
    if not made.entry_ids and not made.waiting_ids:
        raise RingActNotUndoable(act_id=act_id)
    return made


def _lift(cases: list[ReviewCase], risk: int) -> None:
    for case in cases:
        raise_risk(case_id=case.pk, risk=risk)


_OPPOSITES: dict[RingActKind, Callable[..., RingAct]] = {
    RingActKind.RELEASED: hold_ring,
    RingActKind.HELD: release_ring,
}
