"""The entry page: one text for each state, one look for each sponsor, light enough for a slow network."""

import gzip
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Budget, CampaignStatus, PrizeKind, TrackedLink
from campaigns.services import pause_campaign
from codes.models import CodeStatus, GiftCode
from codes.services import set_running_budget
from participants.models import Entry, Touch, TouchKind
from tests.factories import CampaignFactory, PrizeFactory
from tests.flows.steps import NOW
from tests.portal.phone import text_of

pytestmark = pytest.mark.django_db


def test_an_open_campaign_says_what_there_is_to_win_what_is_needed_and_until_when(phone, campaigns):
    words = text_of(phone.get("/c/green-tea/"))

    assert "ミズヒキ 500円クーポン 500円" in words
    assert "2026年11月21日(土) 12:00から 2026年12月22日(火) 23:59まで" in words
    assert "必要なもの レシートの写真 メールアドレス" in words
    assert "条件を満たした方全員(なくなり次第終了)" in words
    assert "お一人3回まで(1日3回)" in words
    assert "1枚のレシートの合計が2,500円(税込)以上。" in words
    assert "ミズヒキほうじ茶 525ml" in words
    assert "2026年10月23日(金)から2026年12月22日(火)までのご購入(両日を含みます)。" in words
    assert "応募する" in words
    assert "第5条（個人情報）" in words  # the terms are folded, but whole
    assert "support@mizuhiki-drinks.example" in words


def test_a_campaign_that_has_not_opened_says_when_it_will(phone, campaigns, noon):
    noon.move_to(NOW - timedelta(days=2))

    page = phone.get("/c/green-tea/")

    assert "受付は2026年11月21日(土) 12:00に始まります。" in text_of(page)
    assert "start/" not in page.content.decode()


def test_a_paused_campaign_says_that_nothing_is_lost(phone, campaigns):
    pause_campaign(campaign_id=campaigns["green-tea"].pk, now=NOW)

    page = phone.get("/c/green-tea/")

    assert "ただいま応募の受付を止めています。 ここまでの入力は残っています。" in text_of(page)
    assert "start/" not in page.content.decode()


def test_a_closed_campaign_leads_to_the_results(phone, campaigns, noon):
    noon.move_to(campaigns["green-tea"].entry_closes_at)

    page = phone.get("/c/green-tea/")

    assert "受付は2026年12月22日(火) 23:59まででした。" in text_of(page)
    assert "start/" not in page.content.decode()


def test_I17_the_last_instant_of_the_period_is_open(phone, campaigns, noon):
    noon.move_to(campaigns["green-tea"].entry_closes_at - timedelta(microseconds=1))

    assert "start/" in phone.get("/c/green-tea/").content.decode()


def test_a_campaign_whose_codes_are_gone_says_so_and_takes_no_entry(phone, campaigns):
    in_stock = GiftCode.objects.filter(prize__course__campaign=campaigns["green-tea"])
    in_stock.update(status=CodeStatus.VOID)

    page = phone.get("/c/green-tea/")

    assert "ご用意した数に達しました" in text_of(page)
    assert "start/" not in page.content.decode()


def test_one_prize_of_the_course_that_is_gone_ends_a_campaign_in_which_everyone_wins_all_of_them(phone, campaigns):
    course = campaigns["green-tea"].courses.get()
    PrizeFactory(course=course, kind=PrizeKind.PHYSICAL)
    assert "start/" in phone.get("/c/green-tea/").content.decode()

    PrizeFactory(course=course, kind=PrizeKind.OWN_CODE)

    assert "ご用意した数に達しました" in text_of(phone.get("/c/green-tea/"))


def test_the_page_that_everybody_opens_counts_no_codes(phone, campaigns):
    with CaptureQueriesContext(connection) as asked:
        phone.get("/c/green-tea/")

    stock = [query["sql"] for query in asked if "codes_giftcode" in query["sql"]]
    assert len(stock) == 1
    assert "COUNT" not in stock[0]
    assert "LIMIT 1" in stock[0]


def test_an_empty_stock_does_not_end_a_campaign_with_a_later_draw(phone, campaigns):
    GiftCode.objects.filter(prize__course__campaign=campaigns["members-voice"]).update(status=CodeStatus.VOID)

    assert "start/" in phone.get("/c/members-voice/").content.decode()


def test_a_spent_budget_ends_the_campaign_for_newcomers_and_limits_what_is_left(phone, campaigns):
    campaign = campaigns["green-tea"]
    campaign.shows_remaining = True
    campaign.save()
    set_running_budget(campaign_id=campaign.pk, total_jpy=1400, now=NOW)
    assert "残り2個" in text_of(phone.get("/c/green-tea/"))

    Budget.objects.update(used_jpy=901)

    page = phone.get("/c/green-tea/")
    assert "賞品の配布はすべて終了しました。" in text_of(page)
    assert "start/" not in page.content.decode()


def test_the_number_left_is_shown_only_where_the_operator_wants_it(phone, campaigns):
    campaign = campaigns["green-tea"]
    assert "残り" not in text_of(phone.get("/c/green-tea/"))

    campaign.shows_remaining = True
    campaign.save()

    assert "残り300個" in text_of(phone.get("/c/green-tea/"))


@pytest.mark.parametrize("status", [CampaignStatus.DRAFT, CampaignStatus.ARCHIVED])
def test_a_campaign_that_is_not_published_is_not_there(phone, status):
    campaign = CampaignFactory(status=status)

    assert phone.get(f"/c/{campaign.slug}/").status_code == 404
    assert phone.get(f"/c/{campaign.slug}/theme.css").status_code == 404


def test_a_start_outside_of_the_period_is_refused_with_a_sentence(phone, campaigns, noon):
    page = phone.get("/c/green-tea/")
    token = page.context["csrf_token"]
    noon.move_to(campaigns["green-tea"].entry_closes_at)

    answer = phone.post("/c/green-tea/start/", {"csrfmiddlewaretoken": str(token)})

    assert answer.status_code == 403
    assert Entry.objects.count() == 0


def test_the_theme_is_a_style_sheet_of_the_sponsors_colour(phone, campaigns):
    sponsor = campaigns["green-tea"].sponsor
    sponsor.accent_color = "#1b5e20"
    sponsor.save()

    answer = phone.get("/c/green-tea/theme.css")

    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer.content == b":root { --accent: #1b5e20; }\n"


def test_a_tracked_link_is_noted_and_the_entry_remembers_it(phone, campaigns):
    link = TrackedLink.objects.get(campaign=campaigns["green-tea"], channel="x")

    answer = phone.get(f"/t/{link.token}")

    assert (answer.status_code, answer["Location"]) == (302, "/c/green-tea/")
    assert list(Touch.objects.values_list("kind", "link_id")) == [(TouchKind.LINK, link.pk)]
    assert phone.start("green-tea").link_id == link.pk
    assert phone.start("lucky-serial").link_id is None


def test_a_link_checker_that_asks_for_the_head_only_is_not_counted(phone, campaigns):
    link = TrackedLink.objects.get(campaign=campaigns["green-tea"], channel="x")

    assert phone.head(f"/t/{link.token}").status_code == 302
    assert Touch.objects.count() == 0
    assert phone.get("/t/unknown").status_code == 404


def test_the_entry_page_with_styles_and_scripts_stays_below_60_kilobytes(phone, campaigns):
    page = phone.get("/c/green-tea/").content
    files = [Path(str(finders.find(f"portal/{name}"))) for name in ("portal.css", "page.js", "knot.svg")]
    assert b"htmx" not in page
    sent = [page, *(file.read_bytes() for file in files)]

    assert sum(len(gzip.compress(part)) for part in sent) < 12_000
    assert sum(len(part) for part in sent) < 60_000


def test_a_second_press_goes_on_with_the_entry_that_was_begun(phone, campaigns):
    first = phone.start("green-tea")

    assert phone.start("green-tea") == first
    assert "応募の続きをする" in text_of(phone.get("/c/green-tea/"))
