"""kill -9 within an upload: no row names a file that is not there; a file without a row is swept (F01, F18)."""

import os
import signal
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection

from core import clock
from receipts import files as photo_files
from receipts.models import Receipt
from receipts.selectors import photo_bytes
from receipts.services import delete_orphans
from tests.crash.victims import Victims
from tests.factories import NOW
from tests.worlds import begin, open_campaign

pytestmark = pytest.mark.django_db(transaction=True)
KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def victims(django_db_setup):
    """Processes on the test's own database."""
    url = urlsplit(os.environ["TEST_DATABASE_URL"])
    made = Victims(f"{url.scheme}://{url.netloc}/{connection.settings_dict['NAME']}?{url.query}")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("crash_at", "folder"),
    [("files.before_move", "incoming"), ("files.after_move", ""), ("uploading.before_commit", "")],
)
def test_F01_F18_a_killed_upload_leaves_nothing_but_a_file_for_the_sweep(
    victims, monkeypatch, tmp_path, crash_at, folder
):
    monkeypatch.setattr(photo_files, "default_storage", FileSystemStorage(tmp_path))
    entry = begin(open_campaign())

    code = victims.run("upload", crash_at=crash_at, entry_id=entry.pk, files=str(tmp_path), now=NOW)

    (left,) = files(tmp_path)
    assert (code, Receipt.objects.count()) == (KILLED, 0)
    assert (left.parent.name == "incoming") == (folder == "incoming")
    assert victims.run("upload", entry_id=entry.pk, files=str(tmp_path), now=NOW) == 0  # the entrant sends it again
    assert delete_orphans(now=clock.now() + timedelta(hours=25)) == 1
    assert [str(path.relative_to(tmp_path)) for path in files(tmp_path)] == [
        Receipt.objects.get().photos.get().file_name
    ]


def test_F02_an_upload_whose_answer_was_lost_is_there(victims, monkeypatch, tmp_path):
    monkeypatch.setattr(photo_files, "default_storage", FileSystemStorage(tmp_path))
    entry = begin(open_campaign())

    code = victims.run("upload", crash_at="uploading.after_commit", entry_id=entry.pk, files=str(tmp_path), now=NOW)

    assert code == KILLED
    assert photo_bytes(Receipt.objects.get().photos.get()).startswith(b"\xff\xd8\xff")
    assert delete_orphans(now=clock.now() + timedelta(hours=25)) == 0


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
