"""Chains and dictionary products at the desk: added, changed within the agency, with their history."""

import pytest
from django.urls import reverse

from accounts.models import AuditEntry, Role
from receipts.matching import fold
from receipts.models import Product, ShopChain
from tests.admin.registry import list_url, row_url
from tests.factories import (
    AgencyFactory,
    PrintedFormFactory,
    ProductFactory,
    ShopChainFactory,
    ShopFactory,
    SponsorFactory,
)

CHAINS, PRODUCTS = list_url("receipts.shopchain"), list_url("receipts.product")
ADD_CHAIN, ADD_PRODUCT = reverse("admin:receipts_shopchain_add"), reverse("admin:receipts_product_add")
JAN = "4901234567894"


def test_a_chain_is_added_with_its_names_on_receipts(agency, operator):
    operator.post(
        ADD_CHAIN, {"agency": agency.pk, "name": " みなと ", "kana": "ミナト", "printed_forms": "-MINATO-\n\nﾐﾅﾄ\nﾐﾅﾄ"}
    )

    chain = ShopChain.objects.get()
    assert (chain.agency, chain.name, chain.kana, chain.printed_forms) == (
        agency,
        "みなと",
        "ミナト",
        ["-MINATO-", "ﾐﾅﾄ"],
    )
    assert AuditEntry.objects.get(action="chain.added").actor_id == int(operator.session["_auth_user_id"])


def test_a_change_stands_in_the_history_with_old_and_new(agency, operator):
    chain = ShopChainFactory(agency=agency, name="みなと")

    operator.post(row_url(chain), {"name": "みなとスーパー", "kana": "", "printed_forms": ""})
    operator.post(row_url(chain), {"name": "みなとスーパー", "kana": "", "printed_forms": ""})

    assert AuditEntry.objects.get(action="chain.changed").facts == {"changes": {"name": ["みなと", "みなとスーパー"]}}
    assert "みなと → みなとスーパー" in operator.get(row_url(chain)).content.decode()


def test_a_second_chain_of_the_name_is_refused_in_words_and_nothing_is_stored(agency, operator):
    ShopChainFactory(agency=agency, name="みなと")
    other = ShopChainFactory(agency=agency, name="ほか")

    added = operator.post(
        ADD_CHAIN, {"agency": agency.pk, "name": "みなと", "kana": "", "printed_forms": ""}, follow=True
    )
    changed = operator.post(row_url(other), {"name": "みなと", "kana": "", "printed_forms": ""}, follow=True)

    other.refresh_from_db()
    assert "既に存在します" in added.content.decode()
    assert "すでに登録されています" in changed.content.decode()
    assert (other.name, ShopChain.objects.count()) == ("ほか", 2)
    assert not AuditEntry.objects.filter(action__startswith="chain.").exists()


def test_lists_are_searched_and_narrowed(agency, operator):
    shop = ShopFactory(chain__agency=agency, chain__name="みなと", chain__printed_forms=["-MINATO-"])
    ShopChainFactory(agency=agency, name="やまと")
    form = PrintedFormFactory(product__sponsor__agency=agency, product__name="緑茶", form="ﾐｽﾞﾘﾖｸﾁﾔ")

    found = operator.get(CHAINS, {"q": "MINATO"}).content.decode()
    empty = operator.get(CHAINS, {"holds": "nothing"}).content.decode()
    products = operator.get(PRODUCTS, {"q": "ﾐｽﾞﾘﾖｸﾁﾔ"}).content.decode()

    assert row_url(shop.chain) in found
    assert "やまと" not in found
    assert row_url(shop.chain) not in empty
    assert "やまと" in empty
    assert row_url(form.product) in products


def test_a_product_is_added_and_changed_with_its_check_digit(agency, operator):
    sponsor = SponsorFactory(agency=agency)
    wrong = operator.post(ADD_PRODUCT, {"sponsor": sponsor.pk, "name": "緑茶", "jan": "4901234567890"})
    operator.post(ADD_PRODUCT, {"sponsor": sponsor.pk, "name": "緑茶", "jan": JAN})
    product = Product.objects.get()
    operator.post(row_url(product), {"name": "みずひき緑茶", "jan": JAN})

    product.refresh_from_db()
    assert "JANコードの" in wrong.content.decode()
    assert (product.agency, product.name, product.folded, product.jan) == (
        agency,
        "みずひき緑茶",
        fold("みずひき緑茶"),
        JAN,
    )
    assert AuditEntry.objects.get(action="product.changed").facts == {"changes": {"name": ["緑茶", "みずひき緑茶"]}}


def test_a_jan_code_is_one_product_s(agency, operator):
    sponsor = ProductFactory(sponsor__agency=agency, jan=JAN).sponsor

    page = operator.post(ADD_PRODUCT, {"sponsor": sponsor.pk, "name": "ほうじ茶", "jan": JAN}, follow=True)

    assert "すでに登録されています" in page.content.decode()
    assert Product.objects.count() == 1


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.SUPPORT])
def test_T16_only_operators_write_and_only_within_their_agency(role, agency, desk, operator):
    chain, product = ShopChainFactory(agency=agency, name="みなと"), ProductFactory(sponsor__agency=agency)
    foreign, theirs = AgencyFactory(), ShopChainFactory(name="よその店")
    form = {"name": "書き換え", "kana": "", "printed_forms": "", "jan": ""}

    for row in (chain, product):
        assert desk(role).post(row_url(row), form).status_code == 403
    operator.post(ADD_CHAIN, {**form, "agency": foreign.pk})
    operator.post(ADD_PRODUCT, {**form, "sponsor": SponsorFactory(agency=foreign).pk})
    operator.post(row_url(theirs), form)

    assert "書き換え" not in [
        *ShopChain.objects.values_list("name", flat=True),
        *Product.objects.values_list("name", flat=True),
    ]
