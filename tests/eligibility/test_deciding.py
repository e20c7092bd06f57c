"""Verdicts by rule and by person, lists, and the guard against guessing."""

from datetime import timedelta

import pytest

from campaigns.models import Campaign, RuleKind
from core.errors import StaleState
from eligibility.errors import ListNotAccepted, NothingToDecide, ReasonMissing, TooManyAttempts
from eligibility.models import AttemptBudget, Decision, NumberUse, ReferenceNumber, ReviewCase, Serial, Verdict
from eligibility.services import (
    create_reference_list,
    create_serial_batch,
    decide_entry,
    decisions_that_differ,
    generate_serials,
    resolve_case,
    spend_attempt,
)
from journeys.audit import violations
from journeys.services import advance_entry
from participants.models import Entry, EntryStatus, ProofKind
from participants.services import save_typed_proof
from receipts.errors import DuplicateReceipt
from receipts.models import ReceiptStatus
from tests import factories
from tests.factories import NOW
from tests.worlds import World, begin, finish, open_campaign, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = open_campaign(codes=9, rules=(RuleKind.SERIAL,))
    create_serial_batch(campaign_id=world.campaign.pk, name="版", values=["AAAA1111", "BBBB2222"])
    return world


def typed(world, number="AAAA1111") -> Entry:
    entry = begin(world)
    save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value=number)
    return send(entry)


def in_review(world, number="AAAA1111") -> ReviewCase:
    """An entry whose receipt nobody is sure of."""
    entry = begin(world)
    save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value=number)
    factories.ReceiptFactory.create(entry=entry, telephone="", fingerprint="f" * 64, reading={"needs_review": True})
    Campaign.objects.update(purchase_from_on="2026-11-01", purchase_until_on="2026-11-30")
    send(entry)
    return ReviewCase.objects.get(entry=advance_entry(entry_id=entry.pk, now=NOW))


@pytest.fixture
def reviewed() -> World:
    world = open_campaign(
        codes=9,
        rules=(RuleKind.SERIAL, RuleKind.PURCHASE),
        purchase_from_on=NOW.date(),
        purchase_until_on=NOW.date(),
    )
    create_serial_batch(campaign_id=world.campaign.pk, name="版", values=["AAAA1111", "BBBB2222"])
    return world


def resolve(case, verdict, reason="", **details):
    actor = factories.UserFactory.create()
    return resolve_case(case_id=case.pk, verdict=verdict, reason_code=reason, actor_id=actor.pk, now=NOW, **details)


def used() -> list[int]:
    return list(Serial.objects.order_by("pk").values_list("used_count", flat=True))


def test_an_entry_is_decided_once(world):
    entry = typed(world)
    decision = decide_entry(entry_id=entry.pk, now=NOW)

    assert (decision.verdict, decision.number, used()) == (Verdict.ELIGIBLE, 1, [1, 0])
    with pytest.raises(NothingToDecide):
        decide_entry(entry_id=entry.pk, now=NOW)
    assert Decision.objects.count() == 1


def test_I15_a_refused_entry_takes_nothing_and_mended_it_takes_one(world):
    entry = typed(world, "ZZZZ9999")
    assert decide_entry(entry_id=entry.pk, now=NOW).verdict == Verdict.SENT_BACK
    assert used() == [0, 0]

    save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value="BBBB2222")
    send(entry)
    decision = decide_entry(entry_id=entry.pk, now=NOW)

    assert (decision.verdict, decision.number, used()) == (Verdict.ELIGIBLE, 2, [0, 1])
    assert violations(NOW) == {}


def test_T05_unknown_used_and_foreign_numbers_get_one_answer(world):
    other = open_campaign(rules=(RuleKind.SERIAL,))
    create_serial_batch(campaign_id=other.campaign.pk, name="版", values=["CCCC3333"])
    finish_first = typed(world)
    advance_entry(entry_id=finish_first.pk, now=NOW)

    reasons = [decide_entry(entry_id=typed(world, n).pk, now=NOW).reasons for n in ("AAAA1111", "CCCC3333", "DDDD4444")]

    assert reasons[0] == reasons[1] == reasons[2]


def test_a_serial_good_for_two_is_good_for_two():
    world = open_campaign(rules=(RuleKind.SERIAL,))
    create_serial_batch(campaign_id=world.campaign.pk, name="版", values=["AAAA1111"], uses_allowed=2)

    verdicts = [decide_entry(entry_id=typed(world).pk, now=NOW).verdict for _person in range(3)]

    assert verdicts == [Verdict.ELIGIBLE, Verdict.ELIGIBLE, Verdict.SENT_BACK]
    assert used() == [2]


def test_a_reference_number_is_taken_like_a_serial():
    world = open_campaign(rules=(RuleKind.REFERENCE,))
    create_reference_list(campaign_id=world.campaign.pk, name="名簿", label="会員番号", values=["10000001"])
    verdicts = []
    for _person in range(2):
        entry = begin(world)
        save_typed_proof(entry_id=entry.pk, kind=ProofKind.REFERENCE, value="1000-0001")
        verdicts.append(decide_entry(entry_id=send(entry).pk, now=NOW).verdict)

    assert verdicts == [Verdict.ELIGIBLE, Verdict.SENT_BACK]
    assert (ReferenceNumber.objects.get().used_count, NumberUse.objects.count()) == (1, 1)


def test_an_entry_whose_receipt_is_unread_waits(world):
    entry = typed(world)
    factories.ReceiptFactory.create(entry=entry, status=ReceiptStatus.READING, lease_until=NOW)

    with pytest.raises(NothingToDecide):
        decide_entry(entry_id=entry.pk, now=NOW)
    assert used() == [0, 0]


def test_what_is_unclear_takes_nothing_until_a_person_approves(reviewed):
    case = in_review(reviewed)
    assert (case.entry.status, used()) == (EntryStatus.IN_REVIEW, [0, 0])

    decision = resolve(case, Verdict.ELIGIBLE)

    assert (decision.verdict, decision.number, decision.decided_by is not None) == (Verdict.ELIGIBLE, 2, True)
    assert used() == [1, 0]
    assert case.entry.receipts.get().counts
    assert advance_entry(entry_id=case.entry_id, now=NOW).status == EntryStatus.WON
    assert violations(NOW) == {}


@pytest.mark.parametrize(
    ("verdict", "status"), [(Verdict.SENT_BACK, EntryStatus.SENT_BACK), (Verdict.REFUSED, EntryStatus.REFUSED)]
)
def test_a_person_sends_back_or_refuses_with_a_reason(reviewed, verdict, status):
    case = in_review(reviewed)
    for reason in ("", "because"):
        with pytest.raises(ReasonMissing):
            resolve(case, verdict, reason)

    decision = resolve(case, verdict, "product_missing", note="別の商品")

    case.refresh_from_db()
    assert [reason["code"] for reason in decision.reasons] == ["product_missing"]
    assert (case.status, case.outcome, case.note, used()) == ("resolved", decision, "別の商品", [0, 0])
    assert Entry.objects.get(pk=case.entry_id).status == status
    assert violations(NOW) == {}


def test_nobody_decides_unclear_by_hand(reviewed):
    with pytest.raises(ReasonMissing):
        resolve(in_review(reviewed), Verdict.UNCLEAR, "product_missing")


def test_of_two_reviewers_the_first_decides(reviewed):
    case = in_review(reviewed)
    resolve(case, Verdict.ELIGIBLE)

    with pytest.raises(StaleState):
        resolve(case, Verdict.REFUSED, "product_missing")
    assert Decision.objects.filter(entry=case.entry).count() == 2


def test_I16_a_receipt_that_counts_elsewhere_by_now_is_not_approved(reviewed):
    case = in_review(reviewed)
    other = in_review(reviewed, "BBBB2222")
    resolve(other, Verdict.ELIGIBLE)

    with pytest.raises(DuplicateReceipt):
        resolve(case, Verdict.ELIGIBLE)
    case.refresh_from_db()
    assert (case.status, used()) == ("open", [0, 1])
    assert violations(NOW) == {}


def test_I19_a_verdict_is_judged_by_the_rules_of_its_time(world):
    decision = decide_entry(entry_id=typed(world).pk, now=NOW)
    Campaign.objects.update(entry_closes_at=NOW - timedelta(days=1))
    world.campaign.rule_groups.all().delete()

    assert decisions_that_differ() == []
    assert decision.rule_version.document["groups"][0]["rules"][0]["kind"] == "serial"


def test_of_two_entries_sent_before_either_is_judged_the_first_counts():
    world = open_campaign()
    first, second = send(begin(world)), send(begin(world))
    Entry.objects.filter(pk=second.pk).update(participant=first.participant_id)

    assert decide_entry(entry_id=first.pk, now=NOW).verdict == Verdict.ELIGIBLE
    assert decide_entry(entry_id=second.pk, now=NOW).verdict == Verdict.REFUSED


def test_the_daily_limit_follows_the_japanese_day():
    world = open_campaign(entries_per_person=5, entries_per_person_a_day=1)
    first = finish(begin(world, email="taro@example.jp"))
    midnight = NOW.replace(hour=15)

    def again(at):
        entry = begin(world, email="taro@example.jp", now=at)
        return finish(entry, now=at).status

    assert first.status == EntryStatus.WON
    assert again(midnight - timedelta(microseconds=1)) == EntryStatus.REFUSED
    assert again(midnight) == EntryStatus.WON


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ([], []),
        (["AAAA1111", "ABC"], [(2, "number_malformed")]),
        (["AAAA1111", "aaaa-1111"], [(2, "duplicate_in_list")]),
        (["あいうえ", "A" * 41], [(1, "number_malformed"), (2, "number_malformed")]),
    ],
)
def test_a_list_comes_in_whole_or_not_at_all(values, problems):
    campaign = open_campaign().campaign
    for create in (
        lambda: create_serial_batch(campaign_id=campaign.pk, name="版", values=values),
        lambda: create_reference_list(campaign_id=campaign.pk, name="名簿", label="番号", values=values),
    ):
        with pytest.raises(ListNotAccepted) as refused:
            create()
        assert refused.value.problems == problems
    assert (Serial.objects.count(), ReferenceNumber.objects.count()) == (0, 0)


def test_a_number_is_listed_once_in_a_campaign_and_again_in_another(world):
    with pytest.raises(ListNotAccepted) as refused:
        create_serial_batch(campaign_id=world.campaign.pk, name="第2版", values=["CCCC3333", "bbbb 2222"])
    assert refused.value.problems == [(2, "already_listed")]

    other = open_campaign().campaign
    assert create_serial_batch(campaign_id=other.pk, name="版", values=["BBBB2222"]).serials.count() == 1


def test_generated_serials_differ_and_are_stored_sealed():
    batch = generate_serials(campaign_id=open_campaign().campaign.pk, name="版", count=200)

    assert batch.serials.values("value_index").distinct().count() == 200
    assert all(text.startswith("v1:") for text in batch.serials.values_list("value_ciphertext", flat=True))


def test_T04_tries_are_counted_by_scope_and_window():
    def spend(scope="device", now=NOW):
        spend_attempt(scope=scope, limit=2, window_seconds=600, now=now)

    spend()
    spend()
    with pytest.raises(TooManyAttempts):
        spend()
    with pytest.raises(TooManyAttempts):
        spend(now=NOW + timedelta(seconds=599))
    spend(scope="other")
    spend(now=NOW + timedelta(seconds=600))
    assert not AttemptBudget.objects.filter(scope__contains="device").exists()
