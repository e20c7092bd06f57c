"""The budget at the desk: set with the campaign, watched while prizes go, changed at any time (I04)."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from campaigns.models import Budget, Campaign, CampaignStatus
from campaigns.services import set_budget
from codes.services import activate_batch, generate_codes, set_running_budget, watch_budgets
from tests.admin.registry import row_url
from tests.admin.test_campaign_page import plan
from tests.factories import (
    AgencyFactory,
    AwardFactory,
    CampaignFactory,
    PrizeCourseFactory,
    PrizeFactory,
    SponsorFactory,
)


def text(answer) -> str:
    """A page as people read it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def prize(agency):
    return PrizeFactory(
        kind="own_code",
        face_value_jpy=500,
        course__campaign__sponsor__agency=agency,
        course__campaign__status=CampaignStatus.OPEN,
    )


@pytest.fixture
def campaign(prize):
    return prize.course.campaign


@pytest.fixture
def draft(agency):
    return CampaignFactory(sponsor__agency=agency)


def budget(campaign) -> tuple[int, int]:
    found = Budget.objects.get(campaign=campaign)
    return found.total_jpy, found.used_jpy


def page_of(campaign) -> str:
    return reverse("admin:codes_budget", args=[campaign.pk])


def test_a_draft_is_made_with_its_budget(agency, operator):
    sponsor = SponsorFactory(agency=agency)

    operator.post(reverse("admin:campaigns_campaign_add"), plan(sponsor=sponsor.pk, budget_jpy="3000000"))

    assert budget(Campaign.objects.get(slug="autumn")) == (3_000_000, 0)


@pytest.mark.parametrize("typed", ["0", "-500", "1.5", "一万", "1000000000001"])
def test_a_budget_is_whole_yen_of_a_sensible_size(agency, operator, typed):
    sponsor = SponsorFactory(agency=agency)

    operator.post(reverse("admin:campaigns_campaign_add"), plan(sponsor=sponsor.pk, budget_jpy=typed))

    assert not Campaign.objects.exists()


def test_an_emptied_field_takes_the_budget_away(draft, operator):
    set_budget(campaign_id=draft.pk, total_jpy=5000, now=timezone.now())

    operator.post(row_url(draft), plan(sponsor=draft.sponsor_id, slug=draft.slug, budget_jpy=""))

    assert not Budget.objects.exists()


def test_a_budget_below_what_is_given_is_refused_in_words(campaign, prize, operator):
    AwardFactory(prize=prize, result__course=prize.course, value_jpy=500)
    set_running_budget(campaign_id=campaign.pk, total_jpy=5000, now=timezone.now())

    page = operator.post(row_url(campaign), plan(sponsor=campaign.sponsor_id, slug=campaign.slug, budget_jpy="499"))

    assert "すでに500円分の賞品を渡しています。それより小さくない予算を入力してください。" in text(page)
    assert budget(campaign) == (5000, 500)


def test_a_running_campaign_without_a_budget_gets_it_on_the_stock_page(campaign, prize, operator):
    AwardFactory(prize=prize, result__course=prize.course, value_jpy=500)
    assert "コード在庫のページで予算を設定してください。" in text(operator.get(row_url(campaign)))

    refused = operator.post(page_of(campaign), {"total_jpy": "499"})
    assert "すでに500円分の賞品を渡しています。" in text(refused)
    assert not Budget.objects.exists()
    done = operator.post(page_of(campaign), {"total_jpy": "2000"})

    assert done.url == f"{reverse('admin:codes_stock')}?campaign={campaign.pk}"
    assert budget(campaign) == (2000, 500)


def test_a_viewer_and_another_agency_cannot_set_it(campaign, desk, db):
    assert desk(Role.VIEWER).post(page_of(campaign), {"total_jpy": "2000"}).status_code == 403
    foreign = CampaignFactory(sponsor__agency=AgencyFactory())
    assert desk(Role.OPERATOR).post(page_of(foreign), {"total_jpy": "2000"}).status_code == 404
    assert not Budget.objects.exists()


def test_the_stock_page_and_the_campaign_tell_what_is_left(campaign, prize, operator):
    batch = generate_codes(prize_id=prize.pk, name="第1回", count=40, expires_at=None, now=timezone.now())
    activate_batch(batch_id=batch.pk, now=timezone.now())
    assert "予算は設定されていません。" in text(operator.get(reverse("admin:codes_stock")))
    set_running_budget(campaign_id=campaign.pk, total_jpy=4000, now=timezone.now())
    Budget.objects.update(used_jpy=1000)

    for url in (f"{reverse('admin:codes_stock')}?campaign={campaign.pk}", row_url(campaign)):
        shown = text(operator.get(url))
        assert "3,000円" in shown
        assert "1,000円 (25%)" in shown
        assert "在庫のコードは20,000円分あり、残りの予算を17,000円超えています。" in shown


def test_today_names_budgets_that_run_out_and_the_used_up_first(campaign, prize, operator):
    set_running_budget(campaign_id=campaign.pk, total_jpy=5000, now=timezone.now())
    Budget.objects.update(used_jpy=4000)
    watch_budgets(now=timezone.now())
    assert f"{campaign.title}：80%配布済み、残り1,000円" in text(operator.get(reverse("admin:index")))
    Budget.objects.update(used_jpy=4600)
    watch_budgets(now=timezone.now())

    shown = text(operator.get(reverse("admin:index")))

    assert f"{campaign.title}：予算終了（残り400円）" in shown
    set_budget(campaign_id=campaign.pk, total_jpy=None, now=timezone.now())
    assert campaign.title + "：予算" not in text(operator.get(reverse("admin:index")))  # before the next watch, too


def test_publishing_is_refused_where_one_prize_is_worth_more_than_the_budget(draft, operator):
    PrizeFactory(course__campaign=draft, course__name="特賞", face_value_jpy=10_000)
    set_budget(campaign_id=draft.pk, total_jpy=9999, now=timezone.now())

    shown = text(operator.get(reverse("admin:campaigns_campaign_publish", args=[draft.pk])))

    assert "予算は9,999円ですが、「特賞」の当選者1名に10,000円分を渡します。" in shown


def test_publishing_warns_where_the_places_cost_more_than_the_budget(draft, operator):
    for name in ("A賞", "A賞"):  # names may repeat
        course = PrizeCourseFactory(campaign=draft, name=name, total_cap=100)
        PrizeFactory(course=course, face_value_jpy=500)
    set_budget(campaign_id=draft.pk, total_jpy=99_999, now=timezone.now())
    url = reverse("admin:campaigns_campaign_publish", args=[draft.pk])

    assert "すべての当選枠は100,000円分ですが、予算は99,999円です。" in text(operator.get(url))
    set_budget(campaign_id=draft.pk, total_jpy=100_000, now=timezone.now())
    assert "すべての当選枠は" not in text(operator.get(url))
