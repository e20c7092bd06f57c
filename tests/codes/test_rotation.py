"""Keys are replaced while codes are in use: everything stays readable, nothing is overwritten (T22, F28)."""

from datetime import timedelta

import pytest

from accounts import data_keys
from accounts.models import AuditEntry, DataKey
from codes import sealing
from codes.errors import FileNotAccepted
from codes.key_errors import RotationRunning
from codes.models import CodeBatch, GiftCode, JobStatus
from codes.presented import presented_code
from codes.sealing import open_column
from codes.selectors import open_code
from codes.services import generate_codes, import_codes, rotation
from codes.services.index_keys import start_reindex, uses_of_index_keys
from codes.services.key_duties import KEY_REST, destroy_emptied_keys, shred_campaign
from codes.services.rotation import rewrap_chunk, run_rotation, start_rewrap
from core.errors import KeyUnavailable
from core.reindexing import Kept
from participants.selectors import TRACES_KEPT
from tests.codes.test_sealing import NEW, OLD
from tests.factories import NOW, GiftCodeFactory
from tests.worlds import open_campaign, winning_code, worked_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """Five codes under the campaign's first key, one of them with all columns and one as sealed before."""
    made = open_campaign(codes=0)
    data = b"code,pin,url\nGOOD0001,1111,https://gift.example/1\nGOOD0002,,\nGOOD0003,,\nGOOD0004,,\n"
    import_codes(prize_id=made.prize.pk, name="a", data=data, expires_at=None, now=NOW)
    GiftCodeFactory(batch=CodeBatch.objects.get(), code="GOOD0005", position=9)
    CodeBatch.objects.update(code_count=5)
    return made


def texts() -> list[str]:
    return [open_code(code).code for code in GiftCode.objects.order_by("pk")]


def names() -> set[str]:
    return {code.code_ciphertext.split(":")[1] for code in GiftCode.objects.all()}


def test_all_codes_of_a_campaign_come_under_a_new_key_and_the_old_one_goes(world, monkeypatch):
    monkeypatch.setattr(rotation, "CHUNK", 2)
    before = texts()

    job = run_rotation(job_id=start_rewrap(campaign_id=world.campaign.pk, now=NOW).pk, now=NOW)

    old, new = DataKey.objects.order_by("pk")
    assert (job.status, job.done_count, job.report) == (JobStatus.DONE, 5, {"chunks": 3, "left": 0})
    assert texts() == before
    assert names() == {data_keys.key_name(new)}
    assert open_column(GiftCode.objects.first(), "pin") == "1111"
    assert destroy_emptied_keys(now=NOW + KEY_REST - timedelta(seconds=1)) == 0
    assert destroy_emptied_keys(now=NOW + KEY_REST) == 1
    old.refresh_from_db()
    assert (old.wrapped, old.destroyed_at) == ("", NOW + KEY_REST)
    assert texts() == before
    actions = AuditEntry.objects.filter(action__startswith="codes.rewrap").values_list("action", flat=True)
    assert sorted(actions) == ["codes.rewrap_done", "codes.rewrap_started"]


def test_a_key_that_still_seals_a_code_is_not_destroyed(world):
    late = GiftCode.objects.last()
    sealer = sealing.CodeSealer(agency_id=world.agency.pk, campaign_public_id=world.campaign.public_id)
    job = start_rewrap(campaign_id=world.campaign.pk, now=NOW)
    run_rotation(job_id=job.pk, now=NOW)
    GiftCode.objects.filter(pk=late.pk).update(code_ciphertext=sealer.seal("code", "GOOD0005", late.public_id))

    assert destroy_emptied_keys(now=NOW + KEY_REST) == 0
    assert texts()[-1] == "GOOD0005"


def test_only_one_rotation_of_a_campaign_runs(world):
    start_rewrap(campaign_id=world.campaign.pk, now=NOW)

    with pytest.raises(RotationRunning):
        start_rewrap(campaign_id=world.campaign.pk, now=NOW)
    start_reindex(now=NOW)
    with pytest.raises(RotationRunning):
        start_reindex(now=NOW)
    assert DataKey.objects.count() == 2


@pytest.mark.parametrize("is_compared", [True, False])
def test_a_value_that_others_change_meanwhile_is_overwritten_only_without_the_comparison(
    world, monkeypatch, is_compared
):
    job = start_rewrap(campaign_id=world.campaign.pk, now=NOW)
    first = GiftCode.objects.order_by("pk").first()
    seal_anew = rotation._sealed_anew

    def erased_meanwhile(code, sealer):
        values = seal_anew(code, sealer)
        GiftCode.objects.filter(pk=first.pk).update(code_ciphertext="", balance_jpy=100)
        return values

    monkeypatch.setattr(rotation, "_sealed_anew", erased_meanwhile)
    if not is_compared:  # the negative control
        blind = f"length({' || '.join(['CAST(%s AS text)'] * 4)}) >= 0"
        head = rotation.SEAL_ANEW.partition(" AND ")[0]
        monkeypatch.setattr(rotation, "SEAL_ANEW", f"{head} AND {blind}")
    assert rewrap_chunk(job_id=job.pk, now=NOW)

    first.refresh_from_db()
    assert first.balance_jpy == 100
    assert (first.code_ciphertext == "") == is_compared


def test_T22_an_altered_value_is_counted_left_alone_and_does_not_stop_the_others(world):
    odd = GiftCode.objects.order_by("pk")[1]
    foreign = GiftCode.objects.order_by("pk")[2].code_ciphertext
    GiftCode.objects.filter(pk=odd.pk).update(code_ciphertext=foreign)

    job = run_rotation(job_id=start_rewrap(campaign_id=world.campaign.pk, now=NOW).pk, now=NOW)

    odd.refresh_from_db()
    assert (job.status, job.report["unreadable"], job.report["left"]) == (JobStatus.DONE, 1, 1)
    assert odd.code_ciphertext == foreign
    assert destroy_emptied_keys(now=NOW + KEY_REST) == 0


def test_F28_a_rotation_without_its_master_key_stops_and_goes_on_later(world, monkeypatch):
    job = start_rewrap(campaign_id=world.campaign.pk, now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "open_column", lambda *_a: (_ for _ in ()).throw(KeyUnavailable(key_id="lost")))
        stopped = run_rotation(job_id=job.pk, now=NOW)
    assert (stopped.status, stopped.failure_code) == (JobStatus.FAILED, "key_unavailable")

    assert run_rotation(job_id=job.pk, now=NOW).status == JobStatus.DONE
    assert len(names()) == 1


def test_a_job_that_another_worker_holds_is_left_to_it(world):
    job = start_rewrap(campaign_id=world.campaign.pk, now=NOW)
    job.move_to(JobStatus.RUNNING, lease_until=NOW + timedelta(seconds=90))

    assert run_rotation(job_id=job.pk, now=NOW).done_count == 0
    assert run_rotation(job_id=job.pk, now=NOW + timedelta(seconds=90)).status == JobStatus.DONE


def test_index_keys_change_while_both_find_every_code(world, settings):
    award, code = winning_code(open_campaign())
    settings.INDEX_KEYS = {"0": settings.INDEX_KEY, "1": NEW}
    settings.INDEX_KEY_ID = "1"
    with pytest.raises(FileNotAccepted):  # the same code again, under the new key
        import_codes(prize_id=world.prize.pk, name="b", data=b"code\nGOOD0001\n", expires_at=None, now=NOW)

    job = worked_off(start_reindex(now=NOW))

    deadline = award.claim_expires_at
    assert (job.status, job.report["done"], job.report["left"]) == (
        JobStatus.DONE,
        {"codes": 8, "contacts": 1},
        {"claim links": 1, "traces": 2},
    )
    traces_end = NOW + TRACES_KEPT
    assert job.report["until"] == {"claim links": deadline.isoformat(), "traces": traces_end.isoformat()}
    assert uses_of_index_keys(NOW) == {
        "0": {"claim links": Kept(1, deadline), "traces": Kept(2, traces_end)},
        "1": {"codes": Kept(8), "contacts": Kept(1)},
    }
    settings.INDEX_KEYS = {"1": NEW}
    assert presented_code(agency_id=award.agency_id, presented=code) == award.gift_code


def test_a_code_that_came_in_twice_under_two_keys_is_named_and_kept(world, settings):
    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {"0": settings.INDEX_KEY, "1": OLD}, "1"
    index = sealing.code_indexes(agency_id=world.agency.pk, code="GOOD0001")[0]
    batch = CodeBatch.objects.get()
    GiftCodeFactory(batch=batch, code="GOOD0001", position=99, code_index=index, index_key_id="1")

    job = worked_off(start_reindex(now=NOW))

    first = GiftCode.objects.order_by("pk").first()
    assert (job.report["doubles"], job.report["named"]) == ({"codes": 1}, [f"codes {first.pk}"])
    assert (first.index_key_id, uses_of_index_keys(NOW)["0"]["codes"]) == ("0", Kept(1))


def test_F28_a_campaign_that_is_over_is_shredded_and_the_others_stay(world):
    other = open_campaign(codes=1)

    assert shred_campaign(campaign_id=world.campaign.pk, reason="over", now=NOW) == 1

    sealed = GiftCode.objects.filter(prize=world.prize, code_ciphertext__startswith="v2:")
    for code in sealed:
        with pytest.raises(KeyUnavailable):
            open_code(code)
    assert open_code(GiftCode.objects.get(prize=other.prize)).code
    assert generate_codes(prize_id=world.prize.pk, name="neu", count=1, expires_at=None, now=NOW).code_count == 1
