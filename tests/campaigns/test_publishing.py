"""What keeps a campaign from being published, one gap at a time, and all at once."""

from datetime import timedelta

import pytest

from campaigns.errors import NotPublishable
from campaigns.models import Campaign, CampaignStatus, Combination, Mechanic, Prize, RuleKind, RuleVersion
from campaigns.selectors import publish_obstacles
from campaigns.services import publish_campaign
from core.errors import StaleState
from tests import factories
from tests.factories import CLOSES, NOW, OPENS

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft() -> Campaign:
    """A draft that lacks nothing."""
    campaign = factories.CampaignFactory.create()
    factories.KpiTargetFactory.create(campaign=campaign)
    factories.TermsVersionFactory.create(campaign=campaign)
    factories.PrizeFactory.create(course__campaign=campaign, face_value_jpy=200)
    return campaign


def obstacles(campaign: Campaign) -> list[str]:
    campaign.refresh_from_db()
    return [obstacle.code for obstacle in publish_obstacles(campaign, NOW)]


def second_course(campaign, **details):
    return factories.PrizeFactory.create(course=factories.PrizeCourseFactory.create(campaign=campaign, **details))


def group(campaign, *kinds, **details):
    made = factories.RuleGroupFactory.create(campaign=campaign, **details)
    for kind in kinds:
        factories.EntryRuleFactory.create(group=made, kind=kind)


def becomes(campaign, mechanic, **course):
    Campaign.objects.filter(pk=campaign.pk).update(mechanic=mechanic)
    campaign.courses.update(**course)


GAPS = {
    "no_target": lambda campaign: campaign.kpi_targets.all().delete(),
    "period_over": lambda campaign: Campaign.objects.update(entry_closes_at=NOW),
    "no_terms": lambda campaign: campaign.terms.update(body="  \n"),
    "no_course": lambda campaign: campaign.courses.all().delete(),
    "course_without_prize": lambda campaign: campaign.courses.get().prizes.all().delete(),
    "several_courses": second_course,
    "no_chance": lambda campaign: becomes(campaign, Mechanic.INSTANT),
    "no_cap": lambda campaign: becomes(campaign, Mechanic.LATER),
    "empty_group": group,
    "impossible_count": lambda campaign: group(
        campaign, RuleKind.SERIAL, combination=Combination.AT_LEAST, minimum_count=2
    ),
    "no_purchase_period": lambda campaign: group(campaign, RuleKind.PURCHASE),
    "no_questions": lambda campaign: group(campaign, RuleKind.SURVEY),
}


@pytest.mark.parametrize("code", GAPS)
def test_each_gap_is_named_alone(draft, code):
    assert obstacles(draft) == []

    GAPS[code](draft)

    assert obstacles(draft) == [code]


def test_chances_add_up_to_one_at_most(draft):
    becomes(draft, Mechanic.INSTANT, win_rate_per_million=600_000)
    second_course(draft, win_rate_per_million=400_000)
    assert obstacles(draft) == []

    draft.courses.filter(position=2).update(win_rate_per_million=400_001)
    assert obstacles(draft) == ["chance_above_one"]


@pytest.mark.parametrize(("mechanic", "needs_cap"), [("everyone", False), ("first_come", True), ("later", True)])
def test_who_comes_first_or_is_drawn_needs_a_number_of_winners(draft, mechanic, needs_cap):
    becomes(draft, mechanic)

    assert obstacles(draft) == (["no_cap"] if needs_cap else [])
    draft.courses.update(total_cap=10)
    assert obstacles(draft) == []


def test_the_law_on_premiums_is_asked_before_publishing(draft):
    Prize.objects.update(face_value_jpy=500)
    Campaign.objects.update(trade_value_jpy=2_499)
    assert obstacles(draft) == ["premium_above_limit"]  # for everyone, so a fifth of the purchase

    Campaign.objects.update(trade_value_jpy=2_500)
    assert obstacles(draft) == []


def test_at_least_none_is_impossible_too(draft):
    group(draft, RuleKind.SERIAL, combination=Combination.AT_LEAST, minimum_count=0)

    assert obstacles(draft) == ["impossible_count"]


def test_all_gaps_are_listed_at_once_and_nothing_is_published(draft):
    for code in ("no_target", "no_terms", "no_course", "empty_group"):
        GAPS[code](draft)

    with pytest.raises(NotPublishable) as refused:
        publish_campaign(campaign_id=draft.pk, now=NOW)

    assert {obstacle.code for obstacle in refused.value.obstacles} == {
        "no_target",
        "no_terms",
        "no_course",
        "empty_group",
    }
    assert all(str(obstacle.message) for obstacle in refused.value.obstacles)
    draft.refresh_from_db()
    assert draft.status == CampaignStatus.DRAFT
    assert RuleVersion.objects.count() == 0


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (OPENS - timedelta(microseconds=1), CampaignStatus.SCHEDULED),
        (OPENS, CampaignStatus.OPEN),
        (CLOSES - timedelta(microseconds=1), CampaignStatus.OPEN),
    ],
)
def test_a_published_campaign_is_open_from_its_opening_on(draft, now, status):
    assert publish_campaign(campaign_id=draft.pk, now=now).status == status
    assert RuleVersion.objects.get().document["entry_closes_at"] == CLOSES.isoformat()
    with pytest.raises(StaleState):
        publish_campaign(campaign_id=draft.pk, now=now)
