"""The mail channel through anymail against a double of SES; retries of boto3 off, as production has them."""

from collections.abc import Iterator
from uuid import UUID

import boto3
import pytest
from moto import mock_aws
from pytest_django import Settings

from distribution.channels.base import ChannelRefused, OutgoingMessage
from distribution.channels.email import EmailChannel

KEY = UUID("6f1f6f0e-8c7d-4a51-9b8e-0d8f3a1f2b3c")
REGION = "ap-northeast-1"


@pytest.fixture
def ses(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    settings.EMAIL_BACKEND = "anymail.backends.amazon_ses.EmailBackend"
    settings.ANYMAIL = {
        "AMAZON_SES_CLIENT_PARAMS": {"region_name": REGION, "config": {"retries": {"total_max_attempts": 1}}}
    }
    with mock_aws():
        client = boto3.client("sesv2", region_name=REGION)
        client.create_email_identity(EmailIdentity="brand.example")
        yield client


MESSAGE = OutgoingMessage(to="hanako@customer.example", subject="当選", text="当選しました", html="<p>当選</p>")


def test_ses_gives_its_own_id_which_its_events_carry(ses: object, settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "gift@brand.example"
    accepted = EmailChannel().send(MESSAGE, provider_key=KEY)
    assert accepted.provider_message_id
    assert str(KEY) not in accepted.provider_message_id


def test_a_sender_that_was_never_verified_is_refused(ses: object, settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "gift@stranger.example"
    with pytest.raises(ChannelRefused) as refusal:
        EmailChannel().send(MESSAGE, provider_key=KEY)
    assert (refusal.value.reason_code, refusal.value.is_address_dead) == ("message_refused", False)
    assert refusal.value.detail.startswith("MessageRejected")
