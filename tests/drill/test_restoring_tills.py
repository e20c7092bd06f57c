"""What the drill of restoring says of tills: nothing twice with the journal, harm with half of it (F27, I07)."""

import logging

import pytest

from api.models import IdempotencyRecord
from codes import recovered
from codes.models import OfflineDispute
from codes.services.journaling import write_missing
from codes.services.recovering import recover
from core import clock
from drill import tills
from tests.codes.test_recovered_tills import forget_sales
from tests.worlds import open_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return open_campaign(codes=tills.SALES + tills.UNDONE + tills.DISPUTED)


@pytest.fixture
def till(world, settings, tmp_path):
    """A till whose database has forgotten what it did since the dump."""
    settings.JOURNAL = f"folder:{tmp_path / 'journal'}"
    recovered.look_again()
    level = logging.getLogger("django.request").level
    till = tills.open_till(world)
    tills.sell_and_undo(world, till)
    tills.dispute(world, till)
    write_missing(now=clock.now())
    forget_sales()
    OfflineDispute.objects.all().delete()
    IdempotencyRecord.objects.all().delete()
    yield till
    recovered.look_again()
    logging.getLogger("django.request").setLevel(level)


def test_F27_with_the_journal_no_call_has_a_second_effect_and_no_undone_or_disputed_one_is_booked(world, till):
    recover(now=clock.now())

    assert (len(till.calls), len(till.late)) == (12, 6)
    assert (tills.second_effects(till), tills.booked_late(till)) == (0, 0)
    assert tills.answered_as_before(till) == 12
    assert (tills.booked_again(world, till), tills.borne_as_before(till)) == (0, 6)
    assert set(till.borne.values()) == {"open", "sponsor", "store"}


def test_negative_control_a_journal_without_calls_undone_sales_and_disputes_shows_the_harm(
    world, till, settings, tmp_path
):
    settings.JOURNAL = tills.forgetful_journal(tmp_path / "forgetful")

    assert recover(now=clock.now()).uses_recovered == 12
    assert (tills.second_effects(till), tills.booked_late(till)) == (6, 6)
    assert (tills.booked_again(world, till), tills.borne_as_before(till)) == (6, 0)
