"""The sandbox mailbox: a small SMTP server that keeps every mail as a file and sends none on.

`python -m distribution.sandbox HOST PORT` runs it; the mailbox page, the demo and tests read what it kept.
The file's name is the mail's id: arrival in nanoseconds and a random part, so that names sort by time.
"""

import os
import re
import secrets
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEPT_COUNT = 500
MESSAGE_LIMIT_BYTES = 5_000_000
MESSAGE_ID = re.compile(r"\A[0-9]{20}-[0-9a-f]{8}\Z")


class MessageNotFound(LookupError):
    """No kept mail has this id."""


@dataclass(frozen=True, slots=True)
class Message:
    """One kept mail. `to` is whom the envelope named: what really would have got it."""

    id: str
    subject: str
    sender: str
    to: tuple[str, ...]
    sent_at: datetime
    text: str
    html: str


class Mailbox:
    """Keeps what aiosmtpd receives, newest `KEPT_COUNT` only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name
        """Answer 250 only once the mail is on disk under its final name."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        recipients = ", ".join(address.replace("\n", "") for address in envelope.rcpt_tos)
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        partial = self.folder / f".{name}.partial"
        partial.write_bytes(b"X-Envelope-To: " + recipients.encode() + b"\r\n" + content)
        partial.rename(self.folder / f"{name}.eml")
        self.drop_oldest()
        return "250 Message kept in the sandbox mailbox"

    def drop_oldest(self) -> None:
        """Bound the folder: a forgotten demo must not fill the disk."""
        for path in newest_files(self.folder)[KEPT_COUNT:]:
            path.unlink(missing_ok=True)


def newest_files(folder: Path) -> list[Path]:
    """Kept mails, newest first."""
    return sorted(folder.glob("[0-9]*.eml"), reverse=True)


def mailbox_folder() -> Path:
    """Where mails are kept.

    Raises:
        ImproperlyConfigured: this is no sandbox; real people's mail is never kept in files.
    """
    if getattr(settings, "SANDBOX", False) is not True:
        raise ImproperlyConfigured("the sandbox mailbox runs only where SANDBOX is true")
    return Path(settings.MAILBOX_DIR)


def list_messages(*, to: str | None = None, limit: int = KEPT_COUNT) -> list[Message]:
    """Return kept mails, newest first; with `to`, only those for that address."""
    messages = (_parse(path) for path in newest_files(mailbox_folder()))
    wanted = (message for message in messages if message and (to is None or to in message.to))
    return [message for message, _ in zip(wanted, range(limit), strict=False)]


def read_message(message_id: str) -> Message:
    """Return one kept mail.

    Raises:
        MessageNotFound: no mail has this id, or it is not an id at all.
    """
    folder = mailbox_folder()
    if not MESSAGE_ID.match(message_id):  # it becomes a file's name
        raise MessageNotFound(message_id)
    if message := _parse(folder / f"{message_id}.eml"):
        return message
    raise MessageNotFound(message_id)


def _parse(path: Path) -> Message | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # dropped since the folder was listed
        return None
    mail = message_from_bytes(content, policy=policy.default)
    return Message(
        id=path.stem,
        subject=str(mail["Subject"] or ""),
        sender=str(mail["From"] or ""),
        to=tuple(str(mail["X-Envelope-To"]).split(", ")),
        sent_at=_sent_at(mail, path),
        text=_body(mail, "plain"),
        html=_body(mail, "html"),
    )


def _sent_at(mail: EmailMessage, path: Path) -> datetime:
    try:
        sent_at = parsedate_to_datetime(str(mail["Date"]))
    except ValueError:  # no date, or none that can be read: take the arrival
        return datetime.fromtimestamp(int(path.stem.partition("-")[0]) / 1e9, UTC)
    # "-0000", which our own mails have, says UTC without a place; it comes without a zone.
    return sent_at.replace(tzinfo=UTC) if sent_at.tzinfo is None else sent_at.astimezone(UTC)


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, UnicodeError):  # a character set nobody knows
        return bytes(part.get_payload(decode=True) or b"").decode(errors="replace").replace("\r\n", "\n")


def start(*, host: str, port: int) -> Controller:
    """Start the server in a thread and return it; the caller stops it."""
    controller = Controller(
        Mailbox(mailbox_folder()),
        hostname=host,
        port=port,
        data_size_limit=MESSAGE_LIMIT_BYTES,
        enable_SMTPUTF8=True,
        ident="mizuhiki sandbox",
    )
    controller.start()
    return controller


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})  # before the thread, which inherits it
    mailbox = start(host=sys.argv[1], port=int(sys.argv[2]))
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    mailbox.stop()
