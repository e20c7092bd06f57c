"""Figures of a receipt: as the reader saw them, or as a reviewer corrected them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from django.db import IntegrityError, transaction

from accounts import audit
from core.clock import jst_day
from core.index_keys import current_key_id
from receipts.errors import DuplicateReceipt, FiguresNotAccepted
from receipts.models import Receipt, ReceiptLine, ReceiptStatus
from receipts.ocr.base import ReceiptReading
from receipts.ocr.masking import covered_text
from receipts.selectors import purchase_index, purchase_indexes
from receipts.services.counting import hold_purchase
from receipts.services.recognising import note_shop
from receipts.shops import recognise_receipt

MAX_JPY = 100_000_000
FIGURES = [
    "store_name",
    "branch",
    "telephone",
    "purchased_on",
    "purchased_time",
    "receipt_no",
    "registration_no",
    "subtotal_jpy",
    "tax_jpy",
    "total_jpy",
]


@dataclass(frozen=True)
class ReceiptFigures:
    """What stands on a receipt; amounts in whole yen, date and time in JST."""

    store_name: str = ""
    branch: str = ""
    telephone: str = ""
    purchased_on: date | None = None
    purchased_time: time | None = None
    receipt_no: str = ""
    registration_no: str = ""
    subtotal_jpy: int | None = None
    tax_jpy: int | None = None
    total_jpy: int | None = None


@dataclass(frozen=True)
class LineFigures:
    """One item of a receipt; `price_jpy` is the line's amount before its discount (zero or negative)."""

    name: str
    price_jpy: int
    quantity: int = 1
    discount_jpy: int = 0
    jan: str = ""
    confidence: int = field(default=100)


@transaction.atomic
def correct_figures(
    *,
    receipt_id: int,
    figures: ReceiptFigures,
    lines: Sequence[LineFigures],
    actor_id: int,
    now: datetime,
) -> Receipt:
    """Replace a receipt's figures by what a reviewer sees on the photograph.

    Raises:
        FiguresNotAccepted: an amount out of bounds, or a purchase in the future.
        DuplicateReceipt: the receipt counts, and with these figures it is one that counts for another entry.
    """
    _check(figures, lines, now)
    receipt = Receipt.objects.select_for_update().get(pk=receipt_id)
    changed = [name for name in FIGURES if getattr(receipt, name) != getattr(figures, name)]
    try:
        with transaction.atomic():
            _apply(receipt, figures, lines)
    except IntegrityError as error:
        raise DuplicateReceipt(receipt_id=receipt_id) from error
    note_shop(receipt=receipt, found=recognise_receipt(receipt))
    receipt.corrected_by_id = actor_id
    receipt.save(update_fields=["corrected_by", "updated_at"])
    if receipt.status == ReceiptStatus.FAILED:
        receipt.move_to(ReceiptStatus.READ, read_at=now)
    audit.record("receipt.corrected", subject=receipt, actor_id=actor_id, changed=changed)
    return receipt


def apply_reading(receipt: Receipt, reading: ReceiptReading) -> None:
    """Keep a reading and its figures on the row; values that make no sense are left empty."""
    receipt.engine = f"{reading.engine} {reading.engine_version}"[:40]
    reading = _without_private(reading)
    receipt.reading = reading.to_json()
    receipt.save(update_fields=["engine", "reading", "updated_at"])
    lines = [
        LineFigures(
            name=item.name[:100],
            price_jpy=item.price_jpy,
            quantity=max(1, item.quantity),
            discount_jpy=item.discount_jpy,
            jan=(item.jan or "")[:13],
            confidence=round(item.confidence * 100),
        )
        for item in reading.items
        if abs(item.price_jpy) <= MAX_JPY and abs(item.discount_jpy) <= MAX_JPY
    ]
    _apply(receipt, _figures(reading), lines)


def _without_private(reading: ReceiptReading) -> ReceiptReading:
    """Drop the whole text, which may hold card and member numbers, and cover them where a field took them in."""
    known = [found.value for found in reading.fields.values()]
    named = {key: found for key, found in reading.fields.items() if key in ("store_name", "branch")}
    fields = {key: replace(found, value=covered_text(found.value)) for key, found in named.items()}
    items = tuple(replace(item, name=covered_text(item.name, known)) for item in reading.items)
    return replace(reading, text="", fields={**reading.fields, **fields}, items=items)


def _figures(reading: ReceiptReading) -> ReceiptFigures:
    def text(key: str, length: int) -> str:
        """Give a field as read, cut to its column."""
        return (reading.value(key) or "")[:length]

    return ReceiptFigures(
        store_name=text("store_name", 100),
        branch=text("branch", 100),
        telephone=re.sub(r"[^0-9]", "", text("tel", 20))[:13],
        purchased_on=_date(reading.value("date")),
        purchased_time=_time(reading.value("time")),
        receipt_no=text("receipt_no", 40),
        registration_no=text("registration_no", 14),
        subtotal_jpy=_yen(reading.value("subtotal")),
        tax_jpy=_yen(reading.value("tax")),
        total_jpy=_yen(reading.value("total")),
    )


def _apply(receipt: Receipt, figures: ReceiptFigures, lines: Sequence[LineFigures]) -> None:
    for name in FIGURES:
        setattr(receipt, name, getattr(figures, name))
    receipt.fingerprint, receipt.index_key_id = purchase_index(receipt), current_key_id()
    if receipt.counts:
        _refuse_counted(receipt)
    receipt.save(update_fields=[*FIGURES, "fingerprint", "index_key_id", "updated_at"])
    receipt.lines.all().delete()
    ReceiptLine.objects.bulk_create(
        ReceiptLine(
            receipt=receipt,
            position=position,
            name=line.name,
            quantity=line.quantity,
            price_jpy=line.price_jpy,
            discount_jpy=line.discount_jpy,
            jan=line.jan,
            confidence=line.confidence,
        )
        for position, line in enumerate(lines, start=1)
    )


def _refuse_counted(receipt: Receipt) -> None:
    """Refuse figures of a purchase that counts for another entry, under whatever index key that one stands."""
    hold_purchase(receipt)
    others = Receipt.objects.filter(campaign_id=receipt.campaign_id, counts=True).exclude(pk=receipt.pk)
    if others.filter(fingerprint__in=purchase_indexes(receipt)).exists():
        raise DuplicateReceipt(receipt_id=receipt.pk)


def _check(figures: ReceiptFigures, lines: Sequence[LineFigures], now: datetime) -> None:
    amounts = [figures.subtotal_jpy, figures.tax_jpy, figures.total_jpy]
    if any(amount is not None and not 0 <= amount <= MAX_JPY for amount in amounts):
        raise FiguresNotAccepted
    if any(abs(line.price_jpy) > MAX_JPY or not 1 <= line.quantity <= 9999 for line in lines):
        raise FiguresNotAccepted
    if figures.purchased_on and figures.purchased_on > jst_day(now):
        raise FiguresNotAccepted


def _yen(value: str | None) -> int | None:
    if value is None or not re.fullmatch(r"[0-9]{1,9}", value):
        return None
    return int(value) if int(value) <= MAX_JPY else None


def _date(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None


def _time(value: str | None) -> time | None:
    try:
        return time.fromisoformat(value) if value else None
    except ValueError:
        return None
