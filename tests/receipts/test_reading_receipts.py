"""A receipt is read by one worker at a time, a few times at most, and only the last one's figures count."""

from datetime import date, time, timedelta

import pytest

from accounts.models import AuditEntry
from core.errors import DomainError
from journeys.audit import violations
from journeys.services import advance_entry
from participants.errors import EntryNotEditable
from participants.models import EntryStatus
from receipts import tasks
from receipts.errors import DuplicateReceipt, FiguresNotAccepted, NoPhoto, TooManyPhotos, UnsupportedImageType
from receipts.models import Receipt, ReceiptPhoto, ReceiptStatus
from receipts.ocr.base import ReaderCrashed, ReaderUnavailable
from receipts.ocr.fake import FakeReader
from receipts.selectors import current_receipt, photo_bytes, unread_receipts
from receipts.services import LineFigures, ReceiptFigures, correct_figures, read_receipt, store_upload
from tests import factories
from tests.factories import NOW
from tests.flows.steps import jpeg, tea_reading
from tests.worlds import begin, open_campaign, send

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=90)


@pytest.fixture
def entry():
    return begin(open_campaign(codes=9))


@pytest.fixture
def receipt(entry) -> Receipt:
    return store_upload(entry_id=entry.pk, photos=[jpeg()], now=NOW)


def read(receipt, *, now=NOW) -> Receipt:
    return read_receipt(receipt_id=receipt.pk, now=now)


def crash(error=ReaderCrashed):
    """A reader that dies on every photograph."""

    def read(self, photos):
        raise error("died")

    return read


def test_an_upload_is_stored_sealed_and_read_back(entry, receipt):
    photo = receipt.photos.get()

    assert (receipt.status, photo.position) == (ReceiptStatus.UPLOADED, 1)
    assert photo_bytes(photo).startswith(b"\xff\xd8\xff")
    from django.core.files.storage import default_storage

    with default_storage.open(photo.file_name) as file:
        assert file.read().startswith(b"v1:test1:")


def test_a_reading_fills_the_figures_and_the_lines(receipt, prepared_reader):
    prepared_reader.prepare(tea_reading(subtotal="2371"))

    found = read(receipt)

    assert (found.status, found.attempts, found.lease_until) == (ReceiptStatus.READ, 1, None)
    assert (found.store_name, found.telephone, found.total_jpy) == ("スーパーみなと", "0312345678", 2560)
    assert (found.purchased_on, found.purchased_time) == (date(2026, 11, 22), time(10, 15))
    assert [(line.name, line.quantity, line.price_jpy) for line in found.lines.all()] == [
        ("ミズヒキ緑茶525ml", 2, 2560)
    ]
    assert len(found.fingerprint) == 64


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total": "100000001"}, "total_jpy"),
        ({"total": "12.5"}, "total_jpy"),
        ({"date": "2026-02-30"}, "purchased_on"),
        ({"time": "25:00"}, "purchased_time"),
    ],
)
def test_figures_that_make_no_sense_stay_empty_and_give_no_fingerprint(receipt, prepared_reader, change, field):
    prepared_reader.prepare(tea_reading(**change))

    found = read(receipt)

    assert getattr(found, field) is None
    assert found.fingerprint == ""


def test_F11_a_receipt_told_of_three_times_is_read_once(receipt, prepared_reader):
    prepared_reader.prepare(tea_reading())

    assert [read(receipt).attempts for _again in range(3)] == [1, 1, 1]


def test_a_lease_keeps_others_away_until_it_ends(receipt, prepared_reader):
    prepared_reader.prepare(tea_reading())
    Receipt.objects.update(status=ReceiptStatus.READING, attempts=1, lease_until=NOW + LEASE)

    moment = timedelta(microseconds=1)
    assert unread_receipts(NOW + LEASE - moment) == []
    assert read(receipt, now=NOW + LEASE - moment).status == ReceiptStatus.READING
    assert unread_receipts(NOW + LEASE) == [receipt.pk]
    assert read(receipt, now=NOW + LEASE).attempts == 2


@pytest.mark.parametrize("error", [ReaderCrashed, ReaderUnavailable])
def test_F06_a_photograph_that_kills_its_reader_is_set_aside_after_three_attempts(entry, receipt, monkeypatch, error):
    monkeypatch.setattr(FakeReader, "read", crash(error))
    send(entry)
    advance_entry(entry_id=entry.pk, now=NOW)

    states = [(found.status, found.attempts) for found in (read(receipt, now=NOW + LEASE * n) for n in range(4))]

    assert states == [("uploaded", 1), ("uploaded", 2), ("failed", 3), ("failed", 3)]
    assert AuditEntry.objects.filter(action="receipt.set_aside").count() == 1
    entry.refresh_from_db()
    assert entry.advance_after == NOW + LEASE * 2
    assert violations(NOW + LEASE * 2) == {}


def test_F06_a_receipt_whose_readers_all_fell_silent_is_set_aside_and_the_queue_goes_on(
    entry, receipt, prepared_reader
):
    prepared_reader.prepare(tea_reading())
    Receipt.objects.update(status=ReceiptStatus.READING, attempts=3, lease_until=NOW)
    other = store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg(90)], now=NOW)

    for receipt_id in unread_receipts(NOW):
        read_receipt(receipt_id=receipt_id, now=NOW)

    assert [Receipt.objects.get(pk=pk).status for pk in (receipt.pk, other.pk)] == ["failed", "read"]


def test_a_receipt_waits_a_little_longer_after_each_crash(receipt, monkeypatch):
    monkeypatch.setattr(FakeReader, "read", crash())
    read(receipt)

    assert unread_receipts(NOW + timedelta(seconds=9)) == []
    assert unread_receipts(NOW + timedelta(seconds=10)) == [receipt.pk]


def test_a_receipt_replaced_while_it_is_read_stays_replaced(entry, receipt, monkeypatch):
    def replaced_meanwhile(self, photos):
        store_upload(entry_id=entry.pk, photos=[jpeg(90)], now=NOW)
        return tea_reading()

    monkeypatch.setattr(FakeReader, "read", replaced_meanwhile)

    found = read(receipt)

    assert (found.status, found.total_jpy, found.reading) == (ReceiptStatus.REPLACED, None, None)
    assert current_receipt(entry.pk) != receipt


def test_F12_a_worker_that_comes_back_late_changes_nothing(receipt, monkeypatch):
    def overtaken(self, photos):
        monkeypatch.setattr(FakeReader, "read", lambda self, photos: tea_reading(total="2560"))
        assert read(receipt, now=NOW + LEASE).total_jpy == 2560  # another worker, after the lease
        return tea_reading(total="9999")

    monkeypatch.setattr(FakeReader, "read", overtaken)

    found = read(receipt)

    assert (found.status, found.total_jpy, found.attempts) == (ReceiptStatus.READ, 2560, 2)


def test_the_sweep_reads_what_was_left_behind(receipt, prepared_reader, monkeypatch):
    prepared_reader.prepare(tea_reading())
    monkeypatch.setattr(tasks.clock, "now", lambda: NOW)
    second = store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg(90)], now=NOW)

    tasks.sweep_receipts()

    assert {Receipt.objects.get(pk=pk).status for pk in (receipt.pk, second.pk)} == {ReceiptStatus.READ}
    assert tasks._turn.acquire(blocking=False)
    tasks._turn.release()


@pytest.mark.parametrize(
    ("photos", "refusal"),
    [([], NoPhoto), ([jpeg()] * 5, TooManyPhotos), ([b"%PDF-1.7"], UnsupportedImageType), ([jpeg(), b""], DomainError)],
)
def test_an_upload_that_is_refused_stores_nothing(entry, photos, refusal):
    with pytest.raises(refusal):
        store_upload(entry_id=entry.pk, photos=photos, now=NOW)

    assert (Receipt.objects.count(), ReceiptPhoto.objects.count()) == (0, 0)


def test_a_sent_entry_takes_no_other_receipt(entry, receipt):
    send(entry)

    with pytest.raises(EntryNotEditable):
        store_upload(entry_id=entry.pk, photos=[jpeg(90)], now=NOW)
    assert Receipt.objects.get().status == ReceiptStatus.UPLOADED


def test_I16_a_receipt_that_replaces_one_that_counted_leaves_none_counting(entry, receipt):
    Receipt.objects.update(counts=True, status=ReceiptStatus.READ)
    type(entry).objects.update(status=EntryStatus.SENT_BACK, submitted_at=NOW)

    store_upload(entry_id=entry.pk, photos=[jpeg(90)], now=NOW)

    assert list(Receipt.objects.order_by("pk").values_list("status", "counts")) == [
        ("replaced", False),
        ("uploaded", False),
    ]


def figures(**changes) -> ReceiptFigures:
    known = {
        "telephone": "0312345678",
        "purchased_on": date(2026, 11, 20),
        "purchased_time": time(9, 5),
        "total_jpy": 980,
    }
    return ReceiptFigures(**known | changes)


def correct(receipt, found, lines=()):
    actor = factories.UserFactory.create()
    return correct_figures(receipt_id=receipt.pk, figures=found, lines=lines, actor_id=actor.pk, now=NOW)


def test_a_reviewer_s_figures_replace_the_reader_s_and_the_trail_names_what_changed(receipt, prepared_reader):
    prepared_reader.prepare(tea_reading())
    read(receipt)

    fixed = correct(receipt, figures(total_jpy=980), [LineFigures("緑茶", 980, quantity=2)])

    assert (fixed.total_jpy, fixed.store_name, fixed.corrected_by is not None) == (980, "", True)
    assert [(line.name, line.quantity) for line in fixed.lines.all()] == [("緑茶", 2)]
    changed = AuditEntry.objects.get(action="receipt.corrected").facts["changed"]
    assert {"total_jpy", "store_name"} <= set(changed)


def test_a_receipt_that_nobody_could_read_is_read_by_a_person(receipt):
    Receipt.objects.update(status=ReceiptStatus.FAILED)

    assert correct(receipt, figures()).status == ReceiptStatus.READ


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (figures(total_jpy=-1), []),
        (figures(tax_jpy=100_000_001), []),
        (figures(purchased_on=date(2026, 11, 23)), []),
        (figures(), [LineFigures("緑茶", 100_000_001)]),
        (figures(), [LineFigures("緑茶", 100, quantity=0)]),
    ],
)
def test_figures_out_of_bounds_are_refused(receipt, found, lines):
    with pytest.raises(FiguresNotAccepted):
        correct(receipt, found, lines)
    receipt.refresh_from_db()
    assert receipt.corrected_by is None


def test_I16_a_correction_that_makes_it_a_receipt_that_counts_elsewhere_is_refused(receipt):
    other = factories.ReceiptFactory.create(entry=begin_in(receipt.campaign), status=ReceiptStatus.READ, fingerprint="")
    correct(other, figures())
    Receipt.objects.update(counts=True)

    with pytest.raises(DuplicateReceipt):
        correct(receipt, figures())
    receipt.refresh_from_db()
    assert receipt.total_jpy is None


def begin_in(campaign):
    return factories.EntryFactory.create(
        campaign=campaign, participant=factories.ParticipantFactory.create(agency=campaign.agency)
    )
