"""Fourteen ways to print a purchase; each is `(purchase) -> rows` with its paper and type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.receipt_samples.paper import Print
from bench.receipt_samples.purchases import Line, Purchase

WEEKDAYS = "月火水木金土日"
Rows = Iterator[Print]


@dataclass(frozen=True)
class Layout:
    """A till's way of printing: paper width in columns, type, and what the truth has to know of it."""

    name: str
    rows: Callable[[Purchase], Rows]
    width: int = 32
    style: str = "gothic"
    is_tax_added: bool = False
    has_subtotal: bool = False
    lines: tuple[int, int] = (3, 7)
    names: str = "name"
    has_branch: bool = True


def yen(amount: int) -> str:
    """An amount with yen sign and commas."""
    return f"{'-' if amount < 0 else ''}¥{abs(amount):,}"


def _day(purchase: Purchase, pattern: str = "%Y年%m月%d日") -> str:
    return f"{purchase.at.strftime(pattern)}({WEEKDAYS[purchase.at.weekday()]})"


def _discount(line: Line, words: str = "値引") -> Rows:
    if line.discount:
        yield Print(f"  {words}", f"{line.discount:,}")


def _narrow(p: Purchase) -> Rows:
    yield Print(centre=p.store, size=1.4)
    yield Print(centre=p.branch)
    yield Print(centre=f"TEL {p.tel}")
    yield Print(f"{p.at:%Y/%m/%d %H:%M}")
    yield Print(f"レシートNo.{p.number}")
    yield Print("-" * 28)
    for line in p.lines:
        yield Print(line.name)
        yield Print(f"   {line.quantity}点 @{line.unit}" if line.quantity > 1 else "", f"{yen(line.price)}内")
        yield from _discount(line)
    yield Print("-" * 28)
    yield Print("お買上計", yen(p.total), size=1.3)
    for rate in p.rates:
        yield Print(f"({rate}%内税額", f"{yen(p.tax_of(rate))})")
    yield Print("お預り", yen(p.tendered))
    yield Print("おつり", yen(p.tendered - p.total))
    yield Print(f"登録番号 {p.registration}")


def _two_columns(p: Purchase) -> Rows:
    yield Print(f"{p.store} {p.branch}", size=1.2)
    yield Print(p.company, p.registration)
    yield Print(f"電話 {p.tel}", f"取引No {p.number}")
    yield Print(_day(p), f"{p.at:%H:%M}")
    yield Print("=" * 46)
    for line in p.lines:
        mark = "*" if line.rate == 8 else " "
        yield Print(f"{mark}{line.name}", f"{line.quantity}コX単{line.unit}    {line.price:,}")
        yield from _discount(line, "割引 10%")
    yield Print("小計", f"{p.goods:,}")
    for rate in p.rates:
        yield Print(f"  外税{rate}%対象額 {p.base(rate):,}", f"税額 {p.tax_of(rate):,}")
    yield Print("合計", f"¥{p.total:,}", size=1.5)
    yield Print("クレジット", f"¥{p.total:,}")
    yield Print("*印は軽減税率対象商品です")


def _english(p: Purchase) -> Rows:
    yield Print(centre=p.english, size=1.4)
    yield Print(centre=f"Tel: {p.tel}")
    yield Print(f"Date: {p.at:%b %d, %Y}", f"{p.at:%I:%M %p}")
    yield Print(f"Receipt No: {p.number}")
    yield Print()
    yield Print("Qty Item", "Amount")
    for line in p.lines:
        yield Print(f"{line.quantity} x {line.english}", f"{line.price:,}")
        yield from _discount(line, "Discount")
    yield Print("Subtotal", f"{p.goods:,}")
    for rate in p.rates:
        yield Print(f"Tax {rate}%", f"{p.tax_of(rate):,}")
    yield Print("TOTAL", f"JPY {p.total:,}", size=1.3)
    yield Print("Cash", f"{p.tendered:,}")
    yield Print("Change", f"{p.tendered - p.total:,}")
    yield Print(f"Registration No. {p.registration}")
    yield Print(centre="Thank you!")


def _mixed(p: Purchase) -> Rows:
    yield Print(centre=p.english)
    yield Print(centre=f"{p.store} {p.branch}", size=1.2)
    yield Print(centre=f"TEL:{p.tel}")
    yield Print(f"日付/Date {p.at:%Y-%m-%d %H:%M:%S}")
    yield Print(f"取引番号/Trans. {p.number}")
    for line in p.lines:
        yield Print(f"{line.name}", f"{yen(line.price)}")
        if line.quantity > 1:
            yield Print(f"  ({line.quantity}個 × {yen(line.unit)})")
        yield from _discount(line)
    yield Print("小計/Subtotal", yen(p.goods))
    for rate in p.rates:
        yield Print(f"消費税/Tax {rate}%", yen(p.tax_of(rate)))
    yield Print("合計/Total", yen(p.total), size=1.3)
    yield Print("現金/Cash", yen(p.tendered))
    yield Print("お釣り/Change", yen(p.tendered - p.total))
    yield Print(f"登録番号:{p.registration}")


def _stamped(p: Purchase) -> Rows:
    yield Print(centre="領 収 証", size=1.6)
    yield Print("上様", f"No.{p.number}")
    yield Print(_day(p, "%Y年%-m月%-d日"), f"{p.at:%-H時%M分}")
    yield Print(centre=f"¥{p.total:,}-", size=1.7)
    yield Print("但し 品代として 上記正に領収いたしました")
    yield Print("内訳")
    for line in p.lines:
        yield Print(f"{line.name} x{line.quantity}", f"{line.price:,}円")
        yield from _discount(line)
    yield Print("税抜金額", f"{p.goods:,}円")
    yield Print("消費税等", f"{p.tax:,}円")
    yield Print("合計金額", f"{p.total:,}円")
    yield Print()
    yield Print(f"{p.store} {p.branch}", stamp="領収印")
    yield Print(f"電話{p.tel}")
    yield Print(f"事業者登録番号 {p.registration}")
    yield Print()


def _barcodes(p: Purchase) -> Rows:
    yield Print(centre=p.store, size=1.3)
    yield Print(f"{p.branch}   TEL({p.tel.replace('-', ')', 1)}")
    yield Print(f"登録番号 {p.registration}")
    yield Print(f"{p.at:%y/%m/%d}({WEEKDAYS[p.at.weekday()]}) {p.at:%H:%M}", f"R{p.number}")
    yield Print()
    for line in p.lines:
        yield Print(line.jan)
        yield Print(f"  {line.name}", f"{line.price:,}{'※' if line.rate == 8 else ' '}")
        if line.quantity > 1:
            yield Print(f"    {line.quantity} X {line.unit}")
        yield from _discount(line)
    yield Print("小  計", f"{p.goods:,}")
    for rate in p.rates:
        yield Print(f"(外税{rate}% {p.base(rate):,})", f"{p.tax_of(rate):,}")
    yield Print("合  計", f"¥{p.total:,}", size=1.3, wide=True)
    yield Print("電子マネー", f"¥{p.total:,}")


def _quantities(p: Purchase) -> Rows:
    yield Print(f"{p.store}", size=1.2)
    yield Print(p.branch, f"☎{p.tel}")
    yield Print(f"伝票番号:{p.number}")
    yield Print(f"ご利用日時 {p.at:%Y.%m.%d  %H:%M}")
    for line in p.lines:
        yield Print(f"{line.name}{'軽' if line.rate == 8 else ''}")
        yield Print(f"  数量{line.quantity}  単価{line.unit:,}", f"{line.price:,}円")
        yield from _discount(line, "会員割引")
    yield Print("総合計", f"{p.total:,}円", size=1.4)
    for rate in p.rates:
        yield Print(f"内 {rate}%対象", f"{p.base(rate):,}円")
        yield Print("  消費税額", f"{p.tax_of(rate):,}円")
    yield Print("バーコード決済", f"{p.total:,}円")
    yield Print(f"適格請求書発行事業者 {p.registration}")


def _half_width(p: Purchase) -> Rows:
    yield Print(centre=p.store)
    yield Print(centre=p.branch)
    yield Print(f"TEL{p.tel}")
    yield Print("ﾚｼﾞ02", f"#{p.number}")
    yield Print(f"{p.at:%Y/%m/%d}({WEEKDAYS[p.at.weekday()]})", f"{p.at:%H:%M}")
    for line in p.lines:
        yield Print(line.short, f"¥{line.price:,}{'*' if line.rate == 8 else ''}")
        if line.quantity > 1:
            yield Print(f"   {line.quantity}ｺ X {line.unit}")
        yield from _discount(line, "ﾈﾋﾞｷ")
    yield Print("ｼｮｳｹｲ 小計", yen(p.goods))
    for rate in p.rates:
        yield Print(f"外税 {rate}%", yen(p.tax_of(rate)))
    yield Print("合計", yen(p.total), wide=True)
    yield Print("ｸﾚｼﾞｯﾄ", yen(p.total))
    yield Print(f"ﾄｳﾛｸNo {p.registration}")


def _era(p: Purchase) -> Rows:
    yield Print(f"<{p.store}>", size=1.2)
    yield Print(f"{p.branch} 電話:{p.tel}")
    yield Print(
        f"令和{p.at.year - 2018}年{p.at.month}月{p.at.day}日({WEEKDAYS[p.at.weekday()]}) {p.at:%H}時{p.at:%M}分"
    )
    for line in p.lines:
        yield Print(f"{line.name} {line.quantity}点", f"{line.price:,}円")
        yield from _discount(line)
    yield Print("合計", f"{p.total:,}円", size=1.4)
    yield Print(f"(うち消費税 {p.tax:,}円)")
    yield Print("現計", f"{p.total:,}円")
    yield Print(f"管理No.{p.number}")
    yield Print(f"登録番号{p.registration}")


def _restaurant(p: Purchase) -> Rows:
    yield Print(centre="ご利用明細", size=1.2)
    yield Print(centre=p.store)
    yield Print(centre=f"{p.branch} {p.tel}")
    yield Print("テーブル 12", "人数 2名様")
    yield Print(f"{p.at:%Y/%-m/%-d} {p.at:%-H:%M}", f"会計No.{p.number}")
    for line in p.lines:
        yield Print(f"{line.name}", f"{line.quantity}    {line.price:,}")
        yield from _discount(line, "クーポン")
    yield Print("ご請求額", yen(p.total), size=1.5)
    for rate in p.rates:
        yield Print(f"{rate}%税込対象 {yen(p.base(rate))}", f"内消費税 {yen(p.tax_of(rate))}")
    yield Print("QR決済", yen(p.total))
    yield Print(f"登録番号 {p.registration}")


def _pharmacy(p: Purchase) -> Rows:
    yield Print(f"{p.store}{p.branch}", size=1.2)
    yield Print("営業時間 9:00~22:00")
    yield Print(f"TEL:{p.tel} FAX:{p.tel[:-4]}0000")
    yield Print(f"[領収書] {p.at:%Y/%m/%d} {p.at:%H:%M}")
    yield Print(f"レシート{p.number}")
    for line in p.lines:
        yield Print(f"{'軽 ' if line.rate == 8 else ''}{line.name}", f"{line.price:,}")
        if line.quantity > 1:
            yield Print(f"      @{line.unit}×{line.quantity}")
        yield from _discount(line, "優待値引")
    yield Print(f"税抜小計 ({sum(line.quantity for line in p.lines)}点)", f"{p.goods:,}")
    for rate in p.rates:
        yield Print(f"{rate}%対象 {p.base(rate):,} 税", f"{p.tax_of(rate):,}")
    yield Print("税込合計", f"¥{p.total:,}", size=1.4)
    yield Print("今回ポイント", "12P")
    yield Print("累計ポイント", "1,834P")
    yield Print(f"登録番号:{p.registration}")


def _bakery(p: Purchase) -> Rows:
    yield Print(centre=p.store, size=1.5)
    yield Print(centre=f"{p.branch}/tel.{p.tel}")
    yield Print("品名      数量", "金額")
    for line in p.lines:
        yield Print(line.name, f"{line.quantity}点   {yen(line.price)}")
        yield from _discount(line)
    yield Print("小計", yen(p.goods))
    yield Print("(内消費税", f"{yen(p.tax)})")
    yield Print("お支払金額", yen(p.total), size=1.3)
    yield Print(f"No {p.number}", f"{p.at:%Y-%m-%d %H:%M}")
    yield Print(f"インボイス登録番号 {p.registration}")


LAYOUTS = (
    Layout("narrow_58mm", _narrow, width=28),
    Layout("two_columns_80mm", _two_columns, width=46, style="sans", is_tax_added=True, has_subtotal=True),
    Layout("english", _english, 34, "sans", is_tax_added=True, has_subtotal=True, names="english", has_branch=False),
    Layout("mixed_languages", _mixed, 36, "sans", is_tax_added=True, has_subtotal=True),
    Layout("stamped", _stamped, 42, "serif", is_tax_added=True, has_subtotal=True, lines=(1, 3)),
    Layout("barcode_lines", _barcodes, 34, "gothic", is_tax_added=True, has_subtotal=True),
    Layout("quantity_lines", _quantities, 36, "gothic"),
    Layout("long", _two_columns, 46, "gothic", is_tax_added=True, has_subtotal=True, lines=(22, 28)),
    Layout("half_width_kana", _half_width, 30, "gothic", is_tax_added=True, has_subtotal=True, names="short"),
    Layout("era_dates", _era, 36, "serif"),
    Layout("restaurant", _restaurant, 42, "bold"),
    Layout("pharmacy", _pharmacy, 38, "sans", is_tax_added=True, has_subtotal=True),
    Layout("bakery", _bakery, 36, "sans", has_subtotal=True),
    Layout("bold_narrow", _narrow, 30, "bold"),
)
