"""A cashier with a queue: type or scan, one big answer, large keys, undo."""

import base64
import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from campaigns.admin.brands import staff_address
from campaigns.models import Store, UseConditions
from codes.links import claim_url
from codes.models import Award, GiftCode
from codes.services import void_code
from core import clock
from core.qr import qr_png
from journeys.demo_data import STAFF_PIN
from tests.browser.conftest import check_page
from tests.browser.test_consumer_pages import carry_on
from tests.portal.phone import Phone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def won_award() -> Award:
    phone = Phone()
    entry = phone.enter_with_receipt()
    carry_on()
    phone.verify(entry)
    carry_on()
    return Award.objects.get(entry=entry)


def code_of(page: Page, award: Award) -> str:
    page.goto(claim_url(award))
    page.get_by_role("button", name="コードを表示する").click()
    expect(page.locator("#code")).to_be_visible()
    return page.locator("#code").get_attribute("data-code") or ""


def begin_shift(page: Page, site: str, store: str = "0001") -> None:
    page.goto(f"{site}/staff/")
    check_page(page)
    page.get_by_label("店舗番号").fill(store)
    page.get_by_label("PIN").fill(STAFF_PIN)
    page.get_by_role("button", name="はじめる").click()
    page.wait_for_url("**/staff/")


def hold_into_the_frame(page: Page, text: str) -> None:
    """Give the page a camera, counted in `opened`, that sees a QR code; the browser cannot read one by itself."""
    picture = Image.new("RGB", (640, 480), "white")
    drawn = Image.open(io.BytesIO(qr_png(text, box_pixels=8))).convert("RGB")
    picture.paste(drawn, ((640 - drawn.width) // 2, (480 - drawn.height) // 2))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    address = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    page.add_init_script(
        f"""
        delete window.BarcodeDetector;
        window.opened = 0;
        navigator.mediaDevices.getUserMedia = async () => {{
          window.opened += 1;
          const image = new Image();
          image.src = "{address}";
          await image.decode();
          const canvas = document.createElement("canvas");
          canvas.width = 640; canvas.height = 480;
          const draw = () => canvas.getContext("2d").drawImage(image, 0, 0);
          draw(); setInterval(draw, 50);
          return canvas.captureStream(20);
        }};
        """
    )


def test_a_phone_that_scans_its_stores_sheet_is_asked_for_the_pin_alone(page: Page, site: str):
    page.goto(staff_address(Store.objects.get(code="0001")))
    check_page(page)
    page.get_by_label("PIN").fill(STAFF_PIN)
    page.get_by_role("button", name="はじめる").click()
    page.wait_for_url("**/staff/")

    page.get_by_role("button", name="終了する").click()
    expect(page.get_by_label("店舗番号")).to_have_value("0001")


def test_a_typed_code_is_checked_redeemed_and_undone(page: Page, site: str):
    code = code_of(page, won_award())
    begin_shift(page, site)
    expect(page.locator("#camera-trouble")).to_be_visible()
    check_page(page)

    page.get_by_label("コード").fill(code.lower())
    page.get_by_role("button", name="確認する").click()
    expect(page.locator(".result.good strong")).to_have_text("使えます")
    check_page(page)
    for key in ("2", "0", "0", "00", "1文字消す", "1文字消す"):
        page.get_by_role("button", name=key, exact=True).click()
    expect(page.get_by_label("金額(円)")).to_have_value("200")
    page.get_by_role("button", name="引き換える").click()
    expect(page.locator(".result.good strong")).to_have_text("引き換えました")
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 300

    page.get_by_role("button", name="この引換を取り消す").click()
    expect(page.get_by_text("取消済み")).to_be_visible()
    check_page(page)
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 500


def test_what_a_code_s_conditions_need_is_ticked_and_typed(page: Page, site: str):
    award = won_award()
    UseConditions.objects.create(prize=award.prize, products=["緑茶600ml", "ほうじ茶600ml"], minimum_jpy=1000)
    code = code_of(page, award)
    begin_shift(page, site)

    page.get_by_label("コード").fill(code)
    page.get_by_role("button", name="確認する").click()
    expect(page.get_by_text("1,000円以上のお買い上げで使えます。")).to_be_visible()
    check_page(page)
    page.get_by_label("お会計の合計(円)").fill("1200")
    page.get_by_role("button", name="引き換える").click()
    expect(page.get_by_text("商品を確認して、チェックを入れてください。")).to_be_visible()
    check_page(page)
    page.get_by_label("上の対象商品であることを確認しました").check()
    page.get_by_role("button", name="引き換える").click()

    expect(page.locator(".result.good strong")).to_have_text("引き換えました")


def test_an_unknown_code_gets_a_big_no_in_colour_and_word(page: Page, site: str):
    begin_shift(page, site)

    page.get_by_label("コード").fill("ZZZZ ZZZZ ZZZZ ZZZZ")
    page.get_by_role("button", name="確認する").click()

    sign = page.locator(".result")
    expect(sign.locator("strong")).to_have_text("対象外")
    expect(sign).to_have_css("background-color", "rgb(161, 29, 29)")
    check_page(page)


def test_the_camera_reads_a_code_where_the_browser_itself_cannot(page: Page, site: str):
    hold_into_the_frame(page, code_of(page, won_award()))

    begin_shift(page, site)

    expect(page.locator(".result.good strong")).to_have_text("使えます")


def test_after_a_redemption_the_camera_waits_though_the_customers_phone_is_still_there(page: Page, site: str):
    hold_into_the_frame(page, code_of(page, won_award()))
    begin_shift(page, site)
    page.get_by_role("button", name="2", exact=True).click()
    page.get_by_role("button", name="00", exact=True).click()

    page.get_by_role("button", name="引き換える").click()
    expect(page.locator(".result.good strong")).to_have_text("引き換えました")
    page.wait_for_load_state()
    assert page.evaluate("window.opened") == 0
    check_page(page)

    page.get_by_role("link", name="次のお客さま").click()
    expect(page.locator(".result.good strong")).to_have_text("使えます")
    expect(page.get_by_text("残高 300円")).to_be_visible()


def test_a_scan_is_told_at_once_though_the_network_is_slow(page: Page, site: str):
    hold_into_the_frame(page, code_of(page, won_award()))
    page.add_init_script("HTMLFormElement.prototype.requestSubmit = () => {}")  # an answer that does not come yet

    begin_shift(page, site)

    expect(page.get_by_text("読み取りました。確認しています。")).to_be_visible()
    expect(page.locator("#scanner")).to_be_hidden()
    check_page(page)


def test_a_qr_that_is_no_code_is_named_and_can_be_scanned_again(page: Page, site: str):
    hold_into_the_frame(page, "https://www.example.jp/coupon/12345")

    begin_shift(page, site)

    expect(page.locator(".result.warn strong")).to_have_text("もう一度")
    expect(page.get_by_text("このQRコードは、お客さまのコードではありません。")).to_be_visible()
    expect(page.get_by_role("link", name="もう一度読み取る")).to_be_visible()
    check_page(page)


def test_a_scanner_on_a_usb_port_types_into_the_field_wherever_the_focus_is(page: Page, site: str):
    code = code_of(page, won_award())
    begin_shift(page, site)
    assert page.evaluate("document.activeElement === document.body")

    page.keyboard.type(code)
    page.keyboard.press("Enter")

    expect(page.locator(".result.good strong")).to_have_text("使えます")


def test_a_refused_camera_says_how_to_allow_it_and_can_be_tried_again(page: Page, site: str):
    page.add_init_script(
        """
        window.isAllowed = false;
        navigator.mediaDevices.getUserMedia = async () => {
          if (!window.isAllowed) throw new DOMException("no", "NotAllowedError");
          return document.createElement("canvas").captureStream(1);
        };
        """
    )
    begin_shift(page, site)
    expect(page.get_by_text("カメラの使用が許可されていません")).to_be_visible()
    expect(page.get_by_text("カメラを使えません")).to_be_hidden()
    check_page(page)

    page.evaluate("window.isAllowed = true")
    page.get_by_role("button", name="カメラをもう一度試す").click()

    expect(page.locator("#scanner")).to_be_visible()
    expect(page.get_by_text("カメラの使用が許可されていません")).to_be_hidden()


def test_a_picture_in_which_nothing_is_found_gets_a_hint_after_a_while(page: Page, site: str):
    page.clock.install()
    page.add_init_script(
        """
        navigator.mediaDevices.getUserMedia = async () => {
          const canvas = document.createElement("canvas");
          canvas.width = 640; canvas.height = 480;
          canvas.getContext("2d").fillRect(0, 0, 640, 480);
          return canvas.captureStream(20);
        };
        """
    )
    begin_shift(page, site)
    hint = page.get_by_text("まだ読み取れていません")
    expect(page.locator("#scanner")).to_be_visible()
    expect(hint).to_be_hidden()

    page.clock.run_for(30_000)

    expect(hint).to_be_visible(timeout=20_000)
    check_page(page)


def test_a_blocked_code_shows_no_balance_that_nobody_can_use(page: Page, site: str):
    award = won_award()
    code = code_of(page, award)
    void_code(gift_code_id=award.gift_code_id or 0, reason="不正", now=clock.now())
    begin_shift(page, site)

    page.get_by_label("コード").fill(code)
    page.get_by_role("button", name="確認する").click()

    expect(page.locator(".result strong")).to_have_text("対象外")
    expect(page.get_by_text("このコードは無効です。")).to_be_visible()
    expect(page.get_by_text("残高")).to_have_count(0)
