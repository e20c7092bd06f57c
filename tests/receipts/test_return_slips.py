"""返品・赤伝: a slip that gives money back is recognised, and no ordinary receipt is taken for one."""

from dataclasses import replace

import pytest

from eligibility.inputs import Inputs, ReceiptFacts
from eligibility.rules.base import Outcome
from eligibility.rules.purchase import judge_purchase
from receipts.ocr.fake import prepared_reading
from receipts.ocr.merging import merged
from tests.receipts.printed import parsed, sample, sample_names

HEAD = """スーパーみなと 本牧店
電話 045-123-4567
2026年11月20日(金) 10:15
"""
TAIL = """小計 1,280
合計  ¥1,280
お預り  ¥1,300
お釣り  ¥20
"""
GOODS = "緑茶 600ml  ¥1,280\n"


def is_return(text: str) -> bool:
    return parsed(text).is_return


@pytest.mark.parametrize(
    "text",
    [
        "【返品】\n" + HEAD + GOODS + TAIL,
        HEAD + "＊＊ 返 品 ＊＊\n" + GOODS + TAIL,
        HEAD + GOODS + TAIL + "返品伝票 No.0042\n",
        HEAD + GOODS + "赤伝票\n" + TAIL,
        HEAD + GOODS + "取引取消伝票\n" + TAIL,
        HEAD + GOODS + "返金額  ¥1,280\n",
        HEAD + "緑茶 600ml  -1,280\n小計  -1,280\n合計  -1,280\n",
        HEAD + "緑茶 600ml  ▲1,280\n合計  ▲1,280\n現金  ▲1,280\n",
        HEAD + "緑茶 600ml  ¥-1,280\n合計  ¥-1,280\n",
        "REFUND\n" + HEAD + "TOTAL  -1,280\n",
    ],
)
def test_a_slip_that_gives_money_back_is_recognised(text):
    assert is_return(text)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + GOODS + TAIL,
        HEAD + GOODS + TAIL + "返品・交換はレシートをお持ちの上1週間以内にお願いします\n",
        HEAD + GOODS + TAIL + "返品の際は本レシートが必要です\n返品交換不可\n",
        HEAD + GOODS + "値引合計 -100\n" + TAIL,
        HEAD + GOODS + "クーポン -100\n" + TAIL,
        HEAD + GOODS + TAIL + "ポイント返金 0\n",
    ],
)
def test_an_ordinary_receipt_is_not_taken_for_one(text):
    assert not is_return(text)


@pytest.mark.parametrize("name", sample_names())
def test_no_sample_of_a_purchase_is_taken_for_one(name):
    assert not is_return(sample(name).text)


def test_what_one_of_two_readings_sees_is_kept():
    seen, unseen = prepared_reading(total="1280", is_return=True), prepared_reading(total="1280")

    assert (merged(unseen, seen).is_return, merged(unseen, unseen).is_return) == (True, False)
    assert type(seen).from_json(seen.to_json()) == seen
    old = seen.to_json()
    del old["is_return"]
    assert not type(seen).from_json(old).is_return, "readings that were kept before"


def test_it_proves_no_purchase_until_a_person_says_otherwise():
    document = {
        "purchase_from_on": "2026-11-01",
        "purchase_until_on": "2026-11-30",
        "stores": [],
        "products": [],
        "groups": [],
    }
    slip = ReceiptFacts(status="read", is_return_slip=True, figures={"date": "2026-11-20", "total": "1280"})
    found = judge_purchase(document, {}, Inputs("", receipt=slip))

    assert (found.outcome, [reason.code for reason in found.reasons]) == (Outcome.FIXABLE, ["return_slip"])
    assert judge_purchase(document, {}, Inputs("", receipt=replace(slip, is_confirmed=True))).is_met
