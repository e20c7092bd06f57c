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
from eligibility.admin.forms import VerdictForm
from eligibility.models import ReviewCase, SuspectedRing
from journeys.rings import sweep_rings
from participants.models import Entry
from participants.services import keep_traces
from receipts.files import store_photo
from tests.browser.conftest import accessibility_faults
from tests.factories import (
    AgencyFactory,
    CampaignFactory,
    EntryFactory,
    IdentityFactory,
    PrizeFactory,
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


def receipt_photo() -> bytes:
    """A sheet with bars where the figures stand."""
    from io import BytesIO

    from PIL import Image, ImageDraw

    buffer = BytesIO()
    sheet = Image.new("RGB", (600, 900), "#f5f3ec")
    for top in range(80, 860, 60):
        ImageDraw.Draw(sheet).rectangle((60, top, 540, top + 14), fill="#3a3a3a")
    sheet.save(buffer, "JPEG")
    return buffer.getvalue()


def read_at(value, top, confidence=0.98, proofs=()):
    """A figure as its reader left it, `top` pixels down the photograph."""
    place = {"photo": 0, "polygon": [[60, top], [540, top], [540, top + 30], [60, top + 30]]}
    return {"value": value, "confidence": confidence, "region": place, "proofs": list(proofs)}


@pytest.fixture
def cases(agency) -> list[ReviewCase]:
    """Three cases with a photograph each, and where each figure was read."""
    found = []
    for _number in range(3):
        case = ReviewCaseFactory(decision__entry__campaign__sponsor__agency=agency)
        fields = {"date": read_at("2026-11-20", 140, proofs=["weekday"]), "total": read_at("1280", 740, 0.6)}
        receipt = ReceiptFactory(entry=case.entry, purchased_on=jst_day(timezone.now()), reading={"fields": fields})
        ReceiptLineFactory(receipt=receipt)
        photo = ReceiptPhotoFactory.build(receipt=receipt, position=1, width=600, height=900)
        photo.file_name = store_photo(photo.public_id, receipt_photo())
        photo.covered_file_name = store_photo(photo.public_id, receipt_photo(), column="covered")
        photo.save()
        found.append(case)
    ReceiptFactory(
        entry__campaign=found[0].campaign,
        telephone=found[0].entry.receipts.get().telephone,
        purchased_on=jst_day(timezone.now()),
        store_name="まるはち",
    )
    return found


def test_three_cases_are_decided_with_the_keyboard_alone(page, cases, live_server):
    first, second, third = cases
    page.goto(live_server.url + reverse("admin:eligibility_reviewcase_next"))
    page.wait_for_function("document.querySelector('.desk-viewer img').dataset.scale")
    upright = page.locator(".desk-viewer img").bounding_box()
    assert upright["height"] > upright["width"]
    page.keyboard.press("e")
    page.wait_for_function(
        "(() => { const box = document.querySelector('.desk-viewer img').getBoundingClientRect();"
        " return box.width > box.height; })()"
    )
    page.keyboard.press("q")
    page.keyboard.press("+")

    page.keyboard.press("f")  # the doubtful figure, and its place on the photograph
    assert page.evaluate("document.activeElement.name") == "figures-total_jpy"
    assert page.locator(".desk-box.lit").get_attribute("data-field") == "id_figures-total_jpy"
    page.keyboard.press("Control+a")
    page.keyboard.type("298a0")  # in a field, A is no verdict
    page.keyboard.press("Control+a")
    page.keyboard.type("2980")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.wait_for_url(f"**/{second.pk}/change/")

    page.keyboard.press("s")  # asks for the reason first
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{third.pk}/change/")

    page.keyboard.press("d")
    page.keyboard.press("1")
    page.keyboard.press("0")  # the tenth
    page.keyboard.press("Enter")
    page.wait_for_url("**/eligibility/reviewcase/")

    for case in cases:
        case.refresh_from_db()
    chosen = [str(code) for code, _text in VerdictForm().fields["refused_reason"].choices][10]
    assert [case.outcome.verdict for case in cases] == ["eligible", "sent_back", "refused"]
    assert third.outcome.reasons[0]["code"] == chosen
    assert first.entry.receipts.get().total_jpy == 2980
    assert [case.opinions.get().seconds is not None for case in cases] == [True] * 3


def test_a_box_on_the_photograph_leads_to_its_figure(page, cases, live_server):
    page.goto(live_server.url + reverse("admin:eligibility_reviewcase_change", args=[cases[0].pk]))
    page.wait_for_function("document.querySelector('.desk-viewer img').dataset.scale")

    page.locator('.desk-box[data-field="id_figures-purchased_on"]').click()

    assert page.evaluate("document.activeElement.name") == "figures-purchased_on"
    assert page.locator(".desk-box.lit").count() == 1

    page.locator(".desk-viewer").focus()  # and with the keyboard alone, from top to bottom
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").endswith(": 2026-11-20")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "合計（円）: 1280"
    assert page.locator(".desk-box.lit").get_attribute("data-field") == "id_figures-total_jpy"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "figures-total_jpy"
    page.keyboard.press("Escape")
    assert accessibility_faults(page) == []


@pytest.fixture
def ring(agency) -> SuspectedRing:
    """Twenty people over two campaigns, five on each device, with their receipts beside each other."""
    campaigns = [CampaignFactory(sponsor__agency=agency, status=CampaignStatus.OPEN, appeal_days=14)]
    campaigns.append(CampaignFactory(sponsor=campaigns[0].sponsor, status=CampaignStatus.OPEN, mechanic="later"))
    for campaign in campaigns:
        PrizeFactory(course__campaign=campaign, face_value_jpy=500)
    for place in range(20):
        entry = EntryFactory(campaign=campaigns[place % 2], status="accepted", submitted_at=timezone.now())
        Entry.objects.filter(pk=entry.pk).update(decided_at=timezone.now())
        IdentityFactory(participant=entry.participant, masked=f"ta***{place}@example.jp")
        shared = {"device": f"farm {place // 5}", "network": f"proxy {place % 3}", "mail_domain": "throwaway"}
        keep_traces(entry_id=entry.pk, traces=shared, now=timezone.now())
        receipt = ReceiptFactory(entry=entry, purchased_on=jst_day(timezone.now()), receipt_no=str(2000 + place * 2))
        photo = ReceiptPhotoFactory.build(receipt=receipt, position=1, width=600, height=900)
        photo.file_name = store_photo(photo.public_id, receipt_photo())
        photo.covered_file_name = store_photo(photo.public_id, receipt_photo(), column="covered")
        photo.save()
    sweep_rings(now=timezone.now())
    return SuspectedRing.objects.get()


def test_a_ring_is_seen_and_decided_with_the_keyboard_by_everybody(page, ring, live_server):
    page.goto(live_server.url + reverse("admin:eligibility_suspectedring_changelist"))
    assert accessibility_faults(page) == []
    page.click(f"a:has-text('{ring}')")
    assert page.locator(".desk-ring-picture circle").count() == 20
    assert page.locator(".desk-ring-picture").get_attribute("role") == "img"
    assert accessibility_faults(page) == []

    page.focus("input[name=entry] >> nth=0")
    page.keyboard.press("Space")
    page.focus("button:has-text('解除する')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/release/**")
    assert accessibility_faults(page) == []
    page.fill("[name=reason]", "店頭で本人を確認した")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/")
    assert Entry.objects.filter(status="accepted").count() == 1

    page.click("button:has-text('対象外にする')")
    assert "14日以内" in page.inner_text(".desk-figures")
    page.fill("[name=reason]", "端末4台からの応募")
    page.click(".desk-button.grave")
    page.wait_for_url("**/change/")
    assert Entry.objects.filter(status="refused").count() == 19
