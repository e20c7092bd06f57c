"""The desk as an operator works it: a campaign from nothing to published, and a review with the keyboard."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Agency, Role
from accounts.services import add_member, sync_roles
from campaigns.models import Campaign, CampaignStatus, Sponsor
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

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser_context_args(viewport={"width": 1360, "height": 900}),
]
PASSWORD = "a long enough password"


@pytest.fixture
def agency(transactional_db: None) -> Agency:
    sync_roles()
    return AgencyFactory()


@pytest.fixture
def desk(page: Page, agency: Agency, live_server: LiveServer, settings: Settings) -> Iterator[Page]:
    """An operator's browser, signed in; an error in the console fails the test."""
    settings.AXES_ENABLED = False
    user = UserFactory(username="operator", password=PASSWORD)
    add_member(user_id=user.pk, agency_id=agency.pk, role=Role.OPERATOR)
    faults: list[str] = []
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.goto(live_server.url + reverse("admin:login"))
    page.fill("[name=username]", "operator")
    page.fill("[name=password]", PASSWORD)
    page.click("#login-form button")
    page.wait_for_url("**/admin/")
    yield page
    assert faults == []


def write_plan(page: Page, sponsor: Sponsor, today: date) -> None:
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
    page.wait_for_url("**step=offer")


def write_offer(page: Page) -> None:
    page.click("text=賞品コース の追加")
    page.fill("[name=courses-0-name]", "全員プレゼント")
    page.fill("[name=courses-0-total_cap]", "500")
    page.locator("a:visible:has-text('賞品 の追加')").first.click()
    page.fill("[name=courses-0-prizes-0-name]", "500円クーポン")
    page.select_option("[name=courses-0-prizes-0-kind]", "own_code")
    page.fill("[name=courses-0-prizes-0-face_value_jpy]", "500")
    page.click("text=保存して次へ")
    page.wait_for_url("**step=conditions")


def write_conditions(page: Page, today: date) -> None:
    page.fill("[name=purchase_from_on]", today.isoformat())
    page.fill("[name=purchase_until_on]", today.isoformat())
    page.click("text=条件のグループ の追加")
    page.locator("a:visible:has-text('条件 の追加')").first.click()
    rule = "rule_groups-0-rules-0"
    page.select_option(f"[name={rule}-kind]", "x_follow")
    expect(page.locator(f"[name={rule}-minimum_spend_jpy]")).to_be_hidden()
    page.select_option(f"[name={rule}-kind]", "purchase")
    expect(page.locator(f"[name={rule}-account]")).to_be_hidden()
    page.fill(f"[name={rule}-minimum_spend_jpy]", "2500")
    page.click("text=保存して次へ")
    page.wait_for_url("**step=pages")


def test_a_campaign_is_made_step_by_step_and_published(desk: Page, agency: Agency, live_server: LiveServer):
    today = jst_day(timezone.now())
    sponsor = SponsorFactory(agency=agency)
    desk.goto(live_server.url + reverse("admin:campaigns_campaign_add"))
    write_plan(desk, sponsor, today)
    write_offer(desk)
    write_conditions(desk, today)

    desk.fill("[name=terms_body]", "第1条（応募資格）")
    desk.click("text=保存して次へ")
    desk.wait_for_url("**step=links")
    desk.click("text=保存して公開前チェックへ")
    desk.wait_for_url("**/publish/")
    desk.click("button:has-text('公開する')")
    desk.wait_for_url("**/change/")

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


def read_at(value: str, top: int, confidence: float = 0.98, proofs: Sequence[str] = ()) -> dict[str, Any]:
    """A figure as its reader left it, `top` pixels down the photograph."""
    place = {"photo": 0, "polygon": [[60, top], [540, top], [540, top + 30], [60, top + 30]]}
    return {"value": value, "confidence": confidence, "region": place, "proofs": list(proofs)}


@pytest.fixture
def cases(agency: Agency) -> list[ReviewCase]:
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


def open_case(page: Page, address: str) -> None:
    """Open a case and wait until its photograph lies on the desk."""
    page.goto(address)
    expect(page.locator(".desk-viewer img").first).to_have_attribute("data-scale", re.compile(r"\d"))


def figure(page: Page, name: str) -> Locator:
    """A figure's field; `focus` follows it."""
    return page.locator(f"[name=figures-{name}]")


def test_three_cases_are_decided_with_the_keyboard_alone(desk: Page, cases: list[ReviewCase], live_server: LiveServer):
    first, second, third = cases
    open_case(desk, live_server.url + reverse("admin:eligibility_reviewcase_next"))
    upright = desk.locator(".desk-viewer img").bounding_box()
    assert upright is not None
    assert upright["height"] > upright["width"]
    desk.keyboard.press("e")
    desk.wait_for_function(
        "(() => { const box = document.querySelector('.desk-viewer img').getBoundingClientRect();"
        " return box.width > box.height; })()"
    )
    desk.keyboard.press("q")
    desk.keyboard.press("+")

    desk.keyboard.press("f")  # the doubtful figure, and its place on the photograph
    expect(figure(desk, "total_jpy")).to_be_focused()
    expect(desk.locator(".desk-box.lit")).to_have_attribute("data-field", "id_figures-total_jpy")
    desk.keyboard.press("Control+a")
    desk.keyboard.type("298a0")  # in a field, A is no verdict
    desk.keyboard.press("Control+a")
    desk.keyboard.type("2980")
    desk.keyboard.press("Escape")
    desk.keyboard.press("a")
    desk.wait_for_url(f"**/{second.pk}/change/")

    desk.keyboard.press("s")  # asks for the reason first
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**/{third.pk}/change/")

    desk.keyboard.press("d")
    desk.keyboard.press("1")
    desk.keyboard.press("0")  # the tenth
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/eligibility/reviewcase/")

    for case in cases:
        case.refresh_from_db()
    chosen = [str(code) for code, _text in VerdictForm().fields["refused_reason"].choices][10]
    assert [case.outcome.verdict for case in cases] == ["eligible", "sent_back", "refused"]
    assert third.outcome.reasons[0]["code"] == chosen
    assert first.entry.receipts.get().total_jpy == 2980
    assert [case.opinions.get().seconds is not None for case in cases] == [True] * 3


def test_a_box_on_the_photograph_leads_to_its_figure(desk: Page, cases: list[ReviewCase], live_server: LiveServer):
    open_case(desk, live_server.url + reverse("admin:eligibility_reviewcase_change", args=[cases[0].pk]))

    desk.locator('.desk-box[data-field="id_figures-purchased_on"]').click()

    expect(figure(desk, "purchased_on")).to_be_focused()
    expect(desk.locator(".desk-box.lit")).to_have_count(1)

    desk.locator(".desk-viewer").focus()  # and with the keyboard alone, from top to bottom
    desk.keyboard.press("Tab")
    expect(desk.locator(":focus")).to_have_attribute("aria-label", re.compile(": 2026-11-20$"))
    desk.keyboard.press("ArrowDown")
    expect(desk.locator(":focus")).to_have_attribute("aria-label", "合計（円）: 1280")
    expect(desk.locator(".desk-box.lit")).to_have_attribute("data-field", "id_figures-total_jpy")
    desk.keyboard.press("Enter")
    expect(figure(desk, "total_jpy")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(figure(desk, "total_jpy")).not_to_be_focused()
    assert accessibility_faults(desk) == []


@pytest.fixture
def ring(agency: Agency) -> SuspectedRing:
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


def test_a_ring_is_seen_and_decided_with_the_keyboard_by_everybody(
    desk: Page, ring: SuspectedRing, live_server: LiveServer
):
    desk.goto(live_server.url + reverse("admin:eligibility_suspectedring_changelist"))
    assert accessibility_faults(desk) == []
    desk.click(f"a:has-text('{ring}')")
    desk.wait_for_url(f"**/{ring.pk}/change/")
    expect(desk.locator(".desk-ring-picture circle")).to_have_count(20)
    expect(desk.locator(".desk-ring-picture")).to_have_attribute("role", "img")
    assert accessibility_faults(desk) == []

    desk.focus("input[name=entry] >> nth=0")
    desk.keyboard.press("Space")
    desk.focus("button:has-text('解除する')")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/release/**")
    assert accessibility_faults(desk) == []
    desk.fill("[name=reason]", "店頭で本人を確認した")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/change/")
    assert Entry.objects.filter(status="accepted").count() == 1

    desk.click("button:has-text('対象外にする')")
    expect(desk.locator(".desk-figures")).to_contain_text("14日以内")
    desk.fill("[name=reason]", "端末4台からの応募")
    desk.click(".desk-button.grave")
    desk.wait_for_url("**/change/")
    assert Entry.objects.filter(status="refused").count() == 19
