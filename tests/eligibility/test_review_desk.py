"""The desk's rules: a case is in one pair of hands, some are seen by two, each has its clock and its risk."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from core.errors import StaleState
from eligibility.agreement import Agreement, Pace, agreement_of, figures_by, pace_of
from eligibility.errors import CaseTaken, OpinionGiven, PolicyNotAccepted, ReasonMissing, SeniorNeeded
from eligibility.models import ReviewCase, ReviewOpinion, Verdict
from eligibility.risk import risk_of
from eligibility.selectors import is_in_sample
from eligibility.services import claim_case, give_opinion, open_case, raise_risk, release_case, set_policy
from participants.models import EntryStatus
from tests.factories import NOW, DecisionFactory, PrizeFactory, ReviewCaseFactory, UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def case():
    return ReviewCaseFactory()


@pytest.fixture
def people():
    return UserFactory.create_batch(3)


def say(case, person, verdict=Verdict.ELIGIBLE, reason="", **details):
    return give_opinion(
        case_id=case.pk, verdict=verdict, reason_code=reason, actor_id=person.pk, now=details.pop("now", NOW), **details
    )


def by_two(case, share=100):
    set_policy(campaign_id=case.campaign_id, due_hours=24, second_share=share, actor_id=UserFactory().pk, now=NOW)


def test_a_case_is_in_one_pair_of_hands_until_its_lease_ends(case, people):
    first, second, _third = people
    claim_case(case_id=case.pk, actor_id=first.pk, now=NOW)

    with pytest.raises(CaseTaken):
        claim_case(case_id=case.pk, actor_id=second.pk, now=LATER - timedelta(seconds=1))
    with pytest.raises(CaseTaken):
        say(case, second)
    taken = claim_case(case_id=case.pk, actor_id=second.pk, now=LATER)

    assert (taken.claimed_by, taken.claimed_until) == (second, LATER + timedelta(minutes=10))


def test_holding_on_keeps_the_time_it_was_taken(case, people):
    claim_case(case_id=case.pk, actor_id=people[0].pk, now=NOW)

    held = claim_case(case_id=case.pk, actor_id=people[0].pk, now=NOW + timedelta(minutes=9))

    assert (held.claimed_at, held.claimed_until) == (NOW, NOW + timedelta(minutes=19))


def test_only_its_holder_puts_a_case_back(case, people):
    first, second, _third = people
    claim_case(case_id=case.pk, actor_id=first.pk, now=NOW)

    assert release_case(case_id=case.pk, actor_id=second.pk, now=NOW).claimed_by == first
    assert release_case(case_id=case.pk, actor_id=first.pk, now=NOW).claimed_by is None
    assert claim_case(case_id=case.pk, actor_id=second.pk, now=NOW).claimed_by == second


def test_one_opinion_ends_a_case_that_is_not_in_the_sample(case, people):
    claim_case(case_id=case.pk, actor_id=people[0].pk, now=NOW)

    say(case, people[0], now=NOW + timedelta(seconds=42))

    case.refresh_from_db()
    assert (case.status, case.claimed_by, case.is_sampled) == ("resolved", None, False)
    assert case.opinions.get().seconds == 42
    assert AuditEntry.objects.filter(action="review.opinion_given").count() == 1
    with pytest.raises(StaleState):
        say(case, people[1])


def test_two_who_agree_end_a_case_of_the_sample_and_until_then_the_entry_waits(case, people):
    by_two(case)

    say(case, people[0])
    case.entry.refresh_from_db()
    assert case.entry.status == EntryStatus.IN_REVIEW
    with pytest.raises(OpinionGiven):
        say(case, people[0])
    decided = say(case, people[1])

    case.entry.refresh_from_db()
    assert (decided.status, decided.resolved_by, decided.is_sampled) == ("resolved", people[1], True)
    assert case.entry.status == EntryStatus.ACCEPTED


def test_two_who_disagree_need_a_third_with_the_right_to_settle(case, people):
    by_two(case)
    say(case, people[0])
    say(case, people[1], Verdict.REFUSED, "store_not_included")

    with pytest.raises(SeniorNeeded):
        say(case, people[2])
    case.refresh_from_db()
    assert (case.status, case.opinions.count()) == ("open", 2)
    decided = say(case, people[2], Verdict.SENT_BACK, "date_unread", is_senior=True)

    assert (decided.status, decided.outcome.verdict) == ("resolved", Verdict.SENT_BACK)
    assert list(case.opinions.values_list("number", "verdict")) == [
        (1, "eligible"),
        (2, "refused"),
        (3, "sent_back"),
    ]


def test_an_opinion_without_a_reason_is_not_kept(case, people):
    with pytest.raises(ReasonMissing):
        say(case, people[0], Verdict.REFUSED)
    assert not ReviewOpinion.objects.exists()


def test_a_share_of_the_cases_is_in_the_sample_always_the_same_ones():
    cases = [ReviewCase(agency_id=1) for _number in range(1000)]

    drawn = [is_in_sample(case, 20) for case in cases]

    assert 140 < sum(drawn) < 260
    assert drawn == [is_in_sample(case, 20) for case in cases]
    assert not any(is_in_sample(case, 0) for case in cases)
    assert all(is_in_sample(case, 100) for case in cases)


def test_a_case_opens_with_its_due_time_value_and_risk(people):
    reasons = [{"code": "looks_like_another"}, {"code": "reading_uncertain"}]
    decision = DecisionFactory(verdict=Verdict.UNCLEAR, reasons=reasons, entry__status=EntryStatus.IN_REVIEW)
    campaign = decision.entry.campaign
    for value in (500, 3000):
        PrizeFactory(course__campaign=campaign, face_value_jpy=value)
    set_policy(campaign_id=campaign.pk, due_hours=6, second_share=0, actor_id=people[0].pk, now=NOW)

    case = open_case(decision=decision, now=NOW)

    assert (case.due_at, case.value_jpy, case.risk) == (NOW + timedelta(hours=6), 3000, 50)
    assert raise_risk(case_id=case.pk, risk=45).risk == 50
    assert raise_risk(case_id=case.pk, risk=140).risk == 100


@pytest.mark.parametrize(("hours", "share"), [(0, 0), (721, 0), (24, 101), (24, -1)])
def test_a_policy_out_of_bounds_is_refused(hours, share, case):
    with pytest.raises(PolicyNotAccepted):
        set_policy(campaign_id=case.campaign_id, due_hours=hours, second_share=share, actor_id=1, now=NOW)


def test_risk_weighs_each_reason_once_and_ends_at_a_hundred():
    assert risk_of(["suspected_ring", "screen_photo", "looks_like_another"]) == 100
    assert risk_of(["reading_uncertain", "reading_uncertain", "date_unread"]) == 10


def test_agreement_beyond_chance():
    pairs = [("eligible", "eligible")] * 20 + [("eligible", "refused")] * 5
    pairs += [("refused", "eligible")] * 10 + [("refused", "refused")] * 15

    assert agreement_of(pairs) == Agreement(50, 0.7, 0.4)
    assert agreement_of([("eligible", "eligible")]) == Agreement(1, 1.0, None)
    assert agreement_of([]) == Agreement(0, None, None)


def test_pace_is_of_timed_cases():
    assert pace_of([30, 60, 90, None]) == Pace(4, 60, 60.0)
    assert pace_of([None]) == Pace(1, None, None)


def test_figures_stand_by_campaign_and_by_reviewer(case, people):
    by_two(case)
    say(case, people[0])
    say(case, people[1], Verdict.REFUSED, "store_not_included")
    say(case, people[2], is_senior=True)

    (line,) = figures_by(ReviewOpinion.objects.all(), "case__campaign__title")
    lines = {found.name: found for found in figures_by(ReviewOpinion.objects.all(), "reviewer__username")}

    assert (line.pace.opinion_count, line.agreement.pair_count, line.agreement.share) == (3, 1, 0.0)
    assert [lines[person.username].agreement.pair_count for person in people] == [1, 1, 0]
