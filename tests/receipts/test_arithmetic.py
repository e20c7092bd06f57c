import pytest

from receipts.ocr.parsing.arithmetic import choose
from receipts.ocr.parsing.figures import find_figures
from receipts.ocr.parsing.rows import rows_of
from tests.receipts.printed import lines_of


def sums(text: str, items: list[int] | None = None):
    return choose(find_figures(rows_of(lines_of(text))), items or [])


def test_subtotal_and_added_tax_prove_the_total():
    chosen = sums("小計      ¥1,000\n外税10%      ¥100\n合計      ¥1,100")

    assert (chosen.total, chosen.subtotal, chosen.tax) == (1100, 1000, 100)
    assert "subtotal_plus_tax" in chosen.proofs


def test_bases_with_included_taxes_prove_the_total():
    chosen = sums("合計     ¥783\n(税率 8%対象  ¥657)\n(税率10%対象  ¥126)\n(内消費税 8%  ¥48)\n(内消費税 10%  ¥11)")

    assert (chosen.total, chosen.tax, chosen.proofs) == (783, 59, ("bases",))


def test_taxes_of_two_rates_bound_the_total():
    chosen = sums("合計     ¥5,992\nうち消費税8%    ¥28\nうち消費税10%    ¥509")

    assert (chosen.total, chosen.tax, chosen.proofs) == (5992, 537, ("tax_of_total",))
    assert sums("合計     ¥5,932\nうち消費税8%    ¥28\nうち消費税10%    ¥509").proofs == ()


def test_the_goods_prove_the_total():
    assert sums("合計     ¥1,100", [1100]).proofs == ("items",)
    assert sums("合計     ¥1,100", [1000]).proofs == ()


def test_a_yen_sign_read_as_a_digit_is_seen_through():
    """¥518 was read as 1518 everywhere; only the tax tells."""
    chosen = sums("合計     1518\n(8%対象額  1518  内税  38)\n現金     1518")

    assert chosen.total == 518


def test_payments_alone_prove_nothing():
    chosen = sums("合計     1374\nクレジット     1374\nお預り     1374")

    assert chosen.proofs == ()


def test_a_subtotal_does_not_pass_for_the_total_because_the_goods_fit_it():
    """The rows of tax and total were lost in a fold of the paper."""
    chosen = sums("小計     ¥2,536", [2536])

    assert (chosen.total, chosen.proofs) == (2536, ())


def test_a_small_total_is_not_proven_by_its_rounded_tax():
    assert sums("合計     ¥83\n内消費税     ¥8").proofs == ()
    assert sums("合計     ¥783\n内消費税     ¥71").proofs == ("tax_of_total",)


@pytest.mark.parametrize(
    "row",
    ["外税8%対象額 5,662  税額 452", "外税8/象額 5,662  税額 452", "8 列家甜 5,662  税額 452", "税率86対象 5,662  452"],
)
def test_a_base_and_its_tax_are_told_by_their_sums_however_the_words_are_misread(row):
    figures = find_figures(rows_of(lines_of(f"小計     ¥5,662\n{row}\n消費税計     ¥452\n合計     ¥6,114")))

    assert [(base.value, base.rate) for base in figures.bases] == [(5662, 8)]
    assert [tax.value for tax in figures.taxes] == [452, 452]


def test_a_tax_misread_by_its_sign_is_proven_by_the_sum_and_both_rates():
    printed = "小計     ¥8,093\n外税額(8%)     1177\n外税額(10%)     ¥587\nお会計     ¥8,857"

    assert (sums(printed).tax, sums(printed).proofs) == (764, ("subtotal_plus_tax",))
    assert sums(printed.replace("1177", "1187").replace("8,857", "8,867")).proofs == ()  # no rate makes 187


def test_a_sign_read_as_a_digit_in_sum_and_total_is_not_proven_by_the_tax_between_them():
    """¥518 and ¥51 make ¥569; both sums got a 1 for their sign."""
    assert sums("小計     1518\n外税10%     ¥51\n合計     1569").proofs == ()


BASES = "税率 8%対象  11,141\n消費税  191\n税率10%対象  12,246\n消費税  1224\n"


def test_misread_signs_of_both_bases_are_no_doubt_where_they_meet_a_total_with_its_sign():
    assert sums(f"{BASES}合計     ¥3,702").proofs == ("bases",)
    assert sums(f"{BASES}合計     13,702").proofs == ()
    assert sums(f"{BASES}合計     ¥3,712").proofs == ()


def test_a_rate_whose_sign_was_read_as_a_digit_or_lost_is_no_amount():
    chosen = sums("合計     ¥2,666\n(8内税額    74)\n(104内税額    151)")

    assert (chosen.total, chosen.tax) == (2666, 225)


def test_taxes_larger_than_any_rate_are_not_summed():
    assert sums("合計     ¥1,000\n消費税     ¥980").tax is None


def test_a_digit_lost_behind_the_yen_sign_leaves_no_amount():
    assert sums("合計     ¥,104") is None


def test_the_total_may_follow_from_money_given_and_change():
    chosen = sums("お預り     ¥1,000\nお釣り     ¥482")

    assert (chosen.total, chosen.proofs) == (518, ())


def test_two_totals_that_are_both_proven_contest_each_other():
    chosen = sums("小計     ¥1,000\n外税10%     ¥100\n合計     ¥1,100\nお支払合計     ¥1,300", [1300])

    assert chosen.is_contested


def test_points_and_balances_are_no_totals():
    chosen = sums("合計     ¥518\nポイント残高合計     ¥9,999\n残高     ¥2,317")

    assert chosen.total == 518


def test_without_figures_there_are_no_sums():
    assert sums("ありがとうございました") is None


@pytest.mark.parametrize(
    "label",
    ["合計", "合  計", "お会計", "お支払い合計", "合計金額", "御合計", "ご請求額", "税込合計", "合言十", "お買上金額"],
)
def test_the_total_has_many_names(label):
    assert sums(f"小計     ¥1,000\n{label}     ¥1,100").total == 1100


@pytest.mark.parametrize("label", ["合計点数", "税合計", "値引合計", "お買上点数"])
def test_other_sums_are_not_the_total(label):
    assert sums(f"合計     ¥1,100\n{label}     3,000").total == 1100


def test_a_total_may_stand_below_its_label():
    assert sums("小計     ¥1,000\n合計\n     ¥1,100").total == 1100
