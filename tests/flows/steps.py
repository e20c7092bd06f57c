"""Steps of an entry, as the faces take them, for tests that look at the whole way."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import mail
from PIL import Image, ImageDraw

from campaigns.models import Campaign
from core.clock import jst_day
from distribution.models import DeliveryKind
from distribution.selectors import due_deliveries
from distribution.services import queue_message, send_delivery
from journeys.demo_data import load_demo
from journeys.services import advance_entry, sweep
from participants.models import Entry, Identity, ProofKind
from participants.services import agree, give_email, save_typed_proof, start_entry, submit_entry, verify_identity
from receipts.ocr.base import ItemReading, ReceiptReading
from receipts.ocr.fake import FakeReader, prepared_reading
from receipts.selectors import unread_receipts
from receipts.services import read_receipt, store_upload

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # noon in Japan


def demo_campaigns(now: datetime = NOW) -> dict[str, Campaign]:
    """Load the demo and give its campaigns by slug."""
    load_demo(now=now)
    return {campaign.slug: campaign for campaign in Campaign.objects.all()}


def jpeg(shade: int = 200) -> bytes:
    """Make a small photograph with something like print on it; another shade is another file."""
    buffer = io.BytesIO()
    picture = Image.new("RGB", (256, 384), (shade, shade, shade))
    draw = ImageDraw.Draw(picture)
    for line in range(24, 360, 10):
        for sign in range(24, 230, 8):
            draw.rectangle((sign, line, sign + 3, line + 4), fill=(shade // 3,) * 3)
    picture.save(buffer, "JPEG")
    return buffer.getvalue()


def tea_reading(**changes: Any) -> ReceiptReading:
    """A readable receipt that meets the rules of the demo's must-buy campaign."""
    items = changes.pop("items", (ItemReading("ミズヒキ緑茶525ml", 2, 2560),))
    figures = {
        "store_name": "スーパーみなと",
        "tel": "0312345678",
        "date": jst_day(NOW).isoformat(),
        "time": "10:15",
        "receipt_no": "0042",
        "registration_no": "T7000012050002",
        "tax": "189",
        "total": "2560",
    }
    return prepared_reading(items=items, **(figures | changes))


def start(campaign: Campaign, *, email: str, now: datetime = NOW, **details: Any) -> Entry:
    """Begin an entry with an address and the agreement to the terms."""
    entry = start_entry(campaign_id=campaign.pk, now=now, **details)
    give_email(entry_id=entry.pk, email=email, now=now)
    agree(entry_id=entry.pk, wants_news=False, now=now)
    return entry


def send_receipt(entry: Entry, reading: ReceiptReading, *, photo: bytes | None = None, now: datetime = NOW) -> None:
    """Upload a photograph that will be read as prepared, and have it read."""
    FakeReader.prepare(reading)
    store_upload(entry_id=entry.pk, photos=[photo or jpeg()], now=now)
    for receipt_id in unread_receipts(now):
        read_receipt(receipt_id=receipt_id, now=now)


def send_serial(entry: Entry, serial: str, *, kind: ProofKind = ProofKind.SERIAL) -> None:
    """Type a serial code."""
    save_typed_proof(entry_id=entry.pk, kind=kind, value=serial)


def submit(entry: Entry, *, now: datetime = NOW) -> Entry:
    """Send the entry and let the worker carry it on."""
    submit_entry(entry_id=entry.pk, now=now)
    return advance_entry(entry_id=entry.pk, now=now)


def confirm(entry: Entry, *, now: datetime = NOW) -> Entry:
    """Follow the link of the confirmation mail and let the worker go on."""
    queue_message(kind=DeliveryKind.VERIFY_EMAIL, entry_id=entry.pk, now=now)
    entry.refresh_from_db()
    identity = Identity.objects.filter(participant=entry.participant, kind="email").latest("pk")
    verify_identity(identity_id=identity.pk, now=now)
    sweep(now=now)
    entry.refresh_from_db()
    return entry


def deliver(*, now: datetime = NOW) -> list[Any]:
    """Send what is due and give the mails of this round."""
    before = len(mail.outbox)
    for delivery_id in due_deliveries(now):
        send_delivery(delivery_id=delivery_id, now=now)
    return mail.outbox[before:]


def later(**delta: float) -> datetime:
    """An instant after NOW."""
    return NOW + timedelta(**delta)
