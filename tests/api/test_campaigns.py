"""Campaigns as an agency's system reads them."""

from campaigns.models import Budget, RuleKind
from codes.services import set_running_budget
from tests.api.world import make_tenant
from tests.factories import NOW


def test_a_campaign_tells_all_that_a_page_of_ones_own_needs(db):
    tenant = make_tenant("own", rules=(RuleKind.PURCHASE, RuleKind.SERIAL))
    campaign = tenant.campaign

    prize = {"id": str(tenant.prize.public_id), "name": "500円ギフト", "kind": "own_code", "face_value_jpy": 500}

    def text(at):
        return at.isoformat().replace("+00:00", "Z")

    assert tenant.api.get(f"/campaigns/{campaign.public_id}").json() == {
        "id": str(campaign.public_id),
        "slug": "own-campaign",
        "title": "夏のキャンペーン",
        "sponsor": "水引飲料",
        "status": "open",
        "mechanic": "everyone",
        "entries_from": text(campaign.entry_opens_at),
        "entries_until": text(campaign.entry_closes_at),
        "summary": "",
        "purchase_from_on": str(campaign.purchase_from_on),
        "purchase_until_on": str(campaign.purchase_until_on),
        "delivery_from": None,
        "delivery_until": None,
        "claim_days": 30,
        "entries_per_person": 1,
        "entries_per_person_a_day": 1,
        "budget": None,
        "steps": ["receipt", "serial"],
        "courses": [
            {
                "id": str(tenant.prize.course.public_id),
                "name": "A賞",
                "total_cap": None,
                "daily_cap": None,
                "prizes": [prize],
            }
        ],
        "questions": [
            {
                "id": str(tenant.question.public_id),
                "text": "味はいかがでしたか",
                "kind": "single",
                "choices": ["よい", "ふつう"],
                "is_required": True,
            }
        ],
    }


def test_a_campaign_tells_how_much_of_its_budget_is_given(tenant):
    set_running_budget(campaign_id=tenant.campaign.pk, total_jpy=3000, now=NOW)
    Budget.objects.filter(campaign=tenant.campaign).update(used_jpy=500)

    told = tenant.api.get(f"/campaigns/{tenant.campaign.public_id}").json()

    assert told["budget"] == {"total_jpy": 3000, "used_jpy": 500, "left_jpy": 2500}


def test_campaigns_are_listed_by_state(tenant):
    assert [row["slug"] for row in tenant.api.get("/campaigns").json()["data"]] == ["own-campaign"]
    assert [row["slug"] for row in tenant.api.get("/campaigns", status="open").json()["data"]] == ["own-campaign"]
    assert tenant.api.get("/campaigns", status="draft").json()["data"] == []
