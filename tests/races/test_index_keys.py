"""While the index key is changed, hosts that have switched and hosts that have not let nothing through twice.

A unique constraint sees only hashes of one key. What decides here is that both hold the value under both keys.
"""

import itertools
import threading
from collections.abc import Callable
from datetime import time
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from codes import loading
from codes.models import GiftCode
from codes.services import import_codes
from codes.services.index_keys import start_reindex
from codes.services.jobs import run_job
from eligibility.errors import TooManyAttempts
from eligibility.models import AttemptBudget, Serial
from eligibility.services import attempts, create_serial_batch, lists, spend_attempt
from participants.models import Entry, Identity
from participants.services import contacts, give_email, verify_identity
from receipts.models import Receipt
from receipts.selectors import purchase_index
from receipts.services import count_receipt, counting
from tests import factories
from tests.codes.test_sealing import NEW
from tests.factories import NOW
from tests.races.racing import race, refusals, successes, until_shown
from tests.worlds import begin, open_campaign

pytestmark = pytest.mark.django_db(transaction=True)
_numbers = itertools.count(1)


class Hosts:
    """Which key is in use, told apart by thread as it is by host."""

    def __init__(self) -> None:
        self.here = threading.local()

    def __str__(self) -> str:
        return getattr(self.here, "key_id", "0")

    def on(self, key_id: str, act: Callable[[], Any]) -> Callable[[], Any]:
        """Give an act as a host with this key in use does it."""

        def acts() -> Any:
            self.here.key_id = key_id
            try:
                return act()
            finally:
                self.here.key_id = "0"

        return acts

    def race(self, *acts: Callable[[], Any]) -> list[Any]:
        """Do some acts at once, on hosts of which every other has switched."""
        return race([self.on(str(number % 2), act) for number, act in enumerate(acts)])


@pytest.fixture
def hosts(settings) -> Hosts:
    made = Hosts()
    settings.INDEX_KEYS, settings.INDEX_KEY_ID = {**settings.INDEX_KEYS, "1": NEW}, made
    return made


def confirmed_at_once(world, hosts: Hosts) -> set[str]:
    """Two people give one address on two hosts and confirm it at once; returns the keys of what is confirmed."""
    email = f"same{next(_numbers)}@example.jp"
    entries = [begin(world, email=f"own{next(_numbers)}@example.jp") for _person in range(2)]
    given = [
        hosts.on(str(place), partial(give_email, entry_id=entry.pk, email=email, now=NOW))()
        for place, entry in enumerate(entries)
    ]
    assert {identity.index_key_id for identity in given} == {"0", "1"}
    refusals(hosts.race(*[partial(verify_identity, identity_id=identity.pk, now=NOW) for identity in given]))
    confirmed = Identity.objects.filter(pk__in=[identity.pk for identity in given], verified_at__isnull=False)
    people = set(Entry.objects.filter(pk__in=[entry.pk for entry in entries]).values_list("participant", flat=True))
    assert len(people) == confirmed.count()
    return {identity.index_key_id for identity in confirmed}


def test_I18_one_address_confirmed_on_two_hosts_under_two_keys_is_one_person(hosts):
    world = open_campaign()

    for _round in range(5):
        assert len(confirmed_at_once(world, hosts)) == 1


def test_negative_control_without_the_hold_one_address_is_two_people(hosts, monkeypatch):
    monkeypatch.setattr(contacts, "hold_value", lambda _indexes: None)
    world = open_campaign()

    assert until_shown(lambda: len(confirmed_at_once(world, hosts)) == 2)


def counted_at_once(hosts: Hosts) -> list[object]:
    """One paper receipt under two keys, sent by two people of one campaign, counted at one moment."""
    campaign = factories.CampaignFactory.create()
    figures = {"telephone": f"03{next(_numbers):08}", "purchased_time": time(12, 34), "counts": False}
    receipts = factories.ReceiptFactory.create_batch(2, entry__campaign=campaign, **figures)
    for key_id, receipt in zip("01", receipts, strict=True):
        receipt.fingerprint, receipt.index_key_id = purchase_index(receipt, key_id), key_id
        receipt.save(update_fields=["fingerprint", "index_key_id"])

    def count(receipt: Receipt) -> None:
        with transaction.atomic():
            count_receipt(receipt=receipt)

    return hosts.race(*[partial(count, receipt) for receipt in receipts])


def test_I16_one_receipt_under_two_keys_counts_once(hosts):
    for _round in range(5):
        outcomes = counted_at_once(hosts)
        assert (refusals(outcomes), successes(outcomes)) == (["DuplicateReceipt"], [None])


def test_negative_control_without_the_hold_one_receipt_counts_twice(hosts, monkeypatch):
    monkeypatch.setattr(counting, "hold", lambda _name, **_options: None)

    assert until_shown(lambda: refusals(counted_at_once(hosts)) == [])


def listed_at_once(world, hosts: Hosts) -> int:
    number = f"SERIAL{next(_numbers):04}"
    act = partial(create_serial_batch, campaign_id=world.campaign.pk, name=number, values=[number])
    refusals(hosts.race(act, act))
    return Serial.objects.filter(batch__name=number).count()


def test_I15_one_serial_code_listed_on_two_hosts_is_there_once(hosts):
    world = open_campaign(codes=0)

    assert [listed_at_once(world, hosts) for _round in range(5)] == [1] * 5


def test_negative_control_without_the_hold_a_serial_code_is_there_twice(hosts, monkeypatch):
    monkeypatch.setattr(lists, "hold", lambda _name: None)
    world = open_campaign(codes=0)

    assert until_shown(lambda: listed_at_once(world, hosts) == 2)


def imported_at_once(world, hosts: Hosts) -> int:
    code = f"GOOD{next(_numbers):04}"
    acts = [
        partial(import_codes, prize_id=world.prize.pk, name=code, expires_at=None, now=NOW, data=data.encode())
        for data in (f"code\n{code}\n", f"code,pin\n{code},1234\n")  # not the same file, which would be refused as such
    ]
    refusals(hosts.race(*acts))
    return GiftCode.objects.filter(batch__name=code).count()


def test_I01_one_code_imported_on_two_hosts_is_in_stock_once(hosts):
    world = open_campaign(codes=0)

    assert [imported_at_once(world, hosts) for _round in range(5)] == [1] * 5


def test_negative_control_without_the_hold_a_code_is_in_stock_twice(hosts, monkeypatch):
    monkeypatch.setattr(loading, "hold", lambda _name: None)
    world = open_campaign(codes=0)

    assert until_shown(lambda: imported_at_once(world, hosts) == 2)


def tried_at_once(hosts: Hosts) -> int:
    """Two hosts spend the first try of a scope that has one; returns how many went through."""
    scope = f"device:{next(_numbers)}"
    act = partial(spend_attempt, scope=scope, limit=1, window_seconds=600, now=NOW)
    outcomes = hosts.race(act, act)
    refusals(outcomes, TooManyAttempts)
    return len(successes(outcomes))


def test_T04_a_change_of_keys_gives_no_second_budget(hosts):
    assert [tried_at_once(hosts) for _round in range(5)] == [1] * 5
    assert AttemptBudget.objects.count() == 5


def test_negative_control_without_the_hold_each_host_has_a_budget(hosts, monkeypatch):
    monkeypatch.setattr(attempts, "hold_value", lambda _indexes: None)

    assert until_shown(lambda: tried_at_once(hosts) == 2)


def test_I18_addresses_are_confirmed_while_the_contacts_are_indexed_anew(hosts, monkeypatch):
    """Under load: whoever confirms an address that somebody has finds him, at every moment of the work."""
    world = open_campaign(codes=0)
    emails = [f"known{number}@example.jp" for number in range(12)]
    known = [begin(world, email=email).participant_id for email in emails]
    late = [begin(world, email=email, confirmed=False) for email in emails]
    waiting = [Identity.objects.get(participant=entry.participant_id) for entry in late]
    monkeypatch.setattr("core.reindexing.ROWS_LOCKED", 1)
    job = hosts.on("1", partial(start_reindex, now=NOW))()

    def confirm(some: list[Identity]) -> list[int]:
        return [verify_identity(identity_id=identity.pk, now=NOW).pk for identity in some]

    def reindex() -> str:
        return run_job(job_id=job.pk, now=NOW).status

    outcomes = hosts.race(partial(confirm, waiting[::2]), reindex, partial(confirm, waiting[1::2]))

    assert refusals(outcomes) == []
    assert (outcomes[0], outcomes[1], outcomes[2]) == (known[::2], "done", known[1::2])
    confirmed = Identity.objects.filter(verified_at__isnull=False)
    assert (confirmed.count(), set(confirmed.values_list("index_key_id", flat=True))) == (12, {"1"})
