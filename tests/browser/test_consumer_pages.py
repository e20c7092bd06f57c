"""A person in a shop aisle: enter, send a photo, come back on another device, receive the code."""

import io
import re
import uuid
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from codes.links import claim_url
from codes.models import Award
from core import clock
from core.clock import jst_day
from participants.links import resume_url, verify_url
from participants.models import Entry, Identity
from receipts.models import ReceiptPhoto
from tests.browser.conftest import check_page
from tests.flows.steps import tea_reading
from tests.portal.phone import work

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RESULT = re.compile("^(当選しました|今回は当選しませんでした)$")
SUSPENSE_LASTS = """Math.max(...document.getElementById("suspense").getAnimations({ subtree: true }).map(
    (one) => one.effect.getComputedTiming().endTime
))"""


def photo(*, shade: int = 235, size: tuple[int, int] = (3000, 4000)) -> dict[str, Any]:
    """A photograph as a phone takes it: large, with sharp print and a margin around it."""
    picture = Image.new("RGB", size, (shade, shade, shade))
    pen = ImageDraw.Draw(picture)
    for row in range(200, size[1] - 200, 64):
        for column in range(200, size[0] - 200, 60):
            pen.rectangle((column, row, column + 22, row + 28), fill=(0, 0, 0))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


def entry_on(page: Page) -> Entry:
    return Entry.objects.get(public_id=uuid.UUID(page.url.split("/e/")[1].split("/")[0]))


def carry_on() -> None:
    work(tea_reading(date=jst_day(clock.now()).isoformat()))


def begin(page: Page, site: str) -> Entry:
    page.goto(f"{site}/c/green-tea/")
    page.get_by_role("button", name="応募する").click()
    page.wait_for_url("**/receipt/")
    return entry_on(page)


def send_photo(page: Page) -> None:
    page.set_input_files("#gallery", photo())
    expect(page.locator("#previews img")).to_have_count(1)
    page.get_by_role("button", name="写真を送る").click()
    page.wait_for_url("**/contact/")


def test_from_the_entry_page_to_the_code_in_the_hand(page: Page, site: str):
    page.goto(f"{site}/c/green-tea/")
    check_page(page)
    entry = begin(page, site)
    check_page(page)
    send_photo(page)
    check_page(page)
    page.get_by_label("メールアドレス").fill("hanako@example.com")
    page.get_by_role("button", name="次へ").click()
    page.wait_for_url("**/confirm/")
    check_page(page)
    page.get_by_label("応募規約に同意します").check()
    page.get_by_role("button", name="この内容で応募する").click()
    expect(page.get_by_role("heading", name="確認しています")).to_be_visible()
    check_page(page)

    carry_on()
    expect(page.get_by_role("heading", name="メールのリンクを開いてください")).to_be_visible()
    check_page(page)

    mail = page.context.new_page()
    mail.goto(verify_url(Identity.objects.get(), entry))
    check_page(mail)
    mail.get_by_role("button", name="このアドレスで間違いありません").click()
    mail.wait_for_url("**/e/*/")
    mail.close()
    carry_on()
    expect(page.get_by_role("heading", name="当選しました")).to_be_visible()
    check_page(page)

    page.get_by_role("link", name="賞品を受け取る").click()
    page.wait_for_url("**/g/**")
    check_page(page)
    page.get_by_role("button", name="コードを表示する").click()
    expect(page.locator("#code")).to_be_visible()
    expect(page.locator("#instore svg")).to_be_visible()
    expect(page.locator("#countdown")).to_be_visible()
    check_page(page)
    award = Award.objects.get()
    assert award.revealed_at is not None
    assert page.url == claim_url(award)

    page.goto(f"{site}/my/")
    check_page(page)


def test_a_photo_is_shrunk_shown_and_judged_before_it_is_sent(page: Page, site: str):
    begin(page, site)

    page.set_input_files("#gallery", [photo(), photo(shade=30)])
    expect(page.locator("#previews img")).to_have_count(2)
    expect(page.locator("#previews li").nth(0).locator("p")).to_have_count(0)
    expect(page.locator("#previews li").nth(1)).to_contain_text("写真が暗すぎて読み取れません。")
    sizes = page.evaluate(
        """async () => Promise.all([...document.getElementById("gallery").files].map(async (file) => {
            const image = await createImageBitmap(file);
            return [image.width, image.height, file.type];
        }))"""
    )
    assert sizes == [[1500, 2000, "image/jpeg"]] * 2

    page.get_by_role("button", name="削除 (2)").click()
    expect(page.locator("#previews img")).to_have_count(1)
    check_page(page)
    page.get_by_role("button", name="写真を送る").click()
    page.wait_for_url("**/contact/")
    assert [(kept.width, kept.height) for kept in ReceiptPhoto.objects.all()] == [(1500, 2000)]


def test_at_most_four_photos_are_taken_and_a_small_one_is_told(page: Page, site: str):
    begin(page, site)

    page.set_input_files("#gallery", [photo(size=(230, 600))] * 5)

    expect(page.locator("#previews img")).to_have_count(4)
    expect(page.locator("#trouble")).to_have_text("送れる写真は4枚までです。")
    expect(page.locator("#previews li").first).to_contain_text("写真が小さすぎて読み取れません。")


def test_a_refused_photo_is_told_in_place_and_the_next_one_goes_through(page: Page, site: str):
    begin(page, site)

    page.set_input_files("#gallery", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"not a photo"})
    expect(page.locator("#previews li")).to_contain_text("この画面では表示できませんが、このまま送れます。")
    page.get_by_role("button", name="写真を送る").click()
    expect(page.locator("#trouble")).to_be_visible()
    page.get_by_role("button", name="削除 (1)").click()
    expect(page.locator("#previews li")).to_have_count(0)

    send_photo(page)


def test_an_entry_goes_on_with_another_device(page: Page, site: str, browser: Browser):
    entry = begin(page, site)
    send_photo(page)

    with browser.new_context(locale="ja-JP", viewport={"width": 1360, "height": 800}) as context:
        computer = context.new_page()
        computer.goto(resume_url(entry))
        computer.get_by_role("button", name="この端末で続ける").click()
        computer.wait_for_url("**/contact/")
        computer.get_by_role("link", name="戻る").click()
        expect(computer.locator("img[alt='写真1']")).to_be_visible()


def test_an_error_takes_the_focus_and_is_read_with_its_field(page: Page, site: str):
    begin(page, site)
    send_photo(page)

    page.get_by_label("メールアドレス").fill("hanako@@example")
    page.keyboard.press("Enter")

    field = page.locator("#id_email")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"#{field.get_attribute('aria-describedby')}")).to_be_visible()
    check_page(page)


def play_animations(page: Page, *, speed: float) -> None:
    """Let the pages' animations run at this speed from now on; at 0 they stand still."""
    debugger = page.context.new_cdp_session(page)
    debugger.send("Animation.enable")
    debugger.send("Animation.setPlaybackRate", {"playbackRate": speed})


def test_the_moment_of_suspense_can_be_skipped_and_is_left_out_where_motion_is_not_wanted(page: Page, site: str):
    page.goto(f"{site}/c/lucky-serial/")
    page.get_by_role("button", name="応募する").click()
    page.get_by_label("シリアルコード").fill("MZHK2026DEMO001")
    page.get_by_role("button", name="次へ").click()
    page.wait_for_url("**/contact/")
    page.get_by_label("メールアドレス").fill("hanako@example.com")
    page.get_by_role("button", name="次へ").click()
    page.get_by_label("応募規約に同意します").check()
    page.get_by_role("button", name="この内容で応募する").click()
    expect(page.get_by_role("heading", name="確認しています")).to_be_visible()
    entry = entry_on(page)
    carry_on()
    page.goto(verify_url(Identity.objects.get(), entry))
    page.get_by_role("button", name="このアドレスで間違いありません").click()
    page.wait_for_url("**/e/*/")
    carry_on()

    address = f"{site}/e/{entry.public_id}/?reveal=1"
    suspense = page.locator("#suspense")
    play_animations(page, speed=0)  # so that nothing but the press ends it
    page.goto(address)
    page.get_by_role("link", name="とばす").click()
    expect(suspense).to_be_hidden()
    expect(page.locator("h1")).to_have_text(RESULT)
    page.reload()
    expect(suspense).to_be_hidden()
    expect(page.locator("h1")).to_have_text(RESULT)
    check_page(page)

    play_animations(page, speed=1)
    page.goto(address)
    assert 1000 <= page.evaluate(SUSPENSE_LASTS) <= 2500  # milliseconds
    expect(suspense).to_be_hidden()

    play_animations(page, speed=0)
    page.emulate_media(reduced_motion="reduce")
    page.goto(address)
    expect(suspense).to_be_hidden()
