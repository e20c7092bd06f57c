"""Codes held back, put back, called back and counted (I01, I02)."""

import pytest
from django.db.models import Count

from accounts.models import Agency, AuditEntry
from codes.errors import (
    BatchNotInStock,
    BatchWorkRunning,
    CodeNotReplaceable,
    CodeSuspended,
    RecallBySamePerson,
)
from codes.figures import codes_by_trail, recall_preview
from codes.models import (
    Allocation,
    Award,
    BatchPurpose,
    BatchStatus,
    CodeBatch,
    CodeJob,
    CodeStatus,
    GiftCode,
    JobStatus,
    LedgerAccount,
    LedgerTransfer,
    Reservation,
)
from codes.sealing import open_column
from codes.services import (
    Place,
    activate_batch,
    allocate_stock,
    approve_recall,
    cancel_recall,
    close_accounts,
    expire_reservations,
    generate_codes,
    hold_batch,
    hold_code,
    holding,
    recalling,
    redeem_code,
    release_batch,
    release_code,
    release_reservation,
    replace_unseen_code,
    request_recall,
    reserve_code,
    reveal_code,
    run_job,
    start_generation,
    sweep_jobs,
    take_stock,
    void_code,
)
from core.errors import StaleState
from journeys.audit import violations
from tests.factories import NOW, UserFactory
from tests.worlds import World, open_campaign, stock, win

pytestmark = pytest.mark.django_db


def states(batch: CodeBatch) -> dict[str, int]:
    return dict(GiftCode.objects.filter(batch=batch).values_list("status").annotate(n=Count("pk")))


def only_batch() -> CodeBatch:
    return CodeBatch.objects.get()


@pytest.fixture
def world() -> World:
    return open_campaign(codes=6)


def test_a_held_batch_gives_nothing_and_comes_back_whole(world, monkeypatch):
    monkeypatch.setattr(holding, "CHUNK", 2)
    batch = only_batch()

    held = hold_batch(batch_id=batch.pk, reason="確認中", now=NOW, actor_id=world.operator.pk)
    assert run_job(job_id=held.pk, now=NOW).status == "done"
    kept = states(batch)
    release_batch(batch_id=batch.pk, reason="確認済み", now=NOW)
    sweep_jobs(now=NOW)

    held.refresh_from_db()
    batch.refresh_from_db()
    assert (kept, states(batch)) == ({"held": 6}, {"available": 6})
    assert (held.status, held.done_count, held.total_count) == (JobStatus.DONE, 6, 6)
    assert batch.status == BatchStatus.ACTIVE
    assert violations(NOW) == {}


def kept_code(world: World) -> Reservation:
    prize = world.prize
    return reserve_code(agency_id=world.agency.pk, prize_id=prize.pk, reference="A-1", ttl_seconds=3600, now=NOW)


def release_early(kept: Reservation) -> None:
    release_reservation(reservation_id=kept.pk, now=NOW)


def let_time_pass(kept: Reservation) -> None:
    expire_reservations(now=kept.expires_at)


@pytest.mark.parametrize("ends", [release_early, let_time_pass])
def test_I01_a_code_kept_for_somebody_comes_back_to_where_its_batch_is(world, ends):
    kept = kept_code(world)
    hold_batch(batch_id=only_batch().pk, reason="確認中", now=NOW)
    sweep_jobs(now=NOW)

    ends(kept)
    held = states(only_batch())
    release_batch(batch_id=only_batch().pk, reason="確認済み", now=NOW)
    sweep_jobs(now=NOW)

    assert (held, states(only_batch())) == ({"held": 6}, {"available": 6})
    assert violations(NOW) == {}


def test_what_a_reservation_of_a_held_batch_gives_back_is_promised_to_nobody(world):
    allocate_stock(prize_id=world.prize.pk, place=Place(store_id=world.store.pk), quota=2, now=NOW)
    world.prize.refresh_from_db()
    kept = kept_code(world)
    hold_batch(batch_id=only_batch().pk, reason="確認中", now=NOW)
    sweep_jobs(now=NOW)

    release_early(kept)

    rest = Allocation.objects.get(prize=world.prize, place="")
    assert (rest.used, rest.quota) == (0, 0)


def test_I02_a_held_batch_goes_into_stock_by_its_release_only(world):
    hold_batch(batch_id=only_batch().pk, reason="確認中", now=NOW)
    sweep_jobs(now=NOW)

    with pytest.raises(StaleState):
        activate_batch(batch_id=only_batch().pk, now=NOW)

    assert (only_batch().status, states(only_batch())) == (BatchStatus.PAUSED, {"held": 6})


def test_I02_a_recall_does_not_end_while_a_code_that_was_being_reserved_is_left(monkeypatch):
    """Whoever reserves the last code when the recall has looked for reservations, and not yet for codes."""
    world, look = open_campaign(codes=1), recalling._reservations_of

    def look_too_early(batch):
        if Reservation.objects.exists():
            return look(batch)
        kept_code(world)
        return Reservation.objects.none()

    monkeypatch.setattr(recalling, "_reservations_of", look_too_early)
    request_recall(batch_id=only_batch().pk, reason="x", now=NOW)
    sweep_jobs(now=NOW)

    assert states(only_batch()) == {"void": 1}


def test_work_on_a_batch_is_asked_for_once_and_in_a_fitting_state(world):
    batch = only_batch()
    hold_batch(batch_id=batch.pk, reason="x", now=NOW)

    with pytest.raises(BatchWorkRunning):
        release_batch(batch_id=batch.pk, reason="x", now=NOW)
    with pytest.raises(BatchNotInStock):
        hold_batch(batch_id=batch.pk, reason="x", now=NOW)
    with pytest.raises(BatchWorkRunning):
        request_recall(batch_id=batch.pk, reason="x", now=NOW)

    assert CodeJob.objects.count() == 1


def test_a_single_code_is_held_and_put_back_unless_its_batch_is_held(world):
    code = GiftCode.objects.first()

    hold_code(gift_code_id=code.pk, reason="x", now=NOW)
    with pytest.raises(StaleState):
        hold_code(gift_code_id=code.pk, reason="x", now=NOW)
    CodeBatch.objects.update(status=BatchStatus.PAUSED)
    with pytest.raises(BatchNotInStock):
        release_code(gift_code_id=code.pk, reason="x", now=NOW)
    CodeBatch.objects.update(status=BatchStatus.ACTIVE)
    release_code(gift_code_id=code.pk, reason="x", now=NOW)
    with pytest.raises(StaleState):
        release_code(gift_code_id=code.pk, reason="x", now=NOW)

    assert states(only_batch()) == {"available": 6}


def test_a_recall_blocks_replaces_and_leaves_what_was_seen_to_the_desk(world, monkeypatch):
    monkeypatch.setattr(recalling, "CHUNK", 2)
    monkeypatch.setattr(recalling, "AWARDS_CHUNK", 1)
    batch = only_batch()
    seen, first, second = win(world), win(world), win(world)
    reveal_code(award_id=seen.pk, now=NOW)
    reserve_code(agency_id=world.agency.pk, prize_id=world.prize.pk, reference="r", ttl_seconds=60, now=NOW)
    stock(world.prize, 5)

    preview = recall_preview(batch)
    job = request_recall(batch_id=batch.pk, reason="印刷の誤り", now=NOW, actor_id=world.operator.pk)
    run_job(job_id=job.pk, now=NOW)

    job.refresh_from_db()
    assert (preview.unissued, preview.unseen, preview.seen, preview.other_stock) == (3, 2, 1, 5)
    assert (job.status, job.report) == (JobStatus.DONE, {"blocked": 3, "replaced": 2, "unreplaced": 0, "seen": 1})
    assert states(batch) == {"void": 5, "issued": 1}
    tokens = [award.token_index for award in (first, second)]
    assert (
        list(
            Award.objects.filter(gift_code__batch=CodeBatch.objects.latest("pk"))
            .order_by("pk")
            .values_list("token_index", flat=True)
        )
        == tokens
    )
    assert AuditEntry.objects.filter(action="code.replaced").count() == 2
    assert violations(NOW) == {}


def test_printed_codes_of_a_recalled_batch_stop_working_and_their_rest_is_withdrawn(world, monkeypatch):
    monkeypatch.setattr(recalling, "CHUNK", 2)
    made = start_generation(
        prize_id=world.prize.pk, name="紙", count=3, purpose=BatchPurpose.PRINT, now=NOW, actor_id=world.operator.pk
    )
    run_job(job_id=made.pk, now=NOW)
    batch = activate_batch(batch_id=CodeBatch.objects.latest("pk").pk, now=NOW)
    used, *_unused = (open_column(code, "code") for code in batch.gift_codes.order_by("pk"))
    till = {"agency_id": world.agency.pk, "store_id": world.store.pk, "presented": used, "now": NOW}
    redeem_code(amount_jpy=200, pos_transaction_id="1", **till)

    preview = recall_preview(batch)
    job = request_recall(batch_id=batch.pk, reason="印刷の誤り", now=NOW)
    run_job(job_id=job.pk, now=NOW)
    close_accounts(now=NOW)

    job.refresh_from_db()
    assert (preview.unissued, preview.printed, preview.value_jpy) == (0, 3, 3 * world.prize.face_value_jpy)
    assert (job.status, job.report["blocked"], states(batch)) == (JobStatus.DONE, 3, {"void": 3})
    with pytest.raises(CodeSuspended):
        redeem_code(amount_jpy=1, pos_transaction_id="2", **till)
    withdrawn = LedgerTransfer.objects.filter(to_account=LedgerAccount.WITHDRAWN).values_list("amount_jpy", flat=True)
    assert sorted(withdrawn) == [300, 500, 500]
    assert violations(NOW) == {}


def test_without_other_stock_the_code_is_blocked_and_counted_for_the_desk(world):
    award = win(world)
    job = request_recall(batch_id=only_batch().pk, reason="x", now=NOW)

    run_job(job_id=job.pk, now=NOW)

    job.refresh_from_db()
    award.gift_code.refresh_from_db()
    assert (job.report["replaced"], job.report["unreplaced"]) == (0, 1)
    assert award.gift_code.status == CodeStatus.VOID


def test_T21_above_the_agencys_value_a_second_person_confirms(world):
    Agency.objects.update(second_person_above_jpy=2_999)
    batch = only_batch()
    asked = request_recall(batch_id=batch.pk, reason="x", now=NOW, actor_id=world.operator.pk)
    sweep_jobs(now=NOW)

    with pytest.raises(RecallBySamePerson):
        approve_recall(job_id=asked.pk, now=NOW, actor_id=world.operator.pk)
    waiting = states(batch)
    approve_recall(job_id=asked.pk, now=NOW, actor_id=UserFactory().pk)
    with pytest.raises(StaleState):
        cancel_recall(job_id=asked.pk, now=NOW)
    sweep_jobs(now=NOW)

    batch.refresh_from_db()
    assert (waiting, states(batch), batch.status) == ({"available": 6}, {"void": 6}, BatchStatus.RECALLED)


def test_a_recall_that_waits_can_be_given_up(world):
    Agency.objects.update(second_person_above_jpy=0)
    asked = request_recall(batch_id=only_batch().pk, reason="x", now=NOW, actor_id=world.operator.pk)

    cancel_recall(job_id=asked.pk, now=NOW)

    with pytest.raises(StaleState):
        approve_recall(job_id=asked.pk, now=NOW, actor_id=UserFactory().pk)
    assert states(only_batch()) == {"available": 6}


def test_I01_a_code_that_was_seen_is_not_replaced(world):
    award = win(world)
    reveal_code(award_id=award.pk, now=NOW)

    with pytest.raises(CodeNotReplaceable):
        replace_unseen_code(award_id=award.pk, reason="x", now=NOW)

    assert Award.objects.get().gift_code_id == award.gift_code_id


def test_I02_the_count_adds_up_over_all_states_and_shows_what_is_missing(world):
    batch = only_batch()
    win(world)
    reserve_code(agency_id=world.agency.pk, prize_id=world.prize.pk, reference="r", ttl_seconds=60, now=NOW)
    for code in GiftCode.objects.filter(status=CodeStatus.AVAILABLE)[:1]:
        void_code(gift_code_id=code.pk, reason="x", now=NOW)
    hold_code(gift_code_id=GiftCode.objects.filter(status=CodeStatus.AVAILABLE).first().pk, reason="x", now=NOW)
    waiting = generate_codes(prize_id=world.prize.pk, name="次回", count=2, expires_at=None, now=NOW)

    first, second = take_stock(agency_id=world.agency.pk, now=NOW, actor_id=world.operator.pk)
    CodeBatch.objects.filter(pk=batch.pk).update(code_count=7)
    (wrong,) = take_stock(agency_id=world.agency.pk, now=NOW, batch_ids=[batch.pk])

    found = [first.imported, first.available, first.reserved, first.held, first.awarded, first.void, first.difference]
    assert found == [6, 2, 1, 1, 1, 1, 0]
    assert (second.batch, second.staged, second.difference) == (waiting, 2, 0)
    assert wrong.difference == 1
    assert codes_by_trail([batch.pk]) == {str(batch.public_id): 6}
    assert AuditEntry.objects.filter(action="stock.counted").count() == 3


def test_T16_a_count_is_of_one_agency(world):
    other = open_campaign(codes=1)

    counts = take_stock(agency_id=other.agency.pk, now=NOW)

    assert [count.batch.prize for count in counts] == [other.prize]
