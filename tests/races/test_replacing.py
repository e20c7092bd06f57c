"""A code is opened by its holder at the moment in which another is put in its place: one of both, never both (I01)."""

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from codes import recovered
from codes.journal import open_journal, read_lines
from codes.models import Award, CodeStatus, GiftCode
from codes.selectors import open_code
from codes.services import claiming, recalling, replace_unseen_code, request_recall, reveal_code, run_job
from journeys.audit import violations
from tests.factories import NOW
from tests.races.racing import race, refusals, successes, until_shown, without_locks
from tests.worlds import World, open_campaign, stock, win

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_journal(settings, tmp_path):
    settings.JOURNAL = f"folder:{tmp_path / 'journal'}"
    recovered.look_again()


def reveal(award: Award) -> str:
    return reveal_code(award_id=award.pk, now=NOW).code


def replace(award: Award) -> Award:
    return replace_unseen_code(award_id=award.pk, reason="印刷の誤り", now=NOW)


def code_of(award: Award) -> GiftCode:
    return Award.objects.select_related("gift_code").get(pk=award.pk).gift_code


def journaled(award: Award) -> set[str]:
    """Give the codes that the journal knows an award to have had."""
    return {line["code"] for line in read_lines(open_journal())[0] if line["id"] == str(award.public_id)}


def test_I01_a_code_is_opened_or_replaced_by_the_desk_and_never_both():
    world = open_campaign(codes=60)
    for _round in range(6):
        award = win(world)
        first = award.gift_code

        outcomes = race([partial(replace, award), partial(reveal, award)] * 2)

        last = code_of(award)
        assert last.status == CodeStatus.ISSUED
        assert outcomes[1::2] == [open_code(last).code] * 2  # what was shown is good, and was shown to be so
        assert refusals(outcomes) == ["CodeNotReplaceable"] * (2 - len(successes(outcomes[0::2])))
        assert GiftCode.objects.filter(status=CodeStatus.VOID, pk=first.pk).exists() == (last != first)
        assert str(last.public_id) in journaled(award)  # F27: before it was shown
    assert violations(NOW) == {}


def test_I01_a_recall_replaces_what_nobody_has_opened_and_nothing_else():
    world = open_campaign(codes=6)
    awards = [win(world) for _winner in range(6)]
    recalled = awards[0].gift_code.batch
    stock(world.prize, 6)
    job = request_recall(batch_id=recalled.pk, reason="流出", now=NOW)

    outcomes = race([partial(finish, job.pk), *(partial(reveal, award) for award in awards)])

    assert refusals(outcomes) == []
    assert outcomes[1:] == [open_code(code_of(award)).code for award in awards]
    assert {code_of(award).status for award in awards} == {CodeStatus.ISSUED}
    assert all(str(code_of(award).public_id) in journaled(award) for award in awards)
    assert violations(NOW) == {}


def finish(job_id: int) -> None:
    while run_job(job_id=job_id, now=NOW).status == "running":
        pass


def after_both(both: threading.Barrier, act: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **named: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(2)
        return act(*arguments, **named)

    return wrapped


def is_shown_and_blocked(world: World) -> bool:
    award = win(world)
    both_have_read = threading.Barrier(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claiming, "hold_award", after_both(both_have_read, claiming.hold_award))
        patch.setattr(recalling, "claim_next_code", after_both(both_have_read, recalling.claim_next_code))
        outcomes = race([partial(replace, award), partial(reveal, award)])
    assert refusals(outcomes) == []
    return (
        outcomes[1] != open_code(code_of(award)).code and GiftCode.objects.get(pk=award.gift_code_id).status == "void"
    )


def test_negative_control_without_the_lock_a_code_is_shown_that_was_replaced():
    world = open_campaign(codes=90)

    def shows() -> bool:
        with without_locks():
            return is_shown_and_blocked(world)

    assert until_shown(shows)
