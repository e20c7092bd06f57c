"""The index key is changed under everything that is found by a keyed hash, table by table (I18, F28, T22)."""

from datetime import time, timedelta

import pytest

from accounts.errors import KeyNotAccepted
from accounts.models import ApiKey
from accounts.selectors import live_api_key
from accounts.services import issue_api_key, touch_api_key
from codes.holders import Holder, holder_obstacle
from codes.journal import pos_index
from codes.key_errors import IndexKeyNeeded, RotationRunning
from codes.models import Award, CodeJob, GiftCode, JobStatus, Redemption
from codes.presentation import presentation_token, read_token
from codes.presented import presented_code
from codes.selectors import redemption_of_transaction
from codes.services import generate_codes, index_keys, jobs, redeem_code, show_number
from codes.services.index_keys import TABLES, retire_index_key, start_reindex, uses_of_index_keys
from codes.services.jobs import run_job
from core import reindexing
from core.index_keys import current_key_id
from core.reindexing import Kept
from eligibility.errors import ListNotAccepted, TooManyAttempts
from eligibility.models import ReferenceNumber, Serial
from eligibility.selectors import LISTED_AFTER_CLOSE, usable_reference, usable_serial
from eligibility.services import create_reference_list, create_serial_batch, spend_attempt
from eligibility.shared import Sharing
from participants.models import EntryTrace, Identity, ProofKind, TraceKind, TypedProof
from participants.selectors import find_participants
from participants.services import give_email, keep_traces, mark_line_friend, save_typed_proof, verify_identity
from receipts.models import Receipt
from receipts.selectors import purchase_index, same_purchase_receipts
from tests.codes.test_sealing import NEW
from tests.factories import NOW, ReceiptFactory
from tests.worlds import begin, contact, open_campaign, send, winning_code, worked_off

pytestmark = pytest.mark.django_db
ADDRESS = "hanako@example.jp"


@pytest.fixture
def world():
    """Something in every table that can be indexed anew, made under the key 0."""
    made = open_campaign(codes=0)
    generate_codes(prize_id=made.prize.pk, name="own", count=2, expires_at=None, now=NOW)
    create_serial_batch(campaign_id=made.campaign.pk, name="caps", values=["SERIAL0001", "SERIAL0002"])
    entry = begin(made, email=ADDRESS)
    save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value="SERIAL0001")
    receipt = ReceiptFactory(entry=entry, purchased_time=time(12, 34), counts=True)
    Receipt.objects.filter(pk=receipt.pk).update(fingerprint=purchase_index(receipt))
    return made


def use_new_key(settings) -> None:
    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {**settings.INDEX_KEYS, "1": NEW}, "1"


def lose_old_key(settings) -> None:
    settings.INDEX_KEYS = {"1": NEW}


def rotate() -> CodeJob:
    return worked_off(start_reindex(now=NOW))


def found_receipt() -> bool:
    twin = ReceiptFactory(entry__campaign=Receipt.objects.earliest("pk").campaign, purchased_time=time(12, 34))
    twin.fingerprint, twin.index_key_id = purchase_index(twin), current_key_id()
    twin.save(update_fields=["fingerprint", "index_key_id"])
    return same_purchase_receipts(twin).exists()


def found_serial() -> bool:
    entry = begin(WORLD["world"])
    save_typed_proof(entry_id=entry.pk, kind=ProofKind.SERIAL, value="SERIAL0002")
    return usable_serial(entry) is not None


WORLD: dict[str, object] = {}
FINDS = {
    "codes": lambda world: presented_code(agency_id=world.agency.pk, presented=WORLD["code"]) is not None,
    "contacts": lambda world: find_participants(type(world.agency).objects.all(), ADDRESS).exists(),
    "typed numbers": lambda _world: usable_serial(TypedProof.objects.earliest("pk").entry) is not None,
    "serial codes": lambda _world: found_serial(),
    "receipts": lambda _world: found_receipt(),
}


@pytest.fixture(autouse=True)
def known(world):
    from codes.selectors import open_code

    code = GiftCode.objects.earliest("pk")
    GiftCode.objects.filter(pk=code.pk).update(status="issued", issued_at=NOW)
    WORLD.update(world=world, code=open_code(code).code)


@pytest.mark.parametrize("table", FINDS)
def test_F28_what_a_table_holds_is_found_before_while_and_after_the_change(world, settings, table):
    assert FINDS[table](world)
    use_new_key(settings)
    assert FINDS[table](world)

    assert rotate().status == JobStatus.DONE

    assert FINDS[table](world)
    lose_old_key(settings)
    assert FINDS[table](world)


@pytest.mark.parametrize("table", FINDS)
def test_control_a_table_that_is_forgotten_is_found_no_more_and_the_old_key_is_not_let_go(
    world, settings, table, monkeypatch
):
    use_new_key(settings)
    with monkeypatch.context() as patch:
        patch.setattr(index_keys, "TABLES", tuple(row for row in TABLES if row.name != table))
        rotate()

    with pytest.raises(IndexKeyNeeded) as refusal:
        retire_index_key(key_id="0", now=NOW)

    assert refusal.value.code == "index_key_needed"
    assert table in refusal.value.context["needed"]
    lose_old_key(settings)
    assert not FINDS[table](world) or table == "typed numbers"  # they are asked for by their own hash: see serials


def test_the_work_tells_how_far_it_is_what_is_left_and_until_when(world, settings):
    create_reference_list(
        campaign_id=world.campaign.pk, name="members", label="会員番号", values=["MEMBER01", "MEMBER02"]
    )
    use_new_key(settings)

    job = rotate()

    done = {"codes": 2, "contacts": 1, "typed numbers": 1, "serial codes": 2, "receipts": 1}
    assert (job.report["done"], job.done_count, job.total_count) == (done, 7, 7)
    assert job.report["left"] == {"reference numbers": 2, "traces": 2}
    until = world.campaign.entry_closes_at + LISTED_AFTER_CLOSE
    assert job.report["until"]["reference numbers"] == until.isoformat()
    assert uses_of_index_keys(NOW)["0"]["reference numbers"] == Kept(2, until)
    with pytest.raises(IndexKeyNeeded):
        retire_index_key(key_id="0", now=until - timedelta(seconds=1))
    assert retire_index_key(key_id="0", now=until) == job
    assert rotate().done_count == 0


def test_the_key_in_use_is_never_let_go_nor_another_before_any_change(settings):
    for key_id in ("0", "never-used"):
        with pytest.raises(IndexKeyNeeded):
            retire_index_key(key_id=key_id, now=NOW)


def test_F28_work_that_breaks_off_half_way_goes_on_and_only_one_runs(world, settings, monkeypatch):
    use_new_key(settings)
    monkeypatch.setattr("core.resealing.CHUNK", 1)
    job = start_reindex(now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "CHUNKS_AT_ONCE", 3)
        assert run_job(job_id=job.pk, now=NOW).status == JobStatus.RUNNING
    assert 0 < CodeJob.objects.get().done_count < 7
    assert all(finds(world) for finds in FINDS.values())
    with pytest.raises(RotationRunning):
        start_reindex(now=NOW)

    while CodeJob.objects.get().status != JobStatus.DONE:
        jobs.sweep_jobs(now=NOW + timedelta(seconds=91))

    assert set(uses_of_index_keys(NOW)["0"]) == {"traces"}


def test_a_worker_with_the_old_settings_does_not_turn_the_work_round(world, settings):
    use_new_key(settings)
    job = start_reindex(now=NOW)
    settings.INDEX_KEY_ID = "0"

    assert run_job(job_id=job.pk, now=NOW).done_count == 0


def test_what_a_host_with_the_old_settings_wrote_behind_the_work_is_found_in_a_second_pass(
    world, settings, monkeypatch
):
    use_new_key(settings)
    again = index_keys._again

    def somebody_writes(job, now):
        if not job.report.get("passes"):
            settings.INDEX_KEY_ID = "0"
            begin(world, email="late@example.jp")
            settings.INDEX_KEY_ID = "1"
        return again(job, now)

    monkeypatch.setattr(index_keys, "_again", somebody_writes)

    assert rotate().report["done"]["contacts"] == 2
    assert "contacts" not in uses_of_index_keys(NOW)["0"]


def test_T22_what_does_not_open_is_counted_left_alone_and_keeps_its_key(world, settings):
    other = contact(begin(world))
    first = Identity.objects.earliest("pk")
    Identity.objects.filter(pk=first.pk).update(value_ciphertext=other.value_ciphertext)
    Receipt.objects.update(total_jpy=999)  # no longer what its fingerprint was made of
    use_new_key(settings)

    job = rotate()

    assert job.report["unreadable"] == {"contacts": 1, "receipts": 1}
    first.refresh_from_db()
    assert first.index_key_id == "0"


def test_I18_a_contact_whose_text_was_erased_keeps_its_hash_and_holds_the_old_key(world, settings):
    erased = Identity.objects.earliest("pk")
    Identity.objects.filter(pk=erased.pk).update(value_ciphertext="")
    use_new_key(settings)

    job = rotate()

    assert job.report["left"]["contacts"] == 1
    again = contact(begin(world, email=ADDRESS, confirmed=False))
    assert verify_identity(identity_id=again.pk, now=NOW).pk == erased.participant_id  # still known to be the same


@pytest.mark.parametrize("is_compared", [True, False], ids=["compared", "control"])
def test_a_hash_changed_while_it_was_made_anew_stays_as_it_was_changed(world, settings, monkeypatch, is_compared):
    use_new_key(settings)
    anew = reindexing._anew

    def changed_meanwhile(row, index_of):
        value = anew(row, index_of)
        if isinstance(row, Receipt):
            Receipt.objects.update(fingerprint="corrected")
        return value

    monkeypatch.setattr(reindexing, "_anew", changed_meanwhile)
    if not is_compared:
        statement = reindexing._statement
        monkeypatch.setattr(
            reindexing, "_statement", lambda field: statement(field).rpartition(" AND ")[0] + " AND length(%s) > 0"
        )
    rotate()

    assert (Receipt.objects.get().fingerprint == "corrected") == is_compared


def test_a_value_under_both_keys_is_named_and_left(world, settings):
    use_new_key(settings)
    serial = Serial.objects.earliest("pk")
    from participants.selectors import number_index

    index = number_index(campaign_id=world.campaign.pk, kind="serial", number="SERIAL0001")
    Serial.objects.create(batch=serial.batch, campaign=world.campaign, value_index=index, index_key_id="1")

    job = rotate()

    assert (job.report["doubles"], job.report["named"]) == ({"serial codes": 1}, [f"serial codes {serial.pk}"])
    assert job.report["done"]["serial codes"] == 1  # the other one of the same piece


def test_lists_refuse_what_stands_under_the_other_key_and_entries_find_it(world, settings):
    create_reference_list(campaign_id=world.campaign.pk, name="members", label="会員番号", values=["MEMBER01"])
    use_new_key(settings)

    with pytest.raises(ListNotAccepted):
        create_serial_batch(campaign_id=world.campaign.pk, name="again", values=["SERIAL0001"])
    with pytest.raises(ListNotAccepted) as refused:
        create_reference_list(
            campaign_id=world.campaign.pk, name="again", label="会員番号", values=["NEWONE01", "MEMBER01"]
        )

    assert refused.value.problems == [(2, "already_listed")]
    entry = begin(world)
    save_typed_proof(entry_id=entry.pk, kind=ProofKind.REFERENCE, value="MEMBER01")
    assert usable_reference(entry) == ReferenceNumber.objects.get()


def test_one_person_who_gives_his_address_again_has_it_once(world, settings):
    entry = begin(world, email="twice@example.jp")
    use_new_key(settings)

    again = give_email(entry_id=entry.pk, email="twice@example.jp", now=NOW)

    assert again.pk == contact(entry).pk
    other = begin(world, email="twice@example.jp")  # merged: what he holds under either key is not doubled
    assert other.participant_id == entry.participant_id
    assert Identity.objects.filter(participant=entry.participant).count() == 1
    assert mark_line_friend(agency_id=world.agency.pk, line_user_id="U1", is_friend=True, now=NOW) == 0


def test_an_api_key_comes_under_the_new_key_with_its_next_call(world, settings):
    key, presented = issue_api_key(agency_id=world.agency.pk, name="system", scopes=[])
    use_new_key(settings)
    assert uses_of_index_keys(NOW)["0"]["API keys"] == Kept(1)

    assert live_api_key(presented=presented, address="", now=NOW) == key
    touch_api_key(api_key_id=key.pk, presented=presented, now=NOW)

    assert ApiKey.objects.get().index_key_id == "1"
    lose_old_key(settings)
    assert live_api_key(presented=presented, address="", now=NOW) == key
    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {"2": NEW[::-1][1:] + "="}, "2"
    with pytest.raises(KeyNotAccepted):
        live_api_key(presented=presented, address="", now=NOW)


def test_T04_a_change_of_keys_refills_no_budget(world, settings):
    tries = {"scope": "device", "limit": 1, "window_seconds": 600, "now": NOW}
    spend_attempt(**tries)
    use_new_key(settings)

    with pytest.raises(TooManyAttempts):
        spend_attempt(**tries)
    assert uses_of_index_keys(NOW)["0"]["counted tries"].count == 1


def test_what_entrants_share_is_seen_across_the_change(world, settings):
    first, second = begin(world), begin(world)
    keep_traces(entry_id=first.pk, traces={TraceKind.DEVICE: "browser"}, now=NOW)
    use_new_key(settings)
    keep_traces(entry_id=second.pk, traces={TraceKind.DEVICE: "browser"}, now=NOW)
    for entry in (first, second):
        send(entry)

    sharing = Sharing(agency_id=world.agency.pk, campaign_ids=[world.campaign.pk]).everything()

    people = frozenset({first.participant_id, second.participant_id})
    assert [thing.people for thing in sharing if thing.kind == TraceKind.DEVICE] == [people]
    late = EntryTrace.objects.filter(entry=second, kind=TraceKind.DEVICE)
    assert set(late.values_list("index_key_id", flat=True)) == {"0", "1"}
    assert uses_of_index_keys(NOW)["0"]["traces"].until == NOW + timedelta(days=90)


def test_phones_and_tills_go_on_across_the_change(world, settings):
    award, _code = winning_code(open_campaign())
    token = presentation_token(award.gift_code, now=NOW)
    number = show_number(gift_code_id=award.gift_code_id, symbology="code128", now=NOW)
    use_new_key(settings)

    assert read_token(token).code_id == award.gift_code.public_id
    assert read_token(presentation_token(award.gift_code, now=NOW)).code_id == award.gift_code.public_id
    assert presented_code(agency_id=award.agency_id, presented=number) == award.gift_code
    fresh = show_number(gift_code_id=award.gift_code_id, symbology="code128", now=NOW)
    assert presented_code(agency_id=award.agency_id, presented=fresh) == award.gift_code
    assert uses_of_index_keys(NOW)["0"]["one-time numbers"].until is not None


def test_T06_the_device_that_opened_an_award_is_known_across_the_change(settings):
    from campaigns.models import ClaimBinding
    from codes.services import reveal_code
    from tests.worlds import win

    made = open_campaign()
    type(made.campaign).objects.filter(pk=made.campaign.pk).update(claim_binding=ClaimBinding.DEVICE)
    award = win(made)
    reveal_code(award_id=award.pk, now=NOW, holder=Holder(device="phone"))
    use_new_key(settings)

    award = Award.objects.select_related("entry__campaign").get(pk=award.pk)
    assert holder_obstacle(award, Holder(device="phone")) is None
    assert holder_obstacle(award, Holder(device="tablet")) == holder_obstacle(award, Holder(device="")) == "device"


def test_F27_a_use_from_the_journal_is_known_to_its_till_across_the_change(settings):
    made = open_campaign()
    _award, code = winning_code(made)
    used = redeem_code(
        agency_id=made.agency.pk,
        presented=code,
        store_id=made.store.pk,
        amount_jpy=100,
        pos_transaction_id="P1",
        now=NOW,
    )
    asked = {"agency_id": made.agency.pk, "store_id": made.store.pk, "pos_transaction_id": "P1"}
    for key_id in ("0", "1"):
        settings.INDEX_KEYS, settings.INDEX_KEY_ID = {"0": settings.INDEX_KEY, "1": NEW}, key_id
        hashed = pos_index(made.store.pk, "P1")
        Redemption.objects.filter(pk=used.pk).update(pos_transaction_id=hashed)
        assert (len(hashed), redemption_of_transaction(**asked)) == (63 if key_id == "0" else 64, used)
        uses = uses_of_index_keys(NOW)
        assert uses[key_id]["uses from the journal"] == Kept(1, used.at + timedelta(days=30))
    settings.INDEX_KEY_ID = "0"
    assert redemption_of_transaction(**asked) == used
