import pytest

from receipts.matching import ACCEPT_SCORE, ASK_SCORE, match_products

TEA = {"name": "ミズヒキ緑茶 525ml", "jan": "4901234567894", "printed_forms": ["ミズヒキ緑茶525", "ﾐｽﾞﾋｷﾘｮｸﾁｬ"]}


def item(name: str, jan: str | None = None):
    return {"name": name, "quantity": 2, "price_jpy": 316, "discount_jpy": 0, "jan": jan, "region": None}


@pytest.mark.parametrize(
    "name",
    ["ミズヒキ緑茶 525ml", "ﾐｽﾞﾋｷﾘｮｸﾁｬ", "みずひき緑茶525ML", "ミスヒキリョクチャ", "ミズヒキ緑茶", "三ズヒキ緑茶525m1"],
)
def test_a_product_is_known_in_spite_of_the_till_and_the_reader(name):
    assert [match.score >= ACCEPT_SCORE for match in match_products([item(name)], [TEA])] == [True]


@pytest.mark.parametrize("name", ["からり麦茶 600ml", "ミズ", "緑茶", "食パン6枚切", "レジ袋"])
def test_other_goods_are_not_the_product(name):
    assert match_products([item(name)], [TEA]) == []


def test_a_doubtful_likeness_is_for_a_person():
    (match,) = match_products([item("ミズヒキ紅茶 500ml")], [{**TEA, "printed_forms": []}])

    assert ASK_SCORE <= match.score < ACCEPT_SCORE


def test_a_barcode_number_decides_alone():
    (match,) = match_products([item("読めない", "4901234567894")], [TEA])

    assert match.score == 1.0
    assert match_products([item("ミズヒキ緑茶 525ml", "4900000000000")], [TEA]) == []
