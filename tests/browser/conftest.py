"""Chromium at the size of a small phone, against the live pages; the tests play the worker themselves."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign
from core import clock
from tests.flows.steps import demo_campaigns

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright runs a loop of its own in the tests' thread
ASK_AXE = "axe.run(document).then(result => result.violations)"
PATIENCE = 20_000  # milliseconds, for a busy machine; what must be quick is measured on a clock that stands still
expect.set_options(timeout=PATIENCE)
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium; its sandbox cannot run as root."""
    args = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return {**browser_type_launch_args, "executable_path": shutil.which("chromium"), "args": args}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A small phone in Japan."""
    phone = {"viewport": {"width": 360, "height": 740}, "locale": "ja-JP", "timezone_id": "Asia/Tokyo"}
    return {**browser_context_args, **phone}


@pytest.fixture
def campaigns(transactional_db: None) -> dict[str, Campaign]:
    return demo_campaigns(clock.now())


@pytest.fixture
def site(live_server: LiveServer, settings: Settings, campaigns: dict[str, Campaign]) -> str:
    """Give the address of the live pages, to which links in messages lead as well."""
    settings.PUBLIC_URL = live_server.url
    return live_server.url


@pytest.fixture(autouse=True)
def quiet_page(page: Page) -> Iterator[None]:
    """Fail a test on whose pages a script failed or something broke the content policy."""
    troubles: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            troubles.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    yield
    assert troubles == []


def accessibility_faults(page: Page) -> list[str]:
    """Ask axe about the page as it stands; sent by the debugger, since the page's own policy would refuse it.

    It sees the page from a world of its own, whose time goes on where a test has stopped the page's.
    """
    debugger = page.context.new_cdp_session(page)
    frame = debugger.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = debugger.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
    debugger.send("Runtime.evaluate", {"expression": AXE, "contextId": world})
    asked = {"expression": ASK_AXE, "contextId": world, "awaitPromise": True, "returnByValue": True}
    found = debugger.send("Runtime.evaluate", asked)["result"]["value"]
    debugger.detach()
    return [f"{page.url} {fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found]


def check_page(page: Page) -> None:
    """Expect a page that everybody can use and that a small phone need not scroll sideways."""
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
