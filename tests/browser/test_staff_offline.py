"""A till whose network goes away: codes are taken within the rules, kept sealed, sent once, and never lost."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from campaigns.models import Store, UseConditions
from codes.models import Award, GiftCode, OfflineDispute, Redemption
from tests.browser.test_claim_pages import look
from tests.browser.test_staff_page import begin_shift, code_of, won_award

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Waits until the phone has heard that its store allows nothing; the page's policy forbids the driver's own waiting.
NOTHING_ALLOWED = """() => new Promise((done) => {
  const look = () => (rules && !rules.prizes.length ? done() : setTimeout(look, 50));
  look();
})"""
EVERYTHING_KEPT = """async () => {
  const open = indexedDB.open("till", 1);
  const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
  const all = (name) => new Promise((done) => {
    const request = database.transaction(name).objectStore(name).getAll();
    request.onsuccess = () => done(request.result);
  });
  const kept = { uses: await all("uses"), rest: (await all("kept")).map((one) => one instanceof CryptoKey
    ? { key: one.extractable, raw: null } : one) };
  const keys = (await all("kept")).filter((one) => one instanceof CryptoKey);
  for (const key of keys) await crypto.subtle.exportKey("raw", key).then(() => (kept.leak = true), () => {});
  database.close();
  const bytes = (_name, value) => value instanceof ArrayBuffer ? [...new Uint8Array(value)]
    : value instanceof Uint8Array ? [...value] : value;
  return JSON.stringify(kept, bytes) + JSON.stringify(localStorage) + JSON.stringify(sessionStorage);
}"""

CAN_DO_WITHOUT = """navigator.serviceWorker.ready.then(async () => {
  while (!navigator.serviceWorker.controller) await new Promise((done) => setTimeout(done, 20));
})"""


@pytest.fixture
def award(site: str) -> Award:
    award = won_award()
    Store.objects.update(phone_offline_count=2, phone_offline_jpy=1000, offline_limit_jpy=500)
    UseConditions.objects.create(prize=award.prize, is_offline_allowed=True, products=["緑茶600ml", "ほうじ茶600ml"])
    return award


@pytest.fixture
def context_of_another_shop(browser: Browser, browser_context_args: dict[str, object]) -> Iterator[BrowserContext]:
    context = browser.new_context(**browser_context_args)  # type: ignore[arg-type]
    yield context
    context.close()


def at_the_till(page: Page, site: str, store: str = "0001") -> None:
    """Sign in, and wait until the browser can do without the network."""
    begin_shift(page, site, store)
    page.evaluate(CAN_DO_WITHOUT)


def take(page: Page, code: str, amount: str = "300") -> None:
    page.get_by_label("コード", exact=True).fill(code)
    page.get_by_role("button", name="確認する").click()
    expect(page.get_by_role("heading", name="接続なしで受け付ける")).to_be_focused()
    page.get_by_label("商品・サービス").select_option("緑茶600ml")
    page.get_by_label("商品の金額(円)").fill("５００")
    page.get_by_label("金額(円)", exact=True).fill(amount)
    page.get_by_role("button", name="受け付ける", exact=True).click()
    page.wait_for_url("**/staff/offline/")
    expect(page.locator("#queue li")).to_have_count(1)


def test_what_was_taken_without_a_network_is_sent_when_it_is_back(page: Page, site: str, award: Award):
    code = code_of(page, award)
    at_the_till(page, site)
    page.context.set_offline(True)
    page.get_by_label("コード", exact=True).fill(code)
    page.get_by_role("button", name="確認する").click()
    expect(page.get_by_role("heading", name="接続なしで受け付ける")).to_be_focused()
    look(page, "offline-take")
    page.get_by_role("button", name="受け付けない").click()
    page.wait_for_url("**/staff/offline/")

    take(page, code)
    look(page, "offline-waiting")
    expect(page.locator("#queue .tag")).to_have_text(["待ち"])
    page.get_by_label("コード", exact=True).fill(code.lower())
    page.get_by_role("button", name="確認する").click()
    expect(page.get_by_role("alert")).to_have_text("このコードはすでに一覧にあります。")
    kept = page.evaluate(EVERYTHING_KEPT)
    assert code not in kept
    assert "leak" not in kept
    assert json.dumps({"key": False, "raw": None}, separators=(",", ":")) in kept
    assert Redemption.objects.count() == 0

    page.context.set_offline(False)
    page.wait_for_url("**/staff/")
    expect(page.locator("#queue .tag")).to_have_text("送信済み")
    look(page, "offline-sent")
    line = Redemption.objects.get()
    assert (line.amount_jpy, line.goods, line.is_offline, line.terminal[:6]) == (300, "緑茶600ml", True, "phone ")
    after = page.evaluate(EVERYTHING_KEPT)
    assert "sealed" not in after
    assert '"key":' not in after

    Store.objects.update(phone_offline_count=0)
    page.reload()
    page.evaluate(NOTHING_ALLOWED)
    page.context.set_offline(True)
    page.get_by_label("コード", exact=True).fill("ABCD EFGH JKMN PQRS")
    page.get_by_role("button", name="確認する").click()
    expect(page.get_by_role("alert")).to_contain_text("接続がないと引き換えできません")


def test_a_queue_survives_the_closing_of_the_page_and_is_sent_once(page: Page, site: str, award: Award):
    code = code_of(page, award)
    at_the_till(page, site)
    page.context.set_offline(True)
    take(page, code)
    warned: list[str] = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    page.close(run_before_unload=True)
    again = page.context.new_page()
    again.goto(f"{site}/staff/")  # still away: the browser gives the shell by itself
    expect(again.locator("#queue .tag")).to_have_text("待ち")

    lost: list[str] = []

    def lose_the_answer(route: object) -> None:
        if not lost:
            lost.append(route.fetch().text())  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.context.route("**/staff/offline/send/", lose_the_answer)
    with again.expect_event("requestfailed", lambda request: request.url.endswith("/send/")):
        page.context.set_offline(False)
    expect(again.locator("#queue .tag")).to_have_text("待ち")
    again.get_by_role("button", name="今すぐ送信する").click()
    expect(again.locator("#queue .tag")).to_have_text("送信済み")

    assert json.loads(lost[0])["result"] == "booked"
    assert warned == ["beforeunload"]
    assert Redemption.objects.get().amount_jpy == 300
    assert GiftCode.objects.get(award__isnull=False).balance_jpy == 200


def test_the_same_code_at_two_shops_is_redeemed_in_one_and_disputed_in_the_other(
    page: Page, site: str, award: Award, context_of_another_shop: BrowserContext
):
    code = code_of(page, award)
    other = context_of_another_shop.new_page()
    at_the_till(page, site)
    at_the_till(other, site, "0002")
    for till in (page, other):
        till.context.set_offline(True)
        take(till, code)

    for till, state in ((page, "送信済み"), (other, "要確認")):
        till.context.set_offline(False)
        till.wait_for_url("**/staff/")
        expect(till.locator("#queue .tag")).to_have_text(state)

    look(other, "offline-disputed")
    expect(other.locator("#queue")).to_contain_text("残高が足りません")
    assert Redemption.objects.get().store.code == "0001"
    dispute = OfflineDispute.objects.get()
    assert (dispute.store.code, dispute.reason_code) == ("0002", "insufficient_balance")
