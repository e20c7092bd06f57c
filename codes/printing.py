"""How our own codes stand on paper and in the files of print shops and tills: in groups, as QR, as a barcode."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.models import CodeFormat
from core.clock import JST

GROUP = 4
# GS1 General Specifications, chapter 3, "Company internal information: AIs (91-99)". Not 91, which stands on the
# payment slips that Japanese convenience stores take.
COMPANY_INTERNAL = "92"


class Symbology(models.TextChoices):
    """What is drawn beside the QR."""

    CODE128 = "code128", "CODE128"
    NW7 = "nw7", "NW-7"
    JAN13 = "jan13", "JAN"
    GS1_128 = "gs1_128", "GS1-128"
    QR = "qr", gettext_lazy("QR only")


FITTING: dict[str, tuple[Symbology, ...]] = {
    CodeFormat.TYPED: (Symbology.CODE128, Symbology.GS1_128, Symbology.QR),
    CodeFormat.DIGITS: (Symbology.CODE128, Symbology.NW7, Symbology.GS1_128, Symbology.QR),
    CodeFormat.JAN: (Symbology.JAN13, Symbology.CODE128, Symbology.NW7, Symbology.GS1_128, Symbology.QR),
}


def grouped(code: str) -> str:
    """Write a code in groups of four, as people read and type it."""
    return " ".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def barcode_content(symbology: str, code: str) -> str:
    """Give what a barcode of a code holds, start and stop letters or application identifier included."""
    if symbology == Symbology.NW7:
        return f"A{code}A"
    if symbology == Symbology.GS1_128:
        return f"({COMPANY_INTERNAL}){code}"
    return "" if symbology == Symbology.QR else code


def header_row() -> list[str]:
    """Name the columns of the file."""
    return [
        _("code"),
        _("code in groups of four"),
        _("content of the QR"),
        _("kind of barcode"),
        _("content of the barcode"),
        _("value (yen)"),
        _("expires at (Japan time)"),
    ]


def file_rows(
    codes: Iterable[tuple[str, int, datetime | None]], symbology: str
) -> Iterator[tuple[str, str, str, str, str, int, str]]:
    """Write codes with their value and end as rows of the file."""
    label = str(Symbology(symbology).label)
    for code, value_jpy, expires_at in codes:
        yield code, grouped(code), code, label, barcode_content(symbology, code), value_jpy, last_minute(expires_at)


def last_minute(expires_at: datetime | None) -> str:
    """Write the last minute in which a code is good, in Japan's time; empty where it has no end."""
    if expires_at is None:
        return ""
    return f"{(expires_at - timedelta(seconds=1)).astimezone(JST):%Y-%m-%d %H:%M}"
