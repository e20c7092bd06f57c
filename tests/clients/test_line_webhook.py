import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from core.clients.line_webhook import (
    AccountLinkEvent,
    FollowEvent,
    LineEvent,
    PostbackEvent,
    TextEvent,
    UnfollowEvent,
    UnknownEvent,
    UnreadableWebhook,
    parse_webhook,
    sign_body,
    verify_signature,
)
from tests.contracts.contract import SPECS

SECRET = "8c570fa6dd201bb328f1c1eac23a96d8"
BODY = b'{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}'
SIGNATURE = "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="
BOT = "U8e742f61d673b39c7fff3cecb7536ef0"
strict_webhooks = schemathesis.openapi.from_path(str(SPECS / "line/strict/webhook.strict.yml"))["/callback"]["POST"]


def test_the_signature_of_lines_own_example_is_genuine() -> None:
    assert verify_signature(BODY, SIGNATURE, SECRET)
    assert sign_body(BODY, SECRET) == SIGNATURE


@pytest.mark.parametrize("place", range(0, len(BODY), 7))
def test_T18_one_altered_byte_is_not_genuine(place: int) -> None:
    altered = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
    assert not verify_signature(altered, SIGNATURE, SECRET)


@pytest.mark.parametrize(
    "signature", ["", " ", SIGNATURE[:-1], SIGNATURE + "=", SIGNATURE.lower(), "é", "\ud800", "ａ" * 44]
)
def test_T18_any_other_signature_is_not_genuine(signature: str) -> None:
    assert not verify_signature(BODY, signature, SECRET)


def test_T18_another_channels_secret_or_none_proves_nothing() -> None:
    assert not verify_signature(BODY, SIGNATURE, SECRET.upper())
    with_empty_secret = base64.b64encode(hmac.digest(b"\0", BODY, hashlib.sha256)).decode()
    assert not verify_signature(BODY, with_empty_secret, "")


def webhook(**event: Any) -> bytes:
    common = {
        "webhookEventId": "01HMQGW40RZJPJM3RAJP7BHC2Q",
        "deliveryContext": {"isRedelivery": False},
        "timestamp": 1705891467176,
        "source": {"type": "user", "userId": "U" + "3" * 32},
        "mode": "active",
    }
    return json.dumps({"destination": BOT, "events": [{**common, **event}]}).encode()


def only_event(**event: Any) -> LineEvent:
    (found,) = parse_webhook(webhook(**event)).events
    return found


def test_a_follow_tells_who_when_and_how_to_reply() -> None:
    event = only_event(type="follow", replyToken="85cb", follow={"isUnblocked": False})
    assert event == FollowEvent(
        event_id="01HMQGW40RZJPJM3RAJP7BHC2Q",
        type="follow",
        occurred_at=datetime(2024, 1, 22, 2, 44, 27, 176000, tzinfo=UTC),
        is_redelivery=False,
        may_answer=True,
        user_id="U" + "3" * 32,
        reply_token="85cb",
        is_unblocked=False,
    )


def test_the_other_events_of_interest_are_typed() -> None:
    assert isinstance(only_event(type="unfollow"), UnfollowEvent)
    text = only_event(type="message", replyToken="r", message={"type": "text", "id": "1", "text": "当選?"})
    assert isinstance(text, TextEvent)
    assert (text.text, text.reply_token) == ("当選?", "r")
    postback = only_event(type="postback", replyToken="r", postback={"data": "a=1"})
    assert isinstance(postback, PostbackEvent)
    assert postback.data == "a=1"
    link = only_event(type="accountLink", link={"result": "ok", "nonce": "n1"})
    assert isinstance(link, AccountLinkEvent)
    assert (link.is_linked, link.nonce) == (True, "n1")


def test_redelivery_and_standby_are_told() -> None:
    event = only_event(type="unfollow", deliveryContext={"isRedelivery": True}, mode="standby")
    assert (event.is_redelivery, event.may_answer) == (True, False)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "invented-in-2030"},
        {"type": "message", "message": {"type": "sticker", "id": "1"}},
        {"type": "follow"},  # of a shape that LINE does not send today
        {"type": "postback", "postback": None},
        {"type": "unfollow-ish", "source": None},
    ],
)
def test_what_is_not_known_is_kept_as_unknown(event: dict[str, Any]) -> None:
    assert type(only_event(**event)) is UnknownEvent


def test_an_empty_webhook_is_lines_way_to_knock() -> None:
    found = parse_webhook(BODY)
    assert (found.destination, found.events) == (BOT, ())


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"events":[]}', b'{"destination":"U","events":[1]}', b"[" * 100_000,
     b'{"destination":"U","events":{"a":1}}', b'{"destination":"U","events":[{"type":"follow"}]}'],
)  # fmt: skip
def test_what_is_no_webhook_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        parse_webhook(body)


@given(case=strict_webhooks.as_strategy())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_every_webhook_of_the_specification_is_read(case: Any) -> None:
    body = json.dumps(case.body).encode()
    found = parse_webhook(body)
    assert [e.event_id for e in found.events] == [e["webhookEventId"] for e in case.body["events"]]
    assert [e.type for e in found.events] == [e["type"] for e in case.body["events"]]
    assert verify_signature(body, sign_body(body, SECRET), SECRET)


def test_the_specification_names_the_events_that_are_typed_here() -> None:
    text = (SPECS / "line/strict/webhook.strict.yml").read_text(encoding="utf-8")
    for kind in ("follow", "unfollow", "message", "postback", "accountLink"):
        assert f"- {kind}\n" in text
