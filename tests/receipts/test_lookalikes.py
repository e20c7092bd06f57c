from datetime import time, timedelta

import pytest

from receipts.lookalikes import OTHER_FIGURES, SAME_RECEIPT, compare
from receipts.selectors import look_alikes
from tests import factories
from tests.factories import NOW

PAPER = {
    "tel": "0309462817",
    "date": "2026-11-20",
    "time": "11:42",
    "total": "3442",
    "receipt_no": "00423187",
    "registration_no": "2999912345678",
}


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, SAME_RECEIPT),
        ({"receipt_no": None}, SAME_RECEIPT),
        ({"registration_no": None, "receipt_no": None}, SAME_RECEIPT),
        ({"tel": "0309462877"}, SAME_RECEIPT),
        ({"time": "11:47"}, SAME_RECEIPT),
        ({"date": "2026-11-21"}, OTHER_FIGURES),
        ({"total": "9442"}, OTHER_FIGURES),
        ({"time": "18:05", "receipt_no": "00423306"}, None),
        ({"date": "2026-11-21", "time": "18:05", "receipt_no": "00423306"}, None),
        ({"receipt_no": "00423187", "time": "11:47", "date": "2026-11-26"}, OTHER_FIGURES),
        ({"receipt_no": "00428187", "date": "2026-11-26"}, OTHER_FIGURES),  # edited, and one digit misread
        ({"receipt_no": "00423188", "time": "11:43"}, None),  # the next in the queue bought the same
        ({"receipt_no": None, "time": "11:43"}, None),
        ({"receipt_no": None, "time": None}, SAME_RECEIPT),  # nothing was read that tells them apart
        ({"receipt_no": None, "date": "2026-11-21"}, None),
        ({"receipt_no": None, "date": "2026-12-22"}, None),  # the same coffee at the same minute
        ({"tel": "0602084471", "registration_no": "8999923456789", "receipt_no": "118204"}, None),
    ],
)
def test_papers_are_told_apart_by_their_figures(changed, kind):
    assert compare(PAPER, {**PAPER, **changed}).kind == kind


def test_what_was_not_read_says_nothing():
    assert compare(PAPER, {}).score == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({}, SAME_RECEIPT),
        ({"total_jpy": 9442}, OTHER_FIGURES),
        ({"purchased_time": time(18, 5), "receipt_no": "00423306"}, None),  # an honest repeat
        ({"purchased_on": NOW.date() - timedelta(days=61)}, None),
    ],
)
def test_look_alikes_are_sought_in_all_campaigns_of_the_sponsor(changed, kind):
    paper = {"purchased_time": time(11, 42), "total_jpy": 3442, "receipt_no": "00423187"}
    sent = factories.ReceiptFactory.create(**paper)
    sponsor = sent.campaign.sponsor
    entry = factories.EntryFactory.create(campaign__sponsor=sponsor, campaign__agency=sponsor.agency)
    factories.ReceiptFactory.create(entry=entry, **paper | changed)
    factories.ReceiptFactory.create(**paper)  # of another agency

    assert [found.agreement.kind for found in look_alikes(sent)] == ([kind] if kind else [])


@pytest.mark.django_db
def test_a_person_may_send_a_receipt_to_two_campaigns():
    sent = factories.ReceiptFactory.create()
    sponsor = sent.campaign.sponsor
    entry = factories.EntryFactory.create(
        campaign__sponsor=sponsor, campaign__agency=sponsor.agency, participant=sent.entry.participant
    )
    factories.ReceiptFactory.create(entry=entry)

    assert look_alikes(sent) == []
