"""What every channel does: take one message, or say why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class OutgoingMessage:
    """One message to one person, written for every channel at once; a channel takes the parts it can show.

    Attributes:
        to: mail address, or LINE user id of the sending channel's provider.
        sender_name: shown beside the installation's address; usually the sponsor's.
    """

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(default="", repr=False)
    line_messages: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    sender_name: str = ""
    reply_to: str = ""


@dataclass(frozen=True)
class Accepted:
    """The provider took the message; it may still never be received."""

    provider_message_id: str


class ChannelUnavailable(Exception):
    """Try again later.

    Attributes:
        retry_after_seconds: what the provider asked for, if it did.
        outcome_unknown: the message may have gone out; only a repeat that the provider recognises is harmless.
    """

    def __init__(self, retry_after_seconds: int | None, *, outcome_unknown: bool, detail: str = "") -> None:
        super().__init__(detail or "channel unavailable")
        self.retry_after_seconds = retry_after_seconds
        self.outcome_unknown = outcome_unknown
        self.detail = detail


class ChannelRefused(Exception):
    """A repeat would be refused again.

    Attributes:
        reason_code: stable machine word.
        detail: the provider's words, for operators; never the address.
        is_address_dead: the refusal is about this recipient and not about the message or our account.
    """

    def __init__(self, reason_code: str, detail: str, *, is_address_dead: bool) -> None:
        super().__init__(reason_code)
        self.reason_code = reason_code
        self.detail = detail
        self.is_address_dead = is_address_dead


class Channel(Protocol):
    """A way to a person.

    Attributes:
        repeats_recognised_for: how long after a first try the provider takes a repeat with the same key for the same
            message; None where it knows no keys.
    """

    name: str
    repeats_recognised_for: timedelta | None

    def send(self, message: OutgoingMessage, *, provider_key: UUID) -> Accepted:
        """Hand one message to the provider, outside of any transaction.

        Raises:
            ChannelUnavailable: try later, or find out first what became of it.
            ChannelRefused: do not try again.
        """
        ...


def may_repeat_unknown(channel: Channel, *, first_tried_at: datetime, now: datetime) -> bool:
    """Tell whether a message whose fate is unknown may be sent again with its old key without making a copy."""
    lasts = channel.repeats_recognised_for
    return lasts is not None and now - first_tried_at < lasts
