"""Calls to Amazon's Incentives API: signed, under one id, and sorted by what is certain afterwards."""

from dataclasses import replace
from decimal import Decimal

import pytest

from core.clients.amazon_incentives import AmazonIncentives, IncentivesRefused, IncentivesUnavailable
from tests.contracts.contract import Answer
from tests.contracts.server import LOST_ANSWER, LOST_CALL, SILENCE_AFTER_ACCEPTING, Fault
from tests.contracts.supplier_server import CANCELLABLE_FOR, SupplierServer

REQUEST = "Mzhki0000000001"


@pytest.fixture
def api(supplier_server: SupplierServer) -> AmazonIncentives:
    return AmazonIncentives(
        base_url=supplier_server.url,
        region="us-west-2",
        partner_id="Mzhki",
        access_key_id=supplier_server.access_key_id,
        secret_access_key=supplier_server.secret_access_key,
        timeout=(1.0, 0.3),
    )


def make(api: AmazonIncentives, request_id: str = REQUEST, amount: int = 500):
    return api.create_gift_card(request_id=request_id, amount=amount, currency="JPY")


def test_a_card_is_made_once_and_shown_again_under_its_id(api, supplier_server):
    first, again = make(api), make(api)

    assert first == again
    assert (first.amount, first.currency, first.status) == (Decimal(500), "JPY", "Fulfilled")
    assert (len(supplier_server.cards), supplier_server.funds) == (1, 999_500)
    assert first.claim_code not in repr(first)
    assert api.secret_access_key not in repr(api)


def test_another_value_under_a_known_id_is_refused(api, supplier_server):
    make(api)

    with pytest.raises(IncentivesRefused):
        make(api, amount=1000)
    assert supplier_server.spent == 500


@pytest.mark.parametrize("fault", [LOST_ANSWER, SILENCE_AFTER_ACCEPTING, LOST_CALL, Fault(False, Answer(502, None))])
def test_F21_after_an_answer_that_was_lost_the_same_id_gives_the_one_card(api, supplier_server, fault):
    supplier_server.faults.append(fault)

    with pytest.raises(IncentivesUnavailable):
        make(api)
    card = make(api)

    assert [kept.gc_id for kept in supplier_server.cards.values()] == [card.card_id]
    assert supplier_server.funds == 999_500


def test_what_is_certain_is_told_apart_from_what_is_not(api, supplier_server):
    supplier_server.throttled_calls = 1
    with pytest.raises(IncentivesUnavailable, match="throttled"):
        make(api)
    supplier_server.unavailable_calls = 1
    with pytest.raises(IncentivesUnavailable, match="f400"):
        make(api)
    supplier_server.funds = 499
    with pytest.raises(IncentivesRefused, match="InsufficientFunds"):
        make(api)
    assert supplier_server.cards == {}


@pytest.mark.parametrize("wrong", [{"secret_access_key": "other"}, {"region": "us-east-1"}, {"access_key_id": "AK"}])
def test_a_signature_by_another_key_or_for_another_place_is_refused(api, supplier_server, wrong):
    with pytest.raises(IncentivesRefused, match="SignatureMismatch"):
        make(replace(api, **wrong))
    assert supplier_server.cards == {}


def test_a_card_is_cancelled_for_fifteen_minutes(api, supplier_server):
    make(api)
    make(api, request_id=f"{REQUEST}2")

    api.cancel_gift_card(request_id=REQUEST)
    supplier_server.now += CANCELLABLE_FOR * 1.01
    with pytest.raises(IncentivesRefused, match="CancelRequestArrivedAfterTimeLimit"):
        api.cancel_gift_card(request_id=f"{REQUEST}2")

    assert make(api).status == "RefundedToPurchaser"
    assert api.available_funds() == (Decimal(999_500), "JPY")
