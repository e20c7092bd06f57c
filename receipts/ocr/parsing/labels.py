"""What kind of row a row is, by the words tills use."""

from __future__ import annotations

import re
from enum import Enum, auto


class Kind(Enum):
    """What the amounts of a row mean."""

    SUBTOTAL = auto()
    TAX = auto()
    TOTAL = auto()
    TENDERED = auto()
    CHANGE = auto()
    PAYMENT = auto()
    DISCOUNT = auto()
    NOISE = auto()  # points, balances, counts


_COUNT_OR_POINTS = re.compile(r"\dpt|累計|会員|獲得|付与|合計\d+点$|買上\d+点$|前回|今回|有効|チャージ")
_DISCOUNT = re.compile(
    r"値引|割引|[割値]り?引|引き|クーポン|優待|[\d%円][Oo0][Ff][Ff]|[円%]オフ|見切品?値|見切り?-|サービス券|\d割|まとめ売?り?-|セット割|ディスカウント|DISCOUNT|[円%]引",
    re.IGNORECASE,
)
_BELOW_ZERO = re.compile(r"[-▲△]¥?\d")
_SUBTOTAL = re.compile(
    r"小[計討訂汁]|ノ計|税抜(?:き|金額)?(?:小|合)?計|税抜き?(?:金額|価格)|本体(?:価格)?合?計|商品(?:代金)?(?:合?計)|^[小]計|SUB-?TOTAL",
    re.IGNORECASE,
)
_TAX_WORD = re.compile(
    r"消費税|[内外]税|税額|税率|税等|税\d|\d%税|[%\d]対象|対象額|対象計|対象$|%\)?対|課税|軽減税|標準税|(?<![A-Za-z])(?:Tax|VAT|TAX)(?![A-Za-z])(?!-?free)"
)
_TAX_NOT = re.compile(r"税込|税抜|対象商品|対象品|軽減税率対象で|です$")
_TOTAL = re.compile(
    r"(?<!値引)(?<!割引)(?<!税)(?<!対象)(?<!数量)(?<!点数)(?<!小)(?:総|御|ご)?合[計討訂汁]|"
    r"[おご御]?会計(?!番号|No|No|担当|係)|総[計額]|[おご御]?支払(?:い)?(?:合計|総額|金額|額)|[おご御]?請求(?:金)?額|"
    r"[おご御]?買[い]?上[げ]?(?:金額|合?計|額)|領収金?額|[おご御]利用(?:金)?額|税込(?:み)?(?:合計|金額|計)|取引金額|^(?:計|合)[¥\d(]|TOTAL|売上(?:合計|金額|額)|代金",
    re.IGNORECASE,
)
_TAX_OF_BASE = re.compile(r"対象.*(?:消費税|内税|税額)")
_TENDERED = re.compile(r"預|現[金計]|投入|お受取?|^CASH|TENDERED", re.IGNORECASE)
_CHANGE = re.compile(r"釣|おつり|つり銭|CHANGE", re.IGNORECASE)
_PAYMENT = re.compile(
    r"支払|決済|クレジット|カード|電子マネ|[Pp][Aa][Yy]|払い?(?:$|¥|\d)|^i[Dd]|QUIC|Suica|ICOCA|PASMO|交通系|nanaco|WAON|Edy|QR|コード|商品券|"
    r"VISA|Master|JCB|AMEX|銀聯|バーコード|キャッシュレス|掛売|売掛",
    re.IGNORECASE,
)


_NEVER_MONEY = re.compile("ポイント|残高|残額|点数|スタンプ|マイル")


def kind_of(squashed: str) -> Kind | None:
    """The kind of a row, or None for what may be an item or a heading."""
    if _CHANGE.search(squashed):
        return Kind.CHANGE
    if _SUBTOTAL.search(squashed) and not re.search("対象", squashed):
        return Kind.SUBTOTAL
    if _is_noise(squashed):
        return Kind.NOISE
    if _TAX_WORD.search(squashed) and (_TAX_OF_BASE.search(squashed) or not _TAX_NOT.search(squashed)):
        return Kind.TAX
    if _DISCOUNT.search(squashed) and not _TOTAL.search(squashed):
        return Kind.DISCOUNT
    if _TOTAL.search(squashed):
        return Kind.TOTAL
    if _TENDERED.search(squashed):
        return Kind.TENDERED
    if _PAYMENT.search(squashed):
        return Kind.PAYMENT
    return None


def _is_noise(squashed: str) -> bool:
    """Points, balances and counts; what is taken off the sum is none, even if members alone get it."""
    if _NEVER_MONEY.search(squashed):
        return True
    if _DISCOUNT.search(squashed) and _BELOW_ZERO.search(squashed):
        return False
    return bool(_COUNT_OR_POINTS.search(squashed)) and not _TOTAL.search(re.sub(r"合計\d+点$|会員", "", squashed))


_HEADING = re.compile(
    r"領[収牧].?[書証]|領収|レシート|明細|毎度|ありがとう|いらっしゃい|またの|ご来店|登録番号|事業者|TEL|電話|FAX|℡|〒|http|www|営業|"
    r"担当|責任?[:：]?\d|係[:：]?\d|[レし]ジ[:：#]?\d|取引番号|伝票|扱者|店No|店番|テーブル|人数|名様|日付|時刻|取引日|株式会社|有限会社|\(株\)|"
    r"0\d{1,4}[-)(]\d{1,4}[-)]\d{3,4}|印紙|返品|交換|お問|お客様|軽減税率|上様|但し|内訳|商品名|金額$|数量単価|カード番号|承認|会員",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[都道府県].{0,8}[市区町村郡]|[市区町村].{1,14}\d+-\d+|\d+丁目.{0,4}\d+-?\d*|番地|^〒")


def is_heading(squashed: str) -> bool:
    """Whether a row belongs to the frame of a receipt and not to its goods."""
    return bool(_HEADING.search(squashed) or _ADDRESS.search(squashed))


def is_address(squashed: str) -> bool:
    """Whether a row is a postal address."""
    return bool(_ADDRESS.search(squashed))


_MONTH = r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]{0,6}\.?"
_DATE_CUE = (
    r"20\d\d\s?[年/.-]\s?\d{1,2}|令和|\d\d/\d\d/\d\d"
    rf"|\b(?:{_MONTH}\s?\d{{1,2}}|\d{{1,2}}\s?{_MONTH}),?\s?20\d\d"
)
_CUES = tuple(
    re.compile(cue, re.IGNORECASE | re.MULTILINE)
    for cue in (
        r"[合小]計|会計|お買上|(?:^|\W)(?:SUB-?)?TOTAL\b.{0,16}\d",
        r"領収|レシート|取引|\b(?:RECEIPT|INVOICE)\b",
        r"税|\b(?:TAX|VAT|GST)\b",
        r"預|釣|現金|クレジット|カード|支払|マネー|PAY|\b(?:TENDERED|CHANGE|CASH)\b",
        r"登録番号|T\d{13}",
        _DATE_CUE,
        r"TEL|℡|電話|0\d{1,4}[-)]\d{1,4}-\d{3,4}",
    )
)
LEAST_CUES = 3


def receipt_cues(text: str) -> int:
    """How many of the seven marks of a receipt a text bears."""
    return sum(bool(cue.search(text)) for cue in _CUES)
