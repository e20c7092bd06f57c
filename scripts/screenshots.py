"""Takes the README's pictures from a running `./run serve`, by walking it as an entrant and as an operator.

python scripts/screenshots.py http://127.0.0.1:8000 OPERATOR PASSWORD
"""

import re
import secrets
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.clock import JST
from demo.make_receipts import Goods, ReceiptSpec, as_jpeg, draw_receipt, first_shop, photograph

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE_MS = 60_000


def fresh_purchase() -> ReceiptSpec:
    """A purchase of today that nobody has sent before."""
    number = f"{secrets.randbelow(10_000):04}"
    return replace(first_shop(datetime.now(tz=JST).replace(hour=9, minute=secrets.randbelow(60))), receipt_no=number)


def photo_of(spec: ReceiptSpec, folder: str) -> str:
    """A photograph of a receipt as a file."""
    path = Path(folder) / f"{secrets.token_hex(4)}.jpg"
    path.write_bytes(as_jpeg(photograph(draw_receipt(spec), seed=secrets.randbelow(1000))))
    return str(path)


def enter(page: Page, url: str, photo: str, mail: str) -> None:
    """Enter the receipt campaign and wait for what comes of it."""
    page.goto(f"{url}/c/green-tea/")
    picture(page, "entry")
    page.locator("form button[type=submit]").first.click()
    page.wait_for_selector("input[type=file]", state="attached")
    page.set_input_files("input[type=file] >> nth=-1", photo)
    page.wait_for_timeout(1500)
    picture(page, "photo")
    page.locator("main form button[type=submit]:visible").last.click()
    page.wait_for_selector("input[type=email]")
    page.fill("input[type=email]", mail)
    page.locator("main form button[type=submit]:visible").last.click()
    page.wait_for_selector("input[type=checkbox]")
    page.locator("input[type=checkbox]").first.check()
    page.locator("main form button[type=submit]:visible").last.click()
    page.wait_for_timeout(1500)
    picture(page, "checking")


def follow_mail(page: Page, url: str, mail: str, pattern: str) -> str:
    """Wait for a mail to an address and give the link in it that fits a pattern."""
    for _try in range(60):
        page.goto(f"{url}/mailbox/")
        row = page.locator("a", has=page.locator("xpath=..")).filter(has_text=re.compile(".+"))
        for address in [row.nth(at).get_attribute("href") or "" for at in range(row.count())]:
            if "/mailbox/" in address and len(address) > len("/mailbox/"):
                page.goto(url + address)
                found = re.search(rf"https?://[^\s\"<]+{pattern}[^\s\"<]*", page.content())
                if found and mail in page.content():
                    return found.group()
        page.wait_for_timeout(1000)
    raise SystemExit(f"no mail with {pattern} to {mail}")


def picture(page: Page, name: str, *, full: bool = True) -> None:
    """Keep what the page shows."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=full)


def as_entrant(browser: Browser, url: str, folder: str) -> None:
    """From the entry page to the code, and a second, doubtful receipt for the desk."""
    page = browser.new_page(viewport={"width": 360, "height": 740}, locale="ja-JP")
    mail = f"hanako.{secrets.token_hex(3)}@example.com"
    spec = fresh_purchase()
    enter(page, url, photo_of(spec, folder), mail)
    page.goto(follow_mail(page, url, mail, "/verify/"))
    page.locator("main form button").click()
    page.wait_for_timeout(6000)
    page.goto(follow_mail(page, url, mail, "/g/"))
    picture(page, "claim")
    page.locator("main form button").first.click()
    page.wait_for_timeout(1500)
    picture(page, "code")
    page.goto(f"{url}/my/")
    picture(page, "my-page")
    edited = replace(spec, goods=(*spec.goods, Goods("のど飴", 198)))
    other = browser.new_context(viewport={"width": 360, "height": 740}, locale="ja-JP").new_page()
    enter(other, url, photo_of(edited, folder), f"taro.{secrets.token_hex(3)}@example.com")
    other.wait_for_timeout(15_000)
    other.reload()
    picture(other, "verdict")


def as_operator(browser: Browser, url: str, name: str, password: str) -> None:
    """Today's duties, a campaign, the review desk."""
    page = browser.new_page(viewport={"width": 1360, "height": 850}, locale="ja-JP", timezone_id="Asia/Tokyo")
    page.goto(f"{url}/admin/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    page.wait_for_timeout(1500)
    picture(page, "today")
    page.goto(f"{url}/admin/campaigns/campaign/1/change/")
    picture(page, "campaign", full=False)
    page.goto(f"{url}/admin/eligibility/reviewcase/")
    page.locator("table a[href*='reviewcase']").first.click()
    page.wait_for_timeout(2500)
    picture(page, "review", full=False)


def main() -> None:
    """Walk and take the pictures."""
    url, name, password = sys.argv[1:4]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        browser.new_context().set_default_timeout(PATIENCE_MS)
        as_entrant(browser, url, folder)
        as_operator(browser, url, name, password)


if __name__ == "__main__":
    main()
