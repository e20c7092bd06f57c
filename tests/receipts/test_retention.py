"""Photographs are kept sealed for as long as the campaign says, and then nothing of them is left but the proof."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import IntegrityError, transaction
from PIL import Image

from accounts.models import AuditEntry
from campaigns.models import Campaign
from participants.models import Entry, EntryStatus
from receipts.models import Receipt, ReceiptPhoto
from receipts.ocr.base import ItemReading, Region
from receipts.selectors import photo_bytes, photos_past_retention, shown_photo_bytes
from receipts.services import delete_orphans, purge_photos, purging, read_receipt, store_upload
from tests import factories
from tests.factories import NOW
from tests.flows.steps import jpeg, tea_reading
from tests.worlds import begin, open_campaign

pytestmark = pytest.mark.django_db

DAYS = timedelta(days=30)
MOMENT = timedelta(microseconds=1)
LEFT_CORNER = Region(0, ((0.0, 0.0), (30.0, 0.0), (30.0, 30.0), (0.0, 30.0)))


@pytest.fixture
def store(settings, tmp_path) -> Path:
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        }
    }
    return tmp_path


@pytest.fixture
def receipt(store, prepared_reader) -> Receipt:
    """A receipt that was read, with a corner to cover; its entry was refused just now."""
    prepared_reader.prepare(tea_reading(masks=(LEFT_CORNER,)))
    receipt = store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg()], now=NOW)
    read_receipt(receipt_id=receipt.pk, now=NOW)
    decide(receipt, EntryStatus.REFUSED)
    return receipt


def decide(receipt, status) -> None:
    Entry.objects.filter(pk=receipt.entry_id).update(status=status, decided_at=NOW, submitted_at=NOW)


def files(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file()]


def grey(data: bytes, place: tuple[int, int]) -> int:
    return Image.open(io.BytesIO(data)).convert("L").getpixel(place)


def test_T11_the_copy_for_others_is_covered_and_the_sender_s_own_is_not(receipt, store):
    photo = receipt.photos.get()

    covered, own = shown_photo_bytes(photo), photo_bytes(photo)

    assert (grey(covered, (10, 10)), grey(own, (10, 10))) == (20, 200)
    assert grey(covered, (4, 80)) == 200
    assert [path.read_bytes()[:9] for path in files(store)] == [b"v1:test1:"] * 2


def test_while_nobody_knows_what_to_cover_others_see_a_coarse_picture(store):
    receipt = store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg()], now=NOW)
    big = io.BytesIO()
    Image.new("RGB", (900, 1200), "white").save(big, "JPEG")
    other = store_upload(entry_id=begin(open_campaign()).pk, photos=[big.getvalue()], now=NOW)

    sizes = [Image.open(io.BytesIO(shown_photo_bytes(found.photos.get()))).size for found in (receipt, other)]

    assert sizes == [(160, 240), (180, 240)]


def test_what_is_stored_of_a_reading_holds_no_card_number_and_no_name(store, prepared_reader):
    reading = tea_reading(
        store_name="スーパーみなと 担当:山田",
        text="会員番号 1234567",
        items=(ItemReading("緑茶 4111-1111-1111-1111", 1, 300),),
    )
    prepared_reader.prepare(reading)
    receipt = store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg()], now=NOW)

    found = read_receipt(receipt_id=receipt.pk, now=NOW)

    kept = str(found.reading) + found.store_name + found.lines.get().name
    assert [secret for secret in ("4111", "山田", "会員番号") if secret in kept] == []
    assert "緑茶" in kept
    assert found.telephone == "0312345678"


@pytest.mark.parametrize(
    "status", [EntryStatus.REFUSED, EntryStatus.ACCEPTED, EntryStatus.WON, EntryStatus.LOST, EntryStatus.WITHDRAWN]
)
def test_I18_photographs_go_thirty_days_after_the_final_verdict_and_not_a_moment_earlier(receipt, store, status):
    decide(receipt, status)

    assert purge_photos(now=NOW + DAYS - MOMENT) == 0
    assert purge_photos(now=NOW + DAYS) == 1
    photo = receipt.photos.get()
    assert (files(store), photo.purged_at, photo.covered_file_name) == ([], NOW + DAYS, "")
    assert (photo.perceptual_hash, len(photo.original_sha256)) != ("", 0)  # the same file is still known again
    receipt.refresh_from_db()
    assert receipt.total_jpy == 2560


@pytest.mark.parametrize("status", [EntryStatus.SUBMITTED, EntryStatus.IN_REVIEW])
def test_photographs_stay_while_somebody_still_has_to_judge_them(receipt, status):
    decide(receipt, status)

    assert purge_photos(now=NOW + 20 * DAYS) == 0


@pytest.mark.parametrize("status", [EntryStatus.STARTED, EntryStatus.SENT_BACK])
def test_photographs_of_entries_never_finished_go_after_the_campaign(receipt, status):
    decide(receipt, status)
    closes = receipt.campaign.entry_closes_at

    assert purge_photos(now=closes + DAYS - MOMENT) == 0
    assert purge_photos(now=closes + DAYS) == 1


@pytest.mark.parametrize(
    ("status", "appeal_days", "kept_days"),
    [(EntryStatus.LOST, 14, 7), (EntryStatus.REFUSED, 14, 21), (EntryStatus.REFUSED, 0, 7)],
)
def test_each_campaign_has_its_own_days_and_a_refusal_can_be_objected_to_before(
    receipt, status, appeal_days, kept_days
):
    decide(receipt, status)
    Campaign.objects.update(photo_days=7, appeal_days=appeal_days, appeal_answer_days=7)

    assert not photos_past_retention(NOW + timedelta(days=kept_days) - MOMENT).exists()
    assert photos_past_retention(NOW + timedelta(days=kept_days)).count() == 1


def test_a_purge_leaves_a_certificate_with_the_count_and_a_hash(receipt):
    purge_photos(now=NOW + DAYS)
    assert purge_photos(now=NOW + DAYS) == 0

    line = AuditEntry.objects.get(action="photos.purged")
    assert line.subject_id == str(receipt.campaign.public_id)
    assert (line.facts["photos"], len(line.facts["sha256"])) == (1, 64)


def test_a_purge_that_was_killed_half_way_goes_on(receipt, store, monkeypatch):
    def killed(name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(purging, "crashpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            purge_photos(now=NOW + DAYS)
    assert (files(store), ReceiptPhoto.objects.get().purged_at) == ([], None)

    assert purge_photos(now=NOW + DAYS) == 1
    assert AuditEntry.objects.filter(action="photos.purged").count() == 1


def test_F18_files_that_no_photograph_names_go_after_a_day(receipt, store, monkeypatch):
    default_storage.save("receipts/ab/orphan", ContentFile(b"left by an upload that broke off"))
    written = default_storage.get_modified_time("receipts/ab/orphan")

    assert delete_orphans(now=written + timedelta(hours=23, minutes=59)) == 0
    assert delete_orphans(now=written + timedelta(hours=24, minutes=1)) == 1
    assert len(files(store)) == 2
    assert shown_photo_bytes(receipt.photos.get())


def test_the_command_tells_what_would_go_before_it_goes(receipt, store, monkeypatch):
    monkeypatch.setattr("core.clock.now", lambda: NOW + DAYS)
    told = io.StringIO()

    call_command("purge_receipts", "--dry-run", stdout=told)

    assert f"{receipt.campaign.slug}: 1 photos past 30 days" in told.getvalue()
    assert "nothing was deleted" in told.getvalue()
    assert len(files(store)) == 2
    call_command("purge_receipts", stdout=told)
    assert "1 photos deleted" in told.getvalue()
    assert files(store) == []


def test_a_campaign_keeps_photographs_for_one_day_to_a_year():
    campaign = factories.CampaignFactory.create()
    for days in (0, 366):
        with pytest.raises(IntegrityError), transaction.atomic():
            Campaign.objects.filter(pk=campaign.pk).update(photo_days=days)
