"""One paper receipt, sent to two campaigns of a sponsor at one moment, counts once where the sponsor wants that."""

from functools import partial

import pytest
from django.db import transaction

from receipts.models import Receipt
from receipts.services import count_receipt, counting
from tests import factories
from tests.races.racing import race, refusals, successes, until_shown

pytestmark = pytest.mark.django_db(transaction=True)


def same_paper_in_two_campaigns() -> list[Receipt]:
    campaigns = factories.CampaignFactory.create_batch(2, sponsor=factories.SponsorFactory.create())
    return [
        factories.ReceiptFactory.create(entry__campaign=campaign, fingerprint="f" * 64, counts=False)
        for campaign in campaigns
    ]


def count(receipt: Receipt) -> None:
    with transaction.atomic():
        count_receipt(receipt=receipt, of_sponsor=True)


def counted_at_once() -> list[object]:
    return race([partial(count, receipt) for receipt in same_paper_in_two_campaigns()])


def test_I01_one_paper_counts_in_one_campaign_of_its_sponsor():
    for _round in range(5):
        outcomes = counted_at_once()
        assert (refusals(outcomes), successes(outcomes)) == (["DuplicateReceipt"], [None])


def test_negative_control_without_the_lock_it_counts_in_both(monkeypatch):
    monkeypatch.setattr(counting, "hold", lambda _name, **_options: None)

    assert until_shown(lambda: refusals(counted_at_once()) == [])
