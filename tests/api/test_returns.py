"""Returned purchases as a client's system tells of them."""

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import RuleKind
from codes.models import Award
from codes.services import reveal_code
from eligibility.models import PurchaseReturn
from journeys.services import advance_entry
from participants.models import EntryStatus
from participants.services import submit_entry
from receipts.models import Receipt
from tests.api.world import Tenant, make_tenant
from tests.factories import ConsentFactory, EntryFactory, IdentityFactory, ReceiptFactory
from tests.worlds import stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Tenant:
    tenant = make_tenant("own", rules=(RuleKind.PURCHASE,))
    stock(tenant.prize, 3)
    return tenant


def won(tenant: Tenant, **figures: Any) -> Receipt:
    """An entry of the agency that has won by a receipt."""
    entry = EntryFactory.create(campaign=tenant.campaign, status=EntryStatus.STARTED, submitted_at=None)
    IdentityFactory.create(participant=entry.participant)
    ConsentFactory.create(participant=entry.participant, campaign=tenant.campaign)
    today = timezone.now().date()
    receipt = ReceiptFactory.create(entry=entry, purchased_on=today, reading={"needs_review": False}, **figures)
    submit_entry(entry_id=entry.pk, now=timezone.now())
    assert advance_entry(entry_id=entry.pk, now=timezone.now()).status == EntryStatus.WON
    return receipt


def purchase(receipt: Receipt, **changes: Any) -> dict[str, Any]:
    day = receipt.purchased_on
    assert isinstance(day, date)
    return {"telephone": "03-1234-5678", "purchased_on": day.isoformat(), "total_jpy": receipt.total_jpy} | changes


def test_a_return_named_by_shop_day_and_total_withdraws_what_nobody_has_seen(shop):
    receipt = won(shop)

    answer = shop.api.post("/returns", {"reference": "R-1", "purchase": purchase(receipt)})

    assert answer.status_code == 201, answer.content
    found = PurchaseReturn.objects.get()
    assert answer.json() == {
        "id": str(found.public_id),
        "reference": "R-1",
        "entry": str(receipt.entry.public_id),
        "receipt": str(receipt.public_id),
        "told_at": found.told_at.isoformat().replace("+00:00", "Z"),
        "effect": "refused",
        "withdrawn_awards": 1,
        "shown_awards": 0,
    }
    entry = shop.api.get(f"/entries/{receipt.entry.public_id}").json()
    assert (entry["status"], entry["verdict"]["reasons"][0]["code"]) == ("refused", "purchase_returned")


def test_I02_the_same_return_again_is_answered_as_it_was(shop):
    receipt = won(shop)
    body = {"reference": "R-1", "purchase": purchase(receipt)}

    answers = [shop.api.post("/returns", body, key=key) for key in ("k-1", "k-1", "k-2")]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert PurchaseReturn.objects.count() == 1


def test_a_shown_code_stays_and_is_counted(shop):
    receipt = won(shop)
    reveal_code(award_id=Award.objects.get().pk, now=timezone.now())

    answer = shop.api.post("/returns", {"reference": "R-1", "entry": str(receipt.entry.public_id)}).json()

    assert (answer["effect"], answer["withdrawn_awards"], answer["shown_awards"]) == ("refused", 0, 1)


def test_what_fits_no_receipt_or_several_is_refused_and_changes_nothing(shop):
    first, second = (
        won(shop, purchased_time=time, receipt_no=number) for time, number in (("10:00", "0001"), ("15:30", "0842"))
    )
    other = make_tenant("other")
    asked = {
        "no figures": {},
        "another total": {"purchase": purchase(first, total_jpy=1)},
        "no shop": {"purchase": purchase(first, telephone="")},
        "two fit": {"purchase": purchase(first)},
    }

    answers = {
        why: shop.api.post("/returns", {"reference": why} | body, key=why.replace(" ", "-"))
        for why, body in asked.items()
    }
    foreign = other.api.post("/returns", {"reference": "R", "entry": str(first.entry.public_id)})

    assert [answers[why].json()["code"] for why in ("no figures", "another total", "two fit")] == [
        "receipt_not_found",
        "receipt_not_found",
        "receipt_ambiguous",
    ]
    assert answers["no shop"].status_code in (400, 404)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "receipt_not_found")
    assert not PurchaseReturn.objects.exists()

    named = shop.api.post("/returns", {"reference": "R-9", "purchase": purchase(second, receipt_no="0842")}, key="k-9")
    assert named.json()["receipt"] == str(second.public_id)


def test_one_reference_names_one_return(shop):
    first, second = won(shop, purchased_time="10:00"), won(shop, purchased_time="15:30")
    path = "/returns"
    shop.api.post(path, {"reference": "R-1", "entry": str(first.entry.public_id)}, key="k-1")

    again = shop.api.post(path, {"reference": "R-1", "entry": str(second.entry.public_id)}, key="k-2")

    assert (again.status_code, again.json()["code"]) == (409, "return_of_another")
