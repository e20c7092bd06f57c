"""合算 from the first receipt to the prize: entries, desk and audit together."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.errors import CampaignClosed
from campaigns.models import Campaign, EntryRule, RuleKind
from campaigns.services import freeze_rules
from eligibility.models import ReviewCase, Verdict
from eligibility.selectors import current_decision
from eligibility.services import decisions_that_differ, resolve_case
from eligibility.sums import decided_sum
from journeys.audit import violations
from participants.models import Entry, EntryStatus
from receipts.errors import PhotoSentBefore, ReceiptNotThere, TooManyReceipts
from receipts.models import Receipt, ReceiptStatus
from receipts.ocr.base import ItemReading, ReceiptReading
from receipts.ocr.fake import FakeReader
from receipts.selectors import unread_receipts
from receipts.services import Place, read_receipt, store_upload
from tests import factories
from tests.flows.steps import NOW, confirm, demo_campaigns, jpeg, start, submit, tea_reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """The demo's must-buy campaign (2,500 yen), with up to three receipts added up."""
    campaign = demo_campaigns()["green-tea"]
    rule = EntryRule.objects.get(group__campaign=campaign, kind=RuleKind.PURCHASE)
    rule.parameters |= {"receipts_at_most": 3}
    rule.save()
    freeze_rules(campaign_id=campaign.pk)
    return campaign


def bought(total: int, time: str, **changes: Any) -> ReceiptReading:
    """A purchase of that amount; each has a time and a number of its own."""
    own = {"time": time, "receipt_no": time.replace(":", ""), "total": str(total), "tax": None}
    return tea_reading(items=(ItemReading("ミズヒキ緑茶525ml", 1, total),), **(own | changes))


def add(entry: Entry, reading: ReceiptReading, *, photo: bytes, at: Any = NOW, place: Place | None = None) -> Receipt:
    FakeReader.prepare(reading, photo=None)
    receipt = store_upload(entry_id=entry.pk, photos=[photo], now=at, place=place or Place(adds=True))
    for receipt_id in unread_receipts(at):
        read_receipt(receipt_id=receipt_id, now=at)
    receipt.refresh_from_db()
    return receipt


def begun(campaign: Campaign, email: str = "hanako@example.com") -> Entry:
    return start(campaign, email=email)


def codes_of(entry: Entry) -> list[str]:
    decision = current_decision(entry.pk)
    return [reason["code"] for reason in decision.reasons] if decision else []


def test_two_receipts_reach_together_what_neither_reaches_alone(campaign):
    entry = begun(campaign)
    first = add(entry, bought(1520, "10:15"), photo=jpeg(200))
    assert submit(entry).status == EntryStatus.SENT_BACK
    found = decided_sum(entry.decisions.get())
    assert found is not None
    assert (codes_of(entry), found.missing_jpy) == (["sum_too_small"], 980)
    assert not Receipt.objects.filter(counts=True).exists()

    second = add(entry, bought(980, "18:40"), photo=jpeg(210))
    assert submit(entry).status == EntryStatus.ACCEPTED
    assert confirm(entry).status == EntryStatus.WON

    counted = set(Receipt.objects.filter(counts=True).values_list("pk", flat=True))
    assert counted == {first.pk, second.pk}
    stored = current_decision(entry.pk).inputs
    totals = [facts["figures"]["total"] for facts in [*stored["earlier_receipts"], stored["receipt"]]]
    assert totals == ["1520", "980"]
    assert (decisions_that_differ(), violations(NOW)) == ([], {})


def test_the_same_purchase_photographed_twice_counts_once(campaign):
    entry = begun(campaign)
    add(entry, bought(1520, "10:15"), photo=jpeg(200))
    add(entry, bought(1520, "10:15"), photo=jpeg(210))

    assert submit(entry).status == EntryStatus.SENT_BACK
    assert codes_of(entry) == ["sum_too_small", "receipt_repeated"]


def test_the_very_same_file_is_refused_at_once(campaign):
    entry = begun(campaign)
    add(entry, bought(1520, "10:15"), photo=jpeg(200))

    with pytest.raises(PhotoSentBefore):
        add(entry, bought(1520, "10:15"), photo=jpeg(200))
    assert entry.receipts.count() == 1


def test_I16_a_receipt_used_in_a_sum_is_used_for_no_other_entry_and_spoils_not_what_is_beside_it(campaign):
    winner = begun(campaign)
    add(winner, bought(1520, "10:15"), photo=jpeg(200))
    add(winner, bought(980, "18:40"), photo=jpeg(210))
    assert submit(winner).status == EntryStatus.ACCEPTED

    other = begun(campaign, "jiro@example.com")
    add(other, bought(1520, "10:15"), photo=jpeg(220))
    fresh = add(other, bought(2000, "12:00"), photo=jpeg(230))
    assert submit(other).status == EntryStatus.SENT_BACK
    assert codes_of(other) == ["sum_too_small", "receipt_already_used"]

    add(other, bought(500, "13:00"), photo=jpeg(240))
    assert submit(other).status == EntryStatus.ACCEPTED
    fresh.refresh_from_db()
    assert (fresh.counts, Receipt.objects.filter(counts=True).count()) == (True, 4)
    assert violations(NOW) == {}


def test_receipts_are_added_up_to_the_limit_and_until_the_entry_period_ends(campaign):
    entry = begun(campaign)
    add(entry, bought(100, "10:00"), photo=jpeg(200))
    submit(entry)
    late = campaign.entry_closes_at
    with pytest.raises(CampaignClosed):
        add(entry, bought(100, "11:00"), photo=jpeg(201), at=late)
    add(entry, bought(100, "11:00"), photo=jpeg(201), at=late - timedelta(seconds=1))
    third = add(entry, bought(100, "12:00"), photo=jpeg(202))
    with pytest.raises(TooManyReceipts):
        add(entry, bought(100, "13:00"), photo=jpeg(203))

    with pytest.raises(ReceiptNotThere):
        add(entry, bought(100, "13:00"), photo=jpeg(203), place=Place(instead_of=entry.public_id))
    add(entry, bought(2400, "13:00"), photo=jpeg(203), place=Place(instead_of=third.public_id), at=late)
    third.refresh_from_db()
    assert (third.status, submit(entry).status) == (ReceiptStatus.REPLACED, EntryStatus.ACCEPTED)


def test_a_campaign_that_sums_nothing_takes_no_second_receipt(campaign):
    EntryRule.objects.update(parameters={"minimum_spend_jpy": 2500})
    entry = begun(campaign)
    add(entry, bought(100, "10:00"), photo=jpeg(200), place=Place())

    with pytest.raises(TooManyReceipts):
        add(entry, bought(100, "11:00"), photo=jpeg(201))


def test_an_entry_waits_until_all_its_receipts_are_read(campaign):
    entry = begun(campaign)
    FakeReader.prepare(bought(1520, "10:15"))
    first = store_upload(entry_id=entry.pk, photos=[jpeg(200)], now=NOW)
    store_upload(entry_id=entry.pk, photos=[jpeg(210)], now=NOW, place=Place(adds=True))
    read_receipt(receipt_id=first.pk, now=NOW)
    assert submit(entry).status == EntryStatus.SUBMITTED
    assert violations(NOW) == {}

    FakeReader.prepare(bought(980, "18:40"))
    for receipt_id in unread_receipts(NOW):
        read_receipt(receipt_id=receipt_id, now=NOW)
    entry.refresh_from_db()
    assert entry.advance_after is not None


def test_the_desk_approves_a_doubtful_sum_and_all_of_it_is_used(campaign):
    entry = begun(campaign)
    add(entry, bought(1520, "10:15"), photo=jpeg(200))
    add(entry, bought(980, "18:40", needs_review=True), photo=jpeg(210))
    assert submit(entry).status == EntryStatus.IN_REVIEW
    assert codes_of(entry) == ["reading_uncertain"]

    case = ReviewCase.objects.get(entry=entry)
    actor = factories.UserFactory.create()
    resolve_case(case_id=case.pk, verdict=Verdict.ELIGIBLE, reason_code="", actor_id=actor.pk, now=NOW)

    assert Receipt.objects.filter(counts=True).count() == 2
    assert violations(NOW) == {}


def test_I16_the_audit_names_an_entry_that_counts_more_than_its_rules_sum(campaign):
    rules = campaign.rule_versions.order_by("number").last()
    entry = factories.DecisionFactory.create(entry__campaign=campaign, rule_version=rules).entry
    factories.ReceiptFactory.create_batch(3, entry=entry, counts=True)
    assert "I16" not in violations(NOW)

    factories.ReceiptFactory.create(entry=entry, counts=True)
    assert len(violations(NOW)["I16"]) == 4
