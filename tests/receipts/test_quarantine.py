"""A photograph that kills its reader is tried three times and set aside, while others are read; people see it."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.models import RuleKind
from eligibility.models import Decision
from journeys.audit import violations
from journeys.services import advance_entry
from participants.models import EntryStatus
from receipts.errors import PhotosPurged, ReceiptNotSetAside
from receipts.models import ReadingFailure, Receipt, ReceiptStatus
from receipts.ocr.factory import reader_from_settings
from receipts.selectors import unread_receipts
from receipts.services import read_again, read_receipt, store_upload
from tests import factories
from tests.factories import NOW
from tests.flows.steps import jpeg, tea_reading
from tests.worlds import World, begin, open_campaign, send

pytestmark = pytest.mark.django_db

DARK, BRIGHT = 10, 200


@pytest.fixture
def deadly_reader(settings):
    """A real process that the kernel kills on every dark photograph."""
    settings.RECEIPT_READER = "tests.receipts.misbehaving.PoisonReader"
    reader = reader_from_settings()
    yield reader
    reader.close()


def purchase_campaign() -> World:
    return open_campaign(rules=(RuleKind.PURCHASE,), purchase_from_on=NOW.date(), purchase_until_on=NOW.date())


def set_aside(entry) -> Receipt:
    receipt = store_upload(entry_id=entry.pk, photos=[jpeg()], now=NOW)
    Receipt.objects.update(status=ReceiptStatus.FAILED, attempts=3, failure=ReadingFailure.CRASHED)
    return receipt


def again(receipt) -> Receipt:
    return read_again(receipt_id=receipt.pk, actor_id=factories.UserFactory.create().pk, now=NOW)


def test_F06_a_photograph_that_really_kills_its_reader_is_set_aside_and_all_others_are_read(deadly_reader):
    world = purchase_campaign()
    poison = store_upload(entry_id=begin(world).pk, photos=[jpeg(DARK)], now=NOW)
    good = [store_upload(entry_id=begin(world).pk, photos=[jpeg(BRIGHT + n)], now=NOW) for n in range(2)]
    send(poison.entry)

    seen = []
    for minute in range(4):  # the sweep, each time after the waits between attempts are over
        now = NOW + timedelta(minutes=minute)
        seen += [(pk, read_receipt(receipt_id=pk, now=now).status) for pk in unread_receipts(now)]
    advance_entry(entry_id=poison.entry_id, now=now)

    assert [status for pk, status in seen if pk == poison.pk] == ["uploaded", "uploaded", "failed"]
    assert [status for pk, status in seen if pk != poison.pk] == ["read"] * len(good)
    poison.refresh_from_db()
    assert (poison.attempts, poison.failure) == (3, ReadingFailure.CRASHED)
    assert AuditEntry.objects.get(action="receipt.set_aside").facts == {"attempts": 3, "failure": "crashed"}
    decision = Decision.objects.get(entry_id=poison.entry_id)  # the entrant is asked for another photograph
    assert (decision.verdict, decision.reasons[0]["code"]) == ("sent_back", "unreadable")
    assert violations(now) == {}


def test_an_operator_gives_a_receipt_back_to_the_reader(prepared_reader):
    entry = begin(open_campaign())
    receipt = set_aside(entry)
    prepared_reader.prepare(tea_reading())

    waiting = again(receipt)

    assert (waiting.status, waiting.attempts, waiting.failure) == (ReceiptStatus.UPLOADED, 0, "")
    assert AuditEntry.objects.get(action="receipt.read_again").actor_id is not None
    assert unread_receipts(NOW) == [receipt.pk]
    assert read_receipt(receipt_id=receipt.pk, now=NOW).status == ReceiptStatus.READ


def test_only_a_receipt_that_was_set_aside_is_read_again():
    receipt = store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg()], now=NOW)

    with pytest.raises(ReceiptNotSetAside):
        again(receipt)
    assert not AuditEntry.objects.filter(action="receipt.read_again").exists()


def test_a_receipt_whose_photographs_are_gone_is_not_read_again():
    receipt = set_aside(begin(open_campaign()))
    receipt.photos.update(purged_at=NOW)

    with pytest.raises(PhotosPurged):
        again(receipt)
    receipt.refresh_from_db()
    assert receipt.status == ReceiptStatus.FAILED


def test_an_entry_that_was_sent_back_meanwhile_stays_with_its_entrant(prepared_reader):
    entry = begin(purchase_campaign())
    receipt = set_aside(entry)
    send(entry)
    advance_entry(entry_id=entry.pk, now=NOW)
    prepared_reader.prepare(tea_reading())

    again(receipt)
    read_receipt(receipt_id=receipt.pk, now=NOW)

    entry.refresh_from_db()
    assert entry.status == EntryStatus.SENT_BACK
    assert violations(NOW) == {}
