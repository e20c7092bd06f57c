"""LINE and X: accounts are believed only after a check on our side; LINE's events count once and in their order."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings as django_settings

from campaigns.models import EntryRule, RuleKind
from core.clients.line_webhook import sign_body
from participants.models import Identity, IdentityKind
from tests.contracts.line_server import LineServer
from tests.contracts.x_server import XAccount, XServer
from tests.flows.steps import NOW
from tests.portal.phone import Phone, text_of

pytestmark = pytest.mark.django_db
ME = "U" + "1" * 32


@pytest.fixture
def line(line_server: LineServer) -> LineServer:
    line_server.now = NOW
    line_server.person = ME
    return line_server


def log_in(phone: Phone, provider: str, entry) -> str:
    """Go to the provider, consent, and give the address that the browser comes back to."""
    away = phone.get(f"/{provider}/login/{entry.public_id}/")
    assert away.status_code == 302
    back = requests.get(away["Location"], allow_redirects=False, timeout=5).headers["Location"]
    assert back.startswith(django_settings.PUBLIC_URL)
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def test_a_line_login_connects_the_account_and_the_friendship(phone, campaigns, line):
    entry = phone.start("lucky-serial")
    assert "LINEでログインする" in text_of(phone.get(f"/e/{entry.public_id}/contact/"))

    answer = phone.get(log_in(phone, "line", entry))

    assert answer["Location"] == f"/e/{entry.public_id}/"
    identity = Identity.objects.get(kind=IdentityKind.LINE)
    assert (identity.verified_at, identity.facts["is_friend"]) == (NOW, True)
    assert ME not in identity.masked
    assert phone.get("/my/").context["rows"][0][0] == entry


def test_line_is_not_offered_where_it_is_not_set_up(phone, campaigns):
    entry = phone.start("lucky-serial")

    assert "LINE" not in text_of(phone.get(f"/e/{entry.public_id}/contact/"))
    assert phone.get(f"/line/login/{entry.public_id}/").status_code == 404


def test_T24_an_answer_for_another_browser_is_refused(phone, other_phone, campaigns, line):
    entry = phone.start("lucky-serial")
    stolen = log_in(phone, "line", entry)
    other_phone.start("lucky-serial")

    assert other_phone.get(stolen).status_code == 400
    assert other_phone.get(stolen.replace("state=", "state=x")).status_code == 400
    assert Identity.objects.count() == 0


def test_T24_a_token_of_another_login_is_refused(phone, campaigns, line, monkeypatch):
    entry = phone.start("lucky-serial")
    back = log_in(phone, "line", entry)
    monkeypatch.setattr("core.clients.line_login.LineLogin.verify_id_token", forged_for(line))

    answer = phone.get(back)

    assert answer.status_code == 400
    assert "LINEのアカウントを確認できませんでした。" in text_of(answer)
    assert Identity.objects.count() == 0


def forged_for(line: LineServer):
    """Verify as always, but a token that was issued for another login."""
    from core.clients.line_login import LineLogin

    proper = LineLogin.verify_id_token

    def verify(self, _id_token, **checks):
        return proper(self, line.id_token(ME, nonce="of another login"), **checks)

    return verify


def test_a_login_comes_back_once(phone, campaigns, line):
    entry = phone.start("lucky-serial")
    back = log_in(phone, "line", entry)
    phone.get(back)

    assert phone.get(back).status_code == 400


def test_who_cancels_at_line_goes_on_with_the_entry(phone, campaigns, line):
    entry = phone.start("lucky-serial")
    back = log_in(phone, "line", entry)
    state = back.partition("state=")[2].partition("&")[0]

    answer = phone.get(f"/line/callback/?error=access_denied&state={state}")

    assert answer["Location"] == f"/e/{entry.public_id}/"


def x_campaign(campaigns):
    rule = EntryRule.objects.get(group__campaign=campaigns["lucky-serial"])
    rule.kind, rule.parameters = RuleKind.X_FOLLOW, {"account": "brand", "account_id": "99"}
    rule.save()


@pytest.mark.parametrize("follows", [True, False])
def test_an_x_login_notes_whether_the_account_follows_the_brand(phone, campaigns, x_server: XServer, follows):
    x_campaign(campaigns)
    x_server.add(XAccount("99", "brand"))
    x_server.add(XAccount("7", "hanako", follows={"99"} if follows else set()))
    x_server.person = "7"
    entry = phone.start("lucky-serial")
    assert phone.get(f"/e/{entry.public_id}/")["Location"] == f"/e/{entry.public_id}/x/"

    phone.get(log_in(phone, "x", entry))

    identity = Identity.objects.get(kind=IdentityKind.X)
    assert (identity.facts["follows"], identity.facts["is_protected"]) == (follows, False)
    assert "アカウントと連携しました。" in text_of(phone.get(f"/e/{entry.public_id}/x/"))


def told(phone: Phone, *events: dict[str, Any], secret: str = "", body: bytes | None = None):
    body = body if body is not None else json.dumps({"destination": "U0", "events": list(events)}).encode()
    signature = sign_body(body, secret or django_settings.LINE_CHANNEL_SECRET)
    headers = {"x-line-signature": signature}
    return phone.post("/line/webhook/", body, content_type="application/json", headers=headers).status_code


def event(kind: str, event_id: str, *, seconds: int = 0) -> dict[str, Any]:
    at = NOW + timedelta(seconds=seconds)
    return {
        "type": kind,
        "webhookEventId": event_id,
        "deliveryContext": {"isRedelivery": False},
        "timestamp": int(at.timestamp() * 1000),
        "source": {"type": "user", "userId": ME},
        "replyToken": "r",
        "mode": "active",
        "follow": {"isUnblocked": False},
    }


@pytest.fixture
def friend(phone, campaigns, line) -> Identity:
    entry = phone.start("lucky-serial")
    phone.get(log_in(phone, "line", entry))
    return Identity.objects.get(kind=IdentityKind.LINE)


def is_friend(identity: Identity) -> bool:
    identity.refresh_from_db()
    return identity.facts["is_friend"]


def test_a_block_and_a_new_friendship_are_noted(phone, friend):
    assert told(phone, event("unfollow", "A", seconds=1)) == 200
    assert (is_friend(friend), friend.unreachable_at is not None) == (False, True)

    assert told(phone, event("follow", "B", seconds=2)) == 200
    assert (is_friend(friend), friend.unreachable_at) == (True, None)


def test_T18_an_event_counts_once_however_often_it_comes(phone, friend):
    told(phone, event("unfollow", "A", seconds=1))
    told(phone, event("follow", "B", seconds=2))

    assert told(phone, event("unfollow", "A", seconds=3)) == 200
    assert is_friend(friend) is True


def test_T18_an_older_event_that_comes_late_does_not_win(phone, friend):
    told(phone, event("follow", "B", seconds=5), event("unfollow", "A", seconds=1))

    assert is_friend(friend) is True


def test_T18_a_forged_event_is_refused_without_a_word(phone, friend):
    assert told(phone, event("unfollow", "A", seconds=1), secret="wrong") == 401
    assert phone.post("/line/webhook/", b"{}", content_type="application/json").status_code == 401
    assert is_friend(friend) is True


def test_without_a_secret_nothing_is_genuine(phone, db, settings):
    settings.LINE_CHANNEL_SECRET = ""

    assert told(phone, secret="x") == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"not json", 400), (b"{}", 400), (b'{"destination":"U0","events":[]}', 200)],
)
def test_a_signed_body_is_read_or_refused(phone, db, line, body, status):
    assert told(phone, body=body) == status


def test_an_unknown_kind_of_event_is_fine(phone, db, line):
    assert told(phone, event("videoPlayComplete", "Z")) == 200
