"""Two reviewers teach one printed form at the same moment, each as another product: it stays the name of one."""

import pytest

from receipts.models import PrintedForm
from receipts.services import teach_printed_form
from tests import factories
from tests.factories import NOW
from tests.races.racing import race, refusals, until_shown, without_constraints

pytestmark = pytest.mark.django_db(transaction=True)


def taught() -> tuple[int, list[str]]:
    """Teach from two receipts of a chain at once; returns how many forms count, and the refusals."""
    campaign = factories.CampaignFactory()
    chain = factories.ShopChainFactory(agency=campaign.agency)
    acts = []
    for name in ("ミズヒキ緑茶 525ml", "ミズヒキ紅茶 500ml"):
        product = factories.TargetProductFactory(campaign=campaign, name=name)
        line = factories.ReceiptLineFactory(receipt__entry__campaign=campaign, receipt__chain=chain, name="ﾐｽﾞﾋｷﾁｬ")
        given = {"receipt_id": line.receipt_id, "target_product_id": product.pk, "actor_id": factories.UserFactory().pk}
        acts.append(lambda given=given: teach_printed_form(position=1, now=NOW, **given))
    outcomes = race(acts)
    return PrintedForm.objects.filter(chain=chain, undone_at__isnull=True).count(), refusals(outcomes)


def test_a_form_taught_twice_at_once_is_one_product():
    assert taught() == (1, ["FormTaughtOtherwise"])


def test_negative_control_without_the_constraint_it_is_two():
    with without_constraints(PrintedForm, "form_once_per_chain"):
        assert until_shown(lambda: taught()[0] == 2)
        PrintedForm.objects.all().delete()
