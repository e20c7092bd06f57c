"""Figures of a campaign and what became of its awards."""

from django.utils import timezone

from codes.services import redeem_code, void_award
from distribution.services import queue_award
from tests.api.world import winning_code
from tests.factories import NOW, ShipmentFactory


def test_an_award_is_listed_with_its_delivery_and_without_its_code(tenant):
    award, code = winning_code(tenant)
    queue_award(award_id=award.pk, now=timezone.now())
    redeem_code(agency_id=tenant.agency.pk, presented=code, store_id=tenant.store.pk, now=timezone.now())
    award.refresh_from_db()
    assert award.gift_code is not None

    (line,) = tenant.api.get(f"/campaigns/{tenant.campaign.public_id}/awards").json()["data"]

    def text(at):
        return at.isoformat().replace("+00:00", "Z")

    assert line == {
        "id": str(award.public_id),
        "entry": str(award.entry.public_id),
        "external_reference": "",
        "prize": str(tenant.prize.public_id),
        "prize_name": "500円ギフト",
        "awarded_at": text(award.created_at),
        "claim_until": text(award.claim_expires_at),
        "claimed_at": text(award.claimed_at),
        "revealed_at": text(award.revealed_at),
        "redeemed_at": text(award.gift_code.redeemed_at),
        "voided_at": None,
        "delivery": {"status": "queued", "attempts": 0, "accepted_at": None, "failure_code": ""},
        "shipment": None,
    }


def test_an_award_of_goods_says_where_its_parcel_is_and_never_where_it_goes(tenant):
    ShipmentFactory(
        award__result__entry__campaign=tenant.campaign,
        status="handed_over",
        tracking_number="1234-5678",
        handed_over_at=NOW,
    )

    (line,) = tenant.api.get(f"/campaigns/{tenant.campaign.public_id}/awards").json()["data"]

    assert line["shipment"] == {
        "status": "handed_over",
        "tracking_number": "1234-5678",
        "handed_over_at": "2026-11-22T03:00:00Z",
        "returned_at": None,
    }
    assert "渋谷" not in str(line)


def test_a_voided_award_says_so_and_one_without_a_message_has_no_delivery(tenant):
    award, _code = winning_code(tenant)
    void_award(award_id=award.pk, reason="test", now=timezone.now())

    (line,) = tenant.api.get(f"/campaigns/{tenant.campaign.public_id}/awards").json()["data"]

    assert line["voided_at"] is not None
    assert (line["redeemed_at"], line["delivery"]) == (None, None)


def test_the_funnel_counts_every_stage(tenant):
    winning_code(tenant)
    path = f"/campaigns/{tenant.campaign.public_id}/funnel"

    answers = {by: tenant.api.get(path, by=by).json() for by in ("total", "day", "prize", "link")}

    stages = ["entries", "accepted", "won", "issued", "sent", "opened", "revealed", "redeemed"]
    assert [answers["total"]["data"][0][stage] for stage in stages] == [1, 1, 1, 1, 0, 1, 1, 0]
    assert {by: answer["by"] for by, answer in answers.items()} == {by: by for by in answers}
    assert tenant.api.get(path).json() == answers["total"]


def test_a_breakdown_that_is_not_documented_is_refused(tenant):
    answer = tenant.api.get(f"/campaigns/{tenant.campaign.public_id}/funnel", by="prefecture")

    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "by")
