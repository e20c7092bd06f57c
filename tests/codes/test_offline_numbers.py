"""One number of a till sent offline for several codes: one is booked, as online, and a repeat is told the same."""

from datetime import timedelta

import pytest

from campaigns.models import Store
from codes.errors import DuplicateTransaction
from codes.models import GiftCode, OfflineDispute, Redemption, ShownNumber
from codes.services import (
    OfflineUse,
    redeem_code,
    report_uses,
    resolve_dispute,
    reverse_transaction,
    show_number,
)
from journeys.audit import violations
from tests.factories import NOW
from tests.worlds import open_campaign, winning_code

pytestmark = pytest.mark.django_db

TAKEN_AT = NOW - timedelta(hours=2)
UNKNOWN = "NOSUCHCODE000000"


@pytest.fixture
def world():
    world = open_campaign(codes=4)
    Store.objects.update(offline_limit_jpy=500)
    return world


@pytest.fixture
def codes(world) -> list[str]:
    return [winning_code(world)[1] for _winner in range(3)]


def use(presented, amount_jpy=300, number="O-1") -> OfflineUse:
    return OfflineUse(presented, amount_jpy, number, TAKEN_AT)


def report(world, *uses) -> list[tuple[str, str | None]]:
    answers = report_uses(agency_id=world.agency.pk, store_id=world.store.pk, uses=uses, now=NOW)
    return [(answer.result, answer.reason) for answer in answers]


def repeated(answers: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Say what a repeat has to be answered: what was booked is known."""
    return [("known", None) if result == "booked" else (result, reason) for result, reason in answers]


def test_I07_two_codes_under_one_number_are_one_sale_as_online_and_the_repeat_says_the_same(world, codes):
    sale = {"agency_id": world.agency.pk, "store_id": world.store.pk, "pos_transaction_id": "POS-1", "now": NOW}
    redeem_code(presented=codes[2], **sale)
    with pytest.raises(DuplicateTransaction):
        redeem_code(presented=codes[0], **sale)

    for number, pair in (("O-1", codes[:2]), ("O-2", [codes[1], codes[0]])):  # whichever hash comes first
        uses = [use(code, 100, number) for code in pair]
        first = report(world, *uses)
        assert first == [("booked", None), ("disputed", "duplicate_transaction")]
        assert [report(world, *uses), report(world, *reversed(uses))] == [repeated(first), repeated(first)[::-1]]

    assert (Redemption.objects.filter(is_offline=True).count(), OfflineDispute.objects.count()) == (2, 2)
    assert violations(NOW) == {}


def test_a_report_under_the_number_of_another_till_s_sale_stands_on_the_list_and_one_of_its_own_is_known(world, codes):
    store = {"agency_id": world.agency.pk, "store_id": world.store.pk}
    redeem_code(
        presented=codes[0],
        amount_jpy=100,
        pos_transaction_id="O-1",
        terminal="A",
        occurred_at=TAKEN_AT,
        now=NOW,
        **store,
    )

    def told(terminal: str) -> list[tuple[str, str | None]]:
        answers = report_uses(uses=[use(codes[0], 100)], terminal=terminal, now=NOW, **store)
        return [(answer.result, answer.reason) for answer in answers]

    assert [told("A"), told("B"), told("B")] == [
        [("known", None)],
        [("disputed", "duplicate_transaction")],
        [("disputed", "duplicate_transaction")],
    ]
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (1, 1)


def test_each_code_of_a_number_that_cannot_be_booked_stands_on_the_list(world, codes):
    for code in codes[:2]:
        redeem_code(agency_id=world.agency.pk, store_id=world.store.pk, presented=code, now=NOW)
    uses = [use(codes[0]), use(codes[1]), use(codes[1], 200), use(codes[1])]

    first = report(world, *uses)

    assert first == [("disputed", "already_redeemed")] * 4
    assert report(world, *uses) == first
    assert OfflineDispute.objects.count() == 3  # the last use was the second one once more
    assert (
        reverse_transaction(agency_id=world.agency.pk, store_id=world.store.pk, pos_transaction_id="O-1", now=NOW)
        is None
    )
    assert set(OfflineDispute.objects.values_list("status", flat=True)) == {"dropped"}


@pytest.mark.parametrize("turned", [False, True])
def test_an_unknown_code_takes_no_number_from_the_one_that_was_good(world, codes, turned):
    uses = [use(UNKNOWN), use(codes[0]), use("NOSUCHCODE111111")]
    uses = uses[::-1] if turned else uses

    first = report(world, *uses)

    assert first == [("disputed", "code_not_accepted"), ("booked", None), ("disputed", "code_not_accepted")]
    assert report(world, *uses) == repeated(first)
    assert (Redemption.objects.count(), OfflineDispute.objects.count()) == (1, 1)


def test_I07_what_was_disputed_is_not_booked_by_its_repeat_though_it_could_be_now(world, codes):
    Store.objects.update(offline_limit_jpy=100)
    first = report(world, use(codes[0]), use(UNKNOWN, number="O-2"))
    Store.objects.update(offline_limit_jpy=500)
    for dispute in OfflineDispute.objects.all():
        resolve_dispute(dispute_id=dispute.pk, status="store", note="x", now=NOW)

    assert report(world, use(codes[0]), use(UNKNOWN, number="O-2")) == first
    assert report(world, use(codes[0], number="O-2")) == [first[1]]  # its code has come in since
    assert Redemption.objects.count() == 0


def test_I07_a_booked_use_is_known_though_its_one_time_number_is_forgotten_and_it_was_undone(world, codes):
    gift_code = GiftCode.objects.filter(award__isnull=False).earliest("pk")
    number = show_number(gift_code_id=gift_code.pk, symbology="code128", now=TAKEN_AT)
    assert report(world, use(number)) == [("booked", None)]
    ShownNumber.objects.all().delete()

    assert report(world, use(number)) == [("known", None)]
    reverse_transaction(agency_id=world.agency.pk, store_id=world.store.pk, pos_transaction_id="O-1", now=NOW)

    assert report(world, use(number)) == [("known", None)]
    assert report(world, use(codes[2])) == [("disputed", "reversed_before_arrival")]
    assert (OfflineDispute.objects.count(), Redemption.objects.count()) == (1, 2)
