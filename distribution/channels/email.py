"""Mail through whatever backend the settings name: SMTP in the sandbox, SES in production."""

import contextlib
import re
import smtplib
from datetime import timedelta
from email.utils import formataddr, parseaddr
from uuid import UUID

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from distribution.channels.base import Accepted, ChannelRefused, ChannelUnavailable, OutgoingMessage
from distribution.channels.email_answers import from_anymail, from_smtp

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+"  # dots anywhere: old docomo and au addresses have them doubled or last
ADDRESS = re.compile(rf"{ATOM}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]")
ADDRESS_LENGTH = 254
# Line ends of any kind, what cannot be sent at all, and encoded words, which mail software decodes into line ends.
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|=\?")


class EmailChannel:
    """Sends one mail to one recipient; mail knows no keys, so a lost answer stays unknown."""

    name = "email"
    repeats_recognised_for: timedelta | None = None

    def send(self, message: OutgoingMessage, *, provider_key: UUID) -> Accepted:
        """Hand one mail to the mail server or provider."""
        mail = build_mail(message, provider_key=provider_key)
        connection = get_connection()
        try:
            connection.open()
        except OSError as error:  # also what smtplib raises: nothing was sent yet
            raise ChannelUnavailable(None, outcome_unknown=False, detail=type(error).__name__) from None
        try:
            _send(connection, mail, to=message.to)
        finally:
            with contextlib.suppress(OSError):  # an answer has been given; a failing goodbye changes nothing
                connection.close()
        status = getattr(mail, "anymail_status", None)
        return Accepted(getattr(status, "message_id", None) or mail.extra_headers["Message-ID"])


def build_mail(message: OutgoingMessage, *, provider_key: UUID) -> EmailMultiAlternatives:
    """Make the mail, with a Message-ID of our own so that a bounce finds its delivery.

    Raises:
        ChannelRefused: an address or a header holds what could become another header or recipient (T14).
    """
    default_name, default_address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    _require_address(message.to, is_recipient=True)
    if message.reply_to:
        _require_address(message.reply_to)
    _require_safe_headers(message)
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=formataddr((message.sender_name or default_name, default_address)),
        to=[message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={
            "Auto-Submitted": "auto-generated",  # no holiday replies to the sponsor
            "Message-ID": f"<{provider_key}@{default_address.rpartition('@')[2]}>",
        },
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    mail.metadata = {"provider_key": str(provider_key)}  # type: ignore[attr-defined]  # comes back in SES events
    return mail


def _send(connection: BaseEmailBackend, mail: EmailMultiAlternatives, *, to: str) -> None:
    try:
        connection.send_messages([mail])
    except smtplib.SMTPException as error:
        raise from_smtp(error, to=to) from None
    except AnymailError as error:
        raise from_anymail(error, to=to) from None
    except OSError as error:  # the connection stood, so the mail may be through
        raise ChannelUnavailable(None, outcome_unknown=True, detail=type(error).__name__) from None


def _require_address(address: str, *, is_recipient: bool = False) -> None:
    if len(address) > ADDRESS_LENGTH or not ADDRESS.fullmatch(address):
        reason = "address_invalid" if is_recipient else "sender_invalid"
        raise ChannelRefused(reason, "not one plain mail address", is_address_dead=is_recipient)


def _require_safe_headers(message: OutgoingMessage) -> None:
    if UNSAFE.search(message.subject) or UNSAFE.search(message.sender_name):
        raise ChannelRefused("header_unsafe", "control character or encoded word in a header", is_address_dead=False)
