"""The documentation page works under the content policy that consumers' pages have."""

import shutil

import pytest


@pytest.fixture(scope="session", autouse=True)
def _database_beside_a_loop():
    """The browser's driver runs a loop in the thread of the test, where Django would refuse its database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | {
        "executable_path": shutil.which("chromium"),
        "args": ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    }


def test_the_page_needs_no_script_or_style_but_files_of_our_own(client, db):
    answer = client.get("/api/docs/")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<style" not in page
    assert "<script>" not in page
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert 'lang="ja"' in page
    assert client.get("/api/docs/?script=")["Content-Type"] == "application/javascript"


@pytest.mark.browser
@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_the_page_shows_the_endpoints_and_breaks_no_policy(live_server, page):
    problems: list[str] = []
    addresses: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: addresses.append(request.url))

    page.goto(f"{live_server.url}/api/docs/")
    page.get_by_text("Redeem a code").first.click()
    page.get_by_text("Idempotency-Key").first.wait_for()

    assert problems == []
    assert [url for url in addresses if not url.startswith((live_server.url, "data:"))] == []
    assert page.locator(".opblock").count() == 30
