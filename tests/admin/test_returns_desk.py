"""返品 at the desk: an operator tells of one, and settles those whose code was seen."""

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import RuleKind
from codes.models import Award
from codes.services import reveal_code
from core.clock import jst_day
from eligibility.models import PurchaseReturn, ReturnSource
from participants.models import Entry, EntryStatus
from receipts.models import Receipt
from tests.admin.registry import list_url, row_url
from tests.factories import ReceiptFactory, SponsorFactory
from tests.worlds import begin, finish, open_campaign


@pytest.fixture
def receipt(agency) -> Receipt:
    """A receipt by which somebody has won 500 yen."""
    now = timezone.now()
    world = open_campaign(
        rules=(RuleKind.PURCHASE,),
        sponsor=SponsorFactory(agency=agency),
        purchase_from_on=jst_day(now),
        purchase_until_on=jst_day(now),
    )
    entry = begin(world)
    receipt = ReceiptFactory(entry=entry, purchased_on=jst_day(now), reading={"needs_review": False})
    assert finish(entry).status == EntryStatus.WON
    return receipt


def report(entry: Entry) -> str:
    return reverse("admin:eligibility_purchasereturn_report", args=[entry.pk])


def test_the_entry_s_page_leads_to_the_form_which_renews_the_verdict(receipt, operator):
    page = operator.get(row_url(receipt.entry)).content.decode()
    assert report(receipt.entry) in page

    assert "だれも見ていないコード" in operator.get(report(receipt.entry)).content.decode()
    assert operator.post(report(receipt.entry), {"receipt": receipt.pk}).status_code == 200, "a reason is needed"
    assert not PurchaseReturn.objects.exists()

    answer = operator.post(report(receipt.entry), {"receipt": receipt.pk, "reason": "店舗からの連絡"})

    assert answer["Location"] == row_url(receipt.entry)
    found = PurchaseReturn.objects.get()
    assert (found.source, found.reason, found.told_by is not None) == (ReturnSource.DESK, "店舗からの連絡", True)
    assert Entry.objects.get().status == EntryStatus.REFUSED
    assert Award.objects.get().voided_at is not None
    assert "応募は対象外" in operator.get(list_url("eligibility.purchasereturn")).content.decode()


def test_a_shown_code_is_listed_with_its_value_and_settled_with_a_note(receipt, operator):
    reveal_code(award_id=Award.objects.get().pk, now=timezone.now())
    operator.post(report(receipt.entry), {"receipt": receipt.pk, "reason": "店舗からの連絡"})
    found = PurchaseReturn.objects.get()

    page = operator.get(list_url("eligibility.purchasereturn")).content.decode()
    assert "1件の返品が対応を待っています" in page
    assert "500円" in operator.get(list_url("eligibility.purchasereturn")).content.decode()

    assert operator.post(row_url(found), {"note": "請求済み"})["Location"] == list_url("eligibility.purchasereturn")
    found.refresh_from_db()
    assert (found.note, found.settled_by is not None) == ("請求済み", True)
    assert "対応を待っている返品はありません" in operator.get(list_url("eligibility.purchasereturn")).content.decode()


def test_nobody_tells_of_another_agency_s_returns(receipt, operator):
    other = ReceiptFactory()

    assert operator.post(report(other.entry), {"receipt": other.pk, "reason": "x"}).status_code == 404
    refused = operator.post(report(receipt.entry), {"receipt": other.pk, "reason": "x"})
    assert (refused.status_code, PurchaseReturn.objects.exists()) == (200, False)
