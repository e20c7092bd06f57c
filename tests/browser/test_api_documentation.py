"""The documentation page works under the content policy that consumers' pages have."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser_context_args(viewport={"width": 1360, "height": 900}),
]


def test_the_page_shows_the_endpoints_and_breaks_no_policy(live_server: LiveServer, page: Page):
    problems: list[str] = []
    addresses: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: addresses.append(request.url))

    page.goto(f"{live_server.url}/api/docs/")
    expect(page.locator(".opblock")).to_have_count(30)
    page.get_by_text("Redeem a code").first.click()
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()

    assert problems == []
    assert [url for url in addresses if not url.startswith((live_server.url, "data:"))] == []
