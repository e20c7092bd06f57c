"""Draw receipts of invented shops and photograph them: `python -m demo.make_receipts [FOLDER] [--today YYYY-MM-DD]`.

`draw_receipt` gives the paper, `photograph` a picture of it on a table, `as_jpeg` the file that a phone would send.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from stdnum.jp import cn

FONTS = (
    "opentype/ipafont-gothic/ipag.ttf",
    "truetype/fonts-japanese-gothic.ttf",
    "truetype/takao-gothic/TakaoGothic.ttf",
    "opentype/noto/NotoSansCJK-Regular.ttc",
    "noto-cjk/NotoSansCJK-Regular.ttc",
    "google-noto-cjk/NotoSansCJK-Regular.ttc",
)
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
JST = ZoneInfo("Asia/Tokyo")
WEEKDAYS = "月火水木金土日"
PAPER_PX = 620
MARGIN_PX = 34
TEXT_PX = 28
MOST_BYTES = 250_000


class FontMissing(RuntimeError):
    """No Japanese font is installed; the message says what to install."""


@dataclass(frozen=True)
class Goods:
    """One line of goods; prices include no tax where the receipt adds it."""

    name: str
    unit_price: int
    quantity: int = 1
    rate: int = 8
    discount: int = 0

    @property
    def price(self) -> int:
        """The line's amount before its discount."""
        return self.unit_price * self.quantity


@dataclass(frozen=True)
class ReceiptSpec:
    """What is printed on a receipt; sums and taxes follow from the goods."""

    store: str
    branch: str
    tel: str  # exchanges that begin with 0 are given to nobody
    corporate_number: str  # twelve digits, 9999 is no registry office; the check digit in front is computed
    purchased_at: datetime
    receipt_no: str
    goods: tuple[Goods, ...]
    company: str = ""
    address: str = ""
    payment: str = "クレジット"
    is_tax_added: bool = True
    greeting: str = "毎度ありがとうございます"

    @property
    def subtotal(self) -> int:
        """All goods after their discounts."""
        return sum(goods.price + goods.discount for goods in self.goods)

    def base(self, rate: int) -> int:
        """The goods of one tax rate."""
        return sum(goods.price + goods.discount for goods in self.goods if goods.rate == rate)

    def tax(self, rate: int) -> int:
        """The tax of one rate, rounded down."""
        return self.base(rate) * rate // (100 if self.is_tax_added else 100 + rate)

    @property
    def total(self) -> int:
        """What was paid."""
        return self.subtotal + (self.tax(8) + self.tax(10) if self.is_tax_added else 0)

    @property
    def registration_no(self) -> str:
        """The invoice registration number with its check digit."""
        return f"T{cn.calc_check_digit(self.corporate_number)}{self.corporate_number}"


def find_font() -> Path:
    """The first Japanese font that is installed.

    Raises:
        FontMissing: there is none.
    """
    for folder in FONT_FOLDERS:
        for name in FONTS:
            if (folder / name).exists():
                return folder / name
    raise FontMissing("no Japanese font found: install fonts-noto-cjk (Debian, Ubuntu) or google-noto-sans-cjk-fonts")


def draw_receipt(spec: ReceiptSpec) -> Image.Image:
    """The paper, upright and flat."""
    return _draw_rows(_rows(spec))


def draw_leaflet(title: str, lines: tuple[str, ...]) -> Image.Image:
    """A paper that is no receipt."""
    return _draw_rows([_Row(title, scale=1.6, is_centred=True), _Row(), *(_Row(line) for line in lines), _Row()])


def photograph(
    paper: Image.Image,
    *,
    seed: int,
    degrees: float = 2.0,
    keystone: float = 0.02,
    light: float = 0.25,
    width: int = 1200,
) -> Image.Image:
    """The paper on a table: turned a little, seen at an angle, unevenly lit, with a phone's noise."""
    rng = np.random.default_rng(seed)
    scale = 0.72 * width / paper.width
    height = int(paper.height * scale * 1.14)
    table = _table(rng, width, height)
    paper = paper.resize((int(paper.width * scale), int(paper.height * scale)), Image.Resampling.LANCZOS)
    sheet = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    sheet.paste(paper.convert("RGBA"), ((width - paper.width) // 2, (height - paper.height) // 2))
    sheet = _keystoned(sheet.rotate(degrees, Image.Resampling.BICUBIC), keystone)
    shadow = Image.new("RGBA", sheet.size, (20, 15, 10, 0))
    shadow.putalpha(sheet.getchannel("A").filter(ImageFilter.GaussianBlur(14)).point(lambda alpha: alpha * 0.55))
    table.paste(shadow, (9, 12), shadow)
    table.paste(sheet, (0, 0), sheet)
    return _lit(table.filter(ImageFilter.GaussianBlur(0.7)), rng, light)


def as_jpeg(image: Image.Image, *, most_bytes: int = MOST_BYTES) -> bytes:
    """The best JPEG that is small enough."""
    for quality in range(88, 20, -4):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() <= most_bytes:
            break
    return out.getvalue()


GREEN_TEA = "ミズヒキ緑茶 525ml"


def first_shop(purchased_at: datetime) -> ReceiptSpec:
    """A supermarket's receipt with two bottles of the campaign's tea."""
    return ReceiptSpec(
        store="スーパーはなむすび",
        branch="桜台店",
        tel="03-0946-2817",
        corporate_number="999912345678",
        company="株式会社はなむすび商店",
        address="水引県花結市桜台1-14-6",
        purchased_at=purchased_at,
        receipt_no="0042-3187",
        goods=(
            Goods(GREEN_TEA, 158, 2),
            Goods("国産若鶏もも肉", 598),
            Goods("北海道牛乳 1000ml", 248),
            Goods("食パン6枚切", 178),
            Goods("たまご10個入", 268, discount=-20),
            Goods("バナナ", 198),
            Goods("コシヒカリ2kg", 1180),
            Goods("食器用洗剤 詰替", 218, rate=10),
        ),
    )


def second_shop(purchased_at: datetime) -> ReceiptSpec:
    """A drugstore's receipt, tax included, with three bottles of the tea."""
    return ReceiptSpec(
        store="ドラッグ みずたま",
        branch="北浜駅前店",
        tel="06-0208-4471",
        corporate_number="999923456789",
        purchased_at=purchased_at,
        receipt_no="118204",
        goods=(
            Goods(GREEN_TEA, 168, 3),
            Goods("プレーンヨーグルト400g", 198, 2),
            Goods("ビタミンC錠 90粒", 1280),
            Goods("ハンドソープ 詰替", 328, rate=10),
            Goods("歯ブラシ ふつう", 198, 2, rate=10),
        ),
        payment="電子マネー",
        is_tax_added=False,
        greeting="いらっしゃいませ",
    )


def without_the_product(spec: ReceiptSpec) -> ReceiptSpec:
    """The same purchase with another maker's drink."""
    goods = tuple(replace(item, name="からり麦茶 600ml") if item.name == GREEN_TEA else item for item in spec.goods)
    return replace(
        spec, goods=goods, receipt_no="0042-3306", purchased_at=spec.purchased_at + timedelta(hours=3, minutes=11)
    )


def demo_photographs(today: date) -> dict[str, bytes]:
    """The six photographs of the demo, by file name; `ok` receipts are of `today`."""
    at = datetime.combine(today, time(11, 42), tzinfo=JST)
    first, second = first_shop(at), second_shop(at.replace(hour=18, minute=5))
    early = replace(first, purchased_at=datetime(2026, 6, 15, 10, 27, tzinfo=JST), receipt_no="0038-1150")
    leaflet = draw_leaflet("町内清掃のお知らせ", LEAFLET)
    shots = {
        "ok.jpg": photograph(draw_receipt(first), seed=1, degrees=1.6),
        "ok2.jpg": photograph(draw_receipt(second), seed=2, degrees=-2.4, light=0.3),
        "wrong_product.jpg": photograph(draw_receipt(without_the_product(first)), seed=3, degrees=2.2),
        "out_of_period.jpg": photograph(draw_receipt(early), seed=4, degrees=-1.2),
        "not_a_receipt.jpg": photograph(leaflet, seed=5, degrees=3.0),
        "ok_again.jpg": photograph(draw_receipt(first), seed=6, degrees=-4.5, keystone=-0.035, light=0.4, width=1120),
    }
    return {name: as_jpeg(image) for name, image in shots.items()}


LEAFLET = (
    "秋の落ち葉掃きを行います。",
    "みなさまお誘い合わせのうえ",
    "ご参加ください。",
    "",
    "集合 公園の東屋前",
    "持ち物 軍手・ほうき",
    "雨のときは翌週に延ばします。",
    "",
    "ひなた町 自治会",
)


@dataclass(frozen=True)
class _Row:
    left: str = ""
    right: str = ""
    scale: float = 1.0
    is_centred: bool = False


def _rows(spec: ReceiptSpec) -> list[_Row]:
    at = spec.purchased_at
    heading = [
        _Row(spec.store, scale=1.6, is_centred=True),
        _Row(spec.branch, is_centred=True),
        *([_Row(spec.address, scale=0.85, is_centred=True)] if spec.address else []),
        _Row(f"TEL {spec.tel}", is_centred=True),
        *([_Row(spec.company, scale=0.9, is_centred=True)] if spec.company else []),
        _Row(f"登録番号 {spec.registration_no}", is_centred=True),
        _Row(spec.greeting, scale=0.85, is_centred=True),
        _Row("領 収 書", scale=1.3, is_centred=True),
        _Row(f"{at.year}年{at.month:2d}月{at.day:2d}日({WEEKDAYS[at.weekday()]}) {at:%H:%M}"),
        _Row(f"レシートNo.{spec.receipt_no}", "担当:023"),
        _Row("-" * 34),
    ]
    return [*heading, *_goods_rows(spec), _Row("-" * 34), *_sum_rows(spec)]


def _goods_rows(spec: ReceiptSpec) -> list[_Row]:
    rows = []
    for item in spec.goods:
        mark = "※" if item.rate == 8 else " "
        rows.append(_Row(item.name, f"¥{item.price:,}{mark}"))
        if item.quantity > 1:
            rows.append(_Row(f"   {item.quantity}コ × 単{item.unit_price}"))
        if item.discount:
            rows.append(_Row("   値引", f"-{-item.discount}{mark}"))
    return rows


def _sum_rows(spec: ReceiptSpec) -> list[_Row]:
    kind = "外税" if spec.is_tax_added else "内税"
    taxes = [
        row
        for rate in (8, 10)
        if spec.base(rate)
        for row in (_Row(f"{rate}%対象額", f"¥{spec.base(rate):,}"), _Row(f" {kind}{rate}%", f"¥{spec.tax(rate):,}"))
    ]
    count = sum(item.quantity for item in spec.goods)
    return [
        _Row(f"小計 {count}点", f"¥{spec.subtotal:,}"),
        *taxes,
        _Row("合計", f"¥{spec.total:,}", scale=1.6),
        _Row(spec.payment, f"¥{spec.total:,}"),
        _Row("※印は軽減税率対象商品です", scale=0.85),
        _Row(),
    ]


def _draw_rows(rows: list[_Row]) -> Image.Image:
    path = str(find_font())
    height = 2 * MARGIN_PX + sum(_height(row) for row in rows)
    paper = Image.new("RGB", (PAPER_PX, height), (250, 249, 245))
    draw = ImageDraw.Draw(paper)
    top = MARGIN_PX
    for row in rows:
        font = ImageFont.truetype(path, int(TEXT_PX * row.scale))
        if row.is_centred:
            draw.text((PAPER_PX / 2, top), row.left, INK, font, anchor="ma")
        else:
            draw.text((MARGIN_PX, top), row.left, INK, font, anchor="la")
        draw.text((PAPER_PX - MARGIN_PX, top), row.right, INK, font, anchor="ra")
        top += _height(row)
    return paper


INK = (52, 50, 58)


def _height(row: _Row) -> int:
    return int(TEXT_PX * row.scale * 1.34)


def _table(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Wood: long grain across, a few tones of brown."""
    grain = rng.normal(0, 1, (height, 1)) * 5 + np.cumsum(rng.normal(0, 0.5, (height, 1)), axis=0)
    tone = np.array([118.0, 88.0, 62.0]) + grain[:, :, None] + rng.normal(0, 2.5, (height, width, 1))
    return Image.fromarray(np.clip(tone, 20, 235).astype(np.uint8))


def _keystoned(sheet: Image.Image, amount: float) -> Image.Image:
    """Seen from below (positive) or from above: the far end is narrower."""
    width, height = sheet.size
    inset = abs(amount) * width
    top, bottom = (inset, 0.0) if amount >= 0 else (0.0, inset)
    quad = (-top, 0.0, -bottom, float(height), width + bottom, float(height), width + top, 0.0)
    return sheet.transform(sheet.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)


def _lit(image: Image.Image, rng: np.random.Generator, strength: float) -> Image.Image:
    """Light from one side, and the sensor's noise."""
    width, height = image.size
    across, down = np.meshgrid(np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height))
    angle = rng.uniform(0, 2 * np.pi)
    shade = 0.94 + strength * (across * np.cos(angle) + down * np.sin(angle))
    lit = np.asarray(image, float) * shade[:, :, None] + rng.normal(0, 2.2, (height, width, 1))
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))


def main() -> None:
    """Write the six photographs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent / "receipts")
    parser.add_argument("--today", type=date.fromisoformat, default=date(2026, 11, 20))
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, data in demo_photographs(arguments.today).items():
        (arguments.folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
