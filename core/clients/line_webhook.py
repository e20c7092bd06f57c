"""LINE webhooks: the signature over the raw body, and the events that campaigns care about."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MILLISECOND = 253_402_300_799_000  # the last second of the year 9999


class UnreadableWebhook(ValueError):
    """The body is signed, but not a LINE webhook."""


@dataclass(frozen=True, kw_only=True)
class LineEvent:
    """What all events share.

    Attributes:
        event_id: the same at every redelivery; a unique index on it makes handling repeatable (T18).
        occurred_at: orders events, since redelivered ones come late.
        may_answer: false in standby mode, when another system answers for the account.
    """

    event_id: str
    type: str
    occurred_at: datetime
    is_redelivery: bool
    may_answer: bool
    user_id: str | None


@dataclass(frozen=True, kw_only=True)
class FollowEvent(LineEvent):
    """The account was added or unblocked; the reply token is good for a minute and costs no quota."""

    reply_token: str
    is_unblocked: bool


@dataclass(frozen=True, kw_only=True)
class UnfollowEvent(LineEvent):
    """The account was blocked: pushes are still accepted, but arrive nowhere."""


@dataclass(frozen=True, kw_only=True)
class TextEvent(LineEvent):
    """The person wrote to the account."""

    reply_token: str
    text: str


@dataclass(frozen=True, kw_only=True)
class PostbackEvent(LineEvent):
    """The person pressed a button that carries data for us."""

    reply_token: str
    data: str


@dataclass(frozen=True, kw_only=True)
class AccountLinkEvent(LineEvent):
    """The person linked a membership of the client; the nonce is the one we made."""

    is_linked: bool
    nonce: str


@dataclass(frozen=True, kw_only=True)
class UnknownEvent(LineEvent):
    """Everything else, also types that LINE invents later: kept, answered with 200, left alone."""


@dataclass(frozen=True)
class LineWebhook:
    """One call of LINE; `destination` is the bot's user id and picks the tenant."""

    destination: str
    events: tuple[LineEvent, ...]


def sign_body(body: bytes, channel_secret: str) -> str:
    """Give the signature that LINE puts into the header `x-line-signature`."""
    return base64.b64encode(hmac.digest(channel_secret.encode(), body, hashlib.sha256)).decode()


def verify_signature(body: bytes, signature: str, channel_secret: str) -> bool:
    """Tell whether LINE signed this very body with our channel's secret; without a secret nothing is genuine."""
    if not channel_secret:
        return False
    given = signature.encode("utf-8", "replace")
    return hmac.compare_digest(given, sign_body(body, channel_secret).encode())


def parse_webhook(body: bytes) -> LineWebhook:
    """Read a verified body.

    Raises:
        UnreadableWebhook: it is not JSON, or lacks what every webhook and every event has.
    """
    try:
        found = json.loads(body)
        events = tuple(_event(raw) for raw in found["events"])
        return LineWebhook(destination=str(found["destination"]), events=events)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UnreadableWebhook(type(error).__name__) from None


def _event(raw: dict[str, Any]) -> LineEvent:
    common: dict[str, Any] = {
        "event_id": str(raw["webhookEventId"]),
        "type": str(raw["type"]),
        "occurred_at": _instant(raw["timestamp"]),
        "is_redelivery": raw["deliveryContext"]["isRedelivery"] is True,
        "may_answer": raw["mode"] == "active",
        "user_id": (raw.get("source") or {}).get("userId"),
    }
    try:
        return _typed_event(raw, common)
    except (KeyError, TypeError):  # a type we know in a shape we do not: one odd event must not cost its neighbours
        return UnknownEvent(**common)


def _typed_event(raw: dict[str, Any], common: dict[str, Any]) -> LineEvent:
    reply_token = str(raw.get("replyToken") or "")
    match raw["type"]:
        case "follow":
            is_unblocked = raw["follow"]["isUnblocked"] is True
            return FollowEvent(**common, reply_token=reply_token, is_unblocked=is_unblocked)
        case "unfollow":
            return UnfollowEvent(**common)
        case "message" if raw["message"]["type"] == "text":
            return TextEvent(**common, reply_token=reply_token, text=str(raw["message"]["text"]))
        case "postback":
            return PostbackEvent(**common, reply_token=reply_token, data=str(raw["postback"]["data"]))
        case "accountLink":
            link = raw["link"]
            return AccountLinkEvent(**common, is_linked=link["result"] == "ok", nonce=str(link["nonce"]))
        case _:
            return UnknownEvent(**common)


def _instant(milliseconds: int) -> datetime:
    """Read a time; one outside of any calendar becomes its nearest end, since it only orders events."""
    return EPOCH + timedelta(milliseconds=min(max(int(milliseconds), 0), LAST_MILLISECOND))
