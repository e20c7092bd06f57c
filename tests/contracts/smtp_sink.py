"""A mail server on 127.0.0.1 that keeps what it takes and refuses whom it is told to."""

import asyncio
import email
import email.policy
import threading
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

SILENCE = "silence"  # take the body and never answer
CUT = "cut"  # take the body and cut the connection


class SmtpSink:
    """Answers can be planned by recipient: `"550 5.1.1 …"` and the like, SILENCE or CUT."""

    def __init__(self) -> None:
        self.rcpt_answers: dict[str, str] = {}
        self.data_answers: dict[str, str] = {}
        self.envelopes: list[Envelope] = []
        self._stopping = threading.Event()
        self._controller = _AnyPort(_Handler(self), hostname="127.0.0.1", port=0)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._controller.stop()

    @property
    def port(self) -> int:
        """Tell where it listens."""
        return self._controller.port

    @property
    def messages(self) -> list[EmailMessage]:
        """Give the mails it took, parsed anew from the bytes on the wire."""
        parsed = (
            email.message_from_bytes(e.original_content or b"", policy=email.policy.default) for e in self.envelopes
        )
        return [message for message in parsed if isinstance(message, EmailMessage)]


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        """Learn which port the system chose, before the controller calls it to see whether it answers."""
        server: Any = self.server
        self.port = int(server.sockets[0].getsockname()[1])
        super()._trigger_server()


class _Handler:
    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: Any) -> str:
        answer = self._sink.rcpt_answers.get(to, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(to)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = self._sink.data_answers.get(envelope.rcpt_tos[0], "250 OK")
        if answer.startswith("250") or answer in (SILENCE, CUT):
            self._sink.envelopes.append(envelope)
        transport: Any = server.transport
        # The end comes from another thread or from the other side, so there is no event to wait for.
        while answer == SILENCE and not self._sink._stopping.is_set() and not transport.is_closing():
            await asyncio.sleep(0.02)
        if answer == CUT:
            transport.abort()
        return answer
