"""A refusal on a small phone: the place on the photo, a new photo without typing again, and an objection."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from core import clock
from core.clock import jst_day
from eligibility.models import Appeal, Verdict
from eligibility.services import answer_appeal
from participants.models import Entry, EntryStatus
from receipts.ocr.base import FieldReading, Region
from tests.browser.conftest import check_page
from tests.browser.test_consumer_pages import begin, carry_on, photo, send_photo
from tests.factories import UserFactory
from tests.flows.steps import tea_reading
from tests.portal.phone import work

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLACE = Region(0, ((300.0, 900.0), (1200.0, 900.0), (1200.0, 980.0), (300.0, 980.0)))


def sent_back(page: Page, site: str) -> Entry:
    entry = begin(page, site)
    send_photo(page)
    page.get_by_label("メールアドレス").fill("hanako@example.com")
    page.get_by_role("button", name="次へ").click()
    page.get_by_label("応募規約に同意します").check()
    page.get_by_role("button", name="この内容で応募する").click()
    expect(page.get_by_role("heading", name="確認しています")).to_be_visible()
    plain = tea_reading(total="1200", date=jst_day(clock.now()).isoformat())
    work(replace(plain, fields={**plain.fields, "total": FieldReading("1200", 0.99, PLACE, ("prepared",))}))
    expect(page.locator("svg.marked polygon")).to_be_visible()
    return entry


def test_a_refused_photo_is_marked_and_a_new_one_is_accepted(page: Page, site: str):
    entry = sent_back(page, site)
    check_page(page)
    box = page.locator("svg.marked").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 360

    page.get_by_role("link", name="写真を撮り直す").click()
    page.wait_for_url("**/receipt/")
    page.set_input_files("#gallery", photo(shade=220))
    expect(page.locator("#previews img")).to_have_count(1)
    page.get_by_role("button", name="写真を送る").click()
    page.wait_for_url("**/confirm/")
    page.get_by_role("button", name="この内容で応募する").click()
    expect(page.get_by_role("heading", name="確認しています")).to_be_visible()
    carry_on()
    expect(page.get_by_role("heading", name="メールのリンクを開いてください")).to_be_visible()
    entry.refresh_from_db()
    assert entry.status == EntryStatus.ACCEPTED


def test_an_objection_is_written_and_its_answer_read(page: Page, site: str):
    entry = sent_back(page, site)
    page.get_by_role("link", name="結果に異議を申し立てる").click()
    page.wait_for_url("**/appeal/")
    check_page(page)
    page.get_by_label("結果のどこが違いますか").fill("合計は2560円です。")
    page.get_by_role("button", name="異議申立てを送る").click()
    expect(page.get_by_role("heading", name="異議申立てを受け付けました")).to_be_visible()
    check_page(page)

    answer_appeal(
        appeal_id=Appeal.objects.get(entry=entry).pk,
        verdict=Verdict.SENT_BACK,
        reason_code="",
        message="写真では1,200円と印字されています。",
        actor_id=UserFactory().pk,
        now=clock.now(),
    )
    page.reload()
    expect(page.get_by_text("写真では1,200円と印字されています。")).to_be_visible()
    check_page(page)
