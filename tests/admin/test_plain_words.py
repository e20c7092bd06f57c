"""Pages of the desk speak Japanese: no field's own name, no pair of Python, no machine's way to write a number."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin import site
from django.db.models import TextChoices
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Agency, Role
from campaigns.models import CampaignStatus
from codes.history import LABELS
from codes.models import CodeBatch, CodeJob, JobKind, JobStatus
from participants.models import Entry
from tests.admin.registry import TENANT_MODELS, list_url, make_row, row_url
from tests.factories import (
    AgencyFactory,
    AuditEntryFactory,
    AwardFactory,
    CampaignFactory,
    CodeBatchFactory,
    CodeJobFactory,
    EntryFactory,
    GiftCodeFactory,
    PrizeFactory,
    RedemptionFactory,
    StockCountFactory,
    StoreFactory,
)

ROOT = Path(__file__).resolve().parents[2]
LABEL = re.compile(r"<label[^>]*>(.*?)</label>", re.DOTALL)
TAG = re.compile(r"<span[^>]*material-symbols[^>]*>.*?</span>|<[^>]+>", re.DOTALL)  # an icon is a word to its font
LATIN = {"ID", "URL", "LINE", "X", "Slug"}


@pytest.mark.parametrize("label", TENANT_MODELS)
def test_no_page_shows_a_field_without_japanese_or_a_pair(label, agency, operator):
    page = operator.get(row_url(make_row(label, agency))).content.decode()

    labels = {TAG.sub("", found).strip(" *\n:") for found in LABEL.findall(page)}
    assert {text for text in labels if text.isascii() and re.search("[a-z]{3}", text)} - LATIN == set()
    assert "(&#x27;" not in page


def test_every_state_that_a_list_colours_has_its_word():
    """The theme writes a state that a column's colours leave out by its machine name."""
    left_out = {
        f"{type(page).__name__}.{name}: {sorted(set(type(states[0])) - set(states))}"
        for page in site._registry.values()
        for name in page.list_display
        if (states := [*_colours(page, name)]) and isinstance(states[0], TextChoices)
        if set(type(states[0])) - set(states)
    }

    assert left_out == set()


def _colours(page: Any, column: Any) -> Any:
    found = getattr(getattr(page, column, None), "label", None) if isinstance(column, str) else None
    return found if isinstance(found, dict) else {}


def test_days_and_amounts_are_written_alike_on_every_page_of_a_use(agency, operator):
    use = make_row("codes.redemption", agency)
    type(use).objects.filter(pk=use.pk).update(amount_jpy=12_345, balance_after_jpy=0)

    pages = [operator.get(url).content.decode() for url in (list_url("codes.redemption"), row_url(use))]

    at = f"{timezone.localtime(use.at):%Y/%m/%d %H:%M}"
    assert all(at in page and "12,345円" in page for page in pages)


def test_a_day_without_a_time_ends_with_its_last_minute(agency, operator):
    prize = PrizeFactory(course__campaign__sponsor__agency=agency, kind="own_code")
    url = reverse("admin:codes_codebatch_generate")
    form = {"prize": prize.pk, "name": "第2便", "count": 1, "code_format": "typed", "purpose": "awards"}

    answer = operator.post(url, {**form, "expires_at_0": "2027-03-31", "expires_at_1": ""})

    assert answer.status_code == 302
    assert CodeBatch.objects.get(name="第2便").expires_at.isoformat() == "2027-03-31T15:00:00+00:00"
    both_wrong = operator.post(url, {**form, "expires_at_0": "", "expires_at_1": "12:00"})
    assert both_wrong.status_code == 200  # a time without a day means nothing


def test_another_file_is_chosen_with_what_was_typed_for_the_first(agency, operator):
    prize = GiftCodeFactory(batch__prize__course__campaign__sponsor__agency=agency).prize
    typed = {"prize": prize.pk, "name": "第3便", "expires_at": "2027-03-31T15:00:00+00:00"}
    job = CodeJobFactory(
        batch=None, total_count=0, agency=agency, kind=JobKind.CHECK, status=JobStatus.FAILED, parameters=typed
    )
    CodeJob.objects.filter(pk=job.pk).update(failure_code="encoding_unknown")

    page = operator.get(row_url(job)).content.decode()
    again = re.search(r'href="([^"]*/import/\?[^"]+)"', page)

    assert again
    assert "ファイルを確認できませんでした。何も取り込んでいません。" in page
    form = operator.get(again.group(1).replace("&amp;", "&")).content.decode()
    assert 'value="第3便"' in form
    assert 'value="2027-03-31"' in form
    assert 'value="23:59' in form
    assert f'value="{prize.pk}" selected' in form
    assert operator.get(f"{reverse('admin:codes_codebatch_import_file')}?expires_at=x&prize=y").status_code == 200


def test_an_award_is_found_by_the_number_that_its_winner_reads_out(agency, operator):
    award = make_row("codes.award", agency)
    other = AwardFactory(result__entry__campaign__sponsor__agency=agency)
    number = award.notice_number

    for typed in (number, number.lower(), number.replace("-", ""), str(award.entry.public_id), str(award.public_id)):
        page = operator.get(list_url("codes.award"), {"q": typed}).content.decode()
        assert (row_url(award) in page, row_url(other) in page) == (True, False), typed
    assert row_url(award) not in operator.get(list_url("codes.award"), {"q": "x"}).content.decode()


def test_the_story_of_a_code_names_the_store_and_gives_amounts_in_yen(agency, operator):
    store = StoreFactory(agency=agency, code="0042", name="渋谷店")
    code = GiftCodeFactory(batch__prize__course__campaign__sponsor__agency=agency)
    use = RedemptionFactory(gift_code=code, store=store)
    AuditEntryFactory(
        agency=agency,
        action="code.redeemed",
        subject_type="codes.redemption",
        subject_id=str(use.public_id),
        actor=None,
        actor_label="0042",
        facts={"amount_jpy": 1500},
    )

    page = " ".join(operator.get(row_url(code)).content.decode().split())

    assert "(1,500円)" in page
    assert "<td>渋谷店</td>" in page


def test_a_count_that_differs_says_what_to_do(agency, operator):
    count = StockCountFactory(
        batch__prize__course__campaign__sponsor__agency=agency, imported=19_306, available=19_305, difference=-1
    )

    page = operator.get(row_url(count)).content.decode()

    assert "-1（この入荷を保留にして、管理者に調べてもらってください）" in page
    assert "19,306" in operator.get(list_url("codes.stockcount")).content.decode()


@pytest.mark.parametrize("url", ["admin:index", "admin:analytics_report_changelist", "admin:codes_stock"])
def test_a_page_of_figures_opens_with_the_campaign_that_was_entered_last(url, agency, operator):
    busy, quiet = (
        CampaignFactory(
            sponsor__agency=agency, status=CampaignStatus.OPEN, entry_opens_at=timezone.now() - timedelta(days=days)
        )
        for days in (9, 1)
    )
    opened_last = operator.get(reverse(url)).context["chosen"]
    EntryFactory(campaign=busy)
    EntryFactory(campaign=CampaignFactory(status=CampaignStatus.OPEN))  # of another agency

    assert opened_last == quiet
    assert operator.get(reverse(url)).context["chosen"] == busy
    assert operator.get(reverse(url), {"campaign": quiet.pk}).context["chosen"] == quiet
    assert Entry.objects.count() == 2


def test_disputed_uses_are_todays_duty_with_their_sum(agency, operator):
    dispute = make_row("codes.offlinedispute", agency)
    type(dispute).objects.filter(pk=dispute.pk).update(amount_jpy=12_345)
    make_row("codes.offlinedispute", AgencyFactory())
    page = operator.get(reverse("admin:index")).content.decode()

    assert "記帳できなかった利用です(合計12,345円)" in page
    assert "offlinedispute/?status__exact=open" in page


def test_the_question_before_activation_says_that_a_second_person_is_needed(agency, member):
    maker = member(Role.OPERATOR)
    client = Client()
    client.force_login(maker)
    batch = CodeBatchFactory(
        prize__course__campaign__sponsor__agency=agency, status="staged", code_count=100, created_by=maker
    )
    url = reverse("admin:codes_codebatch_activate", args=[batch.pk])
    told = "2人目の確認のあとで在庫に入ります"

    Agency.objects.filter(pk=agency.pk).update(second_person_above_jpy=batch.face_value_jpy * 100)
    assert told not in client.get(url).content.decode()
    Agency.objects.filter(pk=agency.pk).update(second_person_above_jpy=batch.face_value_jpy * 100 - 1)
    assert told in client.get(url).content.decode()


def test_every_act_on_codes_has_its_words_in_a_story():
    written = re.compile(r'audit\.record\(\s*"((?:code|batch|award|card|reservation|job)\.[a-z_]+)"')
    sources = [path.read_text() for app in ("codes", "distribution", "journeys") for path in (ROOT / app).rglob("*.py")]

    acts = {act for source in sources for act in written.findall(source)}

    assert len(acts) > 30
    assert acts - set(LABELS) == set()


def test_a_use_on_our_own_pages_shows_no_number_of_ours(agency, operator):
    use = make_row("codes.redemption", agency)
    type(use).objects.filter(pk=use.pk).update(terminal="staff page", pos_transaction_id="staff-77acb557")

    for url in (list_url("codes.redemption"), row_url(use)):
        page = operator.get(url).content.decode()
        assert "店頭ページ" in page
        assert "staff-77acb557" not in page


def test_a_list_counts_its_rows_in_words(agency, operator):
    make_row("codes.codebatch", agency)

    page = operator.get(list_url("codes.codebatch")).content.decode()

    assert "<span>1件</span>" in page


@pytest.mark.parametrize(
    ("query", "says", "keeps_silent"),
    [
        ("", "まだ何もありません。", "すべて表示する"),
        ("?q=0000000000", "探しているものはありません。", "まだ何もありません。"),
        ("?kind__exact=award", "すべて表示する", "まだ何もありません。"),
    ],
)
def test_an_empty_list_says_whether_a_search_leaves_all_out(query, says, keeps_silent, agency, operator):
    page = operator.get(list_url("distribution.delivery") + query).content.decode()

    assert says in page
    assert keeps_silent not in page
