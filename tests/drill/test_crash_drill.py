"""The crash drill finds nothing in a sound product, and finds what is lost or doubled where something is."""

import subprocess
import sys
from dataclasses import replace

import pytest

from codes.models import GiftCode, Redemption
from codes.services import redeem_code
from core import clock
from drill.crashing.promises import Promise, compare
from participants.models import Entry
from tests.api.world import make_tenant, winning_code


@pytest.mark.slow
@pytest.mark.serial
@pytest.mark.postgres
@pytest.mark.redis
def test_F04_F14_web_worker_and_database_are_killed_and_nothing_is_lost_or_doubled():
    done = subprocess.run(
        [sys.executable, "-m", "drill", "crash", "--seconds", "1", "--kill", "web,worker,postgres"],
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
    )

    table = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line}
    assert done.returncode == 0, done.stdout
    for name in ("web", "worker", "postgres", "all"):
        times, acknowledged, _unanswered, _repeated, lost, doubled, violations, _seconds = table[name]
        assert (lost, doubled, violations) == ("0", "0", "0")
        assert int(times) >= 2
        assert int(acknowledged) > 0


@pytest.fixture
def promise(db) -> Promise:
    """What somebody was told who won a code, used 200 yen of it, and reserved another."""
    tenant = make_tenant("drill")
    award, code = winning_code(tenant)
    Entry.objects.filter(pk=award.entry_id).update(external_reference="drill-1")
    till = {"agency_id": tenant.agency.pk, "store_id": tenant.store.pk, "now": clock.now()}
    used = redeem_code(presented=code, amount_jpy=200, pos_transaction_id="drill-1", **till)
    winning_code(tenant)
    told = Promise(1, str(award.entry.public_id), code, str(used.public_id), 200)
    told.till = {"presented": code} | till  # type: ignore[attr-defined]
    return told


def test_a_promise_that_was_kept_is_neither_lost_nor_doubled(promise):
    findings = compare([promise])

    assert (findings.lost, findings.doubled) == ([], [])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"entry": "00000000-0000-4000-8000-000000000000"}, "entry"),
        ({"code": "ABCD"}, "code"),
        ({"redemption": "00000000-0000-4000-8000-000000000000"}, "amount"),
        ({"redeemed_jpy": 201}, "amount"),
        ({"reservation": "00000000-0000-4000-8000-000000000000"}, "reservation"),
    ],
)
def test_control_an_acknowledged_act_that_is_not_in_the_database_is_lost(promise, change, what):
    assert f"{what} of drill-1" in compare([replace(promise, **change)]).lost


def test_control_a_sale_that_a_repeat_booked_again_is_doubled(promise):
    redeem_code(amount_jpy=200, pos_transaction_id="without-protection", **promise.till)

    assert compare([promise]).doubled == ["use of drill-1"]
    assert Redemption.objects.count() == 2


def test_control_an_entry_taken_twice_and_a_code_shown_to_two_are_doubled(promise):
    other = Entry.objects.exclude(external_reference="drill-1").get()
    Entry.objects.filter(pk=other.pk).update(external_reference="drill-1")

    found = compare([promise, Promise(2, code=promise.code)]).doubled

    assert found == ["entry of drill-1", "award of drill-1", "a code shown to two people"]
    assert GiftCode.objects.count() == 2
