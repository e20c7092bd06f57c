import smtplib
import socket
from email.message import EmailMessage

import pytest
from django.core.exceptions import ImproperlyConfigured

from distribution import sandbox


@pytest.fixture
def mailbox(settings, tmp_path):
    settings.SANDBOX = True
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = sandbox.start(host="127.0.0.1", port=port)
    yield server
    server.stop()


def send(mailbox, message: EmailMessage, to: str = "hanako@example.jp") -> None:
    with smtplib.SMTP(mailbox.hostname, mailbox.port, timeout=5) as client:
        client.send_message(message, from_addr="shop@example.jp", to_addrs=[to])


IN_JAPAN, IN_UTC = "Sun, 22 Nov 2026 10:00:00 +0900", "Sun, 22 Nov 2026 01:00:00 -0000"  # the second as Django writes


def a_message(
    subject: str = "当選のお知らせ", text: str = "おめでとうございます。\n", date: str = IN_JAPAN
) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "キャンペーン事務局 <shop@example.jp>"
    message["To"] = "someone.else@example.jp"
    message["Date"] = date
    message.set_content(text)
    return message


def test_a_mail_is_kept_with_all_its_parts(mailbox):
    message = a_message()
    message.add_alternative("<p>おめでとうございます。</p>", subtype="html")

    send(mailbox, message)

    [kept] = sandbox.list_messages()
    assert kept.subject == "当選のお知らせ"
    assert kept.sender == "キャンペーン事務局 <shop@example.jp>"
    assert kept.to == ("hanako@example.jp",)  # whom the envelope named, not the header
    assert kept.sent_at.isoformat() == "2026-11-22T01:00:00+00:00"
    assert kept.text == "おめでとうございます。\n"
    assert kept.html == "<p>おめでとうございます。</p>\n"
    assert sandbox.read_message(kept.id) == kept


def test_the_newest_mail_comes_first_and_can_be_asked_for_by_address(mailbox):
    send(mailbox, a_message("first"), to="a@example.jp")
    send(mailbox, a_message("second"), to="b@example.jp")
    send(mailbox, a_message("third"), to="a@example.jp")

    assert [message.subject for message in sandbox.list_messages()] == ["third", "second", "first"]
    assert [message.subject for message in sandbox.list_messages(to="a@example.jp")] == ["third", "first"]
    assert [message.subject for message in sandbox.list_messages(limit=1)] == ["third"]


def test_the_mailbox_keeps_only_the_newest(mailbox, monkeypatch):
    monkeypatch.setattr(sandbox, "KEPT_COUNT", 2)

    for number in range(4):
        send(mailbox, a_message(str(number)))

    assert [message.subject for message in sandbox.list_messages(limit=9)] == ["3", "2"]


def test_the_date_that_our_own_mails_have_is_read_as_utc(mailbox):
    send(mailbox, a_message(date=IN_UTC))

    assert sandbox.list_messages()[0].sent_at.isoformat() == "2026-11-22T01:00:00+00:00"


def test_a_mail_without_a_date_counts_from_its_arrival(mailbox):
    message = a_message()
    del message["Date"]

    send(mailbox, message)

    [kept] = sandbox.list_messages()
    assert int(kept.sent_at.timestamp()) == int(kept.id.partition("-")[0]) // 1_000_000_000


def test_a_mail_in_an_unknown_character_set_is_still_shown(mailbox):
    message = a_message(text="hello")
    message.replace_header("Content-Type", 'text/plain; charset="x-nobody-knows"')

    send(mailbox, message)

    assert sandbox.list_messages()[0].text == "hello\n"


def test_a_mail_over_the_limit_is_refused(mailbox, monkeypatch):
    message = a_message(text="x" * (sandbox.MESSAGE_LIMIT_BYTES + 1))

    with pytest.raises(smtplib.SMTPException):
        send(mailbox, message)

    assert sandbox.list_messages() == []


@pytest.mark.parametrize("message_id", ["", "../../keys.json", "00000000000000000001-00000000", "1\n", "0" * 20])
def test_what_is_no_kept_mail_is_not_found(mailbox, message_id):
    with pytest.raises(sandbox.MessageNotFound):
        sandbox.read_message(message_id)


def test_there_is_no_mailbox_outside_of_the_sandbox(settings, tmp_path):
    settings.SANDBOX = False
    settings.MAILBOX_DIR = tmp_path / "mailbox"

    with pytest.raises(ImproperlyConfigured):
        sandbox.start(host="127.0.0.1", port=0)
    with pytest.raises(ImproperlyConfigured):
        sandbox.list_messages()
    assert not settings.MAILBOX_DIR.exists()
