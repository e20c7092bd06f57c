"""The desk as an operator works it: a campaign from nothing to published, and a review with the keyboard."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from accounts.services import add_member, sync_roles
from campaigns.models import Campaign, CampaignStatus
from core.clock import jst_day
from eligibility.models import ReviewCase
from receipts.files import store_photo
from tests.factories import (
    AgencyFactory,
    ReceiptFactory,
    ReceiptLineFactory,
    ReceiptPhotoFactory,
    ReviewCaseFactory,
    SponsorFactory,
    UserFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PASSWORD = "a long enough password"


@pytest.fixture(scope="module", autouse=True)
def _threads_may_ask_the_database() -> Iterator[None]:
    """Playwright runs an event loop in this thread, which Django takes for asynchronous code."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE") if before is None else None


@pytest.fixture
def agency():
    sync_roles()
    return AgencyFactory()


@pytest.fixture
def page(agency, live_server, settings):
    """An operator's browser, signed in; an error in the console fails the test."""
    sync_api = pytest.importorskip("playwright.sync_api")
    settings.AXES_ENABLED = False
    user = UserFactory(username="operator", password=PASSWORD)
    add_member(user_id=user.pk, agency_id=agency.pk, role=Role.OPERATOR)
    faults: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 900}, locale="ja-JP", timezone_id="Asia/Tokyo")
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.goto(live_server.url + reverse("admin:login"))
        page.fill("[name=username]", "operator")
        page.fill("[name=password]", PASSWORD)
        page.click("#login-form button")
        page.wait_for_url("**/admin/")
        yield page
        browser.close()
    assert faults == []


def write_plan(page, sponsor, today):
    page.select_option("[name=sponsor]", str(sponsor.pk))
    page.fill("[name=title]", "冬のホットキャンペーン")
    page.fill("[name=slug]", "winter")
    page.select_option("[name=objective]", "trial")
    page.select_option("[name=mechanic]", "everyone")
    for name, value in {
        "entry_opens_at_0": today.isoformat(),
        "entry_opens_at_1": "00:00",
        "entry_closes_at_0": (today + timedelta(days=365)).isoformat(),
        "entry_closes_at_1": "23:59",
    }.items():
        page.fill(f"[name={name}]", value)
    page.click("text=目標値 の追加")
    page.select_option("[name=kpi_targets-0-metric]", "entries")
    page.fill("[name=kpi_targets-0-target]", "1000")
    page.click("text=下書きを作って次へ")


def write_offer(page):
    page.wait_for_url("**step=offer")
    page.click("text=賞品コース の追加")
    page.fill("[name=courses-0-name]", "全員プレゼント")
    page.fill("[name=courses-0-total_cap]", "500")
    page.locator("a:visible:has-text('賞品 の追加')").first.click()
    page.fill("[name=courses-0-prizes-0-name]", "500円クーポン")
    page.select_option("[name=courses-0-prizes-0-kind]", "own_code")
    page.fill("[name=courses-0-prizes-0-face_value_jpy]", "500")
    page.click("text=保存して次へ")


def write_conditions(page, today):
    page.wait_for_url("**step=conditions")
    page.fill("[name=purchase_from_on]", today.isoformat())
    page.fill("[name=purchase_until_on]", today.isoformat())
    page.click("text=条件のグループ の追加")
    page.locator("a:visible:has-text('条件 の追加')").first.click()
    rule = "rule_groups-0-rules-0"
    page.select_option(f"[name={rule}-kind]", "x_follow")
    assert not page.locator(f"[name={rule}-minimum_spend_jpy]").is_visible()
    page.select_option(f"[name={rule}-kind]", "purchase")
    assert not page.locator(f"[name={rule}-account]").is_visible()
    page.fill(f"[name={rule}-minimum_spend_jpy]", "2500")
    page.click("text=保存して次へ")


def test_a_campaign_is_made_step_by_step_and_published(page, agency, live_server):
    today = jst_day(timezone.now())
    sponsor = SponsorFactory(agency=agency)
    page.goto(live_server.url + reverse("admin:campaigns_campaign_add"))
    write_plan(page, sponsor, today)
    write_offer(page)
    write_conditions(page, today)

    page.wait_for_url("**step=pages")
    page.fill("[name=terms_body]", "第1条（応募資格）")
    page.click("text=保存して次へ")
    page.wait_for_url("**step=links")
    page.click("text=保存して公開前チェックへ")
    page.wait_for_url("**/publish/")
    page.click("button:has-text('公開する')")
    page.wait_for_url("**/change/")

    campaign = Campaign.objects.get()
    assert campaign.status == CampaignStatus.OPEN
    assert campaign.rule_versions.get().document["groups"][0]["rules"][0]["parameters"]["minimum_spend_jpy"] == 2500


@pytest.fixture
def cases(agency) -> list[ReviewCase]:
    """Two cases with a photograph each."""
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", (600, 900), "#f5f3ec").save(buffer, "JPEG")
    found = []
    for _number in range(2):
        case = ReviewCaseFactory(decision__entry__campaign__sponsor__agency=agency)
        receipt = ReceiptFactory(entry=case.entry, purchased_on=jst_day(timezone.now()))
        ReceiptLineFactory(receipt=receipt)
        photo = ReceiptPhotoFactory.build(receipt=receipt, position=1)
        photo.file_name = store_photo(photo.public_id, buffer.getvalue())
        photo.covered_file_name = store_photo(photo.public_id, buffer.getvalue(), column="covered")
        photo.save()
        found.append(case)
    return found


def test_a_review_is_done_with_the_keyboard(page, cases, live_server):
    first, second = cases
    page.goto(live_server.url + reverse("admin:eligibility_reviewcase_change", args=[first.pk]))
    photo = page.locator(".desk-viewer img")
    page.wait_for_function("document.querySelector('.desk-viewer img').dataset.scale")
    upright = photo.bounding_box()
    assert upright["height"] > upright["width"]
    page.keyboard.press("e")
    page.wait_for_function(
        "(() => { const box = document.querySelector('.desk-viewer img').getBoundingClientRect();"
        " return box.width > box.height; })()"
    )

    page.fill("[name=figures-total_jpy]", "2980")
    page.keyboard.press("a")  # typed into the field, not a verdict
    page.fill("[name=figures-total_jpy]", "2980")
    page.locator(".desk-viewer").focus()
    page.keyboard.press("a")
    page.wait_for_url(f"**/{second.pk}/change/")

    page.locator(".desk-viewer").focus()
    page.keyboard.press("s")  # asks for the reason first
    page.select_option("[name=sent_back_reason]", "date_unread")
    page.locator(".desk-viewer").focus()
    page.keyboard.press("s")
    page.wait_for_url("**/eligibility/reviewcase/")

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.outcome.verdict, second.outcome.verdict) == ("eligible", "sent_back")
    assert first.entry.receipts.get().total_jpy == 2980
