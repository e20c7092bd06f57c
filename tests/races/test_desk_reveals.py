"""One person at two screens is shown no more codes than one may be a day (T21)."""

import contextlib
import threading

import pytest

from accounts.models import AuditEntry
from codes.services import desk_revealing
from codes.services.desk_revealing import reveal_to_desk
from core import clock
from tests.factories import AwardFactory, UserFactory
from tests.races.racing import race, refusals, until_shown, without_locks

pytestmark = pytest.mark.django_db(transaction=True)

SCREENS, ALLOWED = 8, 3


def shown(settings, tmp_path) -> tuple[int, list[str]]:
    """Press on all screens at once; returns how many were shown, and the refusals."""
    settings.REVEALS_A_DAY, settings.JOURNAL = ALLOWED, f"folder:{tmp_path}"
    code_id, user_id = AwardFactory().gift_code_id, UserFactory().pk
    press = lambda: reveal_to_desk(gift_code_id=code_id, actor_id=user_id, reason="x", now=clock.now())  # noqa: E731
    outcomes = race([press] * SCREENS)
    return AuditEntry.objects.filter(action="code.revealed_at_desk", actor_id=user_id).count(), refusals(outcomes)


def test_T21_the_days_number_holds_for_presses_at_one_moment(settings, tmp_path):
    count, refused = shown(settings, tmp_path)

    assert count == ALLOWED
    assert refused == ["RevealQuotaReached"] * (SCREENS - ALLOWED)


def test_negative_control_without_the_row_lock_more_are_shown(settings, tmp_path, monkeypatch):
    counted, both_have_counted = desk_revealing.reveals_today, threading.Barrier(2)

    def together(**asked):
        count = counted(**asked)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_counted.wait(1)  # two presses stand between counting and writing
        return count

    monkeypatch.setattr(desk_revealing, "reveals_today", together)
    with without_locks():
        assert until_shown(lambda: shown(settings, tmp_path)[0] > ALLOWED)
