"""The whole story: an entry is judged, it wins or not, its prizes are given, and its person is told.

Every step leaves rows, and the next step is found from the rows; so it may be asked at any time, any number of times,
and goes on where it stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.budgets import exceeds_budget
from campaigns.models import Campaign, CampaignStatus, Mechanic
from campaigns.selectors import premium_obstacles
from codes.errors import OutOfStock, StockBusy, StockHeld
from codes.selectors import available_count, waits_for_supplier
from codes.services import order_cards
from core.crashpoints import crashpoint
from core.errors import StaleState
from core.queueing import gathered
from distribution.models import Delivery, DeliveryKind
from distribution.services import give_prizes, queue_message
from draws.errors import DrawNotPossible
from draws.models import Draw, DrawResult
from draws.selectors import count_candidates, places_left
from draws.services import decide_result, hold_draw, record_loss
from eligibility.errors import NothingToDecide
from eligibility.models import Verdict
from eligibility.selectors import answered_appeals, verdicts_by_person
from eligibility.services import decide_entry, refuse_for_limit, take_back_entry
from journeys.rings import hold_if_joining
from participants.models import Entry, EntryStatus, Participant
from participants.selectors import counting_entries, reachable_identity, waiting_entries
from participants.services import finish_entry, postpone_entry

log = structlog.get_logger(__name__)

MAX_FAILURES = 10
ANNOUNCED_WITHIN = timedelta(days=1)


def advance_entry(*, entry_id: int, now: datetime) -> Entry:
    """Carry an entry as far as it can go now: verdict, result, prizes, messages."""
    entry = Entry.objects.select_related("campaign").get(pk=entry_id)
    if entry.status == EntryStatus.SUBMITTED:
        judge_entry(entry_id=entry_id, now=now)
        entry.refresh_from_db()
    if entry.status == EntryStatus.ACCEPTED:
        settle_entry(entry_id=entry_id, now=now)
        crashpoint("settle.after_commit")
        entry.refresh_from_db()
    return entry


@transaction.atomic
def judge_entry(*, entry_id: int, now: datetime) -> None:
    """Have a sent entry judged and tell its person what needs doing; an entry whose receipt is being read waits."""
    # Locked before the look at the receipt and until the commit: its reader wakes the entry before this or after it.
    # The lock that `decide_entry` takes goes with its savepoint when it refuses.
    Entry.objects.select_for_update().get(pk=entry_id)
    try:
        decision = decide_entry(entry_id=entry_id, now=now)
    except NothingToDecide:
        postpone_entry(entry_id=entry_id, until=None)  # the receipt's reader will wake it
        return
    if decision.verdict in (Verdict.SENT_BACK, Verdict.REFUSED):
        queue_message(kind=DeliveryKind.VERDICT, entry_id=entry_id, now=now)
    elif decision.verdict == Verdict.ELIGIBLE:
        hold_if_joining(entry_id=entry_id, now=now)


@transaction.atomic
def settle_entry(*, entry_id: int, now: datetime) -> None:
    """Give an accepted entry its result and its prizes: result, awards and messages together or not at all."""
    entry = _locked(entry_id)
    if entry.status != EntryStatus.ACCEPTED:
        return
    if reachable_identity(entry.participant_id) is None:
        postpone_entry(entry_id=entry_id, until=None)  # confirming a contact will wake it
        return
    is_drawn = DrawResult.objects.filter(entry=entry).exists()  # a result is fixed once (I14)
    if not is_drawn and _has_entered_before(entry):
        refuse_for_limit(entry_id=entry_id, now=now)
        queue_message(kind=DeliveryKind.VERDICT, entry_id=entry_id, now=now)
        return
    result = _give_prizes(entry, now)
    if result is None:
        postpone_entry(entry_id=entry_id, until=None)  # the later draw will wake it
        return
    finish_entry(entry=entry, is_win=result.is_win)
    if not result.is_win:
        queue_message(kind=DeliveryKind.NOT_WON, entry_id=entry_id, now=now)
    crashpoint("settle.before_commit")


@transaction.atomic
def withdraw_entry(*, entry_id: int, now: datetime) -> Entry:
    """Take an entry back at the entrant's wish, while it has no result; what it used is free again.

    Raises:
        StaleState: it has a result already.
    """
    entry = Entry.objects.select_for_update().get(pk=entry_id)
    if DrawResult.objects.filter(entry=entry).exists():
        raise entry.stale(EntryStatus.WITHDRAWN)
    take_back_entry(entry_id=entry_id, now=now)
    entry.refresh_from_db()
    return entry


def sweep(*, now: datetime) -> int:
    """Advance every entry whose next step is due; one that fails is set back and does not hold up the others."""
    advanced = 0
    with gathered():
        announce_verdicts(now=now)
        for entry_id in waiting_entries(now):
            advanced += advance_or_postpone(entry_id=entry_id, now=now)
    return advanced


def advance_or_postpone(*, entry_id: int, now: datetime) -> bool:
    """Advance one entry; where that fails, try again later, ever more rarely. Returns whether it went well."""
    try:
        advance_entry(entry_id=entry_id, now=now)
    except (StockBusy, StaleState):
        postpone_entry(entry_id=entry_id, until=now + timedelta(seconds=5))
    except Exception as error:
        failures = Entry.objects.values_list("advance_failures", flat=True).get(pk=entry_id)
        log.exception("entry_not_advanced", entry_id=entry_id, error=type(error).__name__)
        until = now + timedelta(seconds=30 * 2 ** min(failures, MAX_FAILURES))
        postpone_entry(entry_id=entry_id, until=until, has_failed=True)
    else:
        return True
    return False


def announce_verdicts(*, now: datetime) -> int:
    """Write to those whom a person of the desk has refused, sent back or answered within a day; each word once."""
    since = now - ANNOUNCED_WITHIN
    words = ((verdicts_by_person(since, now), "decided_at"), (answered_appeals(since), "answered_at"))
    waiting = {entry_id for rows, at in words for entry_id in _untold(rows, at).values_list("entry_id", flat=True)}
    return sum(_announce(entry_id, words, now) for entry_id in sorted(waiting))


@transaction.atomic
def _announce(entry_id: int, words: Sequence[tuple[QuerySet[Any], str]], now: datetime) -> bool:
    """Queue one message, unless another sweep was faster."""
    Entry.objects.select_for_update().get(pk=entry_id)
    if not any(_untold(rows, at).filter(entry_id=entry_id).exists() for rows, at in words):
        return False
    return queue_message(kind=DeliveryKind.VERDICT, entry_id=entry_id, now=now) is not None


def _untold(rows: QuerySet[Any], at: str) -> QuerySet[Any]:
    told = Delivery.objects.filter(entry=OuterRef("entry"), kind=DeliveryKind.VERDICT, created_at__gte=OuterRef(at))
    return rows.exclude(Exists(told))


@dataclass(frozen=True)
class CoursePlan:
    """What a draw would give of one course."""

    name: str
    winner_count: int
    stock_count: int
    value_jpy: int


@dataclass(frozen=True)
class DrawPreview:
    """What a draw would do, in numbers; `obstacles` are codes of what must be settled first."""

    candidate_count: int
    unconfirmed_count: int
    in_review_count: int
    courses: tuple[CoursePlan, ...]
    total_value_jpy: int
    obstacles: tuple[str, ...]


def preview_draw(*, campaign_id: int) -> DrawPreview:
    """Tell what holding a campaign's draw now would do; nothing is drawn."""
    campaign = Campaign.objects.get(pk=campaign_id)
    candidates = count_candidates(campaign)
    left = candidates.reachable
    courses = []
    for course in campaign.courses.prefetch_related("prizes"):
        winners = min(left, places_left(course))
        left -= winners
        prizes = [prize for prize in course.prizes.all() if prize.needs_code]
        stock = min((available_count(prize.pk) for prize in prizes), default=winners)
        value = winners * sum(prize.face_value_jpy for prize in course.prizes.all())
        courses.append(CoursePlan(course.name, winners, stock, value))
    return DrawPreview(
        candidate_count=candidates.reachable,
        unconfirmed_count=candidates.unconfirmed,
        in_review_count=candidates.in_review,
        courses=tuple(courses),
        total_value_jpy=sum(course.value_jpy for course in courses),
        obstacles=_draw_obstacles(campaign, candidates.reachable, candidates.in_review, courses),
    )


def confirm_draw(*, campaign_id: int, expected_candidates: int, actor_id: int | None, now: datetime) -> Draw:
    """Hold a campaign's draw as previewed; winners get their prizes and messages one by one afterwards.

    Raises:
        DrawNotPossible: the preview lists obstacles.
        CandidatesChanged: entries came in or left since the preview.
    """
    if obstacles := preview_draw(campaign_id=campaign_id).obstacles:
        raise DrawNotPossible(obstacles=obstacles)
    return hold_draw(campaign_id=campaign_id, expected_candidates=expected_candidates, actor_id=actor_id, now=now)


def _locked(entry_id: int) -> Entry:
    """Lock the person, then the entry: two entries of one person are settled one after the other."""
    participant_id = Entry.objects.values_list("participant_id", flat=True).get(pk=entry_id)
    Participant.objects.select_for_update().get(pk=participant_id)
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    if entry.participant_id != participant_id:  # merged meanwhile: the lock is not his
        raise entry.stale()
    return entry


def _has_entered_before(entry: Entry) -> bool:
    """Tell whether entries of the person that are as far as this one or farther use up his allowance."""
    others = counting_entries(participant_id=entry.participant_id, campaign=entry.campaign, besides_id=entry.pk)
    settled = others.filter(status__in=[EntryStatus.WON, EntryStatus.LOST]).count()
    earlier = others.filter(status=EntryStatus.ACCEPTED, pk__lt=entry.pk).count()
    return settled + earlier >= entry.campaign.entries_per_person


def _give_prizes(entry: Entry, now: datetime) -> DrawResult | None:
    """Decide the result and hand out its prizes; where the stock is gone, nothing of the win remains but the loss."""
    try:
        with transaction.atomic():
            result = decide_result(entry_id=entry.pk, now=now)
            if result is not None and result.is_win:
                give_prizes(result_id=result.pk, now=now)
                order_cards(entry_id=entry.pk)
    except OutOfStock as error:
        if DrawResult.objects.filter(entry=entry).exists():
            raise  # a drawn winner keeps his win; the desk has to bring codes in
        if waits_for_supplier(entry.campaign_id):
            raise StockHeld from error
        return record_loss(entry_id=entry.pk, now=now)
    return result


def _draw_obstacles(
    campaign: Campaign, candidate_count: int, in_review_count: int, courses: list[CoursePlan]
) -> tuple[str, ...]:
    found = {
        "not_a_later_draw": campaign.mechanic != Mechanic.LATER,
        "not_closed": campaign.status != CampaignStatus.CLOSED,
        "already_drawn": Draw.objects.filter(campaign=campaign, drawn_at__isnull=False).exists(),
        "entries_in_review": in_review_count > 0,
        "no_candidates": candidate_count == 0,
        "stock_too_small": any(course.stock_count < course.winner_count for course in courses),
        "premiums_too_high": bool(premium_obstacles(campaign)),
        "budget_too_small": exceeds_budget(campaign, sum(course.value_jpy for course in courses)),
    }
    return tuple(code for code, applies in found.items() if applies)
