"""Files of shops and printed names come in whole or not at all, and each row that cannot be used is named (R10)."""

import pytest

from accounts.models import AuditEntry
from receipts.errors import MasterNotAccepted
from receipts.models import PrintedForm, Product, Shop, ShopChain
from receipts.services import import_printed_forms, import_shops
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

COMPANY = "T7000012050002"
SHOPS = (
    "チェーン名,チェーン名カナ,チェーンのレシート表記,店舗名,店舗のレシート表記,電話番号,登録番号,状態,備考\n"
    "髙島ストア,タカシマストア,TAKASHIMA|ﾀｶｼﾏ,渋谷店,シブヤ,03-1234-5678,Ｔ7000012050002,有効,①\n"
    "髙島ストア,タカシマストア,TAKASHIMA|ﾀｶｼﾏ,新宿店,,（０３）１２３４－５６７９,T7000012050002,無効,\n"
)


@pytest.fixture
def agency():
    return factories.AgencyFactory()


def shops_in(text: str, agency, encoding: str = "utf-8"):
    return import_shops(agency_id=agency.pk, data=text.encode(encoding), actor_id=factories.UserFactory().pk, now=NOW)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_shops_come_in_from_any_japanese_encoding(agency, encoding):
    counts = shops_in(SHOPS, agency, encoding)

    assert counts == {"rows": 2, "added": 2, "chains": 1}
    chain = ShopChain.objects.get()
    assert (chain.name, chain.kana, chain.printed_forms) == ("髙島ストア", "タカシマストア", ["TAKASHIMA", "ﾀｶｼﾏ"])
    assert list(
        Shop.objects.order_by("pk").values_list("branch", "telephone", "registration_no", "status", "source")
    ) == [
        ("渋谷店", "0312345678", COMPANY, "active", "imported"),
        ("新宿店", "0312345679", COMPANY, "off", "imported"),
    ]
    assert AuditEntry.objects.get(action="shops.imported").facts == {"rows": 2, "added": 2, "chains": 1}


def test_the_same_file_again_changes_nothing_and_a_part_of_the_columns_changes_only_these(agency):
    shops_in(SHOPS, agency)

    assert shops_in(SHOPS, agency) == {"rows": 2, "same": 2, "chains": 0}
    changes = "チェーン名,店舗名,電話番号\n髙島ストア,渋谷駅前店,0312345678\n髙島ストア,新宿店,0399999999\n"
    assert shops_in(changes, agency) == {"rows": 2, "changed": 2, "chains": 0}
    assert list(Shop.objects.order_by("pk").values_list("branch", "telephone", "registration_no", "status")) == [
        ("渋谷駅前店", "0312345678", COMPANY, "active"),
        ("新宿店", "0399999999", COMPANY, "off"),
    ]
    assert ShopChain.objects.get().kana == "タカシマストア"


def test_a_blank_cell_changes_nothing_and_a_hyphen_empties_the_field(agency):
    shops_in(SHOPS, agency)
    shops_in(
        "チェーン名,チェーン名カナ,店舗名,電話番号,登録番号\n髙島ストア,,,0312345678,\n髙島ストア,,新宿店,-,-\n", agency
    )

    assert list(Shop.objects.order_by("pk").values_list("branch", "telephone", "registration_no")) == [
        ("渋谷店", "0312345678", COMPANY),
        ("新宿店", "", ""),
    ]
    assert ShopChain.objects.get().kana == "タカシマストア"


def test_two_rows_that_come_to_one_shop_are_refused(agency):
    shops_in("チェーン名,店舗名,電話番号\n甲,本店,0312345678\n", agency)

    with pytest.raises(MasterNotAccepted) as twice:
        shops_in("チェーン名,店舗名,電話番号\n甲,支店,0311111111\n甲,支店,0322222222\n", agency)
    with pytest.raises(MasterNotAccepted) as overlapping:
        shops_in("チェーン名,店舗名,電話番号\n乙,,0312345678\n乙,本店,0322222222\n", agency)

    assert twice.value.problems == [(3, "shop_twice")]
    assert overlapping.value.reason == "shops_overlap"
    assert Shop.objects.count() == 1


def test_shops_with_problems_are_named_by_row_and_nothing_is_kept(agency):
    factories.ShopFactory(chain__agency=agency, chain__name="既存", branch="本店", telephone="0611111111")
    factories.ShopFactory(chain=ShopChain.objects.get(), branch="支店", telephone="0622222222")
    text = (
        "チェーン名,店舗名,電話番号,登録番号,状態\n"
        "甲,一号店,0312345678,,\n"
        ",二号店,0312345679,,\n"
        "甲,三号店,312345670,,\n"
        "甲,四号店,3.12E+09,,\n"
        "甲,五号店,,T1234567890123,\n"
        "甲,六号店,,T123,\n"
        "甲,七号店,03-1234-5678,,\n"
        "甲,八号店,,,休業\n"
        "甲,九号店,\n"
        '"甲\u200b",十号店,,,\n'
        f"{'長' * 101},十一号店,,,\n"
        "既存,支店,0611111111,,\n"
    )

    with pytest.raises(MasterNotAccepted) as refused:
        shops_in(text, agency)

    assert refused.value.problems == [
        (3, "chain_missing"),
        (4, "telephone_malformed"),
        (5, "damaged_by_spreadsheet"),
        (6, "registration_check_digit"),
        (7, "registration_malformed"),
        (8, "shop_twice"),
        (9, "status_unknown"),
        (10, "columns_differ"),
        (11, "has_controls"),
        (12, "cell_too_long"),
        (13, "telephone_of_other_shop"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "file_empty"),
        ("店舗名,電話番号\n渋谷店,0312345678\n".encode(), "no_chain_column"),
        ("チェーン名,店舗名\n".encode(), "file_empty"),
        (b"PK\x03\x04zip", "file_is_archive"),
        (b"chain\n\x81\x20", "encoding_unknown"),
        ('チェーン名,店舗名\n甲,"渋谷店\n乙,新宿店\n'.encode(), "row_broken"),
    ],
)
def test_a_file_that_is_no_list_of_shops_is_refused_as_a_whole(agency, data, reason):
    with pytest.raises(MasterNotAccepted) as refused:
        import_shops(agency_id=agency.pk, data=data, actor_id=factories.UserFactory().pk, now=NOW)

    assert refused.value.reason == reason


def test_I11_the_same_telephone_may_stand_in_the_masters_of_two_agencies(agency):
    shops_in(SHOPS, agency)
    other = factories.AgencyFactory()

    assert shops_in(SHOPS, other) == {"rows": 2, "added": 2, "chains": 1}
    assert Shop.objects.filter(agency=other).count() == Shop.objects.filter(agency=agency).count() == 2


def test_a_long_file_asks_few_questions(agency, django_assert_max_num_queries):
    rows = "".join(f"甲,{number}号店,0450{number:06d}\n" for number in range(500))

    with django_assert_max_num_queries(25):
        shops_in("チェーン名,店舗名,電話番号\n" + rows, agency)


FORMS = (
    "商品名,JANコード,チェーン名,レシート表記,状態\n"
    "ミズヒキ緑茶 525ml,4901234567894,みなと,ﾐｽﾞﾋｷﾘｮｸﾁｬ,有効\n"
    "ミズヒキ緑茶 525ml,4901234567894,,ミズヒキ緑茶525,\n"
    "ミズヒキ緑茶 525ml,4901234567894,みなと,古い表記,取り消し済み\n"
    "ミズヒキ紅茶 500ml,,,,\n"
)


def forms_in(text: str, sponsor):
    return import_printed_forms(
        sponsor_id=sponsor.pk, data=text.encode("cp932"), actor_id=factories.UserFactory().pk, now=NOW
    )


def test_products_and_their_forms_come_in_once():
    sponsor = factories.SponsorFactory()
    chain = factories.ShopChainFactory(agency=sponsor.agency, name="みなと")

    assert forms_in(FORMS, sponsor) == {"rows": 4, "added": 2, "products": 2}
    assert forms_in(FORMS, sponsor) == {"rows": 4, "same": 2, "products": 0}

    assert list(PrintedForm.objects.order_by("pk").values_list("form", "chain", "product__jan", "source")) == [
        ("ﾐｽﾞﾋｷﾘｮｸﾁｬ", chain.pk, "4901234567894", "imported"),
        ("ミズヒキ緑茶525", None, "4901234567894", "imported"),
    ]
    assert Product.objects.filter(sponsor=sponsor).count() == 2


def test_forms_with_problems_are_named_by_row_and_nothing_is_kept():
    sponsor = factories.SponsorFactory()
    known = factories.PrintedFormFactory(product__sponsor=sponsor, chain=None, form="シッテイルナマエ")
    text = (
        "商品名,JANコード,チェーン名,レシート表記\n"
        "緑茶,4901234567895,,\n"
        "緑茶,49012,,\n"
        "緑茶,4.9E+12,,\n"
        "緑茶,,知らない店,リョクチャ\n"
        "緑茶,,,茶\n"
        "緑茶,,,しっている名前\n"
        "緑茶,,,シッテイルナマエ\n"
        "緑茶,,,リョクチャ\n"
        "紅茶,,,ﾘｮｸﾁｬ\n"
        ",,,リョクチャ\n"
    )

    with pytest.raises(MasterNotAccepted) as refused:
        forms_in(text, sponsor)

    assert refused.value.problems == [
        (2, "jan_check_digit"),
        (3, "jan_malformed"),
        (4, "damaged_by_spreadsheet"),
        (5, "chain_unknown"),
        (6, "form_too_short"),
        (8, "form_taught_otherwise"),
        (10, "form_taught_otherwise"),
        (11, "product_missing"),
    ]
    assert list(PrintedForm.objects.all()) == [known]
