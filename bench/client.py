"""A phone that costs little itself, so that a measurement is about the service: one connection, no page taken apart.

Each one comes from a network of its own (127.x.y.0/24), since the service bounds what one network may do.
"""

import http.client
import itertools
import re
import secrets
import time
import urllib.parse
from dataclasses import dataclass, field

TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
NETWORKS = itertools.count(256)
TIMEOUT_SECONDS = 60


class Unexpected(Exception):
    """The service answered otherwise than a measurement counts on."""


@dataclass
class Answer:
    """One answer; the body is as it came over the wire."""

    status: int
    path: str
    body: bytes
    headers: http.client.HTTPMessage

    @property
    def token(self) -> str:
        """The token of the page's form."""
        found = TOKEN.search(self.body)
        if found is None:
            raise Unexpected(f"no form at {self.path} ({self.status})")
        return found[1].decode()


@dataclass
class LightPhone:
    """Keeps cookies and follows redirects, and notes how long each answer took."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        high, low = divmod(next(NETWORKS) % 65_536, 256)
        source = (f"127.{high}.{low}.1", 0)
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=TIMEOUT_SECONDS, source_address=source
        )

    def get(self, path: str, **headers: str) -> Answer:
        """Open a page and follow where it leads."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, token: str, **fields: str) -> Answer:
        """Send a form and follow where it leads."""
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields})
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def send_only(self, path: str, **fields: str) -> None:
        """Send the form of the last page, and stay there."""
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": self.token, **fields})
        answer = self._once("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        if answer.status != 302:
            raise Unexpected(f"POST {path} answered {answer.status}")

    def begin(self, slug: str) -> str:
        """Begin an entry; returns the address of the entry."""
        page = self.get(f"/c/{slug}/")
        step = self.post(f"/c/{slug}/start/", page.token)
        self.token = step.token
        return "/".join(step.path.split("/")[:3]) + "/"

    def fill(self, entry: str, serial: str) -> None:
        """Fill all steps of an entry with a serial code, up to the last one."""
        self.token = self.post(f"{entry}serial/", self.token, number=serial).token
        email = f"bench-{secrets.token_hex(6)}@example.jp"
        self.token = self.post(f"{entry}contact/", self.token, email=email).token

    def submit(self, entry: str) -> Answer:
        """Agree and send."""
        return self.post(f"{entry}confirm/", self.token, terms="on")

    def rest(self) -> None:
        """Hang up; the next request connects again."""
        self.connection.close()

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        for _redirect in range(5):
            answer = self._once(method, path, body, headers)
            if answer.status not in (301, 302, 303):
                break
            method, path, body, headers = "GET", answer.headers["Location"], None, {}
        if answer.status >= 400:
            raise Unexpected(f"{method} {path} answered {answer.status}")
        return answer

    def _once(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        started = time.perf_counter()
        self.connection.request(method, path, body, {"Cookie": cookies, **headers})
        response = self.connection.getresponse()
        content = response.read()
        self.seconds.append(time.perf_counter() - started)
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _equals, value = cookie.strip().partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, path, content, response.headers)
