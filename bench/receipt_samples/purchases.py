"""What was bought, where and when: the facts that a layout prints and that the truth states."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stdnum.jp import cn

FIRST_DAY = datetime(2026, 3, 2, 8, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
DAYS = 200
SHOPS = (
    ("こもれび商店", "白鷺台店", "株式会社こもれび", "KOMOREBI STORE"),
    ("マルヒサ食料品", "北浜通店", "丸久食品株式会社", "MARUHISA FOODS"),
    ("ドラッグうみねこ", "港南二丁目店", "うみねこ薬品株式会社", "UMINEKO DRUG"),
    ("カフェ ツキミソウ", "若葉町店", "有限会社月見草", "CAFE TSUKIMISO"),
    ("ほたる書房", "本町店", "合同会社ほたる", "HOTARU BOOKS"),
    ("スーパーやまびこ", "桜堤店", "株式会社やまびこ流通", "YAMABIKO MARKET"),
    ("キッチン雑貨アオバ", "駅ビル店", "青葉物産株式会社", "AOBA KITCHEN"),
    ("パンの家こむぎ", "緑が丘店", "株式会社こむぎ", "KOMUGI BAKERY"),
)
GOODS = (
    ("あおぞら牛乳1000ml", "ｱｵｿﾞﾗｷﾞｭｳﾆｭｳ1L", "AOZORA MILK 1L", 238, 8),
    ("こだま食パン6枚", "ｺﾀﾞﾏｼｮｸﾊﾟﾝ6ﾏｲ", "KODAMA BREAD", 178, 8),
    ("ゆきしろ豆腐絹", "ﾕｷｼﾛﾄｳﾌｷﾇ", "YUKISHIRO TOFU", 98, 8),
    ("せせらぎ緑茶525ml", "ｾｾﾗｷﾞﾘｮｸﾁｬ525", "SESERAGI GREEN TEA", 138, 8),
    ("特選たまご10個", "ﾄｸｾﾝﾀﾏｺﾞ10ｺ", "PREMIUM EGGS", 298, 8),
    ("バナナ一袋", "ﾊﾞﾅﾅ", "BANANAS", 158, 8),
    ("冷凍えだまめ400g", "ﾚｲﾄｳｴﾀﾞﾏﾒ400G", "FROZEN EDAMAME", 348, 8),
    ("チョコレートビター", "ﾁｮｺﾚｰﾄﾋﾞﾀｰ", "BITTER CHOCOLATE", 268, 8),
    ("国産ぶた肉こま切れ", "ﾌﾞﾀﾆｸｺﾏｷﾞﾚ", "PORK SLICES", 514, 8),
    ("カップ麺しょうゆ", "ｶｯﾌﾟﾒﾝｼｮｳﾕ", "SOY NOODLES", 128, 8),
    ("ヨーグルト4P", "ﾖｰｸﾞﾙﾄ4P", "YOGURT 4P", 188, 8),
    ("やわらかティッシュ5箱", "ﾔﾜﾗｶﾃｨｯｼｭ5P", "SOFT TISSUE 5P", 398, 10),
    ("食器用洗剤レモン", "ｼｮｯｷｾﾝｻﾞｲﾚﾓﾝ", "DISH SOAP LEMON", 248, 10),
    ("乾電池単3 4本", "ｶﾝﾃﾞﾝﾁﾀﾝ3", "AA BATTERIES", 547, 10),
    ("歯ブラシふつう", "ﾊﾌﾞﾗｼﾌﾂｳ", "TOOTHBRUSH", 218, 10),
    ("レジ袋L", "ﾚｼﾞﾌﾞｸﾛL", "SHOPPING BAG L", 5, 10),
)


@dataclass(frozen=True)
class Line:
    """One line of goods; `discount` is zero or negative."""

    name: str
    short: str
    english: str
    unit: int
    quantity: int
    rate: int
    jan: str
    discount: int = 0

    @property
    def price(self) -> int:
        return self.unit * self.quantity


@dataclass(frozen=True)
class Purchase:
    """All that a till knows of a purchase; taxes are rounded down for each rate."""

    store: str
    branch: str
    company: str
    english: str
    tel: str
    registration: str
    number: str
    at: datetime
    lines: tuple[Line, ...]
    is_tax_added: bool

    @property
    def goods(self) -> int:
        return sum(line.price + line.discount for line in self.lines)

    @property
    def rates(self) -> tuple[int, ...]:
        return tuple(rate for rate in (8, 10) if self.base(rate))

    def base(self, rate: int) -> int:
        """The goods of one rate, with their tax where prices include it."""
        return sum(line.price + line.discount for line in self.lines if line.rate == rate)

    def tax_of(self, rate: int) -> int:
        """The tax of one rate, added to its base or contained in it."""
        return self.base(rate) * rate // (100 if self.is_tax_added else 100 + rate)

    @property
    def tax(self) -> int:
        return sum(map(self.tax_of, self.rates))

    @property
    def total(self) -> int:
        return self.goods + (self.tax if self.is_tax_added else 0)

    @property
    def tendered(self) -> int:
        return (self.total // 1000 + 1) * 1000


def draw_purchase(chance: random.Random, *, lines: int, is_tax_added: bool) -> Purchase:
    """Draw a purchase; exchanges that begin with 0 and registry office 9999 are given to nobody."""
    store, branch, company, english = chance.choice(SHOPS)
    digits = f"9999{chance.randrange(10**8):08}"
    return Purchase(
        store,
        branch,
        company,
        english,
        _tel(chance),
        "T" + cn.calc_check_digit(digits) + digits,
        f"{chance.randrange(1, 10_000):04}-{chance.randrange(10_000):04}",
        FIRST_DAY + timedelta(days=chance.randrange(DAYS), minutes=chance.randrange(13 * 60)),
        tuple(_line(chance, goods) for goods in _goods(chance, lines)),
        is_tax_added,
    )


def _tel(chance: random.Random) -> str:
    area, exchange = chance.choice((("03", 4), ("06", 4), ("045", 3), ("052", 3), ("0463", 2), ("0878", 2)))
    return f"{area}-0{chance.randrange(10 ** (exchange - 1)):0{exchange - 1}}-{chance.randrange(10_000):04}"


def _goods(chance: random.Random, count: int) -> list[tuple[str, str, str, int, int]]:
    goods: list[tuple[str, str, str, int, int]] = []
    while len(goods) < count:
        goods += chance.sample(GOODS, min(len(GOODS), count - len(goods)))
    return goods


def _line(chance: random.Random, goods: tuple[str, str, str, int, int]) -> Line:
    name, short, english, price, rate = goods
    price += chance.randrange(-3, 40) if price > 50 else 0
    quantity = chance.choice((1, 1, 1, 2, 3))
    jan = f"49{chance.randrange(10**10):010}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(jan))
    discount = -(price // 10) if chance.random() < 0.12 and price > 100 else 0
    return Line(name, short, english, price, quantity, rate, f"{jan}{-weighted % 10}", discount)
