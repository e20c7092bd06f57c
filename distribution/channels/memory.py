"""A channel that keeps what it is given: for tests and previews."""

from datetime import timedelta
from uuid import UUID

from distribution.channels.base import Accepted, ChannelRefused, ChannelUnavailable, OutgoingMessage


class MemoryChannel:
    """Takes everything, once for each key, unless told how to fail next."""

    name = "memory"
    repeats_recognised_for: timedelta | None = timedelta(hours=23)

    def __init__(self) -> None:
        self.sent: dict[UUID, OutgoingMessage] = {}
        self.attempts: list[UUID] = []
        self.next_failures: list[ChannelUnavailable | ChannelRefused] = []

    def send(self, message: OutgoingMessage, *, provider_key: UUID) -> Accepted:
        """Keep the message; a planned failure of unknown outcome keeps it too, as a lost answer does."""
        self.attempts.append(provider_key)
        failure = self.next_failures.pop(0) if self.next_failures else None
        if failure is None or getattr(failure, "outcome_unknown", False):
            self.sent.setdefault(provider_key, message)
        if failure is not None:
            raise failure
        return Accepted(f"memory-{provider_key}")
