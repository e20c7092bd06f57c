"""返品 as the entrant learns of it."""

import pytest

from eligibility.models import ReturnSource
from eligibility.services import Notice
from journeys.returns import take_return
from tests.flows.steps import NOW
from tests.portal.phone import claim_path, text_of

pytestmark = pytest.mark.django_db


def test_the_page_says_why_and_that_one_can_object_and_the_code_is_withdrawn(phone, campaigns):
    award = phone.win()
    receipt = award.entry.receipts.get()

    take_return(receipt_id=receipt.pk, notice=Notice(source=ReturnSource.CLIENT, reference="R-1"), now=NOW)

    page = text_of(phone.get(f"/e/{award.entry.public_id}/"))
    assert "このレシートの商品は、返品されたとの連絡を受けています。" in page
    assert "異議を申し立てる" in page
    assert award.prize.name not in page
    assert phone.get(f"/e/{award.entry.public_id}/appeal/").status_code == 200
    assert phone.get(claim_path(award)).context["state"] == "void"
