"""Japanese delivery addresses: one canonical writing of what people type, and what makes two of them one dwelling.

No library that is kept up does this without a dictionary of all towns or a call to another house
(docs/decisions/0017); the standard library knows the width of signs and the value of numerals, and that is enough here.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from codes.address_errors import (
    AddressNotAccepted,
    AddressPartMissing,
    AddressTextNotAccepted,
    PhoneNotAccepted,
    PostalCodeNotAccepted,
    PrefectureNotAccepted,
)
from core.errors import DomainError
from core.text import has_controls

PREFECTURES = [
    "北海道",
    "青森県",
    "岩手県",
    "宮城県",
    "秋田県",
    "山形県",
    "福島県",
    "茨城県",
    "栃木県",
    "群馬県",
    "埼玉県",
    "千葉県",
    "東京都",
    "神奈川県",
    "新潟県",
    "富山県",
    "石川県",
    "福井県",
    "山梨県",
    "長野県",
    "岐阜県",
    "静岡県",
    "愛知県",
    "三重県",
    "滋賀県",
    "京都府",
    "大阪府",
    "兵庫県",
    "奈良県",
    "和歌山県",
    "鳥取県",
    "島根県",
    "岡山県",
    "広島県",
    "山口県",
    "徳島県",
    "香川県",
    "愛媛県",
    "高知県",
    "福岡県",
    "佐賀県",
    "長崎県",
    "熊本県",
    "大分県",
    "宮崎県",
    "鹿児島県",
    "沖縄県",
]
LENGTHS = {"name": 40, "city": 40, "street": 60, "building": 60}
OPTIONAL = frozenset({"building"})
DASHES = "\\-‐‑‒–—―ー−~〜～"
BETWEEN_NUMBERS = re.compile(rf"(?<=[0-9])\s*[{DASHES}]\s*(?=[0-9])")
KANJI = "〇一二三四五六七八九十百千"
COUNTED = re.compile(rf"[{KANJI}]+(?=丁目|番地|番(?!町)|号|条|棟|階)")
UNITS = re.compile(r"丁目|番地|番(?!町)|号室|号棟|号|棟|室|階|の(?=[0-9])|F(?![A-Z])")
GROUPS = re.compile(r"[0-9]+")


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a parcel goes, each part in its canonical writing; never logged, so nothing of it shows in `repr`."""

    name: str
    postal_code: str  # seven digits
    prefecture: str
    city: str
    street: str
    building: str = ""
    phone: str  # digits, with the leading 0

    def __repr__(self) -> str:
        return "Address(…)"

    @property
    def postal_code_written(self) -> str:
        """The postal code as it stands on a parcel: 150-0001."""
        return f"{self.postal_code[:3]}-{self.postal_code[3:]}"

    @property
    def phone_written(self) -> str:
        """The number in groups: as bare digits, a spreadsheet would drop its first zero."""
        kind = re.match(r"0[36]|0120|0800|0570", self.phone)
        first = len(kind[0]) if kind else 3
        last = 3 if first == 4 else 4
        return f"{self.phone[:first]}-{self.phone[first:-last]}-{self.phone[-last:]}"

    @property
    def masked(self) -> str:
        """What lists show: the prefecture, and the first sign of the name."""
        return f"{self.prefecture} {self.name[:1]}***"


def accepted_address(typed: Mapping[str, str]) -> Address:
    """Give the canonical writing of what was typed.

    Raises:
        AddressNotAccepted: its `problems` name each field with the refusal of it.
    """
    parts, problems = {}, {}
    for field in fields(Address):
        try:
            parts[field.name] = _part(field.name, typed.get(field.name, ""))
        except DomainError as refusal:
            problems[field.name] = refusal
    if problems:
        raise AddressNotAccepted(problems)
    return Address(**parts)


def accepted_postal_code(typed: str) -> str:
    """Give the seven digits of a postal code.

    Raises:
        AddressPartMissing, AddressTextNotAccepted, PostalCodeNotAccepted: it cannot be taken.
    """
    return _part("postal_code", typed)


def address_text(address: Address) -> str:
    """Write an address as the one text that is sealed."""
    return json.dumps(asdict(address), ensure_ascii=False, sort_keys=True)


def address_of(text: str) -> Address:
    """Read what `address_text` wrote."""
    return Address(**json.loads(text))


def dwelling(address: Address) -> str:
    """Give the text that two addresses of one dwelling share, and those of two do not.

    It is the postal code, the town in letters, and all numbers of street and building in their order: 一丁目2番3号
    コーポ山田405号室 and 1-2-3-405 are one. Names of buildings and of people do not count: a couple with two family
    names is one household, two flats of a house are two.
    """
    place = _numerals(f"{address.street} {address.building}").upper()
    town = re.sub(r"大字|字|\s", "", re.split(r"[0-9]", place, maxsplit=1)[0])
    town = re.sub(r"[ヶケがガ]", "ケ", town).strip(" -")
    return "|".join((address.postal_code, town, "-".join(GROUPS.findall(UNITS.sub("-", place)))))


def _part(name: str, typed: str) -> str:
    if has_controls(typed):
        raise AddressTextNotAccepted
    text = " ".join(unicodedata.normalize("NFKC", typed).split())
    if not text:
        if name in OPTIONAL:
            return ""
        raise AddressPartMissing
    if name == "postal_code":
        return _matching(re.sub(rf"[\s〒{DASHES}]", "", text), r"[0-9]{7}", PostalCodeNotAccepted)
    if name == "phone":
        digits = re.sub(rf"[\s(){DASHES}]", "", re.sub(r"^\+81", "0", text))
        return _matching(digits, r"0[1-9][0-9]{8,9}", PhoneNotAccepted)
    if name == "prefecture":
        return _matching(text, "|".join(PREFECTURES), PrefectureNotAccepted)
    if len(text) > LENGTHS[name]:
        raise AddressTextNotAccepted
    return BETWEEN_NUMBERS.sub("-", _numerals(text)) if name in ("street", "building") else text


def _matching(text: str, pattern: str, refusal: type[DomainError]) -> str:
    if not re.fullmatch(pattern, text):
        raise refusal
    return text


def _numerals(text: str) -> str:
    """Write numerals before 丁目, 番地, 号 and the like in digits; those in the names of towns stay."""
    return COUNTED.sub(lambda found: str(_value(found[0])), text)


def _value(numerals: str) -> int:
    """Read 二十三 and 二三 alike."""
    if not set(numerals) & set("十百千"):
        return int("".join(str(int(unicodedata.numeric(sign))) for sign in numerals))
    total = digit = 0
    for sign in numerals:
        value = int(unicodedata.numeric(sign))
        if value >= 10:
            total, digit = total + (digit or 1) * value, 0
        else:
            digit = value
    return total + digit
