"""The master key is changed under everything that it seals, table by table, while all of it is in use (F28, T22)."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage

from accounts import data_keys
from accounts.models import AuditEntry, DataKey
from codes.key_errors import MasterKeyNeeded, RotationRunning
from codes.models import CodeBatch, CodeJob, GiftCode, JobKind, JobStatus
from codes.sealing import open_column
from codes.services import generate_codes, jobs, master_keys, run_job
from codes.services.master_keys import retire_master_key, start_master_rotation, uses_of_master_keys
from core import crypto, held_files, resealing
from core.errors import KeyUnavailable
from eligibility.models import Serial
from eligibility.services import create_serial_batch
from participants.models import Identity, ProofKind, TypedProof
from participants.selectors import identity_value
from participants.services import give_email, save_typed_proof
from receipts.models import ReceiptPhoto
from receipts.selectors import photo_bytes, shown_photo_bytes
from receipts.services import read_receipt, store_upload
from tests.codes.test_sealing import NEW
from tests.factories import NOW, GiftCodeFactory
from tests.flows.steps import jpeg, tea_reading
from tests.receipts.test_retention import store
from tests.worlds import begin, open_campaign, worked_off

pytestmark = pytest.mark.django_db
__all__ = ["store"]

NEEDED = {"data keys": 1, "codes": 2, "contacts": 2, "typed numbers": 1, "serial codes": 2, "photographs": 2}


@pytest.fixture
def world(store, prepared_reader):
    """Something in every table that a master key seals."""
    made = open_campaign(codes=0)
    generate_codes(prize_id=made.prize.pk, name="own", count=1, expires_at=None, now=NOW)
    direct = GiftCodeFactory(batch=CodeBatch.objects.get(), code="DIRECT-1", position=9)
    direct.pin_ciphertext = crypto.encrypt("1234", table="gift_code", column="pin", row=direct.public_id)
    direct.save(update_fields=["pin_ciphertext"])
    entry = begin(made)
    give_email(entry_id=entry.pk, email="other@example.jp", now=NOW)
    save_typed_proof(entry_id=entry.pk, kind=ProofKind.REFERENCE, value="MEMBER-0001")
    create_serial_batch(campaign_id=made.campaign.pk, name="caps", values=["SERIAL0001", "SERIAL0002"])
    prepared_reader.prepare(tea_reading())
    read_receipt(receipt_id=store_upload(entry_id=entry.pk, photos=[jpeg()], now=NOW).pk, now=NOW)
    return made


def _proof() -> str:
    proof = TypedProof.objects.get()
    return crypto.decrypt(proof.value_ciphertext, table="typed_proof", column="value", row=proof.public_id)


def _serials() -> list[str]:
    return [
        crypto.decrypt(row.value_ciphertext, table="serial", column="value", row=row.batch.public_id)
        for row in Serial.objects.order_by("pk")
    ]


READINGS = {
    "data keys": lambda: open_column(GiftCode.objects.earliest("pk"), "code"),
    "codes": lambda: [open_column(GiftCode.objects.latest("pk"), column) for column in ("code", "pin")],
    "contacts": lambda: [identity_value(contact) for contact in Identity.objects.order_by("pk")],
    "typed numbers": _proof,
    "serial codes": _serials,
    "photographs": lambda: (photo_bytes(ReceiptPhoto.objects.get()), shown_photo_bytes(ReceiptPhoto.objects.get())),
}


def use_new_key(settings) -> None:
    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_KEY_ID = {**settings.ENCRYPTION_KEYS, "test2": NEW}, "test2"


@pytest.fixture
def lose_old_key(settings):
    """Take the old key out of the settings, as on a host started anew."""

    def lose() -> None:
        settings.ENCRYPTION_KEYS = {"test2": NEW}
        crypto._cipher.cache_clear()
        data_keys._opened.clear()

    yield lose
    crypto._cipher.cache_clear()
    data_keys._opened.clear()


def rotate() -> CodeJob:
    return worked_off(start_master_rotation(now=NOW))


@pytest.mark.parametrize("table", NEEDED)
def test_F28_a_value_of_every_table_is_read_after_the_change_when_the_old_key_is_gone(
    world, settings, lose_old_key, table
):
    before = READINGS[table]()
    use_new_key(settings)

    assert rotate().status == JobStatus.DONE

    lose_old_key()
    assert READINGS[table]() == before


@pytest.mark.parametrize("table", NEEDED)
def test_control_without_the_change_it_is_unreadable_and_the_old_key_is_not_let_go(
    world, settings, lose_old_key, table, monkeypatch
):
    use_new_key(settings)
    others = tuple(row for row in master_keys.TABLES if row.name != table)
    with monkeypatch.context() as patch:
        patch.setattr(master_keys, "TABLES", others)  # the table is forgotten
        rotate()

    with pytest.raises(MasterKeyNeeded) as refusal:
        retire_master_key(key_id="test1", now=NOW)

    assert refusal.value.context["needed"] == {table: NEEDED[table]}
    assert not AuditEntry.objects.filter(action="master_key.retired").exists()
    lose_old_key()
    with pytest.raises(KeyUnavailable):
        READINGS[table]()


def test_the_work_counts_every_table_leaves_its_lines_and_frees_the_old_key(world, settings):
    assert uses_of_master_keys() == {"test1": NEEDED}
    use_new_key(settings)

    job = rotate()

    assert (job.kind, job.total_count, job.done_count) == (JobKind.MASTER, 10, 9)  # two values of one code at once
    assert job.report["done"] == NEEDED | {"codes": 1}
    assert (job.report["left"], job.report.get("unreadable")) == ({}, None)
    left = {"data keys": 1, "contacts": 2, "typed numbers": 1, "serial codes": 2, "photographs": 2}
    assert uses_of_master_keys() == {"test1": {}, "test2": left}
    assert retire_master_key(key_id="test1", now=NOW) == job
    lines = AuditEntry.objects.filter(action__startswith="master_key").order_by("pk")
    assert [(line.action, line.facts.get("key")) for line in lines] == [
        ("master_key.rotation_started", "test2"),
        ("master_key.rotation_done", "test2"),
        ("master_key.retired", "test1"),
    ]
    assert rotate().done_count == 0  # a repeat finds nothing


def test_the_key_in_use_is_never_let_go_nor_another_one_before_any_change(world, settings):
    for key_id in ("test1", "never-used"):
        with pytest.raises(MasterKeyNeeded):
            retire_master_key(key_id=key_id, now=NOW)


def test_a_file_held_for_a_day_keeps_its_key_until_it_is_gone(world, settings):
    ticket = held_files.hold(b"code\nGOOD0001\n")
    use_new_key(settings)
    rotate()

    with pytest.raises(MasterKeyNeeded) as refusal:
        retire_master_key(key_id="test1", now=NOW)
    assert refusal.value.context["needed"] == {"held files": 1}

    held_files.let_go(ticket)
    assert retire_master_key(key_id="test1", now=NOW)


def test_F28_a_work_that_breaks_off_half_way_goes_on_where_it_was(world, settings, monkeypatch):
    before = {table: read() for table, read in READINGS.items()}
    use_new_key(settings)
    monkeypatch.setattr(resealing, "CHUNK", 1)
    job = start_master_rotation(now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "CHUNKS_AT_ONCE", 5)
        assert run_job(job_id=job.pk, now=NOW).status == JobStatus.RUNNING
    half = CodeJob.objects.get()
    assert 0 < half.done_count < 9
    assert {table: read() for table, read in READINGS.items()} == before
    with pytest.raises(RotationRunning):
        start_master_rotation(now=NOW)
    with pytest.raises(MasterKeyNeeded):
        retire_master_key(key_id="test1", now=NOW)

    jobs.sweep_jobs(now=NOW + timedelta(seconds=91))
    while CodeJob.objects.get().status != JobStatus.DONE:
        jobs.sweep_jobs(now=NOW + timedelta(seconds=91))

    assert (CodeJob.objects.get().done_count, uses_of_master_keys()["test1"]) == (9, {})


def test_a_worker_with_the_old_settings_does_not_turn_the_work_round(world, settings):
    use_new_key(settings)
    job = start_master_rotation(now=NOW)
    settings.ENCRYPTION_KEY_ID = "test1"

    assert run_job(job_id=job.pk, now=NOW).done_count == 0
    assert uses_of_master_keys()["test1"] == NEEDED


def test_what_a_host_with_the_old_settings_wrote_behind_the_work_is_found_in_a_second_pass(
    world, settings, monkeypatch
):
    use_new_key(settings)
    entry = begin(world)
    again = master_keys._again

    def somebody_writes(job, now):
        if not job.report.get("passes"):
            settings.ENCRYPTION_KEY_ID = "test1"
            give_email(entry_id=entry.pk, email="late@example.jp", now=NOW)
            settings.ENCRYPTION_KEY_ID = "test2"
        return again(job, now)

    monkeypatch.setattr(master_keys, "_again", somebody_writes)

    job = rotate()

    assert (job.report["passes"], job.report["left"], job.report["done"]["contacts"]) == (2, {}, 3)


def test_T22_what_does_not_open_is_counted_left_alone_and_keeps_its_key(world, settings):
    first, second = Identity.objects.order_by("pk")
    Identity.objects.filter(pk=first.pk).update(value_ciphertext=second.value_ciphertext)
    photo = ReceiptPhoto.objects.get()
    default_storage.delete(photo.covered_file_name)
    DataKey.objects.update(scope="another")
    use_new_key(settings)

    job = rotate()

    assert job.report["unreadable"] == {"data keys": 1, "contacts": 1, "photographs": 1}
    assert job.report["left"] == {"data keys": 1, "contacts": 1, "photographs": 1}
    with pytest.raises(MasterKeyNeeded):
        retire_master_key(key_id="test1", now=NOW)


@pytest.mark.parametrize("is_compared", [True, False], ids=["compared", "control"])
def test_a_value_changed_while_it_was_sealed_anew_stays_as_it_was_changed(world, settings, monkeypatch, is_compared):
    use_new_key(settings)
    anew = resealing._anew

    def erased_meanwhile(stored, field, row):
        value = anew(stored, field, row)
        if field.seal_table == "identity":
            Identity.objects.update(value_ciphertext="")
        return value

    monkeypatch.setattr(resealing, "_anew", erased_meanwhile)
    if not is_compared:
        monkeypatch.setattr(resealing, "_unchanged", lambda row, _name: type(row).objects.filter(pk=row.pk))
    rotate()

    erased = set(Identity.objects.values_list("value_ciphertext", flat=True)) == {""}
    assert erased == is_compared


def test_where_rows_were_deleted_no_turn_is_spent_on_looking(world):
    batch, last = CodeBatch.objects.get(), GiftCode.objects.latest("pk").pk
    far = GiftCodeFactory.create(pk=last + 10 * resealing.WINDOW, batch=batch)

    assert resealing.next_piece(GiftCode.objects.all(), after=last) == ([far], far.pk, True)
    assert resealing.next_piece(GiftCode.objects.all(), after=far.pk)[::2] == ([], True)
