"""The sandbox mailbox: readable where it is a sandbox, absent elsewhere, and what is inside a mail runs nothing."""

import pytest

from distribution import sandbox
from tests.portal.phone import text_of

pytestmark = pytest.mark.django_db

MAIL = b"""X-Envelope-To: hanako@example.com
From: desk@example.com
Subject: =?utf-8?b?5b2T6YG4?=
Date: Sun, 22 Nov 2026 12:00:00 +0900
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<p style="color:red">hello</p><script>alert(1)</script>
"""


@pytest.fixture
def mail_id(settings, tmp_path) -> str:
    settings.SANDBOX, settings.MAILBOX_DIR = True, tmp_path
    name = "0" * 20 + "-0123abcd"
    (sandbox.mailbox_folder() / f"{name}.eml").write_bytes(MAIL)
    return name


def test_mails_are_listed_and_shown_with_their_recipient(phone, mail_id):
    words = text_of(phone.get("/mailbox/"))
    assert "当選 宛先: hanako@example.com 2026年11月22日(日) 12:00" in words

    page = phone.get(f"/mailbox/{mail_id}/").content.decode()
    assert f'src="/mailbox/{mail_id}/html/"' in page
    assert "sandbox=" in page
    assert "<script>alert" not in page


def test_the_html_of_a_mail_has_a_policy_of_its_own(phone, mail_id):
    answer = phone.get(f"/mailbox/{mail_id}/html/")

    policy = dict(part.partition(" ")[::2] for part in answer["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'none'"
    assert "allow-scripts" not in policy["sandbox"]
    assert policy["frame-ancestors"] == "'self'"
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("name", ["../../etc/passwd", "x", "0" * 20 + "-ffffffff"])
def test_a_mail_that_is_not_there_is_not_found(phone, mail_id, name):
    assert phone.get(f"/mailbox/{name}/").status_code == 404


def test_outside_of_a_sandbox_there_is_no_mailbox(phone, mail_id, settings):
    settings.SANDBOX = False

    for path in ("/mailbox/", f"/mailbox/{mail_id}/", f"/mailbox/{mail_id}/html/"):
        assert phone.get(path).status_code == 404


def test_outside_of_a_sandbox_the_root_names_no_client(phone, campaigns, settings):
    settings.SANDBOX = False

    assert "green-tea" not in phone.get("/").content.decode()
