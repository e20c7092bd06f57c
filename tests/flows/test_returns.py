"""返品: goods given back after the verdict, from the notice to what the entrant keeps."""

from functools import partial

import pytest

from accounts.models import Agency, AuditEntry
from campaigns.models import EntryRule, RuleKind
from campaigns.services import freeze_rules
from codes.errors import AwardVoided
from codes.models import Award, CodeStatus, GiftCode
from codes.services import reveal_code
from distribution.models import Delivery, DeliveryKind
from eligibility.errors import NothingToSettle, ReturnOfAnother
from eligibility.models import Decision, PurchaseReturn, ReturnSource, ReviewCase, ReviewStatus, Verdict
from eligibility.selectors import current_decision
from eligibility.services import (
    Notice,
    answer_appeal,
    decisions_that_differ,
    open_appeal,
    resolve_case,
    settle_return,
)
from journeys.audit import violations
from journeys.returns import returns_to_settle, shown_awards, take_return
from journeys.services import advance_entry
from participants.models import Entry, EntryStatus, Touch, TouchKind
from receipts.errors import DuplicateReceipt
from receipts.models import Receipt
from tests import factories
from tests.factories import NOW
from tests.worlds import World, begin, open_campaign, send

pytestmark = pytest.mark.django_db
CLIENT = Notice(source=ReturnSource.CLIENT, reference="R-1")


@pytest.fixture
def world() -> World:
    return open_campaign(codes=5, rules=(RuleKind.PURCHASE,), purchase_from_on=NOW.date(), purchase_until_on=NOW.date())


def bought(world: World, *, paper: str = "f" * 64, **reading: bool) -> Receipt:
    """Somebody has sent a receipt."""
    read = {"needs_review": False, **reading}
    return factories.ReceiptFactory.create(entry=begin(world), fingerprint=paper, telephone="", reading=read)


def judged(receipt: Receipt) -> Entry:
    send(receipt.entry)
    return advance_entry(entry_id=receipt.entry_id, now=NOW)


def told(receipt: Receipt, notice: Notice = CLIENT) -> PurchaseReturn:
    return take_return(receipt_id=receipt.pk, notice=notice, now=NOW)


def test_a_code_nobody_has_seen_is_blocked_and_goes_to_nobody(world):
    receipt = bought(world)
    assert judged(receipt).status == EntryStatus.WON
    award = Award.objects.get()

    found = told(receipt)

    award.refresh_from_db()
    assert (award.voided_at, award.gift_code.status) == (NOW, CodeStatus.VOID)
    with pytest.raises(AwardVoided):
        reveal_code(award_id=award.pk, now=NOW)
    entry = Entry.objects.get()
    decision = current_decision(entry.pk)
    assert (entry.status, decision.verdict, decision.number) == (EntryStatus.REFUSED, Verdict.REFUSED, 2)
    assert [reason["code"] for reason in decision.reasons] == ["purchase_returned"]
    assert found.decision == decision
    assert Delivery.objects.filter(entry=entry, kind=DeliveryKind.VERDICT).count() == 1
    assert AuditEntry.objects.filter(action="purchase.returned").count() == 1
    assert Touch.objects.filter(entry=entry, kind=TouchKind.RETURNED).count() == 1
    assert GiftCode.objects.filter(status=CodeStatus.AVAILABLE).count() == 4, "the blocked code is not in stock again"
    assert (decisions_that_differ(), violations(NOW)) == ([], {})


def test_told_again_it_changes_nothing(world):
    receipt = bought(world)
    judged(receipt)

    first, again = (
        told(receipt),
        told(receipt, Notice(source=ReturnSource.DESK, reason="電話", actor_id=world.operator.pk)),
    )

    assert (again, Decision.objects.count()) == (first, 2)
    assert Delivery.objects.filter(kind=DeliveryKind.VERDICT).count() == 1


def test_one_number_of_the_client_tells_of_one_receipt(world):
    told(bought(world))
    other = bought(world, paper="e" * 64)

    with pytest.raises(ReturnOfAnother):
        told(other)
    other.refresh_from_db()
    assert other.returned_at is None


def test_a_code_that_was_shown_is_kept_and_waits_for_an_operator(world):
    receipt = bought(world)
    judged(receipt)
    award = Award.objects.get()
    reveal_code(award_id=award.pk, now=NOW)

    found = told(receipt)

    award.refresh_from_db()
    assert (award.voided_at, award.gift_code.status) == (None, CodeStatus.ISSUED)
    assert list(shown_awards(found)) == [award]
    own = Agency.objects.filter(pk=world.agency.pk)
    assert list(returns_to_settle(own)) == [found]
    assert list(returns_to_settle(Agency.objects.exclude(pk=world.agency.pk))) == []
    assert violations(NOW) == {}

    settle = partial(settle_return, return_id=found.pk, note="請求", actor_id=world.operator.pk, now=NOW)
    settle()
    assert list(returns_to_settle(own)) == []
    with pytest.raises(NothingToSettle):
        settle()


def test_before_the_verdict_the_return_is_known_when_it_is_given(world):
    receipt = bought(world)
    assert told(receipt).decision is None

    assert judged(receipt).status == EntryStatus.REFUSED
    assert current_decision(receipt.entry_id).reasons[0]["code"] == "purchase_returned"
    assert not Award.objects.exists()


def test_a_case_at_the_desk_is_closed_with_it(world):
    receipt = bought(world, needs_review=True)
    assert judged(receipt).status == EntryStatus.IN_REVIEW

    told(receipt)

    assert ReviewCase.objects.get().status == ReviewStatus.RESOLVED
    assert Entry.objects.get().status == EntryStatus.REFUSED
    assert violations(NOW) == {}


def test_a_returned_paper_is_good_for_no_other_entry(world):
    receipt = bought(world)
    judged(receipt)
    told(receipt)

    other = bought(world)
    assert judged(other).status == EntryStatus.SENT_BACK
    assert current_decision(other.entry_id).reasons[0]["code"] == "receipt_already_used"

    doubtful = bought(world, needs_review=True)
    case = ReviewCase.objects.get(entry=judged(doubtful))
    with pytest.raises(DuplicateReceipt):
        resolve_case(case_id=case.pk, verdict=Verdict.ELIGIBLE, reason_code="", actor_id=world.operator.pk, now=NOW)


def test_an_entrant_who_returned_nothing_objects_and_gets_another_code(world):
    receipt = bought(world)
    judged(receipt)
    told(receipt)

    appeal = open_appeal(entry_id=receipt.entry_id, text="返品していません。", now=NOW)
    answer_appeal(
        appeal_id=appeal.pk,
        verdict=Verdict.ELIGIBLE,
        reason_code="",
        message="確認できました。",
        actor_id=world.operator.pk,
        now=NOW,
    )
    assert advance_entry(entry_id=receipt.entry_id, now=NOW).status == EntryStatus.WON

    old, new = Award.objects.order_by("pk")
    assert (old.voided_at is not None, new.voided_at) == (True, None)
    assert old.gift_code_id != new.gift_code_id
    assert violations(NOW) == {}


def test_of_a_sum_that_is_reached_without_it_nothing_is_taken(world):
    EntryRule.objects.update(parameters={"minimum_spend_jpy": 2000, "receipts_at_most": 3})
    freeze_rules(campaign_id=world.campaign.pk)
    first = bought(world)
    more = [
        factories.ReceiptFactory.create(
            entry=first.entry, fingerprint=paper * 64, telephone="", reading={"needs_review": False}
        )
        for paper in "de"
    ]
    assert judged(first).status == EntryStatus.WON

    found = told(first)
    assert (found.decision.verdict, Entry.objects.get().status) == (Verdict.ELIGIBLE, EntryStatus.WON)
    assert Award.objects.get().voided_at is None
    assert set(Receipt.objects.filter(counts=True)) == set(more)
    assert (decisions_that_differ(), violations(NOW)) == ([], {})

    told(more[0], Notice(source=ReturnSource.CLIENT, reference="R-2"))
    assert Entry.objects.get().status == EntryStatus.REFUSED
    assert Award.objects.get().voided_at == NOW
    assert violations(NOW) == {}
