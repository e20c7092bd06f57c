import pytest

from campaigns.design_risks import design_risks
from campaigns.models import Campaign, Mechanic
from tests.worlds import open_campaign

pytestmark = pytest.mark.django_db


def test_a_design_that_attracts_fraud_is_named_and_may_still_be_published():
    world = open_campaign(face_value_jpy=1000, entries_per_person=10)  # published, all the same

    assert [risk.code for risk in design_risks(world.campaign)] == [
        "sure_prize_without_condition",
        "many_entries_per_person",
        "prize_for_whoever_has_the_link",
    ]
    Campaign.objects.filter(pk=world.campaign.pk).update(mechanic=Mechanic.LATER, entries_per_person=1)
    assert design_risks(Campaign.objects.get(pk=world.campaign.pk)) == []


def test_a_small_prize_is_no_risk():
    assert design_risks(open_campaign(face_value_jpy=999, entries_per_person=10).campaign) == []
