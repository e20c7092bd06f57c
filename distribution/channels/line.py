"""LINE push: safe to repeat for a day, thanks to the retry key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from core.clients.line import LineMessaging, PushOutcome, PushResult, Refusal
from distribution.channels.base import Accepted, ChannelRefused, ChannelUnavailable, OutgoingMessage


class LineChannel:
    """Pushes from one official account.

    Args:
        renew_token: gives a fresh access token after LINE has refused the old one; None where the token is issued
            by hand. Whoever implements it takes care that many workers renew once.
    """

    name = "line"
    # LINE forgets a key after 24 hours; one is left for the call itself
    repeats_recognised_for: timedelta | None = timedelta(hours=23)

    def __init__(self, messaging: LineMessaging, renew_token: Callable[[], str] | None = None) -> None:
        self._messaging = messaging
        self._renew_token = renew_token

    def send(self, message: OutgoingMessage, *, provider_key: UUID) -> Accepted:
        """Push the message's LINE part; without one, its text."""
        result = self._push(message, provider_key)
        if result.outcome is PushOutcome.TOKEN_EXPIRED and self._renew_token:
            self._messaging = replace(self._messaging, access_token=self._renew_token())
            result = self._push(message, provider_key)
        return _accepted_or_raise(result)

    def _push(self, message: OutgoingMessage, provider_key: UUID) -> PushResult:
        messages = message.line_messages or [{"type": "text", "text": message.text}]
        return self._messaging.push(message.to, messages, provider_key)


def _accepted_or_raise(result: PushResult) -> Accepted:
    match result.outcome:
        case PushOutcome.ACCEPTED | PushOutcome.ALREADY_ACCEPTED:
            return Accepted(result.message_ids[0] if result.message_ids else result.request_id)
        case PushOutcome.UNKNOWN:
            raise ChannelUnavailable(result.retry_after_seconds, outcome_unknown=True, detail=result.detail)
        case PushOutcome.RATE_LIMITED | PushOutcome.TOKEN_EXPIRED:
            raise ChannelUnavailable(result.retry_after_seconds, outcome_unknown=False, detail=result.detail)
        case PushOutcome.QUOTA_EXHAUSTED:  # may last until the month ends: the person's other channels come first
            raise ChannelRefused("quota_exhausted", result.detail, is_address_dead=False)
        case PushOutcome.REFUSED:
            refusal = result.refusal or Refusal.UNEXPECTED
            is_dead = refusal is Refusal.UNKNOWN_RECIPIENT
            raise ChannelRefused(refusal.value, result.detail, is_address_dead=is_dead)
