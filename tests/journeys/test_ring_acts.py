"""A ring's held entries released, held and refused at once, each as a review of its own; and taken back."""

import pytest

from accounts.models import AuditEntry
from campaigns.models import Mechanic
from core.errors import DomainError
from eligibility.errors import CaseTaken, ReasonMissing, RingActNotUndoable, RingChanged, RingNoteNotAccepted
from eligibility.models import ReviewCase, ReviewStatus, RingAct, RingActKind, SuspectedRing, Verdict
from eligibility.ring_figures import with_figures
from eligibility.selectors import UNDO_TIME
from eligibility.services import claim_case, open_appeal, refuse_ring, release_ring, set_policy
from journeys.rings import hold_ring, sweep_rings, undo_ring_act
from journeys.services import announce_verdicts, sweep
from participants.models import Entry, EntryStatus
from tests import factories
from tests.factories import NOW
from tests.journeys.ring_people import accepted
from tests.worlds import open_campaign

pytestmark = pytest.mark.django_db
AFTER = NOW + UNDO_TIME  # a decision of the desk waits so long for its undoing
WHY = {"reason": "学校の同じ学級だった", "now": NOW}


@pytest.fixture
def world():
    return open_campaign(mechanic=Mechanic.LATER, course={"total_cap": 3}, appeal_days=14)


@pytest.fixture
def held(world):
    """Six held entries on one device."""
    entries = accepted(world.campaign, 6, device="farm")
    assert sweep_rings(now=NOW) == 6
    return [entry.pk for entry in entries]


@pytest.fixture
def by(world):
    """The ring and the person who decides, as the services take them."""
    return lambda: {"ring_id": SuspectedRing.objects.get().pk, "actor_id": world.operator.pk} | WHY


def statuses(entry_ids):
    return [Entry.objects.get(pk=pk).status for pk in entry_ids]


def test_released_entries_go_on_and_are_not_held_again(held, by):
    act = release_ring(entry_ids=held, **by())

    assert (act.kind, act.entry_ids, act.waiting_ids, act.skipped) == (RingActKind.RELEASED, held, [], {})
    assert sweep_rings(now=NOW) == 0
    assert statuses(held) == [EntryStatus.ACCEPTED] * 6
    assert set(Entry.objects.filter(pk__in=held).values_list("advance_after", flat=True)) == {AFTER}
    line = AuditEntry.objects.get(action="ring.released")
    assert (line.reason, line.facts["done"]) == (WHY["reason"], 6)
    assert AuditEntry.objects.filter(action="review.resolved").count() == 6


def test_a_released_ring_wins_as_others_do(by):
    world = open_campaign(codes=6)
    entries = accepted(world.campaign, 6, device="farm")
    for entry in entries:
        factories.IdentityFactory.create(participant=entry.participant)
    sweep_rings(now=NOW)

    release_ring(entry_ids=[entry.pk for entry in entries], **by() | {"actor_id": world.operator.pk})
    sweep(now=AFTER)

    assert statuses(entry.pk for entry in entries) == [EntryStatus.WON] * 6


def test_one_member_is_released_alone(held, by):
    release_ring(entry_ids=held[:1], **by())

    assert statuses(held) == [EntryStatus.ACCEPTED] + [EntryStatus.IN_REVIEW] * 5


def test_a_refused_ring_is_told_why_and_may_object(held, by):
    act = refuse_ring(entry_ids=held, reason_code="entered_as_one", **by())

    assert act.entry_ids == held
    assert statuses(held) == [EntryStatus.REFUSED] * 6
    entry = Entry.objects.get(pk=held[0])
    assert entry.decisions.get(verdict=Verdict.REFUSED).reasons[0]["code"] == "entered_as_one"
    factories.IdentityFactory.create(participant=entry.participant)
    assert announce_verdicts(now=AFTER) == 1
    assert open_appeal(entry_id=entry.pk, text="家族それぞれの応募です。", now=NOW).decision.entry_id == entry.pk
    ring = with_figures(SuspectedRing.objects.all()).get()
    assert (ring.held_count, ring.refused_count, ring.released_count) == (0, 6, 0)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"reason": "なし"}, RingNoteNotAccepted),
        ({"reason": "x" * 201}, RingNoteNotAccepted),
        ({"reason": "理由\x00あり"}, RingNoteNotAccepted),
        ({"reason_code": "suspected_ring"}, ReasonMissing),
        ({"reason_code": ""}, ReasonMissing),
        ({"entry_ids": []}, RingChanged),
    ],
)
def test_a_refusal_without_reason_or_entries_changes_nothing(change, refusal, held, by):
    with pytest.raises(refusal):
        refuse_ring(**{"entry_ids": held, "reason_code": "entered_as_one"} | by() | change)

    assert statuses(held) == [EntryStatus.IN_REVIEW] * 6
    assert not RingAct.objects.exists()


def test_an_entry_of_another_ring_is_not_touched(held, by, world):
    others = accepted(world.campaign, 6, device="other farm", network="198.51.100.0/24")
    sweep_rings(now=NOW)
    ring = SuspectedRing.objects.get(members__entry=held[0])

    act = release_ring(entry_ids=[*held, *[entry.pk for entry in others]], **by_ring(by, ring))

    assert act.entry_ids == held
    assert statuses(entry.pk for entry in others) == [EntryStatus.IN_REVIEW] * 6


def by_ring(by, ring):
    return {"ring_id": ring.pk, "actor_id": factories.UserFactory.create().pk} | WHY


def test_what_is_in_other_hands_or_at_the_desk_for_more_stays(held, by):
    taken, doubtful = ReviewCase.objects.get(entry=held[0]), ReviewCase.objects.get(entry=held[1])
    claim_case(case_id=taken.pk, actor_id=factories.UserFactory.create().pk, now=NOW)
    doubtful.decision.reasons.append({"code": "reading_uncertain", "rule": "purchase", "region": None})
    doubtful.decision.save()

    act = release_ring(entry_ids=held, **by())

    assert act.entry_ids == held[2:]
    assert act.skipped == {str(held[0]): CaseTaken.code}
    assert statuses(held[:2]) == [EntryStatus.IN_REVIEW] * 2


def test_cases_for_two_reviewers_wait_for_the_second(held, by, world):
    set_policy(campaign_id=world.campaign.pk, due_hours=24, second_share=100, actor_id=world.operator.pk, now=NOW)
    first = refuse_ring(entry_ids=held, reason_code="entered_as_one", **by())
    waiting = statuses(held)

    second = refuse_ring(
        entry_ids=held, reason_code="entered_as_one", **by() | {"actor_id": factories.UserFactory.create().pk}
    )

    assert (first.entry_ids, first.waiting_ids) == ([], held)
    assert waiting == [EntryStatus.IN_REVIEW] * 6
    assert second.entry_ids == held
    assert statuses(held) == [EntryStatus.REFUSED] * 6


def test_a_release_is_taken_back_for_those_without_a_result_i14(held, by, world):
    act = release_ring(entry_ids=held, **by())
    factories.DrawResultFactory.create(entry=Entry.objects.get(pk=held[0]))

    undone = undo_ring_act(act_id=act.pk, actor_id=world.operator.pk, **WHY)

    assert (undone.kind, undone.entry_ids, undone.undoes) == (RingActKind.HELD, held[1:], act)
    assert statuses(held) == [EntryStatus.ACCEPTED] + [EntryStatus.IN_REVIEW] * 5
    with pytest.raises(RingActNotUndoable):
        undo_ring_act(act_id=act.pk, actor_id=world.operator.pk, **WHY)


def test_a_ring_below_the_threshold_is_held_at_a_persons_wish_and_let_go(world, by):
    entries = [entry.pk for entry in accepted(world.campaign, 4, device="tablet")]
    assert sweep_rings(now=NOW) == 0

    act = hold_ring(entry_ids=entries, **by())
    risks = set(ReviewCase.objects.filter(status=ReviewStatus.OPEN).values_list("risk", flat=True))
    held = statuses(entries)
    undo_ring_act(act_id=act.pk, actor_id=world.operator.pk, **WHY)

    assert risks == {60}  # of the reason; the ring's 45 is less
    assert held == [EntryStatus.IN_REVIEW] * 4
    assert statuses(entries) == [EntryStatus.ACCEPTED] * 4


def test_held_cases_get_the_risk_of_their_ring(held, by):
    SuspectedRing.objects.update(score=97)

    act = hold_ring(entry_ids=[], **by())

    assert act.entry_ids == []
    assert set(ReviewCase.objects.values_list("risk", flat=True)) == {97}


@pytest.mark.parametrize("kind", ["refused", "undoing"])
def test_a_refusal_and_an_undoing_are_not_taken_back(kind, held, by, world):
    if kind == "refused":
        act = refuse_ring(entry_ids=held, reason_code="entered_as_one", **by())
    else:
        act = undo_ring_act(act_id=release_ring(entry_ids=held, **by()).pk, actor_id=world.operator.pk, **WHY)
    before = statuses(held)

    with pytest.raises(DomainError) as refused:
        undo_ring_act(act_id=act.pk, actor_id=world.operator.pk, **WHY)

    assert refused.value.code == "ring_act_not_undoable"
    assert statuses(held) == before
