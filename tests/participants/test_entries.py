"""An entry from its start to its sending."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.errors import CampaignClosed
from campaigns.models import Campaign
from core.errors import StaleState
from eligibility.models import ReviewCase, ReviewStatus, Serial
from eligibility.services import create_serial_batch
from journeys.audit import violations
from journeys.services import advance_entry, withdraw_entry
from participants.errors import EntryNotEditable, IncompleteEntry, LinkNotAccepted, NumberNotAccepted
from participants.links import entry_by_resume_token, identity_by_verify_token, resume_token, verify_url
from participants.models import Consent, ConsentKind, Entry, EntryStatus, ProofKind, Touch
from participants.services import agree, give_email, save_answers, save_typed_proof, start_entry, submit_entry
from tests import factories
from tests.factories import CLOSES, NOW
from tests.worlds import begin, contact, finish, open_campaign, send

pytestmark = pytest.mark.django_db


def test_starting_again_goes_on_with_the_entry_begun():
    world = open_campaign()
    entry = begin(world)

    again = start_entry(campaign_id=world.campaign.pk, participant_id=entry.participant_id, now=NOW)

    assert again == entry
    assert start_entry(campaign_id=world.campaign.pk, now=NOW) != entry  # somebody unknown
    assert Touch.objects.filter(entry=entry, kind="started").count() == 1


def test_a_person_of_another_agency_is_not_taken_over():
    stranger = factories.ParticipantFactory.create()

    entry = start_entry(campaign_id=open_campaign().campaign.pk, participant_id=stranger.pk, now=NOW)

    assert entry.participant != stranger


def test_sending_twice_is_one_entry_with_one_time():
    entry = begin(open_campaign())
    first = send(entry)
    again = send(entry, now=NOW + timedelta(seconds=3))

    assert (again.pk, again.submitted_at, again.status) == (first.pk, NOW, EntryStatus.SUBMITTED)
    assert AuditEntry.objects.filter(action="entry.submitted").count() == 1


def test_what_is_missing_is_named_and_nothing_is_sent():
    entry = start_entry(campaign_id=open_campaign().campaign.pk, now=NOW)

    with pytest.raises(IncompleteEntry) as refused:
        submit_entry(entry_id=entry.pk, now=NOW, missing=["receipt"])

    assert refused.value.missing == ["receipt", "terms", "contact"]
    assert Entry.objects.get().status == EntryStatus.STARTED


def test_I17_an_entry_begun_in_time_is_not_taken_at_the_closing_instant():
    entry = begin(open_campaign())

    with pytest.raises(CampaignClosed):
        send(entry, now=CLOSES)
    assert send(entry, now=CLOSES - timedelta(microseconds=1)).status == EntryStatus.SUBMITTED


def test_I17_an_entry_sent_back_in_time_keeps_its_time_after_the_close():
    world = open_campaign()
    entry = send(begin(world))
    Entry.objects.update(status=EntryStatus.SENT_BACK)

    again = send(entry, now=CLOSES + timedelta(days=3))

    assert (again.status, again.submitted_at) == (EntryStatus.SUBMITTED, NOW)
    assert advance_entry(entry_id=entry.pk, now=CLOSES + timedelta(days=3)).status == EntryStatus.WON


def test_a_sent_entry_is_not_changed_any_more():
    entry = send(begin(open_campaign()))

    with pytest.raises(EntryNotEditable):
        save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value="AAAA1111")
    with pytest.raises(EntryNotEditable):
        save_answers(entry_id=entry.pk, answers={})


@pytest.mark.parametrize("typed", ["", "ABC", "A" * 41, "АВСD1234", "abcd\x001234", "ABCD/1234", "あいうえお"])
def test_what_cannot_be_a_number_gets_the_answer_of_an_unknown_one(typed):
    entry = begin(open_campaign())

    with pytest.raises(NumberNotAccepted) as refused:
        save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value=typed)
    assert refused.value.code == "serial_not_accepted"


def test_I12_a_typed_number_is_sealed_and_the_last_one_counts():
    entry = begin(open_campaign())
    save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value="aaaa-1111")
    proof = save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value="BBBB2222")

    assert entry.typed_proofs.get() == proof
    assert "BBBB2222" not in proof.value_ciphertext + proof.value_index + proof.masked


def test_the_wish_for_news_is_kept_apart_from_the_terms_and_can_be_taken_back():
    entry = begin(open_campaign())
    news = Consent.objects.filter(kind=ConsentKind.MARKETING)
    assert (Consent.objects.filter(kind=ConsentKind.TERMS).count(), news.count()) == (1, 0)

    agree(entry_id=entry.pk, wants_news=True, now=NOW)
    agree(entry_id=entry.pk, wants_news=True, now=NOW)
    assert (Consent.objects.filter(kind=ConsentKind.TERMS).count(), news.get().withdrawn_at) == (1, None)

    later = NOW + timedelta(days=1)
    agree(entry_id=entry.pk, wants_news=False, now=later)
    assert news.get().withdrawn_at == later


def test_new_terms_are_agreed_to_anew():
    world = open_campaign()
    entry = begin(world)
    factories.TermsVersionFactory.create(campaign=world.campaign, number=2)

    agree(entry_id=entry.pk, wants_news=False, now=NOW)

    numbers = Consent.objects.filter(kind=ConsentKind.TERMS).values_list("terms_version__number", flat=True)
    assert sorted(numbers) == [1, 2]


def test_an_entry_that_is_taken_back_gives_back_what_it_used():
    world = open_campaign(rules=("serial",), mechanic="later", course={"total_cap": 1})
    create_serial_batch(campaign_id=world.campaign.pk, name="版", values=["AAAA1111"])
    entry = begin(world)
    save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value="AAAA1111")
    assert finish(entry).status == EntryStatus.ACCEPTED
    factories.ReceiptFactory.create(entry=entry, counts=True)

    assert withdraw_entry(entry_id=entry.pk, now=NOW).status == EntryStatus.WITHDRAWN

    assert Serial.objects.get().used_count == 0
    assert entry.receipts.get().counts is False
    assert violations(NOW) == {}


def test_an_entry_that_is_taken_back_leaves_no_review_open():
    case = factories.ReviewCaseFactory.create()

    withdraw_entry(entry_id=case.entry_id, now=NOW)

    case = ReviewCase.objects.get()
    assert (case.status, case.resolved_at, case.outcome) == (ReviewStatus.RESOLVED, NOW, None)


def test_I14_an_entry_with_a_result_is_not_taken_back():
    won = finish(begin(open_campaign()))
    drawn = factories.DrawResultFactory.create(entry__status=EntryStatus.ACCEPTED).entry

    for entry in (won, drawn):
        with pytest.raises(StaleState):
            withdraw_entry(entry_id=entry.pk, now=NOW)
    assert Entry.objects.filter(status=EntryStatus.WITHDRAWN).count() == 0


def test_a_resume_link_finds_its_entry_and_an_altered_or_old_one_nothing():
    import time_machine

    entry = begin(open_campaign())
    with time_machine.travel(NOW, tick=False) as clock:
        token = resume_token(entry)
        assert entry_by_resume_token(token) == entry
        clock.shift(timedelta(days=90))
        assert entry_by_resume_token(token) == entry
        for text, seconds in ((token, 1), (token[:-1], 0), ("", 0)):
            clock.shift(seconds)
            with pytest.raises(LinkNotAccepted):
                entry_by_resume_token(text)


def test_a_confirmation_link_is_good_for_three_days_and_for_nothing_else():
    import time_machine

    entry = begin(open_campaign(), confirmed=False)
    identity = contact(entry)
    with time_machine.travel(NOW, tick=False) as clock:
        token = verify_url(identity, entry).rstrip("/").rpartition("/")[2]
        assert identity_by_verify_token(token) == (identity, entry)
        with pytest.raises(LinkNotAccepted):
            entry_by_resume_token(token)
        clock.shift(timedelta(days=3, seconds=1))
        with pytest.raises(LinkNotAccepted):
            identity_by_verify_token(token)


def test_pausing_stops_new_entries_and_carries_on_those_sent():
    world = open_campaign()
    entry = send(begin(world))
    Campaign.objects.update(status="paused")

    assert advance_entry(entry_id=entry.pk, now=NOW).status == EntryStatus.WON


def test_an_address_typed_again_after_another_is_the_current_one():
    from distribution.models import Delivery, DeliveryKind
    from distribution.services import queue_message
    from participants.selectors import pending_email

    entry = begin(open_campaign(), email="first@example.jp", confirmed=False)
    first = contact(entry)
    for email in ("second@example.jp", "first@example.jp"):
        queue_message(kind=DeliveryKind.VERIFY_EMAIL, entry_id=entry.pk, now=NOW)
        give_email(entry_id=entry.pk, email=email, now=NOW)

    assert pending_email(entry.participant_id) == first
    assert Delivery.objects.count() == 2
