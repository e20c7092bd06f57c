"""Any layout of a known receipt gives the same figures: what is printed decides, not where or in which words."""

import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receipts.ocr.parsing.receipt import ParsedReceipt, parse
from receipts.ocr.parsing.rows import rows_of
from tests.receipts.printed import lines_of, parsed

QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
GOODS = (("あさひ緑茶500ml", 2, 128), ("こだま食パン", 1, 178), ("ゆきどけ豆腐", 3, 98), ("特選たまご", 1, 298))
GOODS_SUM = sum(count * unit for _, count, unit in GOODS)
TAX_ADDED = GOODS_SUM * 8 // 100
TAX_CONTAINED = GOODS_SUM * 8 // 108
KNOWN = {
    "store_name": "こもれび商店",
    "branch": "白鷺台店",
    "tel": "0312345678",
    "date": "2026-05-12",
    "time": "15:07",
    "receipt_no": "00427781",
    "registration_no": "T1999912345670",
}

dates = st.sampled_from(
    [
        "2026年5月12日(火) 15:07",
        "2026/05/12(火)15:07",
        "2026-05-12 15:07:31",
        "26/05/12 15:07",
        "'26.05.12(火) 15:07",
        "令和8年5月12日 15時07分",
        "R8/5/12 15:07",
        "May 12, 2026 3:07 PM",
        "12 May 2026 15:07",
    ]
)
tels = st.sampled_from(
    ["TEL 03-1234-5678", "電話:03-1234-5678", "TEL(03)1234-5678", "℡03(1234)5678", "Tel.03-1234-5678"]
)
numbers = st.sampled_from(
    ["レシートNo.0042-7781", "取引番号:0042-7781", "伝票No 0042-7781", "Receipt No: 0042-7781", "R0042-7781"]
)
registrations = st.sampled_from(["登録番号 ", "登録番号:", "適格請求書発行事業者 ", "インボイス登録番号 "])
totals = st.sampled_from(
    ["合計", "合  計", "お会計", "総合計", "ご請求額", "お買上計", "税込合計", "TOTAL", "合計/Total"]
)
signs = st.sampled_from(["¥{:,}", "{:,}円", "{:,}", "¥{}", "JPY {:,}"])
quantities = st.sampled_from(["same", "below", "apart"])


@dataclass(frozen=True)
class Till:
    """One way to print the known receipt."""

    date: str
    tel: str
    number: str
    registration: str
    total: str
    sign: str
    quantity: str
    is_tax_added: bool
    is_registered_first: bool

    @property
    def tax(self) -> int:
        return TAX_ADDED if self.is_tax_added else TAX_CONTAINED

    @property
    def amount(self) -> int:
        return GOODS_SUM + (self.tax if self.is_tax_added else 0)

    def printed(self) -> str:
        registration = f"{self.registration}T1999912345670"
        return "\n".join(
            [
                "こもれび商店",
                "白鷺台店",
                self.tel,
                *([registration] if self.is_registered_first else []),
                self.date,
                self.number,
                *self._goods(),
                *self._sums(),
                *([] if self.is_registered_first else [registration]),
            ]
        )

    def _goods(self) -> list[str]:
        rows = []
        for name, count, unit in GOODS:
            price = self.sign.format(count * unit)
            match self.quantity:
                case "same":
                    rows.append(_columns(f"{name} {count}コX単{unit}", price))
                case "below":
                    rows += [_columns(name, price), *([f"  ({count}個 × 単{unit})"] if count > 1 else [])]
                case "apart":
                    rows += [name, _columns(f"  数量{count}  単価{unit}", price)]
        return rows

    def _sums(self) -> list[str]:
        tax = self.sign.format(self.tax)
        if self.is_tax_added:
            rows = [_columns("小計", self.sign.format(GOODS_SUM)), _columns("外税8%", tax)]
        else:
            rows = [_columns("(内消費税8%", f"{tax})")]
        total = _columns(self.total, self.sign.format(self.amount))
        paid = [_columns("お預り", self.sign.format(2000)), _columns("おつり", self.sign.format(2000 - self.amount))]
        return [*rows, total, *paid] if self.is_tax_added else [total, *rows, *paid]


tills = st.builds(
    Till,
    date=dates,
    tel=tels,
    number=numbers,
    registration=registrations,
    total=totals,
    sign=signs,
    quantity=quantities,
    is_tax_added=st.booleans(),
    is_registered_first=st.booleans(),
)


def _columns(left: str, right: str) -> str:
    used = sum(2 if unicodedata.east_asian_width(sign) in "FWA" else 1 for sign in left)
    return f"{left}{' ' * max(2, 44 - used - len(right))}{right}"


def figures(found: ParsedReceipt) -> dict[str, str]:
    values = {key: field.value for key, field in found.fields.items()}
    for key in ("tel", "receipt_no"):
        values[key] = "".join(sign for sign in values.get(key, "") if sign.isdigit())
    return values


def expected(till: Till) -> dict[str, str]:
    subtotal = {"subtotal": str(GOODS_SUM)} if till.is_tax_added else {}
    return {**KNOWN, "total": str(till.amount), "tax": str(till.tax), **subtotal}


def goods(found: ParsedReceipt) -> list[tuple[str, int, int]]:
    return [(item.name, item.quantity, item.price) for item in found.items]


@QUICK
@given(till=tills)
def test_every_way_to_print_it_gives_the_same_figures_and_goods(till):
    found = parsed(till.printed())

    assert figures(found) == expected(till)
    assert goods(found) == [(name, count, count * unit) for name, count, unit in GOODS]


@QUICK
@given(till=tills, slope=st.floats(-0.04, 0.04), seed=st.randoms(use_true_random=False))
def test_jitter_and_a_sloping_page_change_nothing(till, slope, seed):
    lines = lines_of(till.printed(), slope=slope)
    moved = []
    for line in lines:
        off = seed.uniform(-4, 4)
        moved.append(type(line)(tuple((x, y + off) for x, y in line.quad), line.text, line.score))
    seed.shuffle(moved)

    assert figures(parse(rows_of(moved))) == expected(till)


@QUICK
@given(till=tills)
def test_full_width_print_reads_like_half_width(till):
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x30, 0x3A)})

    assert figures(parsed(till.printed().translate(wide))) == expected(till)


@QUICK
@given(till=tills.filter(lambda till: till.sign == "¥{:,}"), wrong=st.sampled_from("17Y"))
def test_a_yen_sign_misread_before_the_total_is_put_right_by_the_sums(till, wrong):
    right, misread = f"¥{till.amount:,}", f"{wrong}{till.amount:,}"
    found = figures(parsed(till.printed().replace(right, misread)))

    assert found["total"] == str(till.amount)


@pytest.mark.parametrize("word", ["値引", "割引", "クーポン", "Discount"])
def test_a_discount_belongs_to_the_row_above_in_any_words(word):
    found = parsed(f"こもれび商店\nあさひ緑茶  ¥128\n{word}  -28\nこだま食パン  ¥178\n合計  ¥278")

    assert [(item.price, item.discount) for item in found.items] == [(128, -28), (178, 0)]
