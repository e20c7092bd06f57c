"""目視 of several receipts that one entry adds up."""

import pytest
from django.utils import timezone

from campaigns.models import EntryRule, RuleKind
from campaigns.services import freeze_rules
from core.clock import jst_day
from eligibility.models import ReviewCase
from participants.models import EntryStatus
from receipts.models import Receipt
from tests.admin.registry import row_url
from tests.factories import EntryRuleFactory, ReceiptFactory, ReviewCaseFactory, RuleGroupFactory


@pytest.fixture
def case(agency) -> ReviewCase:
    """Two receipts of 1,280 yen; 2,500 are asked for."""
    today = jst_day(timezone.now())
    case = ReviewCaseFactory(
        decision__entry__campaign__sponsor__agency=agency,
        decision__entry__campaign__purchase_from_on=today,
        decision__entry__campaign__purchase_until_on=today,
    )
    EntryRuleFactory(
        group=RuleGroupFactory(campaign=case.campaign),
        kind=RuleKind.PURCHASE,
        parameters={"minimum_spend_jpy": 2500, "minimum_quantity": 0, "receipts_at_most": 3},
    )
    freeze_rules(campaign_id=case.campaign.pk)
    for number, total in enumerate((1280, 1219), start=1):
        ReceiptFactory(
            entry=case.entry,
            purchased_on=today,
            total_jpy=total,
            store_name=f"店{number}",
            reading={"needs_review": number == 2},
        )
    return case


def test_the_desk_shows_every_receipt_with_what_it_counts_for_and_the_sum(case, operator):
    page = operator.get(row_url(case)).content.decode()

    assert "この応募のレシート（合算）" in page
    assert "1280 / 2500" in page
    assert "確認待ちの分を含めても、あと1円足りません。" in page
    assert 'value="店2"' in page, "the last one is shown unless another is asked for"

    first = case.entry.receipts.order_by("pk").first()
    assert 'value="店1"' in operator.get(f"{row_url(case)}?receipt={first.public_id}").content.decode()


def test_a_corrected_receipt_changes_the_sum_and_all_are_used_on_approval(case, operator):
    second = case.entry.receipts.order_by("pk").last()
    address = f"{row_url(case)}?receipt={second.public_id}"
    fields = {
        "figures-store_name": second.store_name,
        "figures-telephone": second.telephone,
        "figures-purchased_on": second.purchased_on.isoformat(),
        "figures-total_jpy": "1220",
        "lines-TOTAL_FORMS": "2",
        "lines-INITIAL_FORMS": "0",
    }

    saved = operator.post(address, fields | {"verdict": ""})
    assert saved["Location"] == address, "the receipt stays in view"
    assert "2500 / 2500" in operator.get(address).content.decode()

    operator.post(address, fields | {"verdict": "eligible"})
    case.entry.refresh_from_db()
    assert (case.entry.status, Receipt.objects.filter(counts=True).count()) == (EntryStatus.ACCEPTED, 2)


def test_without_summing_the_desk_shows_no_sum(case, operator):
    EntryRule.objects.update(parameters={"minimum_spend_jpy": 2500})
    freeze_rules(campaign_id=case.campaign.pk)

    assert "この応募のレシート（合算）" not in operator.get(row_url(case)).content.decode()
