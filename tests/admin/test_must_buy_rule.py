"""The must-buy condition on the campaign's page: all its fields, and what a sum of receipts needs."""

import pytest

from campaigns.admin.rules import FIELDS_OF
from campaigns.models import EntryRule
from tests.admin.registry import row_url
from tests.admin.test_campaign_page import conditions
from tests.factories import CampaignFactory, EntryRuleFactory


def test_every_field_of_a_must_buy_is_on_the_page(agency, operator):
    rule = EntryRuleFactory(group__campaign__sponsor__agency=agency, kind="purchase")

    page = operator.get(f"{row_url(rule.group.campaign)}?step=conditions").content.decode()

    assert [name for name in FIELDS_OF["purchase"] if f'name="rule_groups-0-rules-0-{name}"' not in page] == []


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"receipts_at_most": "3"}, "合算で満たす金額か商品の数を入力してください。"),
        ({"receipts_at_most": "3", "minimum_quantity": "1"}, "合算で満たす金額か商品の数を入力してください。"),
        ({"receipts_at_most": "6", "minimum_spend_jpy": "1000"}, "5"),
    ],
)
def test_a_sum_needs_something_to_reach_and_an_end(rule, sentence, agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)

    page = operator.post(f"{row_url(campaign)}?step=conditions", conditions(campaign, {"kind": "purchase", **rule}))

    assert (page.status_code, sentence in page.content.decode()) == (200, True)
    assert not EntryRule.objects.exists()


def test_a_sum_is_kept_with_all_that_belongs_to_it(agency, operator):
    campaign = CampaignFactory(sponsor__agency=agency)
    rule = {"kind": "purchase", "minimum_quantity": "3", "receipts_at_most": "5", "categories": "茶"}

    operator.post(f"{row_url(campaign)}?step=conditions", conditions(campaign, {**rule, "receipt_once": "sponsor"}))

    assert EntryRule.objects.get(group__campaign=campaign).parameters == {
        "minimum_spend_jpy": 0,
        "spend_counts": "receipt",
        "minimum_quantity": 3,
        "receipts_at_most": 5,
        "receipt_once": "sponsor",
        "categories": ["茶"],
    }
