"""A winner at the till: a code that moves, a barcode, a weak network, and the staff's press on the phone."""

import io
import json
import os
import re
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

import campaigns
from campaigns.models import Campaign, Prize, PrizeKind, UseConditions
from codes.links import claim_url
from codes.models import Award, GiftCode
from codes.selectors import open_code
from codes.services import redeem_code
from codes.services.incoming import prize_of, sealer_of
from core import clock
from journeys.demo_data import STAFF_PIN
from tests.browser.conftest import check_page
from tests.browser.test_staff_page import won_award
from tests.factories import GiftBrandFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BRANDS = Path(campaigns.__file__).parent / "data" / "gift_brands.json"
HIDDEN = "Object.defineProperty(document, 'visibilityState', { get: () => window.away ? 'hidden' : 'visible' })"


@pytest.fixture
def award(site: str) -> Award:
    return won_award()


def look(page: Page, name: str) -> None:
    """Check a page, and keep a picture of it where one is asked for."""
    check_page(page)
    if folder := os.environ.get("KEEP_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def shown(page: Page, award: Award) -> None:
    page.goto(claim_url(award))
    page.get_by_role("button", name="コードを表示する").click()
    expect(page.locator("#instore svg")).to_be_visible()


def qr(page: Page) -> str:
    return page.locator("#instore .shown path").get_attribute("d") or ""


def figure(page: Page, name: str) -> int:
    """Give the seconds that the server gave the shown code: `left` until the next one, `good` at tills."""
    return int(page.locator("#instore").get_attribute(f"data-{name}") or 0)


def stop_clock(page: Page) -> None:
    """From the next page on time stands still but for `run_for`: no second passes since the machine is busy."""
    page.clock.install(time=0)
    page.clock.pause_at(1000)


def test_the_code_changes_when_its_time_is_over_and_not_behind_the_back(page: Page, award: Award):
    stop_clock(page)
    page.add_init_script(HIDDEN)
    shown(page, award)
    look(page, "code")
    first, asked = qr(page), []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/qr/") else None)
    assert 1 <= figure(page, "left") <= 30

    page.evaluate("window.away = true")
    page.clock.run_for(45_000)
    assert (asked, qr(page)) == ([], first)

    with page.expect_response("**/qr/"):
        page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(250)
    expect(page.locator("#countdown b")).to_have_text(str(figure(page, "left")))
    assert len(asked) == 1

    with page.expect_response("**/qr/"):  # and by itself, once its seconds are over
        page.clock.run_for(figure(page, "left") * 1000)
    assert len(asked) == 2


def test_a_gift_that_is_a_link_shows_one_button_and_its_card_number(page: Page, site: str):
    award = won_award()
    (quo,) = [brand for brand in json.loads(BRANDS.read_text(encoding="utf-8")) if brand["slug"] == "quo-card-pay"]
    brand = GiftBrandFactory(**{name: quo[name] for name in ("slug", "name", "code_fields")})
    Prize.objects.filter(pk=award.prize_id).update(kind=PrizeKind.GIFT_CODE, gift_brand=brand, how_to_use="")
    code, link = GiftCode.objects.get(award=award), "https://pay.example.jp/Ab-1_c"
    sealer = sealer_of(prize_of(award.prize_id))
    for column, text in (("code", link), ("url", link), ("number", "4901234567890123")):
        setattr(code, f"{column}_ciphertext", sealer.seal(column, text, code.public_id))
    code.save()

    page.goto(claim_url(award))
    page.get_by_role("button", name="コードを表示する").click()

    expect(page.locator("#field-number")).to_have_text("4901 2345 6789 0123")
    expect(page.locator("#code")).to_have_count(0)
    expect(page.get_by_role("link", name="発行元")).to_have_attribute("href", link)
    look(page, "link")


def test_without_a_network_the_code_stays_until_tills_refuse_it_and_then_says_so(page: Page, award: Award):
    stop_clock(page)
    shown(page, award)

    def fail(route: Route) -> None:
        route.abort()

    page.route("**/qr/", fail)
    left, good = figure(page, "left"), figure(page, "good")
    page.clock.run_for((left + 6) * 1000)
    expect(page.get_by_text("電波が弱いようです。")).to_be_visible()
    expect(page.locator("#instore svg")).to_be_visible()
    look(page, "weak")

    page.clock.run_for((good - left) * 1000)
    expect(page.get_by_text("電波が戻ると、新しいコードを表示します。")).to_be_visible()
    expect(page.locator("#instore .shown")).not_to_be_visible()

    page.unroute("**/qr/")
    with page.expect_response("**/qr/"):
        page.clock.run_for(4000)
    expect(page.locator("#instore svg")).to_be_visible()
    expect(page.get_by_text("電波が戻ると、新しいコードを表示します。")).not_to_be_visible()


def test_a_barcode_counts_down_and_the_code_is_shown_large(page: Page, award: Award):
    stop_clock(page)
    shown(page, award)
    page.get_by_role("button", name="大きく表示する").click()
    expect(page.locator(".till.large")).to_be_visible()
    look(page, "large")
    page.get_by_role("button", name="ページに戻る").click()

    page.get_by_role("button", name="バーコードを表示する").click()
    expect(page.locator(".bars svg")).to_be_visible()
    page.clock.run_for(250)
    expect(page.locator("#ends b")).to_have_text("5:00")
    look(page, "barcode")
    page.clock.run_for(301_000)
    expect(page.get_by_text("このバーコードは使えなくなりました。")).to_be_visible()
    expect(page.locator(".bars .shown")).not_to_be_visible()


@pytest.mark.parametrize("density", [2, 3])
def test_a_scanner_reads_both_codes_off_the_screen_of_a_small_phone(browser: Browser, award: Award, density: int):
    phone = browser.new_page(device_scale_factor=density, viewport={"width": 360, "height": 740}, locale="ja-JP")
    shown(phone, award)
    assert [len(text) for text in read_off(phone)] == [47]

    phone.get_by_role("button", name="バーコードを表示する").click()
    expect(phone.locator(".bars svg")).to_be_visible()
    assert [len(text) for text in read_off(phone)] == [24]
    phone.close()


def read_off(page: Page) -> list[str]:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("L")
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def test_the_staff_press_on_the_phone_and_the_clock_goes_on(page: Page, award: Award):
    UseConditions.objects.create(prize=award.prize, products=["緑茶600ml", "ほうじ茶600ml"])
    shown(page, award)
    page.get_by_role("link", name="スタッフに押してもらう").click()
    expect(page.get_by_role("heading", name="スタッフが押してください")).to_be_visible()
    look(page, "press")
    page.get_by_label("商品・サービス").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("260")
    page.get_by_label("店舗番号").fill("0001")
    page.get_by_label("店舗のPIN").fill(STAFF_PIN)
    page.locator("#id_amount").fill("200")
    page.get_by_role("button", name="確認へ進む").click()
    expect(page.get_by_role("heading", name="このコードを使用しますか？")).to_be_visible()
    expect(page.locator("dl")).to_contain_text("緑茶600ml")
    look(page, "press-confirm")
    page.get_by_role("button", name="スタッフ: 使用済みにする").click()

    expect(page.locator(".result.good strong")).to_have_text("使用済み")
    look(page, "used")
    assert GiftCode.objects.get(award=award).balance_jpy == 300
    clock = page.locator("[data-clock] b")
    expect(clock).to_have_text(re.compile("^20"))
    expect(clock).not_to_have_text(clock.inner_text())


def test_the_mark_of_a_use_stops_after_five_minutes_on_a_page_that_is_left_open(page: Page, award: Award, site: str):
    stop_clock(page)
    used = redeem_code(
        agency_id=award.agency_id,
        presented=open_code(award.gift_code).code,
        store_id=award.agency.stores.get(code="0001").pk,
        now=clock.now(),
    )
    page.goto(f"{claim_url(award)}used/{used.public_id}/")
    page.clock.run_for(1_000)
    expect(page.locator(".mark")).to_be_visible()

    page.clock.run_for(301_000)

    expect(page.locator(".mark")).to_be_hidden()
    expect(page.locator(".result.good strong")).to_have_text("使用済み")


def test_with_less_motion_the_figure_that_changes_remains(browser: Browser, award: Award):
    calm = browser.new_page(reduced_motion="reduce", viewport={"width": 360, "height": 740}, locale="ja-JP")
    shown(calm, award)

    expect(calm.locator("#instore .moving")).not_to_be_visible()
    seconds = calm.locator("#countdown b")
    expect(seconds).to_be_visible()
    expect(seconds).not_to_have_text(seconds.inner_text())
    calm.close()


def test_without_scripts_the_code_is_shown_and_made_fresh_by_a_press(browser: Browser, award: Award):
    plain = browser.new_page(java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="ja-JP")
    shown(plain, award)
    plain.get_by_role("button", name="QRコードを新しくする").click()

    expect(plain.locator("#instore svg")).to_be_visible()
    plain.get_by_role("button", name="バーコードを表示する").click()
    expect(plain.locator(".bars svg")).to_be_visible()
    plain.close()


def test_T06_the_second_device_sees_a_way_and_the_pin_pages_can_be_used(page: Page, browser: Browser, award: Award):
    Campaign.objects.update(claim_binding="device")
    shown(page, award)
    other = browser.new_page(viewport={"width": 360, "height": 740}, locale="ja-JP")
    other.goto(claim_url(award))
    expect(other.get_by_text("この賞品は別の端末で開かれています")).to_be_visible()
    look(other, "bound")
    other.get_by_role("button", name="この端末で開くリンクを受け取る").click()
    expect(other.get_by_text("リンクを送りました。")).to_be_visible()
    look(other, "bound-sent")
    other.close()

    Campaign.objects.update(claim_binding="pin")
    page.goto(claim_url(award))
    look(page, "new-pin")
    page.get_by_role("button", name="コードを表示する").click()
    expect(page.get_by_label("暗証番号を決める")).to_be_focused()
    look(page, "new-pin-empty")
