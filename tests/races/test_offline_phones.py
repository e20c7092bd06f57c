"""What one phone took without a network, sent at the same moment (I04, I05, I07)."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import Count

from campaigns.models import Store
from codes.models import OfflineDispute, Redemption
from codes.offline_phones import PhoneShift
from codes.services import OfflineUse, report_uses
from codes.services.redemption import offline
from journeys.audit import violations
from tests import factories
from tests.factories import NOW
from tests.races.racing import race, refusals, until_shown
from tests.worlds import World, open_campaign, winning_code

pytestmark = pytest.mark.django_db(transaction=True)

SHIFT = PhoneShift(NOW - timedelta(hours=1), NOW + timedelta(hours=11))


def allowed_world(**limits: int) -> World:
    world = open_campaign(codes=80)
    Store.objects.update(**{"offline_limit_jpy": 500, "phone_offline_count": 20, "phone_offline_jpy": 5000} | limits)
    factories.UseConditionsFactory.create(prize=world.prize, is_offline_allowed=True)
    return world


def report(world: World, store_id: int, number: str, code: str) -> Any:
    (answer,) = report_uses(
        agency_id=world.agency.pk,
        store_id=store_id,
        uses=[OfflineUse(code, 500, number, NOW)],
        terminal="phone a",
        shift=SHIFT,
        now=NOW,
    )
    return answer.result


def test_I05_one_code_taken_at_many_stores_is_redeemed_in_one_and_disputed_in_the_others():
    world = allowed_world()
    _award, code = winning_code(world)
    stores = [
        factories.StoreFactory.create(
            agency=world.agency, offline_limit_jpy=500, phone_offline_count=1, phone_offline_jpy=500
        ).pk
        for _ in range(8)
    ]

    outcomes = race([partial(report, world, store, "1", code) for store in stores])

    assert refusals(outcomes) == []
    assert sorted(outcomes) == ["booked"] + ["disputed"] * 7
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (1, 7)
    assert violations(NOW) == {}


def test_I07_one_entry_sent_many_times_at_once_is_booked_once():
    world = allowed_world()
    _award, code = winning_code(world)

    outcomes = race([partial(report, world, world.store.pk, "1", code)] * 8)

    assert sorted(outcomes) == ["booked"] + ["known"] * 7
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (1, 0)


def over_the_limit(world: World) -> bool:
    """Send two codes at once from a phone that may take one; tell whether it got both."""
    codes = [winning_code(world)[1] for _ in range(2)]
    before = Redemption.objects.count()
    race([partial(report, world, world.store.pk, code[:12], code) for code in codes])
    return Redemption.objects.count() - before > 1


def test_I04_a_phone_takes_no_more_than_its_limit_and_the_lock_is_what_keeps_it(monkeypatch: pytest.MonkeyPatch):
    world = allowed_world(phone_offline_count=1)

    assert not over_the_limit(world)

    monkeypatch.setattr(offline, "hold", lambda _name, **_options: None)

    def shows() -> bool:
        Store.objects.update(phone_offline_count=Redemption.objects.aggregate(all=Count("pk"))["all"] + 1)
        return over_the_limit(world)

    assert until_shown(shows)
