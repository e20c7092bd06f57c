"""Processes that are killed: `python -m tests.crash.victims` starts Django once and forks for every act.

A line of JSON on its input names an act, its arguments and the crash point; the line it answers is the fork's exit
code, negative where a signal ended it.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any

from core.crashpoints import ENVIRONMENT_NAME


class Victims:
    """The test's side: one forking process, asked for one victim after the other."""

    def __init__(self, database_url: str) -> None:
        environment = os.environ | {"TEST_DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.victims"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, act: str, *, crash_at: str = "", **arguments: Any) -> int:
        """Have a process do one act, and be killed at a crash point; returns its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"act": act, "crash_at": crash_at, "arguments": arguments}, default=datetime.isoformat)
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the forking process, which has no victim left."""
        self._process.communicate(timeout=20)


def send(delivery_id: int, mail_port: int, now: datetime) -> None:
    """A worker sends one message over SMTP."""
    from django.conf import settings

    from distribution.services import send_delivery

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail_port
    send_delivery(delivery_id=delivery_id, now=now)


def read(receipt_id: int, now: datetime) -> None:
    """A worker reads one receipt, as a test prepared it."""
    from receipts.services import read_receipt, reading
    from tests.flows.steps import jpeg, tea_reading

    prepare_reader(tea_reading())
    reading.photo_bytes = lambda _photo: jpeg()  # type: ignore[assignment]
    read_receipt(receipt_id=receipt_id, now=now)


def upload(entry_id: int, files: str, now: datetime) -> None:
    """A web process takes a photograph into a folder that the test looks into."""
    from django.core.files.storage import FileSystemStorage

    from receipts import files as photo_files
    from receipts.services import store_upload
    from tests.flows.steps import jpeg

    photo_files.default_storage = FileSystemStorage(files)  # type: ignore[assignment]
    store_upload(entry_id=entry_id, photos=[jpeg()], now=now)


def prepare_reader(reading: Any) -> None:
    """Have receipts read as prepared."""
    from django.conf import settings

    from receipts.ocr.fake import FakeReader

    settings.RECEIPT_READER = "receipts.ocr.fake.FakeReader"
    FakeReader.prepare(reading)


def advance(entry_id: int, now: datetime) -> None:
    """A worker carries one entry on."""
    from journeys.services import advance_entry

    advance_entry(entry_id=entry_id, now=now)


def make_card(gift_code_id: int, supplier_url: str, now: datetime) -> None:
    """A worker has a supplier make one card."""
    from codes.services import make_card as make

    _connect(supplier_url)
    make(gift_code_id=gift_code_id, now=now)


def cancel_card(gift_code_id: int, supplier_url: str, now: datetime) -> None:
    """The desk has a supplier take one card back."""
    from codes.services import cancel_card as cancel

    _connect(supplier_url)
    cancel(gift_code_id=gift_code_id, reason="test", now=now)


def _connect(supplier_url: str) -> None:
    from django.conf import settings

    from tests.contracts.supplier_server import SupplierServer

    settings.SUPPLIER_AMAZON_BASE_URL = supplier_url
    settings.SUPPLIER_AMAZON_PARTNER_ID = SupplierServer.partner_id
    settings.SUPPLIER_AMAZON_ACCESS_KEY_ID = SupplierServer.access_key_id
    settings.SUPPLIER_AMAZON_SECRET_ACCESS_KEY = SupplierServer.secret_access_key


def call(path: str, body: dict[str, Any], key: str, idempotency_key: str) -> None:
    """A web process answers one call of the API, with a broker to publish to."""
    from django.conf import settings

    from tests.api.world import Caller

    settings.TASKS_ON_COMMIT = True
    Caller(key).post(path, body, key=idempotency_key)


def rotate(job_id: int, now: datetime) -> None:
    """A worker seals codes under a new key, ten at a time."""
    from codes.services import rotation

    rotation.CHUNK = 10
    rotation.run_rotation(job_id=job_id, now=now)


def change_master_key(job_id: int, keys: dict[str, str], key_id: str, files: str, now: datetime) -> None:
    """A worker brings everything under a new master key."""
    from django.conf import settings
    from django.core.files.storage import FileSystemStorage

    from codes.services import jobs
    from core import crypto
    from receipts import files as photo_files

    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_KEY_ID = keys, key_id
    crypto._cipher.cache_clear()
    photo_files.default_storage = FileSystemStorage(files)
    jobs.run_job(job_id=job_id, now=now)


def reveal(award_id: int, now: datetime, journal: str = "", device: str = "") -> None:
    """A web process shows a code to its holder, or to the first device that opens it."""
    from django.conf import settings

    from codes.holders import Holder
    from codes.services import reveal_code

    settings.JOURNAL = journal or settings.JOURNAL
    reveal_code(award_id=award_id, now=now, holder=Holder(device=device))


def redeem(agency_id: int, store_id: int, presented: str, journal: str, now: datetime) -> None:
    """A web process redeems a code for a till."""
    from django.conf import settings

    from codes.services import redeem_code

    settings.JOURNAL = journal
    redeem_code(agency_id=agency_id, store_id=store_id, presented=presented, now=now)


def replay(journal: str, now: datetime) -> None:
    """Somebody replays the journal after a restore."""
    from django.conf import settings

    from codes.services.recovering import recover

    settings.JOURNAL = journal
    recover(now=now)


def run_job(job_id: int, now: datetime, files: str = "") -> None:
    """A worker carries long work on codes on, a few codes a chunk."""
    from django.core.files.storage import FileSystemStorage

    from codes.services import activating, generating, holding, importing, jobs, recalling
    from core import held_files

    holding.CHUNK = recalling.CHUNK = activating.CHUNK = generating.CHUNK = importing.CHUNK = 2
    recalling.AWARDS_CHUNK = 1
    if files:
        held_files.default_storage = FileSystemStorage(files)
    jobs.run_job(job_id=job_id, now=now)


def end_reservations(now: datetime) -> None:
    """A worker puts reserved codes back into stock."""
    from codes.services import expire_reservations

    expire_reservations(now=now)


ACTS: dict[str, Callable[..., None]] = {
    "send": send,
    "read": read,
    "upload": upload,
    "advance": advance,
    "call": call,
    "rotate": rotate,
    "change_master_key": change_master_key,
    "reveal": reveal,
    "redeem": redeem,
    "replay": replay,
    "run_job": run_job,
    "end_reservations": end_reservations,
    "make_card": make_card,
    "cancel_card": cancel_card,
}


def fork(act: str, crash_at: str, arguments: dict[str, Any]) -> int:
    """Do one act in a process of its own."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        os.environ[ENVIRONMENT_NAME] = crash_at
        if "now" in arguments:
            arguments["now"] = datetime.fromisoformat(arguments["now"])
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the answers are the parent's
        ACTS[act](**arguments)
        code = 0
    except Exception:  # noqa: BLE001 the test sees the code; people see why
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    import django

    django.setup()
    for line in sys.stdin:
        sys.stdout.write(f"{fork(**json.loads(line))}\n")
        sys.stdout.flush()
