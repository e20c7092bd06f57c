"""People and tills: they do over HTTP what is done through the API and the pages, and repeat what gets no answer."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

import requests

from drill.crashing.promises import FACE_JPY, Promise
from tests.contracts.smtp_sink import SmtpSink

CLIENTS = 4
AT_ONCE = 4  # people that one client looks after
PAUSE_SECONDS = 0.1
TIMEOUT_SECONDS = (2, 8)
REPEAT_LIMIT_SECONDS = 300
LINK = re.compile(r"https?://[^\s/]+(/(?:verify|g)/[^\s/\"<]+)/")
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
CODE = re.compile(r'id="code"[^>]*data-code="([^"]+)"')


class Unexpected(Exception):
    """An answer that nobody should get."""


@dataclass(frozen=True)
class Target:
    """Where the product is, and what the API needs to be told."""

    url: str
    key: str
    campaign: str
    prize: str
    question: str
    store: str


@dataclass
class Counts:
    """What happened to the calls since the last look."""

    acknowledged: int = 0
    unanswered: int = 0
    repeated: int = 0

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) - getattr(other, name) for name in vars(self)))


@dataclass
class Mailbox:
    """The links in the mails that came, by address."""

    sink: SmtpSink
    links: dict[str, set[str]] = field(default_factory=dict)
    seen: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, address: str, kind: str) -> set[str]:
        """Paths of a kind that were sent to somebody."""
        with self.lock:
            fresh = self.sink.messages[self.seen :] if len(self.sink.envelopes) > self.seen else []
            for message in fresh:
                body = message.get_body(("plain",))
                found = {f"{path}/" for path in LINK.findall(f"{body.get_content()} " if body else "")}
                self.links.setdefault(parseaddr(str(message["To"]))[1], set()).update(found)
            self.seen += len(fresh)
            return {link for link in self.links.get(address, ()) if link.startswith(kind)}

    @property
    def copies(self) -> int:
        """Mails that came more than once."""
        messages = self.sink.messages
        return len(messages) - len({str(message["Message-ID"]) for message in messages})


class People:
    """Threads that live people's lives until they are told to begin no more."""

    def __init__(self, target: Target, mailbox: Mailbox) -> None:
        self.target, self.mailbox = target, mailbox
        self.counts, self.promises = Counts(), dict[int, Promise]()
        self.problems: list[str] = []
        self.is_open, self._ended = threading.Event(), threading.Event()
        self._lock, self._number = threading.Lock(), 0
        self._living = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _client in range(CLIENTS)]

    @property
    def is_idle(self) -> bool:
        """Whether everybody who began has come to the end."""
        with self._lock:
            return not self._living

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, in the middle of whatever is being done."""
        self._ended.set()
        for thread in self._threads:
            thread.join(15)

    def count(self, **more: int) -> None:
        """Add to the counts."""
        with self._lock:
            for name, number in more.items():
                setattr(self.counts, name, getattr(self.counts, name) + number)

    def snapshot(self) -> Counts:
        """The counts as they are now."""
        with self._lock:
            return Counts(**vars(self.counts))

    def _work(self) -> None:
        lives: list[Iterator[None]] = []
        while not self._ended.is_set():
            if self.is_open.is_set() and len(lives) < AT_ONCE:
                lives.append(self._begin())
            lives = [life for life in lives if self._goes_on(life)]
            self._ended.wait(PAUSE_SECONDS)

    def _begin(self) -> Iterator[None]:
        with self._lock:
            self._number += 1
            self._living += 1
            promise = self.promises[self._number] = Promise(self._number)
            return live(self, promise)

    def _goes_on(self, life: Iterator[None]) -> bool:
        try:
            next(life)
        except StopIteration:
            pass
        except Exception as problem:  # noqa: BLE001 a client that dies unseen would make the drill look sound
            self.problems.append(f"{type(problem).__name__}: {problem}"[:300])
        else:
            return True
        with self._lock:
            self._living -= 1
        return False

    def ask(self, session: requests.Session, method: str, path: str, **details: Any) -> requests.Response:
        """Call until there is an answer; a call that got none is repeated as it was."""
        limit = time.monotonic() + REPEAT_LIMIT_SECONDS
        while time.monotonic() < limit and not self._ended.is_set():
            try:
                answer = session.request(method, f"{self.target.url}{path}", timeout=TIMEOUT_SECONDS, **details)
            except requests.RequestException:
                answer = None
            if answer is not None and answer.ok:
                return answer
            if answer is not None and answer.status_code < 500 and not is_busy(answer):
                raise Unexpected(f"{method} {path[:14]} → {answer.status_code} {answer.text[:160]}")
            self.count(unanswered=1, repeated=1)
            self._ended.wait(PAUSE_SECONDS * 3)
        raise Unexpected(f"{method} {path[:14]} got no answer in {REPEAT_LIMIT_SECONDS} s")

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, key: str = "") -> dict[str, Any]:
        """Call the API with an idempotency key; what it answers is acknowledged."""
        headers = {"Authorization": f"Bearer {self.target.key}"} | ({"Idempotency-Key": key} if key else {})
        with session_of() as session:
            answer = self.ask(session, method, f"/api/v1{path}", json=body, headers=headers)
        self.count(acknowledged=1)
        found: dict[str, Any] = answer.json()
        return found

    def press(self, path: str) -> str:
        """Open a page and press its button."""
        with session_of() as session:
            page = self.ask(session, "GET", path).text
            token = CSRF.search(page)
            if token is None:
                raise Unexpected(f"{path[:8]}… has no button")
            answer = self.ask(session, "POST", path, data={"csrfmiddlewaretoken": token[1]})
        self.count(acknowledged=1)
        return answer.text


def is_busy(answer: requests.Response) -> bool:
    """Whether the same call may be made again."""
    return answer.status_code == 429 or (answer.status_code == 409 and "request_in_progress" in answer.text)


def session_of() -> requests.Session:
    """A connection of its own, as every person has."""
    session = requests.Session()
    session.trust_env = False
    return session


def live(people: People, promise: Promise) -> Iterator[None]:
    """Enter, confirm, win, look, pay with a part, have a part of that undone; yields while waiting for a mail."""
    yield from _win(people, promise)
    _use(people, promise)
    if promise.number % 3 == 0:
        _reserve(people, promise)


def _win(people: People, promise: Promise) -> Iterator[None]:
    target = people.target
    body = {
        "campaign": target.campaign,
        "email": promise.email,
        "answers": [{"question": target.question, "values": ["よい"]}],
        "terms_agreed": True,
        "external_reference": promise.reference,
    }
    promise.entry = people.call("POST", "/entries", body, key=f"enter-{promise.number}")["id"]
    while not (links := people.mailbox.find(promise.email, "/verify/")):
        yield
    people.press(min(links))
    while not (links := people.mailbox.find(promise.email, "/g/")):
        yield
    shown = CODE.search(people.press(min(links)))
    if shown is None:
        raise Unexpected("the page of a prize shows no code")
    promise.code = shown[1]


def _use(people: People, promise: Promise) -> None:
    number = promise.number
    amount, back = 100 + number % (FACE_JPY - 200), 1 + number % 90
    body = {
        "code": promise.code,
        "store_id": people.target.store,
        "terminal_id": f"till-{number // 20}",
        "amount": amount,
        "pos_transaction_id": promise.reference,
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    used = people.call("POST", "/redemptions", body, key=f"use-{number}")
    promise.redemption, promise.redeemed_jpy = used["id"], amount
    if number % 2:
        path = f"/redemptions/{used['id']}/reversals"
        undone = people.call("POST", path, {"amount": back, "reason": "返品"}, key=f"undo-{number}")
        promise.reversal, promise.reversed_jpy = undone["id"], back


def _reserve(people: People, promise: Promise) -> None:
    body = {"prize": people.target.prize, "reference": promise.reference, "ttl_seconds": 3600}
    promise.reservation = people.call("POST", "/reservations", body, key=f"keep-{promise.number}")["id"]
    if promise.number % 2:
        people.call("DELETE", f"/reservations/{promise.reservation}")
        promise.is_released = True
