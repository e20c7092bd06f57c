"""A winner of goods on a small phone: the address by keyboard alone, a mistake told, a household that has its share."""

import os

import pytest
from playwright.sync_api import Page, Route, expect

from campaigns.models import Prize, PrizeKind
from codes.links import claim_url
from codes.models import Award, Shipment, ShipmentStatus
from tests.browser.conftest import check_page
from tests.browser.test_staff_page import won_award

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def award(site: str) -> Award:
    Prize.objects.update(kind=PrizeKind.SAMPLE)
    return won_award()


def look(page: Page, name: str) -> None:
    """Check a page, and keep a picture of it where one is asked for."""
    check_page(page)
    if folder := os.environ.get("KEEP_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_R05_an_address_is_typed_by_keyboard_and_a_mistake_is_told_at_its_field(page: Page, award: Award):
    page.goto(claim_url(award))
    look(page, "address")
    page.get_by_label("お名前").focus()
    for typed in ("水引 花子", "150", "", None, "渋谷区", "神宮前１ー２ー３", "405", "090-1234-5678"):  # "": the button
        if typed is None:
            page.get_by_label("都道府県").select_option("東京都")
        else:
            page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    wrong = page.get_by_label("郵便番号")
    expect(wrong).to_be_focused()
    expect(page.get_by_text("郵便番号を7桁の数字で入力してください")).to_be_visible()
    look(page, "address-wrong")
    wrong.fill("１５０－０００１")
    page.get_by_role("button", name="この住所に送る").click()

    expect(page.get_by_role("status")).to_contain_text("お届け先を受け付けました")
    expect(page.locator("main")).not_to_contain_text("神宮前")
    look(page, "address-given")
    assert Shipment.objects.get().status == ShipmentStatus.READY


def test_a_postal_code_fills_in_its_address_as_it_is_typed_and_by_its_button(page: Page, award: Award):
    page.goto(claim_url(award))
    page.get_by_label("郵便番号").press_sequentially("１５０－０００１")

    expect(page.get_by_label("都道府県")).to_have_value("東京都")
    expect(page.get_by_label("市区町村")).to_have_value("渋谷区")
    expect(page.get_by_label("町名・番地")).to_have_value("神宮前")
    look(page, "address-filled")

    page.get_by_label("郵便番号").fill("")
    page.get_by_label("町名・番地").fill("")
    page.get_by_label("郵便番号").fill("53000")  # too short to be asked for by itself
    page.get_by_role("button", name="住所を入れる").click()
    expect(page.get_by_text("郵便番号を7桁の数字で入力してください")).to_be_visible()
    page.get_by_label("お名前").fill("水引 花子")
    page.get_by_label("町名・番地").fill("神宮前1-2-3")
    page.get_by_label("電話番号").fill("090-1234-5678")
    page.get_by_label("郵便番号").fill("150-0001")
    expect(page.get_by_label("都道府県")).to_have_value("東京都")
    page.get_by_label("都道府県").select_option("大阪府")
    page.get_by_label("電話番号").press("Enter")  # sends, and does not fill in

    expect(page.get_by_text("この郵便番号は東京都のものです")).to_be_visible()
    look(page, "address-doubted")
    page.get_by_label("この郵便番号と都道府県で間違いありません").check()
    page.get_by_role("button", name="この住所に送る").click()
    expect(page.get_by_role("status")).to_contain_text("お届け先を受け付けました")
    assert Shipment.objects.get().masked.startswith("大阪府")


def test_an_answer_that_comes_late_leaves_what_was_chosen_meanwhile(page: Page, award: Award):
    page.goto(claim_url(award))
    waiting: list[Route] = []
    page.route(lambda url: url == page.url, lambda route: waiting.append(route))  # noqa: PLW0108 it looks into functions
    with page.expect_request(lambda request: request.url == page.url):
        page.get_by_label("郵便番号").fill("150-0001")
    page.get_by_label("都道府県").select_option("大阪府")

    expect(page.get_by_label("市区町村")).to_have_value("")
    waiting[0].continue_()

    expect(page.get_by_label("市区町村")).to_have_value("渋谷区")
    expect(page.get_by_label("都道府県")).to_have_value("大阪府")
