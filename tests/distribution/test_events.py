"""Events of the mail provider, as they come in over HTTP."""

import base64
import json

import pytest

from distribution.models import Delivery, DeliveryAttempt, DeliveryStatus
from participants.models import Identity
from tests.flows.steps import confirm, deliver, demo_campaigns, send_serial, start, submit

pytestmark = pytest.mark.django_db
SECRET = "mailer:let-me-in"


@pytest.fixture
def sent(settings) -> Delivery:
    """A message that the provider has taken under the id `mail-1`."""
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    entry = start(demo_campaigns()["lucky-serial"], email="events@example.com")
    send_serial(entry, "MZHK2026DEMO001")
    submit(entry)
    confirm(entry)
    deliver()
    delivery = Delivery.objects.exclude(kind="verify_email").get()
    DeliveryAttempt.objects.filter(delivery=delivery).update(provider_message_id="mail-1")
    return delivery


def post_event(client, kind: str, message_id: str = "mail-1", **details):
    """Send an event in the provider's documented shape; `kind` is its own name for it."""
    mail = {"messageId": message_id, "timestamp": "2026-11-22T03:00:00.000Z", "destination": ["events@example.com"]}
    message = {"eventType": kind, "mail": mail, kind.lower(): details}
    body = {
        "Type": "Notification",
        "MessageId": f"sns-{kind}-{message_id}",
        "TopicArn": "arn:aws:sns:ap-northeast-1:1:mail",
        "Message": json.dumps(message),
        "Timestamp": "2026-11-22T03:00:00.000Z",
    }
    return client.post(
        "/anymail/amazon_ses/tracking/",
        json.dumps(body),
        content_type="text/plain; charset=UTF-8",
        headers={
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-message-id": body["MessageId"],
            "authorization": "Basic " + base64.b64encode(SECRET.encode()).decode(),
        },
    )


def bounce(client, message_id: str = "mail-1"):
    recipients = [{"emailAddress": "events@example.com", "status": "5.1.1"}]
    details = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": recipients}
    return post_event(client, "Bounce", message_id, timestamp="2026-11-22T03:01:00.000Z", feedbackId="f1", **details)


def delivered(client, message_id: str = "mail-1"):
    details = {"timestamp": "2026-11-22T03:01:00.000Z", "recipients": ["events@example.com"]}
    return post_event(client, "Delivery", message_id, smtpResponse="250 ok", **details)


def test_a_delivery_report_marks_the_message_as_arrived(client, sent):
    assert delivered(client).status_code == 200
    sent.refresh_from_db()
    assert sent.status == DeliveryStatus.DELIVERED


def test_F19_a_bounce_marks_message_and_contact_and_a_repeat_changes_nothing(client, sent):
    assert bounce(client).status_code == 200
    assert bounce(client).status_code == 200
    sent.refresh_from_db()
    assert (sent.status, sent.failure_code) == (DeliveryStatus.BOUNCED, "bounced")
    assert Identity.objects.get().unreachable_at is not None


def test_an_event_of_a_mail_that_is_not_ours_changes_nothing(client, sent):
    assert bounce(client, "somebody-elses").status_code == 200
    sent.refresh_from_db()
    assert sent.status == DeliveryStatus.ACCEPTED


def test_T18_an_event_without_the_secret_is_refused(client, sent):
    response = client.post("/anymail/amazon_ses/tracking/", "{}", content_type="text/plain")
    assert response.status_code == 401
    sent.refresh_from_db()
    assert sent.status == DeliveryStatus.ACCEPTED


def test_T18_no_other_provider_has_a_door(client):
    assert client.post("/anymail/sendgrid/tracking/", "{}", content_type="application/json").status_code == 404
