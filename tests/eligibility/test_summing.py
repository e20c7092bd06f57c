"""合算: receipts of one entry added up; each rule a pure function of stored inputs."""

from dataclasses import replace
from typing import Any

import pytest

from eligibility.inputs import Inputs, ReceiptFacts
from eligibility.rules.base import Outcome
from eligibility.rules.combine import judge
from eligibility.rules.summing import receipts_that_count, sum_receipts

MET, UNCLEAR, FIXABLE = Outcome.MET, Outcome.UNCLEAR, Outcome.FIXABLE
TEA = {"name": "ミズヒキ緑茶 525ml", "jan": "", "printed_forms": ["ミズヒキ緑茶525ml"]}
SPEND = {"minimum_spend_jpy": 2500, "minimum_quantity": 0, "receipts_at_most": 3}
PIECES = {"minimum_quantity": 3, "receipts_at_most": 3}


def receipt(number: int, total: int = 1000, *, pieces: int = 1, **facts: Any) -> ReceiptFacts:
    figures = {"date": "2026-11-20", "total": str(total), "store_name": "まるはちマート"} | facts.pop("figures", {})
    item = {"name": "ミズヒキ緑茶525ml", "quantity": pieces, "price_jpy": total, "jan": None, "region": None}
    return ReceiptFacts(status="read", id=f"r{number}", figures=figures, items=(item,), **facts)


def document(parameters: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "entry_opens_at": "2026-10-31T15:00:00+00:00",
        "entry_closes_at": "2026-11-30T15:00:00+00:00",
        "purchase_from_on": "2026-11-01",
        "purchase_until_on": "2026-11-30",
        "entries_per_person": 1,
        "entries_per_person_a_day": 1,
        "groups": [
            {"combination": "all", "minimum_count": 1, "rules": [{"kind": "purchase", "parameters": parameters}]}
        ],
        "products": [TEA],
        "stores": [],
        "questions": [],
    } | changes


def judged(parameters: dict[str, Any], *receipts: ReceiptFacts, **changes: Any) -> tuple[Outcome, list[tuple]]:
    inputs = Inputs(submitted_at="2026-11-20T03:00:00+00:00").with_receipts(receipts)
    outcome, reasons = judge(document(parameters, **changes), inputs)
    return outcome, [(r["code"], r.get("missing") or r.get("receipt")) for r in reasons]


def test_the_amount_is_reached_over_several_receipts_and_until_then_says_what_is_missing():
    assert judged(SPEND, receipt(1, 1020)) == (FIXABLE, [("sum_too_small", 1480)])
    assert judged(SPEND, receipt(1, 1020), receipt(2, 1000)) == (FIXABLE, [("sum_too_small", 480)])
    assert judged(SPEND, receipt(1, 1020), receipt(2, 1000), receipt(3, 480)) == (MET, [])
    assert judged(SPEND, receipt(1, 1020), receipt(2, 1000), receipt(3, 479)) == (FIXABLE, [("sum_too_small", 1)])


def test_without_the_operators_word_nothing_is_summed():
    alone = {**SPEND, "receipts_at_most": 1}

    assert judged(alone, receipt(1, 2000), receipt(2, 1000)) == (FIXABLE, [("spend_too_small", None)])


def test_pieces_are_summed_like_yen():
    assert judged(PIECES, receipt(1), receipt(2)) == (FIXABLE, [("sum_quantity_too_small", 1)])
    assert judged(PIECES, receipt(1), receipt(2, pieces=2)) == (MET, [])


def test_target_products_alone_are_summed_where_only_they_count():
    parameters = {**SPEND, "spend_counts": "target_products"}
    bread = {"name": "食パン", "quantity": 1, "price_jpy": 2000, "jan": None, "region": None}
    mixed = replace(receipt(2, 500), items=(*receipt(2, 500).items, bread))

    assert judged(parameters, receipt(1, 1000), mixed) == (FIXABLE, [("sum_too_small", 1000)])


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"figures": {"date": "2026-10-31"}}, "purchased_outside_period"),
        ({"figures": {"date": "2026-12-01"}}, "purchased_outside_period"),
        ({"figures": {"date": None}}, "date_unread"),
        ({"figures": {"total": None}}, "total_unread"),
        ({"is_receipt": False}, "not_a_receipt"),
        ({"is_complete": False}, "receipt_cut_off"),
        ({"is_used_elsewhere": True}, "receipt_already_used"),
        ({"is_repeated": True}, "receipt_repeated"),
    ],
)
def test_a_receipt_that_does_not_count_says_why_and_spoils_no_other(bad, code):
    out = receipt(2, 5000, **bad)

    assert judged(SPEND, receipt(1, 2500), out) == (MET, [])
    assert judged(SPEND, receipt(1, 2000), out) == (FIXABLE, [("sum_too_small", 500), (code, "r2")])
    counting = receipts_that_count(document(SPEND), SPEND, [receipt(1, 2500), out])
    assert counting == {"r1"}


def test_each_shop_has_to_be_one_that_counts():
    stores = [{"name": "みなとスーパー", "telephone": "0451111111", "registration_no": ""}]
    ours = receipt(1, 2000, figures={"tel": "0451111111"})
    other = receipt(2, 2000, is_confirmed=True, figures={"store_name": "本屋"})

    outcome, reasons = judged(SPEND, ours, other, stores=stores)

    assert (outcome, reasons) == (FIXABLE, [("sum_too_small", 500), ("store_not_included", "r2")])


def test_a_receipt_without_a_target_product_counts_only_where_none_is_asked_for():
    bread = replace(receipt(2, 2000), items=())

    assert judged({**SPEND, "minimum_quantity": 1}, receipt(1, 1000), bread)[1][1] == ("product_missing", "r2")
    assert judged(SPEND, receipt(1, 1000), bread) == (MET, [])


def test_a_person_is_asked_only_where_doubtful_receipts_decide():
    doubtful = receipt(2, 1500, needs_review=True)

    assert judged(SPEND, receipt(1, 2500), doubtful) == (MET, [])
    assert judged(SPEND, receipt(1, 1000), doubtful) == (UNCLEAR, [("reading_uncertain", "r2")])
    assert judged(SPEND, receipt(1, 500), doubtful) == (FIXABLE, [("sum_too_small", 500)])
    full = judged(SPEND, receipt(1, 500), doubtful, receipt(3, 100))
    assert full == (UNCLEAR, [("reading_uncertain", "r2")]), "no further receipt can be added: somebody looks"
    assert judged(SPEND, receipt(1, 1000), replace(doubtful, is_confirmed=True)) == (MET, [])


def test_what_resembles_another_receipt_is_left_to_a_person():
    alike = receipt(2, 1500, look_alike="r1")

    assert judged(SPEND, receipt(1, 1000), alike) == (UNCLEAR, [("looks_like_another", "r2")])


def test_receipts_beyond_the_limit_count_nothing():
    four = [receipt(number, 500) for number in range(1, 5)]

    assert judged(SPEND, *four) == (FIXABLE, [("sum_too_small", 1000), ("receipt_over_limit", "r4")])
    assert sum_receipts(document(SPEND), SPEND, four).counted_jpy == 1500


def test_no_receipt_at_all_is_said_so():
    assert judged(SPEND) == (FIXABLE, [("no_receipt", None)])


def test_what_a_person_accepts_uses_up_every_paper_that_is_free():
    late = [receipt(1, figures={"date": "2026-12-01"}), receipt(2, is_used_elsewhere=True, is_confirmed=True)]

    assert receipts_that_count(document(SPEND), SPEND, late) == {"r1"}
    assert receipts_that_count(document(SPEND), SPEND, late[1:]) == {"r2"}, "which then is refused as used"


def test_inputs_are_read_as_they_were_written_also_by_an_earlier_release():
    inputs = Inputs(submitted_at="2026-11-20T03:00:00+00:00").with_receipts([receipt(1), receipt(2)])
    assert [found.id for found in Inputs.from_json(inputs.to_json()).receipts] == ["r1", "r2"]

    old = Inputs(submitted_at="2026-11-20T03:00:00+00:00", receipt=receipt(1)).to_json()
    del old["earlier_receipts"], old["receipt"]["is_repeated"], old["receipt"]["id"]
    assert len(Inputs.from_json(old).receipts) == 1
