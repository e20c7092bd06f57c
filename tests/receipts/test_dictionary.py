"""商品名辞書: what a reviewer teaches decides the next receipt of the chain, and undone it decides nothing."""

import pytest

from accounts.models import AuditEntry
from campaigns.models import Campaign, RuleKind, TargetProduct
from campaigns.services import freeze_rules
from eligibility.models import Decision, Verdict
from eligibility.services import decisions_that_differ
from journeys.services import advance_entry
from receipts.dictionary import known_products
from receipts.errors import (
    FormTaughtOtherwise,
    FormTooShort,
    LineNotThere,
    ProductNotOfCampaign,
    ShopUnknown,
)
from receipts.matching import match_products
from receipts.models import PrintedForm, Product, Receipt, ShopChain
from receipts.services import teach_printed_form, undo_printed_form
from tests import factories
from tests.factories import NOW
from tests.worlds import World, begin, open_campaign, send

pytestmark = pytest.mark.django_db

CODED = "ﾐｽﾞﾋｷ紅茶 500ml"  # like enough to 緑茶 525ml to ask, not to accept


PERIOD = {"purchase_from_on": "2026-11-01", "purchase_until_on": "2026-11-30"}


@pytest.fixture
def world():
    world = open_campaign(codes=9, rules=(RuleKind.PURCHASE,), **PERIOD)
    tea_in(world.campaign)
    return world


def tea_in(campaign: Campaign, name: str = "ミズヒキ緑茶 525ml") -> None:
    factories.TargetProductFactory(campaign=campaign, name=name, jan="4901234567894", printed_forms=[])
    freeze_rules(campaign_id=campaign.pk)


def bought(campaign: Campaign, *, store_name: str = "まるはちマート", name: str = CODED) -> Receipt:
    """A receipt that was read well, and that names the product as its till does."""
    entry = begin(World(campaign, None, None, None, None))  # type: ignore[arg-type]
    figures = {"store_name": store_name, "telephone": "", "reading": {"needs_review": False}}
    receipt = factories.ReceiptFactory(entry=entry, **figures)
    factories.ReceiptLineFactory(receipt=receipt, name=name)
    send(entry)
    return receipt


def verdict(receipt: Receipt) -> str:
    advance_entry(entry_id=receipt.entry_id, now=NOW)
    return Decision.objects.get(entry=receipt.entry_id).verdict


def teach(receipt: Receipt, **other) -> PrintedForm:
    given = {
        "receipt_id": receipt.pk,
        "position": 1,
        "target_product_id": TargetProduct.objects.filter(campaign=receipt.campaign).earliest("pk").pk,
        "actor_id": factories.UserFactory().pk,
        "now": NOW,
    }
    return teach_printed_form(**given | other)


def test_a_taught_form_lets_the_next_receipt_of_the_chain_pass_until_it_is_undone(world):
    first, second, third = (bought(world.campaign) for _number in range(3))
    elsewhere = bought(world.campaign, store_name="ほかのスーパー")
    assert verdict(first) == Verdict.UNCLEAR

    form = teach(first)

    assert (verdict(second), verdict(elsewhere)) == (Verdict.ELIGIBLE, Verdict.UNCLEAR)
    undo_printed_form(form_id=form.pk, actor_id=form.taught_by_id, now=NOW)
    assert verdict(third) == Verdict.UNCLEAR
    assert decisions_that_differ() == []  # I19: verdicts repeat from what they were given, whatever was undone since


def test_it_is_kept_who_taught_what_when_from_which_receipt_and_who_undid_it(world):
    receipt = bought(world.campaign)

    form = teach(receipt)
    again = teach(receipt)
    undo_printed_form(form_id=form.pk, actor_id=form.taught_by_id, now=NOW)
    undo_printed_form(form_id=form.pk, actor_id=factories.UserFactory().pk, now=NOW)

    form.refresh_from_db()
    assert again == form
    assert (form.form, form.chain.name, form.product.jan) == (CODED, "まるはちマート", "4901234567894")
    assert (form.taught_from, form.taught_at, form.undone_by_id) == (receipt, NOW, form.taught_by_id)
    actions = AuditEntry.objects.filter(action__startswith="dictionary.").order_by("pk").values_list("action", "agency")
    assert list(actions) == [("dictionary.taught", world.agency.pk), ("dictionary.undone", world.agency.pk)]
    assert teach(receipt).pk != form.pk  # it may be taught anew


def test_what_is_taught_counts_in_all_campaigns_of_the_sponsor_and_in_no_other(world):
    teach(bought(world.campaign))
    same, other = (
        open_campaign(rules=(RuleKind.PURCHASE,), **PERIOD, **details).campaign
        for details in ({"sponsor": world.campaign.sponsor}, {"sponsor__agency": world.agency})
    )
    for campaign in (same, other):
        tea_in(campaign, "別の書き方")

    known = {"name": "ミズヒキ緑茶 525ml", "jan": "4901234567894"}
    assert known_products(bought(same)) == {1: known}
    assert known_products(bought(other)) == {}
    assert Product.objects.count() == 1


@pytest.mark.parametrize(
    ("store_name", "name", "given", "refusal"),
    [
        ("", CODED, {}, ShopUnknown),
        ("店", "食品", {}, FormTooShort),
        ("店", CODED, {"position": 2}, LineNotThere),
        ("店", CODED, {"target_product_id": 0}, ProductNotOfCampaign),
    ],
)
def test_what_cannot_be_learned_is_refused(world, store_name, name, given, refusal):
    receipt = bought(world.campaign, store_name=store_name, name=name)

    with pytest.raises(refusal):
        teach(receipt, **given)

    assert (PrintedForm.objects.count(), ShopChain.objects.count()) == (0, 0)


def test_I11_a_product_of_another_tenant_is_not_taught(world):
    foreign = factories.TargetProductFactory()

    with pytest.raises(ProductNotOfCampaign):
        teach(bought(world.campaign), target_product_id=foreign.pk)


def test_one_form_of_a_chain_is_one_product(world):
    receipt = bought(world.campaign)
    form = teach(receipt)
    other = factories.TargetProductFactory(campaign=world.campaign, name="ミズヒキ紅茶 500ml")

    with pytest.raises(FormTaughtOtherwise):
        teach(receipt, target_product_id=other.pk)

    assert list(PrintedForm.objects.values_list("pk", "product")) == [(form.pk, form.product_id)]


def test_a_line_that_is_known_as_one_product_is_no_other():
    line = {"name": "読めない", "quantity": 1, "price_jpy": 100, "jan": None, "known_as": {"name": "緑茶", "jan": ""}}
    products = [{"name": name, "jan": "", "printed_forms": ["読めない"]} for name in ("緑茶", "紅茶")]

    assert [match_products([line], [product]) != [] for product in products] == [True, False]
