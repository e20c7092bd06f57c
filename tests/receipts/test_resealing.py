"""Photographs are looked at, purged and read while their key is changed, and no file is left behind."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage

from core import crypto
from participants.models import EntryStatus
from receipts import files as photo_files
from receipts.models import ReceiptPhoto
from receipts.selectors import photo_bytes, photos_by_key, shown_photo_bytes
from receipts.services import delete_orphans, purge_photos, reseal_photos, resealing
from tests.codes.test_sealing import NEW
from tests.factories import NOW
from tests.receipts.test_retention import DAYS, decide, files, receipt, store

pytestmark = pytest.mark.django_db
__all__ = ["receipt", "store"]


class Killed(BaseException):
    """A worker that ends here."""


@pytest.fixture
def photo(receipt, settings) -> ReceiptPhoto:
    """A photograph of the time before the key was changed."""
    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_KEY_ID = {**settings.ENCRYPTION_KEYS, "test2": NEW}, "test2"
    return receipt.photos.get()


def test_original_and_covered_copy_are_stored_anew_and_the_old_files_go(photo, store):
    before = (photo_bytes(photo), shown_photo_bytes(photo))

    piece = reseal_photos(after=0)

    assert (piece.done, piece.unreadable, piece.is_last) == (2, 0, True)
    fresh = ReceiptPhoto.objects.get()
    assert (photo_bytes(fresh), shown_photo_bytes(fresh)) == before
    assert [path.read_bytes()[:9] for path in files(store)] == [b"v1:test2:"] * 2
    assert (fresh.file_name_key, fresh.covered_file_name_key) == ("test2", "test2")
    assert photos_by_key() == {"test2": 2}
    assert reseal_photos(after=0).done == 0


def test_whoever_read_the_row_before_finds_the_file_under_its_new_name(photo, monkeypatch):
    before = photo_bytes(photo)
    read = photo_files.read_stored

    def moved_meanwhile(*asked):
        monkeypatch.setattr(photo_files, "read_stored", read)
        reseal_photos(after=0)
        return read(*asked)

    monkeypatch.setattr(photo_files, "read_stored", moved_meanwhile)

    assert photo_bytes(photo) == before
    assert ReceiptPhoto.objects.get().file_name != photo.file_name


def test_control_a_file_that_is_really_gone_is_not_looked_for_twice(photo):
    default_storage.delete(photo.file_name)

    with pytest.raises(FileNotFoundError):
        photo_bytes(photo)


@pytest.mark.parametrize("crash_at", ["rotation.after_file", "rotation.after_rows"])
def test_F28_killed_between_the_files_it_goes_on_and_the_left_over_file_is_swept(photo, store, monkeypatch, crash_at):
    before = (photo_bytes(photo), shown_photo_bytes(photo))

    def killed(name):
        if name == crash_at:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(resealing, "crashpoint", killed)
        with pytest.raises(Killed):
            reseal_photos(after=0)
    assert (photo_bytes(photo), shown_photo_bytes(photo)) == before

    reseal_photos(after=0)

    fresh = ReceiptPhoto.objects.get()
    assert (photo_bytes(fresh), shown_photo_bytes(fresh)) == before
    assert len(files(store)) == 3
    monkeypatch.setattr("receipts.services.purging.ORPHANED_AFTER", timedelta(days=-10_000))
    assert delete_orphans(now=NOW) == 1
    assert {path.name for path in files(store)} == {
        name.rpartition("/")[2] for name in (fresh.file_name, fresh.covered_file_name)
    }


def test_I18_a_photograph_purged_while_it_is_stored_anew_leaves_no_file(photo, receipt, store, monkeypatch):
    keep = resealing.store_photo

    def purged_meanwhile(*place, **named):
        decide(receipt, EntryStatus.REFUSED)
        monkeypatch.setattr(resealing, "store_photo", keep)
        purge_photos(now=NOW + DAYS)
        return keep(*place, **named)

    monkeypatch.setattr(resealing, "store_photo", purged_meanwhile)

    piece = reseal_photos(after=0)

    assert (piece.done, piece.unreadable) == (0, 0)
    assert files(store) == []
    assert ReceiptPhoto.objects.get().purged_at == NOW + DAYS


def test_I18_a_file_moved_between_its_deletion_and_the_certificate_is_deleted_by_the_next_call(
    photo, receipt, store, monkeypatch
):
    decide(receipt, EntryStatus.REFUSED)
    reseal_photos(after=0)
    stale = photo  # as a purge had read it
    monkeypatch.setattr("receipts.services.purging.delete_photo", lambda _name: None)
    from receipts.services import purging

    purging._certify(receipt.campaign_id, [stale], NOW + DAYS)
    assert ReceiptPhoto.objects.get().purged_at is None

    monkeypatch.undo()
    assert purge_photos(now=NOW + DAYS) == 1
    assert files(store) == []


def test_a_file_stored_before_rows_named_their_keys_is_looked_into(photo, settings):
    settings.ENCRYPTION_KEY_ID = "test1"
    ReceiptPhoto.objects.update(file_name_key="", covered_file_name_key="")
    assert photos_by_key() == {"": 2}

    assert reseal_photos(after=0).done == 2

    same = ReceiptPhoto.objects.get()
    assert (same.file_name, same.file_name_key) == (photo.file_name, "test1")
    assert photos_by_key() == {"test1": 2}
    assert crypto.key_id_of("v2:other:n:c") == crypto.key_id_of("") == ""
