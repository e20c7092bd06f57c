"""Before leaving the shop: a hopeless photograph is told on the phone, with two ways on; waiting step by step."""

import base64
import io
import json
import random
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from bench import first_look as spoiling
from bench.receipt_samples.camera import SHOTS, photograph
from bench.receipt_samples.layouts import LAYOUTS
from bench.receipt_samples.paper import draw_paper
from bench.receipt_samples.purchases import draw_purchase
from core import clock
from receipts.first_look import trouble_of
from receipts.models import Receipt, ReceiptPhoto, ReceiptStatus
from receipts.selectors import first_look_limits
from tests.browser.conftest import check_page
from tests.browser.test_consumer_pages import begin, entry_on
from tests.factories import ReceiptFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOK = """async ([data, limits]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d").drawImage(image, 0, 0);
    return firstLook(canvas, JSON.parse(limits));
}"""


def receipt(difficulty: str = "easy") -> Image.Image:
    purchase = draw_purchase(random.Random(3), lines=4, is_tax_added=False)
    paper = draw_paper(list(LAYOUTS[0].rows(purchase)), style=LAYOUTS[0].style, width=LAYOUTS[0].width)
    data = photograph(np.asarray(paper, np.uint8), SHOTS[difficulty], seed=3)
    return Image.open(io.BytesIO(data)).convert("RGB")


def file(picture: Image.Image) -> dict[str, object]:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


def png(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_phone_and_server_see_the_same_in_a_photograph(page: Page, site: str):
    begin(page, site)
    whole = receipt()
    pictures = [
        whole,
        receipt("hard"),
        *(spoiling.cut(whole, side) for side in range(4)),
        spoiling.far(whole),
        spoiling.blank(1),
        spoiling.out_of_focus(whole),
        spoiling.underexposed(whole),
        spoiling.washed_out(whole),
    ]

    limits = json.dumps(first_look_limits())
    on_the_phone = [page.evaluate(LOOK, [png(picture), limits]) for picture in pictures]

    assert on_the_phone == [trouble_of(picture) for picture in pictures]
    assert on_the_phone[:7] == ["", "", "cut_off", "cut_off", "cut_off", "cut_off", ""]


def test_a_receipt_cut_off_is_told_before_it_is_sent_and_may_be_sent_all_the_same(page: Page, site: str):
    begin(page, site)

    page.set_input_files("#gallery", file(spoiling.cut(receipt(), 1)))
    warned = page.locator("#previews li").first
    expect(warned).to_contain_text("レシートの端が写っていないようです。")
    expect(page.get_by_role("button", name="撮り直す (1)")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="このまま送る").click()

    page.wait_for_url("**/contact/")
    assert ReceiptPhoto.objects.get().trouble == "cut_off"


def test_a_second_part_or_a_new_photograph_ends_the_warning(page: Page, site: str):
    begin(page, site)
    page.set_input_files("#gallery", file(spoiling.cut(receipt(), 1)))
    expect(page.get_by_role("button", name="このまま送る")).to_be_visible()

    page.set_input_files("#gallery", file(spoiling.cut(receipt(), 0)))
    expect(page.locator("#previews img")).to_have_count(2)
    expect(page.locator("#previews p")).to_have_count(0)
    page.get_by_role("button", name="削除 (2)").click()
    expect(page.locator("#previews p")).to_have_count(1)

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="撮り直す (1)").click()
    chooser.value.set_files(file(receipt()))  # type: ignore[arg-type]
    expect(page.locator("#previews img")).to_have_count(1)
    expect(page.locator("#previews p")).to_have_count(0)
    page.get_by_role("button", name="写真を送る").click()
    page.wait_for_url("**/contact/")


def test_a_phone_without_scripts_is_told_in_the_answer(page: Page, site: str):
    begin(page, site)
    page.route("**/*.js", lambda route: route.abort())
    page.reload()

    page.set_input_files("#gallery", file(spoiling.blank(1)))
    page.get_by_role("button", name="写真を送る").click()
    expect(page.get_by_role("alert")).to_contain_text("このままでは読み取れないかもしれません。")
    expect(page.get_by_text("レシートの文字が見当たりません。")).to_be_visible()
    expect(page.get_by_role("img", name="写真1")).to_have_js_property("naturalWidth", 480)
    check_page(page)
    page.get_by_role("button", name="写真を変えずに進む").click()
    page.wait_for_url("**/contact/")


def test_waiting_is_told_step_by_step(page: Page, site: str):
    others = ReceiptFactory.create_batch(2, status=ReceiptStatus.UPLOADED)
    begin(page, site)
    page.set_input_files("#gallery", file(receipt()))
    page.get_by_role("button", name="写真を送る").click()
    page.get_by_label("メールアドレス").fill("hanako@example.com")
    page.get_by_role("button", name="次へ").click()
    page.get_by_label("応募規約に同意します").check()
    page.get_by_role("button", name="この内容で応募する").click()

    stage = page.locator(".stages .now")
    expect(stage).to_contain_text("前に2件あります あと約30秒")
    check_page(page)
    Receipt.objects.filter(pk__in=[other.pk for other in others]).update(status=ReceiptStatus.READ)
    expect(stage).to_contain_text("次にレシートを読み取ります")
    mine = Receipt.objects.filter(entry=entry_on(page))
    mine.update(status=ReceiptStatus.READING, lease_until=clock.now() + timedelta(seconds=90))
    expect(stage).to_contain_text("合計を読み取っています")
    mine.update(created_at=clock.now() - timedelta(minutes=2))
    expect(page.get_by_text("いつもより時間がかかっています。")).to_be_visible()
    check_page(page)
