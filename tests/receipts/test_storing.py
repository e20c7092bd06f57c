"""F18: a photograph counts only once it was read back; a store that fails loses nothing and leaves nothing behind."""

from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from moto import mock_aws

from participants.errors import EntryNotEditable
from participants.models import Entry, EntryStatus
from receipts.errors import PhotoNotStored
from receipts.files import load_photo, photos_stored_before
from receipts.models import Receipt, ReceiptPhoto, ReceiptStatus
from receipts.selectors import MAX_ATTEMPTS, photo_bytes, unread_receipts
from receipts.services import delete_orphans, purge_photos, read_receipt, store_upload
from tests.factories import NOW
from tests.flows.steps import jpeg, tea_reading
from tests.worlds import begin, open_campaign

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request, settings, tmp_path, monkeypatch):
    """Each kind of file store; gives the class whose methods a test may spoil."""
    backends = {
        "folder": ("django.core.files.storage.FileSystemStorage", {"location": tmp_path}),
        "memory": ("django.core.files.storage.InMemoryStorage", {}),
        "s3": ("core.clients.s3_storage.BoundedS3Storage", {"bucket_name": "photos", "region_name": "ap-northeast-1"}),
    }
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    backend, options = backends[request.param]
    with mock_aws():
        if request.param == "s3":
            place = {"LocationConstraint": "ap-northeast-1"}
            boto3.client("s3", region_name="ap-northeast-1").create_bucket(
                Bucket="photos", CreateBucketConfiguration=place
            )
        settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": options}}
        default_storage.listdir("")
        yield type(default_storage._wrapped)


def stored() -> list[str]:
    """Names of all files, whatever they are."""
    try:
        folders = default_storage.listdir("receipts")[0]
    except FileNotFoundError:
        return []
    return [f"{folder}/{name}" for folder in folders for name in default_storage.listdir(f"receipts/{folder}")[1]]


def short(data: bytes) -> bytes:
    return data[: len(data) // 2]


def altered(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def test_F18_a_photo_is_stored_under_its_name_and_nothing_waits(store):
    receipt = store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg(), jpeg(90)], now=NOW)

    names = [photo.file_name for photo in receipt.photos.all()]
    assert sorted(f"receipts/{name}" for name in stored()) == sorted(names)
    assert not any("incoming" in name for name in names)
    assert all(photo_bytes(photo)[:3] == b"\xff\xd8\xff" for photo in receipt.photos.all())


@pytest.mark.parametrize("fault", [short, altered])
def test_F18_a_store_that_keeps_something_else_is_found_out(store, monkeypatch, fault):
    entry = begin(open_campaign())
    kept = store_upload(entry_id=entry.pk, photos=[jpeg()], now=NOW)
    save, before = store.save, stored()
    with monkeypatch.context() as patch:
        patch.setattr(store, "save", lambda self, name, content: save(self, name, ContentFile(fault(content.read()))))
        with pytest.raises(PhotoNotStored):
            store_upload(entry_id=entry.pk, photos=[jpeg(90)], now=NOW)

    assert stored() == before
    assert Receipt.objects.exclude(status="replaced").get() == kept  # what the entry had is still there
    assert store_upload(entry_id=entry.pk, photos=[jpeg(90)], now=NOW).photos.count() == 1


@pytest.mark.parametrize("error", [OSError(28, "No space left"), EndpointConnectionError(endpoint_url="x")])
def test_F18_a_write_that_breaks_off_half_way_is_refused_and_swept_up(store, monkeypatch, error):
    entry = begin(open_campaign())
    save = store.save

    def half(self, name, content):
        save(self, name, ContentFile(short(content.read())))
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(store, "save", half)
        with pytest.raises(PhotoNotStored) as refusal:
            store_upload(entry_id=entry.pk, photos=[jpeg()], now=NOW)

    assert (refusal.value.status, Receipt.objects.count(), stored()) == (503, 0, [])


def test_F18_a_store_that_forgets_what_it_confirmed_is_found_out(store, monkeypatch):
    entry = begin(open_campaign())
    monkeypatch.setattr(store, "save", lambda _self, name, _content: name)

    with pytest.raises(PhotoNotStored):
        store_upload(entry_id=entry.pk, photos=[jpeg()], now=NOW)
    assert (Receipt.objects.count(), stored()) == (0, [])


def test_F18_one_photo_of_two_that_fails_takes_the_other_with_it(store, monkeypatch):
    entry = begin(open_campaign())
    save, calls = store.save, []

    def second_fails(self, name, content):
        calls.append(name)
        if len(calls) > (2 if store.__name__ == "InMemoryStorage" else 1):  # which is written anew where others rename
            raise OSError
        return save(self, name, content)

    monkeypatch.setattr(store, "save", second_fails)
    with pytest.raises(PhotoNotStored):
        store_upload(entry_id=entry.pk, photos=[jpeg(), jpeg(90)], now=NOW)
    assert (Receipt.objects.count(), stored()) == (0, [])


def test_a_refused_upload_leaves_no_file(store):
    entry = begin(open_campaign())
    Entry.objects.filter(pk=entry.pk).update(status=EntryStatus.SUBMITTED, submitted_at=NOW)

    with pytest.raises(EntryNotEditable):
        store_upload(entry_id=entry.pk, photos=[jpeg()], now=NOW)
    assert stored() == []


def test_F18_what_a_killed_upload_left_goes_after_a_day_and_no_photo_with_it(store):
    receipt = store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg()], now=NOW)
    left = default_storage.save("receipts/incoming/left", ContentFile(b"half"))
    default_storage.save("receipts/ab/moved", ContentFile(b"whole, without its row"))
    written = default_storage.get_modified_time(left)

    assert delete_orphans(now=written + DAY - timedelta(minutes=1)) == 0
    assert delete_orphans(now=written + DAY + timedelta(minutes=1)) == 2
    photo = receipt.photos.get()
    assert stored() == [photo.file_name.removeprefix("receipts/")]
    assert load_photo(photo.public_id, photo.file_name)


def test_nothing_is_swept_where_nothing_was_ever_stored(store):
    assert list(photos_stored_before(NOW)) == []


def test_I18_a_purged_photo_leaves_no_file_in_any_store(store):
    receipt = store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg()], now=NOW)
    Entry.objects.filter(pk=receipt.entry_id).update(status=EntryStatus.REFUSED, decided_at=NOW, submitted_at=NOW)

    assert purge_photos(now=NOW + timedelta(days=60)) == 1
    assert (stored(), ReceiptPhoto.objects.filter(purged_at=None).count()) == ([], 0)


def test_a_local_file_is_on_its_disk_before_it_gets_its_name(settings, tmp_path: Path, monkeypatch):
    options = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": options}
    steps = []
    monkeypatch.setattr("core.clients.file_store._sync", lambda path: steps.append(path.name))

    store_upload(entry_id=begin(open_campaign()).pk, photos=[jpeg()], now=NOW)

    name = ReceiptPhoto.objects.get().file_name
    assert steps == [Path(name).name, Path(name).parent.name]


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_F18_a_slow_bucket_is_waited_for_seconds_and_not_minutes(store):
    used = default_storage.connection.meta.client.meta.config

    assert (used.connect_timeout, used.read_timeout, used.retries["total_max_attempts"]) == (3, 10, 2)


@pytest.fixture
def receipt(store):
    """One photograph, uploaded and waiting for its reader."""
    return store_upload(entry_id=begin(open_campaign(codes=1)).pk, photos=[jpeg()], now=NOW)


@pytest.fixture
def away(store):
    """Takes methods of the store away, in the words of its kind; gives what brings them back."""

    def gone(*_args, **_kwargs):
        raise EndpointConnectionError(endpoint_url="https://s3.example") if "S3" in store.__name__ else OSError("away")

    with pytest.MonkeyPatch.context() as patch:

        def take(*methods):
            for method in methods:
                patch.setattr(store, method, gone)
            return patch.undo

        yield take


@pytest.mark.parametrize("methods", [("open", "exists"), ("save",)], ids=["reading", "covering"])
def test_F18_a_store_that_is_away_costs_a_receipt_no_attempt(receipt, away, methods, prepared_reader):
    prepared_reader.prepare(tea_reading())
    back = away(*methods)
    for minute in range(MAX_ATTEMPTS + 1):
        found = read_receipt(receipt_id=receipt.pk, now=NOW + timedelta(minutes=minute))
        assert (found.status, found.attempts) == (ReceiptStatus.UPLOADED, 0)
    assert unread_receipts(NOW + timedelta(minutes=MAX_ATTEMPTS)) == []
    back()

    after = NOW + timedelta(minutes=MAX_ATTEMPTS + 1)
    assert unread_receipts(after) == [receipt.pk]
    assert read_receipt(receipt_id=receipt.pk, now=after).status == ReceiptStatus.READ


def test_a_file_that_is_gone_is_not_waited_for(receipt):
    default_storage.delete(receipt.photos.get().file_name)

    with pytest.raises(FileNotFoundError):
        read_receipt(receipt_id=receipt.pk, now=NOW)

    receipt.refresh_from_db()
    assert (receipt.status, receipt.attempts) == (ReceiptStatus.READING, 1)
