import smtplib
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from anymail.exceptions import AnymailAPIError, AnymailInvalidAddress
from pytest_django import Settings

from distribution.channels.base import Accepted, ChannelRefused, ChannelUnavailable, OutgoingMessage
from distribution.channels.email import EmailChannel
from distribution.channels.email_answers import from_anymail
from tests.contracts.smtp_sink import CUT, SILENCE, SmtpSink

pytestmark = pytest.mark.usefixtures("installation")
KEY = UUID("6f1f6f0e-8c7d-4a51-9b8e-0d8f3a1f2b3c")
TO = "hanako@customer.example"


@pytest.fixture
def installation(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "事務局 <gift@brand.example>"


def message(**parts: Any) -> OutgoingMessage:
    proper: dict[str, Any] = {
        "to": TO,
        "subject": "【当選】QUOカードPay 500円",
        "text": "当選しました。髙橋①様\n",
        "html": "<p>当選しました。</p>",
        "sender_name": "みずひき飲料株式会社 キャンペーン事務局",
        "reply_to": "desk@brand.example",
    }
    return OutgoingMessage(**{**proper, **parts})


def send(**parts: Any) -> Accepted:
    return EmailChannel().send(message(**parts), provider_key=KEY)


def received(sink: SmtpSink) -> EmailMessage:
    (only,) = sink.messages
    return only


def test_a_mail_arrives_whole_with_our_message_id(smtp_sink: SmtpSink) -> None:
    assert send().provider_message_id == f"<{KEY}@brand.example>"
    mail = received(smtp_sink)
    assert mail["Message-ID"] == f"<{KEY}@brand.example>"
    assert mail["Subject"] == "【当選】QUOカードPay 500円"
    assert mail["From"].addresses[0].display_name == "みずひき飲料株式会社 キャンペーン事務局"
    assert mail["From"].addresses[0].addr_spec == "gift@brand.example"
    assert (mail["To"], mail["Reply-To"]) == (TO, "desk@brand.example")
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert text.get_content() == "当選しました。髙橋①様\r\n"
    assert html is not None
    assert "当選しました" in html.get_content()
    assert (smtp_sink.envelopes[0].mail_from, smtp_sink.envelopes[0].rcpt_tos) == ("gift@brand.example", [TO])


def test_a_mail_without_its_own_sender_is_from_the_installation(smtp_sink: SmtpSink, settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "事務局 <no-reply@mizuhiki.example>"
    assert send(sender_name="").provider_message_id == f"<{KEY}@mizuhiki.example>"
    assert str(received(smtp_sink)["From"]) == "事務局 <no-reply@mizuhiki.example>"


@pytest.mark.parametrize("address", ["da..me@docomo.ne.jp", "dame.@ezweb.ne.jp", "a+b@customer.example", "x@a-b.co.jp"])
def test_old_carrier_addresses_are_sent_as_they_are(smtp_sink: SmtpSink, address: str) -> None:
    send(to=address)
    assert smtp_sink.envelopes[0].rcpt_tos == [address]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a", "@b.example", "a@", "a@localhost", "a@[127.0.0.1]", "a@b.example,c@d.example", "a@b.example;c@d.example",
        "A <a@b.example>", "a@b@c.example", "a b@c.example", "a@b.example\n", "a@b.example\r\nBcc: c@d.example",
        "a@b.example\0", "a@b.example\u2028", "ａ@b.example", "a@ｂ.example", "a" * 245 + "@b.example", "a@-b.example",
        "a@b..example", '"a"@b.example', "<script>@b.example", "a\u202e@b.example",
    ],
)  # fmt: skip
def test_T14_what_is_not_one_plain_address_is_refused(smtp_sink: SmtpSink, address: str) -> None:
    with pytest.raises(ChannelRefused) as refusal:
        send(to=address)
    assert (refusal.value.reason_code, refusal.value.is_address_dead) == ("address_invalid", True)
    if address:
        with pytest.raises(ChannelRefused, match="sender_invalid"):
            send(reply_to=address)
    assert smtp_sink.envelopes == []


LINE_ENDS = ["\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0", "\x7f", "\ud800"]


@pytest.mark.parametrize("line_end", LINE_ENDS, ids=repr)
@pytest.mark.parametrize("field", ["subject", "sender_name"])
def test_T14_no_line_end_of_any_kind_gets_into_a_header(smtp_sink: SmtpSink, field: str, line_end: str) -> None:
    evil = f"当選{line_end}Bcc: thief@evil.example"
    with pytest.raises(ChannelRefused) as refusal:
        send(**{field: evil})
    assert (refusal.value.reason_code, refusal.value.is_address_dead) == ("header_unsafe", False)
    assert smtp_sink.envelopes == []


@pytest.mark.parametrize("field", ["subject", "sender_name"])
def test_T14_an_encoded_word_is_not_let_through_to_be_decoded_later(smtp_sink: SmtpSink, field: str) -> None:
    with pytest.raises(ChannelRefused, match="header_unsafe"):
        send(**{field: "=?utf-8?q?=0ABcc:_thief@evil.example?="})
    assert smtp_sink.envelopes == []


@pytest.mark.parametrize(
    "name",
    ['"', "a, b@evil.example", "x <thief@evil.example>", '" <thief@evil.example>, "', "長" * 80],
)
def test_T14_a_senders_name_stays_one_name_of_one_sender(smtp_sink: SmtpSink, name: str) -> None:
    send(sender_name=name)
    mail = received(smtp_sink)
    assert [a.addr_spec for a in mail["From"].addresses] == ["gift@brand.example"]
    assert mail.get_all("Bcc") is None
    assert smtp_sink.envelopes[0].rcpt_tos == [TO]


@pytest.mark.parametrize(
    ("answer", "is_dead"),
    [
        ("550 5.1.1 <hanako@customer.example> unknown user", True),
        ("550 no such user", True),
        ("550 5.7.1 blocked by policy", False),
        ("552 5.2.2 mailbox full", False),
        ("554 rejected", False),
    ],
)
def test_F19_a_5xx_is_refused_and_says_whether_the_address_is_dead(
    smtp_sink: SmtpSink, answer: str, is_dead: bool
) -> None:
    smtp_sink.rcpt_answers[TO] = answer
    with pytest.raises(ChannelRefused) as refusal:
        send()
    assert (refusal.value.reason_code, refusal.value.is_address_dead) == ("recipient_refused", is_dead)
    assert TO not in refusal.value.detail
    assert refusal.value.detail[:3] == answer[:3]


def test_F19_a_5xx_after_the_body_is_about_the_message(smtp_sink: SmtpSink) -> None:
    smtp_sink.data_answers[TO] = "554 5.7.1 looks like spam"
    with pytest.raises(ChannelRefused) as refusal:
        send()
    assert (refusal.value.reason_code, refusal.value.is_address_dead) == ("message_refused", False)


@pytest.mark.parametrize("answer", ["451 4.7.1 greylisted", "421 too busy", "452 4.2.2 try later"])
def test_F19_a_4xx_is_tried_later_and_was_surely_not_sent(smtp_sink: SmtpSink, answer: str) -> None:
    smtp_sink.rcpt_answers[TO] = answer
    with pytest.raises(ChannelUnavailable) as error:
        send()
    assert error.value.outcome_unknown is False
    smtp_sink.rcpt_answers.clear()
    smtp_sink.data_answers[TO] = answer
    with pytest.raises(ChannelUnavailable) as error:
        send()
    assert (error.value.outcome_unknown, smtp_sink.envelopes) == (False, [])


@pytest.mark.parametrize("behaviour", [SILENCE, CUT])
def test_F19_a_lost_answer_after_the_body_is_unknown(smtp_sink: SmtpSink, settings: Settings, behaviour: str) -> None:
    settings.EMAIL_TIMEOUT = 0.3
    smtp_sink.data_answers[TO] = behaviour
    with pytest.raises(ChannelUnavailable) as error:
        send()
    assert error.value.outcome_unknown is True
    assert len(smtp_sink.envelopes) == 1


def test_F19_nobody_listening_is_tried_later(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1
    with pytest.raises(ChannelUnavailable) as error:
        send()
    assert error.value.outcome_unknown is False


def test_a_failing_goodbye_does_not_undo_an_acceptance(smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: smtplib.SMTP) -> None:
        raise smtplib.SMTPResponseException(500, b"no goodbye")

    monkeypatch.setattr(smtplib.SMTP, "quit", failing)
    assert send().provider_message_id == f"<{KEY}@brand.example>"
    assert len(smtp_sink.envelopes) == 1


def ses_error(status: int | None, code: str = "", cause: Exception | None = None) -> AnymailAPIError:
    body = {"Error": {"Code": code, "Message": f"{TO} is odd"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = AnymailAPIError("failed", response=None if status is None else body)
    error.__cause__ = cause
    return error


class ReadTimeoutError(Exception):
    """Named as botocore names it."""


class ConnectTimeoutError(Exception):
    """Named as botocore names it."""


@pytest.mark.parametrize(
    ("error", "is_unknown"),
    [
        (ses_error(429, "TooManyRequestsException"), False),
        (ses_error(400, "Throttling"), False),
        (ses_error(400, "SendingPausedException"), False),
        (ses_error(500, "InternalFailure"), True),
        (ses_error(503, "ServiceUnavailable"), True),
        (ses_error(None, cause=ReadTimeoutError()), True),
        (ses_error(None, cause=ConnectTimeoutError()), False),
    ],
)
def test_F19_what_ses_may_still_send_is_unknown_the_rest_is_tried_later(
    error: AnymailAPIError, is_unknown: bool
) -> None:
    found = from_anymail(error, to=TO)
    assert isinstance(found, ChannelUnavailable)
    assert found.outcome_unknown is is_unknown


def test_F19_what_ses_rejects_is_refused_without_naming_the_person() -> None:
    found = from_anymail(ses_error(400, "MessageRejected"), to=TO)
    assert isinstance(found, ChannelRefused)
    assert (found.reason_code, found.is_address_dead) == ("message_refused", False)
    assert found.detail == "MessageRejected: <recipient> is odd"
    assert isinstance(from_anymail(AnymailInvalidAddress("odd"), to=TO), ChannelRefused)
