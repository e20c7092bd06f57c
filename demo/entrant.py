"""One person with a phone and a mail address, from the entry page to the code."""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from demo.phone import Form, NotAsPromised, Page, Phone
from demo.report import expect

VERDICT_LIMIT_SECONDS = 90
MAIL_LIMIT_SECONDS = 45
LOOK_EVERY_SECONDS = 0.5
STEP = re.compile(r"/e/([0-9a-f-]{36})/(?:([a-z]+)/)?")


@dataclass
class Waiting:
    """Look again until something is there."""

    limit_seconds: float
    what: str

    def until[Found](self, look: Callable[[], Found | None]) -> Found:
        """Return the first thing found.

        Raises:
            NotAsPromised: nothing came in time.
        """
        limit = time.monotonic() + self.limit_seconds
        while time.monotonic() < limit:
            found = look()
            if found is not None:
                return found
            time.sleep(LOOK_EVERY_SECONDS)
        raise NotAsPromised(f"{self.what}が {self.limit_seconds:.0f} 秒たっても届きません")


class Entrant:
    """Somebody who takes part; every page is opened as a phone without JavaScript would."""

    def __init__(self, base_url: str) -> None:
        self.phone = Phone(base_url)
        self.email = f"demo-{secrets.token_hex(6)}@example.jp"
        self.page: Page

    @property
    def entry_id(self) -> str:
        """The entry's public id, from the address of the page."""
        return self._place()[1]

    @property
    def step(self) -> str:
        """The step that is asked for now."""
        return self._place()[2] or ""

    def begin(self, address: str) -> str:
        """Open a campaign's page by a link and press its button; returns the campaign's title."""
        self.page = self.phone.open(address)
        title = self.page.title
        self.page = self.phone.send(self.page.form("/start/"))
        return title

    def send_photo(self, photo: bytes) -> None:
        """Upload the photograph of a receipt."""
        self._expect_step("receipt")
        self.page = self.phone.send(self.page.form(), photo=photo)

    def type_number(self, name: str, number: str) -> None:
        """Type a serial code or a member number."""
        self._expect_step(name)
        self.page = self.phone.send(self.page.form(), {"number": number})

    def answer_survey(self) -> None:
        """Take the first answer of every question."""
        self._expect_step("survey")
        form = self.page.form()
        answers: dict[str, str | list[str]] = {name: values[0] for name, values in form.choices.items()}
        self.page = self.phone.send(form, answers)

    def give_address(self) -> None:
        """Type the mail address."""
        self._expect_step("contact")
        self.page = self.phone.send(self.page.form(), {"email": self.email})

    def agree_and_send(self) -> None:
        """Agree to the terms and send the entry."""
        self._expect_step("confirm")
        form = self.page.form()
        self.page = self.phone.send(form, {"terms": "on"} if "terms" in form.choices else {})

    def wait_for_verdict(self, page: str = "checking") -> None:
        """Look at the waiting page, as its script does, until it leads on."""
        entry = self.entry_id

        def look() -> str | None:
            return self.phone.open(f"/e/{entry}/progress/?page={page}").leads_to or None

        self.page = self.phone.open(Waiting(VERDICT_LIMIT_SECONDS, "審査の結果").until(look))

    def mailed_link(self, part: str) -> tuple[str, str]:
        """Wait for a mail to this person with a link of a kind; returns its subject and the link."""
        return Waiting(MAIL_LIMIT_SECONDS, f"{self.email} へのメール").until(lambda: self._look_for_mail(part))

    def confirm_address(self, link: str) -> None:
        """Open the mailed link and press its button; only the press counts, since scanners follow links, too."""
        self.page = self.phone.open(link)
        self.page = self.phone.send(self.page.form())

    def open_claim(self, link: str) -> str:
        """Open the page of the prize; returns the prize. The code is not on it yet."""
        self.page = self.phone.open(link)
        expect(that=not self.page.all("output"), otherwise="リンクを開いただけでコードが表示されました")
        form = self.page.first("form", id="claim")
        opened = Form(f"{self.phone.base_url}{form.attributes['data-opened']}", dict(self.page.form().fields))
        self.phone.send(opened)  # what the page's script does once a person has it open
        return self.page.title

    def reveal(self) -> str:
        """Press the button that shows the code."""
        self.page = self.phone.send(self.page.form())
        return self.page.first("output", id="code").attributes["data-code"]

    def shown_reasons(self) -> list[str]:
        """The sentences that say why the entry was not accepted."""
        return [
            self.page.inside(item, "strong").text
            for listed in self.page.all("ul", **{"class": "reasons"})
            for item in [self.page.inside(listed, "li")]
        ]

    def mail_that_says(self, text: str) -> str | None:
        """Look for a mail to this person with a text in it; returns its subject."""
        mailbox = self.phone.open("/mailbox/")
        for row in mailbox.all("li"):
            if self.email in row.text:
                title = mailbox.inside(row, "a")
                if text in self.phone.open(title.attributes["href"]).first("main").text:
                    return title.text
        return None

    def _look_for_mail(self, part: str) -> tuple[str, str] | None:
        mailbox = self.phone.open("/mailbox/")
        for row in mailbox.all("li"):
            if self.email in row.text:
                title = mailbox.inside(row, "a")
                links = self.phone.open(title.attributes["href"]).links(part)
                if links:
                    return title.text, links[0]
        return None

    def _expect_step(self, name: str) -> None:
        expect(
            that=self.step == name,
            otherwise=f"「{name}」の画面のはずが {self.page.url}（{self.page.title}）です",
        )

    def _place(self) -> re.Match[str]:
        place = STEP.search(self.page.url)
        if place is None:
            raise NotAsPromised(f"応募の画面のはずが {self.page.url}（{self.page.title}）です")
        return place
