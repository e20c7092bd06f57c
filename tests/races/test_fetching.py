"""One code that a supplier makes, asked for by many workers and its holder at once (F11, F21)."""

from functools import partial

import pytest

from accounts.models import AuditEntry
from codes.cancel_errors import CodeShown
from codes.models import Award, SupplierCard, SupplierCardStatus
from codes.services import cancel_card, cancelling, fetching, make_card, reveal_code
from journeys.audit import violations
from tests.factories import NOW
from tests.races.racing import race, refusals, successes, until_shown, without_locks
from tests.worlds import fetched_campaign, win

pytestmark = pytest.mark.django_db(transaction=True)


def test_F21_eight_workers_and_a_holder_end_with_one_card(supplier_server):
    award = win(fetched_campaign(codes=1))
    worker = partial(make_card, gift_code_id=award.gift_code_id, now=NOW)

    outcomes = race([worker] * 8 + [partial(reveal_code, award_id=award.pk, now=NOW)])

    assert refusals(outcomes) == []
    card = SupplierCard.objects.get()
    assert (card.status, card.card_id) == (SupplierCardStatus.MADE, supplier_server.cards[card.request_id].gc_id)
    assert successes(outcomes)[-1].code == supplier_server.cards[card.request_id].claim_code
    assert (len(supplier_server.cards), supplier_server.deposited - supplier_server.funds) == (1, 500)
    assert AuditEntry.objects.filter(action="card.made").count() == 1
    assert violations(NOW) == {}


def test_negative_control_without_lock_and_compare_and_swap_a_card_is_noted_twice(supplier_server, monkeypatch):
    supplier_server.deposited = supplier_server.funds = 10_000_000
    world = fetched_campaign(codes=40)

    def is_noted_twice() -> bool:
        award = win(world)
        AuditEntry.objects.all().delete()
        with without_locks():
            race([partial(make_card, gift_code_id=award.gift_code_id, now=NOW)] * 8)
        return AuditEntry.objects.filter(action="card.made").count() > 1

    assert until_shown(is_noted_twice)


def test_negative_control_with_an_id_for_each_try_a_win_costs_two_cards(supplier_server, monkeypatch):
    counted = iter(range(1000))
    adapter = fetching.supplier_of("amazon").__class__
    make = adapter.make
    monkeypatch.setattr(
        adapter, "make", lambda self, *, request_id, **given: make(self, request_id=f"Mzhki{next(counted)}", **given)
    )
    world = fetched_campaign(codes=40)

    def is_doubled() -> bool:
        award = win(world)
        cards = len(supplier_server.cards)
        race([partial(make_card, gift_code_id=award.gift_code_id, now=NOW)] * 4)
        return len(supplier_server.cards) - cards > 1

    assert until_shown(is_doubled)


def seen_and_cancelled(award: Award) -> bool:
    """Show a code and cancel its card at the same moment; tell whether the winner holds a dead code."""
    make_card(gift_code_id=award.gift_code_id, now=NOW)
    cancel = partial(cancel_card, gift_code_id=award.gift_code_id, reason="test", now=NOW)
    _shown, cancelled = race([partial(reveal_code, award_id=award.pk, now=NOW), cancel])
    award.refresh_from_db()
    return award.revealed_at is not None and not isinstance(cancelled, Exception)


def test_I13_a_code_is_shown_or_cancelled_and_never_both(supplier_server, monkeypatch):
    supplier_server.deposited = supplier_server.funds = 10_000_000
    world = fetched_campaign(codes=10)

    assert not any(seen_and_cancelled(win(world)) for _ in range(8))
    assert violations(NOW) == {}

    seen = win(world)  # without the look at the showing both happen
    make_card(gift_code_id=seen.gift_code_id, now=NOW)
    reveal_code(award_id=seen.pk, now=NOW)
    judge = cancelling._obstacle
    monkeypatch.setattr(
        cancelling, "_obstacle", lambda *given: None if isinstance(found := judge(*given), CodeShown) else found
    )
    assert cancel_card(gift_code_id=seen.gift_code_id, reason="test", now=NOW).status == SupplierCardStatus.CANCELLED
