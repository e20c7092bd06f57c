"""From the first touch to the till, by the services that all faces call."""

import pytest

from accounts.models import AuditEntry
from campaigns.models import Store
from codes.links import claim_token
from codes.models import Award, CodeStatus
from codes.selectors import award_by_token
from codes.services import redeem_code, reveal_code
from distribution.models import Delivery, DeliveryStatus
from eligibility.models import Decision, ReviewCase, Verdict
from eligibility.services import resolve_case
from journeys.services import advance_entry, confirm_draw, preview_draw, sweep
from participants.models import EntryStatus, ProofKind
from tests.flows.steps import (
    NOW,
    confirm,
    deliver,
    demo_campaigns,
    jpeg,
    later,
    send_receipt,
    send_serial,
    start,
    submit,
    tea_reading,
)

pytestmark = pytest.mark.django_db


def test_a_good_receipt_wins_a_code_that_is_redeemed_at_the_till():
    campaign = demo_campaigns()["green-tea"]
    entry = start(campaign, email="hanako@example.com")
    send_receipt(entry, tea_reading())

    assert submit(entry).status == EntryStatus.ACCEPTED  # the address is not confirmed yet
    assert Award.objects.count() == 0
    assert confirm(entry).status == EntryStatus.WON

    award = Award.objects.get()
    mails = deliver()
    assert [mail.to for mail in mails] == [["hanako@example.com"], ["hanako@example.com"]]
    assert f"/g/{claim_token(award.public_id)}/" in mails[-1].body
    assert {delivery.status for delivery in Delivery.objects.all()} == {DeliveryStatus.ACCEPTED}

    found = award_by_token(claim_token(award.public_id))
    assert found == award
    code = reveal_code(award_id=award.pk, now=NOW).code
    assert code not in mails[-1].body
    assert AuditEntry.objects.filter(action="code.revealed").count() == 1

    store = Store.objects.get(code="0001")
    redemption = redeem_code(agency_id=campaign.agency_id, presented=code, store_id=store.pk, now=NOW)
    assert (redemption.amount_jpy, redemption.balance_after_jpy) == (500, 0)
    award.refresh_from_db()
    assert award.gift_code.status == CodeStatus.ISSUED
    assert award.gift_code.balance_jpy == 0


@pytest.mark.parametrize(
    ("reading", "code"),
    [
        (tea_reading(date="2026-06-15"), "purchased_outside_period"),
        (tea_reading(items=()), "product_missing"),
        (tea_reading(total="2499"), "spend_too_small"),
        (tea_reading(is_receipt=False), "not_a_receipt"),
        (tea_reading(is_complete=False), "receipt_cut_off"),
    ],
)
def test_a_receipt_that_does_not_meet_the_rules_is_sent_back_with_its_reason(reading, code):
    entry = start(demo_campaigns()["green-tea"], email="taro@example.com")
    send_receipt(entry, reading)

    assert submit(entry).status == EntryStatus.SENT_BACK
    decision = Decision.objects.get()
    assert decision.verdict == Verdict.SENT_BACK
    assert [reason["code"] for reason in decision.reasons] == [code]


def test_I16_the_same_receipt_supports_one_entry_only():
    campaign = demo_campaigns()["green-tea"]
    first = start(campaign, email="first@example.com")
    send_receipt(first, tea_reading())
    assert submit(first).status == EntryStatus.ACCEPTED

    second = start(campaign, email="second@example.com")
    send_receipt(second, tea_reading(), photo=jpeg(90))

    assert submit(second).status == EntryStatus.SENT_BACK
    assert Decision.objects.get(entry=second).reasons[0]["code"] == "receipt_already_used"


def test_an_unclear_receipt_goes_to_a_person_whose_approval_wins():
    campaigns = demo_campaigns()
    entry = start(campaigns["green-tea"], email="unclear@example.com")
    send_receipt(entry, tea_reading(needs_review=True))
    assert submit(entry).status == EntryStatus.IN_REVIEW
    confirm(entry)

    case = ReviewCase.objects.get()
    actor = case.agency.members.get(username="reviewer")
    resolve_case(case_id=case.pk, verdict=Verdict.ELIGIBLE, reason_code="", actor_id=actor.pk, now=NOW)
    assert advance_entry(entry_id=entry.pk, now=NOW).status == EntryStatus.WON


def test_I15_a_serial_is_good_for_one_entry_and_a_refused_entry_takes_none():
    campaign = demo_campaigns()["lucky-serial"]
    first, second, third = (start(campaign, email=f"p{number}@example.com") for number in range(3))
    send_serial(first, "mzhk-2026-demo-001")
    send_serial(second, "MZHK2026DEMO001")
    send_serial(third, "MZHK2026NONE999")

    assert submit(first).status == EntryStatus.ACCEPTED
    assert submit(second).status == EntryStatus.SENT_BACK
    assert submit(third).status == EntryStatus.SENT_BACK
    serial = first.number_uses.get().serial
    assert serial.used_count == 1
    assert confirm(first).status in {EntryStatus.WON, EntryStatus.LOST}


def test_I14_an_instant_result_is_drawn_once():
    campaign = demo_campaigns()["lucky-serial"]
    entry = start(campaign, email="lucky@example.com")
    send_serial(entry, "MZHK2026DEMO007")
    submit(entry)
    status = confirm(entry).status
    for _again in range(5):
        assert advance_entry(entry_id=entry.pk, now=NOW).status == status
    assert Award.objects.count() == (1 if status == EntryStatus.WON else 0)


def test_a_later_draw_gives_each_winner_a_code_and_tells_the_others():
    campaign = demo_campaigns()["members-voice"]
    question = campaign.survey.questions.get(position=1)
    last = campaign.survey.questions.get(position=3)
    from participants.services import save_answers

    for number in range(1, 14):
        entry = start(campaign, email=f"member{number}@example.com")
        send_serial(entry, f"1000{number:04}", kind=ProofKind.REFERENCE)
        save_answers(entry_id=entry.pk, answers={question.pk: ["ほぼ毎日"], last.pk: ["味", "価格"]})
        assert submit(entry).status == EntryStatus.ACCEPTED
        confirm(entry)
    assert "not_closed" in preview_draw(campaign_id=campaign.pk).obstacles
    from campaigns.services import follow_clock

    closed = later(days=40)
    follow_clock(now=closed)

    preview = preview_draw(campaign_id=campaign.pk)
    assert (preview.candidate_count, preview.total_value_jpy, preview.obstacles) == (13, 30000, ())
    operator = campaign.agency.members.get(username="operator")
    draw = confirm_draw(campaign_id=campaign.pk, expected_candidates=13, actor_id=operator.pk, now=closed)
    sweep(now=closed)

    assert (draw.candidate_count, draw.winner_count) == (13, 10)
    assert Award.objects.count() == 10
    assert campaign.entries.filter(status=EntryStatus.WON).count() == 10
    assert campaign.entries.filter(status=EntryStatus.LOST).count() == 3
    deliver(now=closed)
    assert Delivery.objects.filter(kind="award", status=DeliveryStatus.ACCEPTED).count() == 10
    assert Delivery.objects.filter(kind="not_won", status=DeliveryStatus.ACCEPTED).count() == 3
