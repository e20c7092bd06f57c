"""What a person does with a phone that runs no scripts, page by page; and what the worker does meanwhile."""

import re
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from codes.links import claim_token
from codes.models import Award
from core import clock
from journeys.services import sweep
from participants.links import verify_url
from participants.models import Entry, Identity
from receipts.ocr.base import ReceiptReading
from receipts.ocr.fake import FakeReader
from receipts.selectors import unread_receipts
from receipts.services import read_receipt
from tests.flows.steps import jpeg, tea_reading


def text_of(response: Any) -> str:
    """Give the words of a page: no tags, blanks folded."""
    page = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", page)


def path_of(url: str) -> str:
    """Give the path of a link in a message."""
    return "/" + url.split("/", 3)[3]


def work(reading: ReceiptReading | None = None) -> None:
    """Let the worker read what was uploaded and carry entries on."""
    FakeReader.prepare(reading or tea_reading())
    for receipt_id in unread_receipts(clock.now()):
        read_receipt(receipt_id=receipt_id, now=clock.now())
    sweep(now=clock.now())


class Phone(Client):
    """One browser with its cookies; CSRF is checked as in life, with the token taken from the page before."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=True)

    def send(self, path: str, data: dict[str, Any] | None = None, *, page: str | None = None) -> Any:
        """Open a page, and post its form to `path`."""
        shown = self.get(page or path)
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', shown.content.decode())
        assert found, f"no form on {page or path}"
        return self.post(path, {"csrfmiddlewaretoken": found[1], **(data or {})})

    def start(self, slug: str) -> Entry:
        """Press the button of a campaign page."""
        answer = self.send(f"/c/{slug}/start/", page=f"/c/{slug}/")
        assert answer.status_code == 302, text_of(answer)
        return Entry.objects.get(public_id=uuid.UUID(answer["Location"].split("/")[2]))

    def upload(self, entry: Entry, *photos: bytes) -> Any:
        """Choose photographs and send them."""
        files = [SimpleUploadedFile(f"IMG_{n}.jpg", photo) for n, photo in enumerate(photos or (jpeg(),))]
        return self.send(f"/e/{entry.public_id}/receipt/", {"photos": files})

    def give_email(self, entry: Entry, email: str = "hanako@example.com") -> Any:
        """Type an address."""
        return self.send(f"/e/{entry.public_id}/contact/", {"email": email})

    def confirm(self, entry: Entry, **boxes: str) -> Any:
        """Agree and press the last button."""
        return self.send(f"/e/{entry.public_id}/confirm/", {"terms": "on"} | boxes)

    def enter_with_receipt(self, *, email: str = "hanako@example.com", photo: bytes | None = None) -> Entry:
        """Take all steps of the must-buy campaign."""
        entry = self.start("green-tea")
        self.upload(entry, photo or jpeg())
        self.give_email(entry, email)
        answer = self.confirm(entry)
        assert answer.status_code == 302, text_of(answer)
        return entry

    def verify(self, entry: Entry) -> Any:
        """Press the button behind the mailed link."""
        entry.refresh_from_db()
        identity = Identity.objects.filter(participant=entry.participant, kind="email").latest("pk")
        return self.send(path_of(verify_url(identity, entry)))

    def win(self, **details: Any) -> Award:
        """Enter, confirm and win."""
        entry = self.enter_with_receipt(**details)
        work()
        self.verify(entry)
        work()
        return Award.objects.get(entry=entry)


def claim_path(award: Award) -> str:
    """Give the path of an award's claim link."""
    return f"/g/{claim_token(award.public_id)}/"
