"""A reviewer takes a decision back: everything is as it was, unless something left the house for it."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.models import Mechanic
from codes.models import Award
from distribution.models import Delivery, DeliveryStatus
from eligibility.errors import DecidedFurther, NotYourDecision
from eligibility.models import Decision, ReviewCase, ReviewOpinion, Verdict
from eligibility.selectors import UNDO_TIME
from eligibility.services import claim_case, give_opinion, hold_entry, open_appeal, set_policy
from journeys.audit import violations
from journeys.errors import AlreadyGiven, AlreadyTold
from journeys.services import sweep
from journeys.undoing import undo_review
from participants.models import EntryStatus
from receipts.models import PrintedForm, Shop, ShopChain, ShopStatus
from receipts.services import learn_shop, teach_printed_form
from tests import factories
from tests.factories import NOW
from tests.worlds import open_campaign

pytestmark = pytest.mark.django_db
AFTER = NOW + UNDO_TIME


@pytest.fixture
def world():
    return open_campaign()


@pytest.fixture
def case(world):
    """A case of a running campaign, its entrant's address confirmed, with a receipt of a shop that nobody knows."""
    decision = factories.DecisionFactory(
        verdict=Verdict.UNCLEAR,
        entry=factories.EntryFactory(campaign=world.campaign, status=EntryStatus.IN_REVIEW),
        reasons=[{"code": "reading_uncertain", "rule": "group", "region": None}],
        decided_by=factories.UserFactory(),  # no verdict by rule, which would have to be repeatable (I19)
    )
    factories.IdentityFactory(participant=decision.entry.participant)
    case = factories.ReviewCaseFactory(decision=decision, due_at=NOW + timedelta(hours=3))
    factories.ReceiptFactory(entry=case.entry, telephone="0311111111", store_name="みなと屋")
    return case


@pytest.fixture
def reviewer():
    return factories.UserFactory()


def decide(case, person, verdict=Verdict.ELIGIBLE, reason="", now=NOW, **details) -> ReviewOpinion:
    give_opinion(case_id=case.pk, verdict=verdict, reason_code=reason, actor_id=person.pk, now=now, **details)
    return case.opinions.get(reviewer=person)


def undo(opinion: ReviewOpinion, person=None, now=NOW) -> ReviewCase:
    return undo_review(opinion_id=opinion.pk, actor_id=(person or opinion.reviewer).pk, now=now)


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [(Verdict.ELIGIBLE, ""), (Verdict.SENT_BACK, "date_unread"), (Verdict.REFUSED, "store_not_included")],
)
def test_a_decision_taken_back_leaves_the_case_as_it_was(verdict, reason, case, reviewer):
    opinion = decide(case, reviewer, verdict, reason, note="電話で確認")

    undone = undo(opinion)

    case.refresh_from_db()
    case.entry.refresh_from_db()
    receipt = case.entry.receipts.get()
    assert undone == case
    assert (case.status, case.outcome, case.resolved_by, case.note) == ("open", None, None, "")
    assert case.due_at == NOW + timedelta(hours=3)
    assert (case.entry.status, case.entry.advance_after, receipt.counts) == (EntryStatus.IN_REVIEW, None, False)
    told = [(decision.verdict, decision.reasons[0]["code"]) for decision in case.entry.decisions.order_by("number")]
    assert told[-1] == (Verdict.UNCLEAR, "taken_back_by_desk")
    assert len(told) == 3
    line = AuditEntry.objects.get(action="review.undone")
    assert (line.actor, line.facts["verdict"], line.facts["reason_code"]) == (reviewer, verdict, reason)
    assert violations(NOW) == {}


def test_what_was_taken_back_is_decided_anew_by_the_same_person(case, reviewer):
    undo(decide(case, reviewer, Verdict.REFUSED, "store_not_included"))
    claim_case(case_id=case.pk, actor_id=reviewer.pk, now=NOW)

    decide(case, reviewer)
    sweep(now=AFTER)

    case.entry.refresh_from_db()
    assert case.entry.status == EntryStatus.WON
    assert Delivery.objects.get().kind == "award"  # nothing was written about the refusal
    assert violations(AFTER) == {}


def test_for_a_minute_nothing_follows_from_a_decision_and_then_it_stands(case, reviewer):
    opinion = decide(case, reviewer)

    sweep(now=AFTER - timedelta(seconds=1))
    assert (Award.objects.count(), Delivery.objects.count()) == (0, 0)
    sweep(now=AFTER)

    assert (Award.objects.count(), Delivery.objects.count()) == (1, 1)
    with pytest.raises(AlreadyGiven):
        undo(opinion, now=AFTER)
    case.refresh_from_db()
    assert (case.status, ReviewOpinion.objects.count()) == ("resolved", 1)


def test_an_approval_that_waits_for_a_draw_can_be_taken_back_days_later(case, reviewer):
    case.campaign.__class__.objects.update(mechanic=Mechanic.LATER)
    opinion = decide(case, reviewer)
    sweep(now=AFTER)

    assert undo(opinion, now=NOW + timedelta(days=3)).status == "open"


def test_a_message_that_waits_is_stopped_and_one_that_was_sent_ends_taking_back(case, reviewer):
    opinion = decide(case, reviewer, Verdict.REFUSED, "store_not_included")
    sweep(now=AFTER)
    Delivery.objects.update(status=DeliveryStatus.ACCEPTED, accepted_at=AFTER, attempts=1)

    with pytest.raises(AlreadyTold):
        undo(opinion, now=AFTER)
    Delivery.objects.update(status=DeliveryStatus.QUEUED, accepted_at=None, attempts=0)
    undo(opinion, now=AFTER)

    assert Delivery.objects.get().status == DeliveryStatus.CANCELLED
    sweep(now=AFTER + UNDO_TIME)
    assert Delivery.objects.count() == 1


def test_only_the_person_who_said_it_takes_it_back_and_only_once(case, reviewer):
    opinion = decide(case, reviewer)

    with pytest.raises(NotYourDecision):
        undo(opinion, factories.UserFactory())
    undo(opinion)
    with pytest.raises(DecidedFurther):
        undo_review(opinion_id=opinion.pk, actor_id=reviewer.pk, now=NOW)
    assert Decision.objects.filter(reasons__0__code="taken_back_by_desk").count() == 1


def test_who_objected_or_sent_again_is_not_put_back_into_the_queue(case, reviewer):
    opinion = decide(case, reviewer, Verdict.SENT_BACK, "date_unread")
    case.entry.refresh_from_db()
    open_appeal(entry_id=case.entry_id, text="日付は写っています。", now=NOW)

    with pytest.raises(DecidedFurther):
        undo(opinion)
    case.entry.appeals.all().delete()
    case.entry.move_to(EntryStatus.SUBMITTED)
    with pytest.raises(DecidedFurther):
        undo(opinion)
    assert ReviewCase.objects.get().status == "resolved"


def test_of_two_reviewers_each_takes_back_what_was_said_last(case, reviewer):
    second = factories.UserFactory()
    set_policy(campaign_id=case.campaign_id, due_hours=24, second_share=100, actor_id=reviewer.pk, now=NOW)
    first = decide(case, reviewer)
    last = decide(case, second)

    with pytest.raises(DecidedFurther):
        undo(first)
    assert undo(last).opinions.get() == first
    assert undo(first).opinions.count() == 0
    assert violations(NOW) == {}


def test_what_a_held_entry_had_taken_it_keeps(world, reviewer):
    entry = factories.EntryFactory(campaign=world.campaign, status=EntryStatus.ACCEPTED)
    factories.DecisionFactory(entry=entry)
    receipt = factories.ReceiptFactory(entry=entry, counts=True)
    hold_entry(entry_id=entry.pk, now=NOW)

    undo(decide(ReviewCase.objects.get(), reviewer))

    receipt.refresh_from_db()
    assert receipt.counts


def test_what_the_decision_taught_goes_and_is_learned_again_from_the_next_one(case, reviewer):
    receipt = case.entry.receipts.get()
    factories.ReceiptLineFactory(receipt=receipt, name="ﾐｽﾞﾘﾖｸﾁﾔ")
    product = factories.TargetProductFactory(campaign=case.campaign)
    taught = {"receipt_id": receipt.pk, "position": 1, "target_product_id": product.pk, "now": NOW}
    teach_printed_form(**taught, actor_id=reviewer.pk)
    opinion = decide(case, reviewer)
    assert Shop.objects.get().telephone == "0311111111"

    undo(opinion)

    assert not Shop.objects.exists()
    assert ShopChain.objects.get().name == "みなと屋"  # the form that was undone, and stays on record, is of this chain
    assert PrintedForm.objects.get().undone_by == reviewer
    teach_printed_form(**taught, actor_id=reviewer.pk)
    decide(case, reviewer)
    assert Shop.objects.get().status == ShopStatus.PROPOSED
    assert PrintedForm.objects.filter(undone_at__isnull=True).count() == 1


def test_a_chain_that_came_in_with_the_shop_goes_with_it(case, reviewer):
    opinion = decide(case, reviewer)
    assert ShopChain.objects.get().name == "みなと屋"

    undo(opinion)

    assert not ShopChain.objects.exists()
    assert case.entry.receipts.get().chain is None


def test_a_shop_that_the_decision_confirmed_is_proposed_again(case, reviewer):
    earlier = factories.ReceiptFactory(
        entry__campaign=case.campaign, telephone="0311111111", store_name="みなと屋", fingerprint=""
    )
    learn_shop(receipt_id=earlier.pk, actor_id=factories.UserFactory().pk, now=NOW - timedelta(days=1))
    opinion = decide(case, reviewer)
    assert Shop.objects.get().status == ShopStatus.ACTIVE

    undo(opinion)

    shop = Shop.objects.get()
    assert (shop.status, shop.decided_by, shop.decided_at) == (ShopStatus.PROPOSED, None, None)


def test_a_new_shop_that_receipts_were_read_with_is_switched_off_instead(case, reviewer):
    opinion = decide(case, reviewer)
    shop = Shop.objects.get()
    factories.ReceiptFactory(entry__campaign=case.campaign, shop=shop, chain=shop.chain, fingerprint="")

    undo(opinion)

    assert Shop.objects.get().status == ShopStatus.OFF
