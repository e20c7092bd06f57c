"""A campaign's states, by people and by the clock; when entries are taken (I17)."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from campaigns.errors import CampaignClosed, CampaignNotYetOpen, CampaignPaused
from campaigns.models import Campaign, CampaignStatus, Question, RuleKind, RuleVersion
from campaigns.selectors import check_open
from campaigns.services import (
    archive_campaign,
    clone_campaign,
    close_campaign,
    follow_clock,
    freeze_rules,
    pause_campaign,
    resume_campaign,
    settle_campaign,
    unpublish_campaign,
    write_terms,
)
from core.errors import StaleState
from tests import factories
from tests.factories import CLOSES, NOW, OPENS
from tests.worlds import open_campaign

pytestmark = pytest.mark.django_db

MOMENT = timedelta(microseconds=1)
MOVES = {
    "unpublish": (unpublish_campaign, {"scheduled": "draft"}),
    "pause": (pause_campaign, {"scheduled": "paused", "open": "paused"}),
    "resume": (resume_campaign, {"scheduled": "open", "paused": "open", "draft": "open"}),
    "close": (close_campaign, {"open": "closed", "paused": "closed"}),
    "settle": (settle_campaign, {"closed": "settled"}),
    "archive": (archive_campaign, {"settled": "archived"}),
}


@pytest.mark.parametrize("status", CampaignStatus.values)
@pytest.mark.parametrize("move", [name for name in MOVES if name != "resume"])
def test_I10_only_listed_moves_happen(status, move):
    service, allowed = MOVES[move]
    campaign = factories.CampaignFactory.create(status=status)

    if status in allowed:
        assert service(campaign_id=campaign.pk, now=NOW).status == allowed[status]
    else:
        with pytest.raises(StaleState):
            service(campaign_id=campaign.pk, now=NOW)
    campaign.refresh_from_db()
    assert campaign.status == allowed.get(status, status)
    assert AuditEntry.objects.count() == (status in allowed)


@pytest.mark.parametrize(
    ("status", "now", "after"),
    [
        ("scheduled", OPENS - MOMENT, "scheduled"),
        ("scheduled", OPENS, "open"),
        ("open", CLOSES - MOMENT, "open"),
        ("open", CLOSES, "closed"),
        ("paused", CLOSES - MOMENT, "paused"),
        ("paused", CLOSES, "closed"),
        ("draft", CLOSES, "draft"),
        ("settled", CLOSES, "settled"),
    ],
)
def test_I17_the_clock_opens_and_closes_at_the_very_instant(status, now, after):
    campaign = factories.CampaignFactory.create(status=status)

    moved = follow_clock(now=now)

    campaign.refresh_from_db()
    assert (campaign.status, moved) == (after, int(after != status))
    assert follow_clock(now=now) == 0


def test_F13_a_clock_that_slept_over_the_whole_period_catches_up():
    campaign = factories.CampaignFactory.create(status="scheduled")

    follow_clock(now=CLOSES)
    follow_clock(now=CLOSES)

    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.CLOSED


@pytest.mark.parametrize(
    ("status", "at", "refusal"),
    [
        ("open", OPENS - MOMENT, CampaignNotYetOpen),
        ("open", OPENS, None),
        ("open", CLOSES - MOMENT, None),
        ("open", CLOSES, CampaignClosed),  # also while the clock has not closed it yet
        ("draft", NOW, CampaignNotYetOpen),
        ("scheduled", NOW, CampaignNotYetOpen),
        ("paused", NOW, CampaignPaused),
        ("closed", NOW, CampaignClosed),
        ("settled", NOW, CampaignClosed),
        ("archived", NOW, CampaignClosed),
    ],
)
def test_I17_an_entry_is_taken_from_the_opening_until_before_the_closing(status, at, refusal):
    campaign = factories.CampaignFactory.create(status=status)

    assert campaign.is_open(at) is (refusal is None)
    if refusal is None:
        check_open(campaign, at)
    else:
        with pytest.raises(refusal):
            check_open(campaign, at)


def test_I19_rules_keep_their_version_until_they_change():
    world = open_campaign()
    first = RuleVersion.objects.get()

    assert freeze_rules(campaign_id=world.campaign.pk) == first
    Campaign.objects.update(entries_per_person=2)
    second = freeze_rules(campaign_id=world.campaign.pk)

    assert (first.number, second.number) == (1, 2)
    first.refresh_from_db()
    assert first.document["entries_per_person"] == 1


def test_a_clone_is_a_draft_with_rules_prizes_terms_and_survey_but_without_stock_and_entries():
    world = open_campaign(rules=(RuleKind.SERIAL,))
    survey = factories.SurveyFactory.create(campaign=world.campaign)
    why = factories.QuestionFactory.create(survey=survey)
    factories.QuestionFactory.create(survey=survey, shown_if_question=why, shown_if_answer="店頭")
    factories.TargetProductFactory.create(campaign=world.campaign)
    factories.TrackedLinkFactory.create(campaign=world.campaign)
    factories.UseConditionsFactory.create(prize=world.prize, minimum_jpy=1000, valid_until=NOW).stores.add(world.store)

    draft = clone_campaign(campaign_id=world.campaign.pk, slug="again", now=NOW)

    assert (draft.status, draft.slug, draft.cloned_from) == (CampaignStatus.DRAFT, "again", world.campaign)
    assert draft.entry_closes_at - draft.entry_opens_at == CLOSES - OPENS
    prize = draft.courses.get().prizes.get()
    assert (prize.name, prize.face_value_jpy, prize.gift_codes.count()) == (world.prize.name, 500, 0)
    assert (prize.conditions.minimum_jpy, prize.conditions.valid_until) == (1000, None)
    assert list(prize.conditions.stores.all()) == [world.store]
    assert draft.rule_groups.get().rules.get().kind == RuleKind.SERIAL
    assert (draft.terms.get().body, draft.target_products.count(), draft.kpi_targets.count()) == (
        "応募規約の本文です。",
        1,
        1,
    )
    assert (draft.links.count(), draft.entries.count(), draft.rule_versions.count()) == (0, 0, 0)
    first, second = Question.objects.filter(survey__campaign=draft)
    assert (second.shown_if_question, second.shown_if_answer) == (first, "店頭")
    assert first != why
    assert draft.public_id != world.campaign.public_id


def test_terms_are_rewritten_in_a_draft_and_followed_by_a_version_later():
    draft = factories.CampaignFactory.create()
    write_terms(campaign_id=draft.pk, body="第1条")
    assert write_terms(campaign_id=draft.pk, body="第1条（改）").number == 1

    world = open_campaign()
    assert write_terms(campaign_id=world.campaign.pk, body="応募規約の本文です。").number == 1
    assert write_terms(campaign_id=world.campaign.pk, body="改定後").number == 2
    assert list(world.campaign.terms.values_list("body", flat=True)) == ["改定後", "応募規約の本文です。"]
