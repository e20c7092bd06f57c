"""What a page weighs on the way to a phone, and what it costs the web process."""

import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import urljoin

from bench.client import LightPhone
from bench.figures import Figure
from bench.service import Service, cpu_seconds, more_serials, running
from bench.stock import SLUG
from core.qr import qr_svg
from demo.entrant import Entrant

ENTRY_PAGE = "/c/green-tea/"
LINKED = re.compile(rb'<(?:link rel="(?:stylesheet|icon)"|script|img)[^>]*? (?:href|src)="([^"]+)"')
SUBMITS, CLAIMS = 60, 200
MOST_TRIES = 30  # every second entry wins


def measure() -> Iterator[Figure]:
    """The entry page by weight; submitting and the claim page by CPU."""
    with running() as service:
        yield Figure("entry_page", entry_page_kb(service.port), "KB", "<= 60")
        yield Figure("entry_page_cpu", cpu_ms(service, pages(service), CLAIMS), "ms")
        yield Figure("submit_cpu", submit_cpu_ms(service), "ms", "<= 30")
        yield Figure("claim_page_cpu", claim_cpu_ms(service), "ms", "<= 10")
    yield Figure("qr_cpu", qr_cpu_ms(), "ms", "<= 2.5")


def entry_page_kb(port: int) -> float:
    """Bytes of the entry page and all it loads, compressed as the service sends them."""
    phone = LightPhone(port)
    page = phone.get(ENTRY_PAGE)
    paths = {urljoin(ENTRY_PAGE, found.decode()) for found in LINKED.findall(page.body)}
    if len(paths) < 3:
        raise RuntimeError("the entry page loads nothing: the measurement is blind")
    answers = [phone.get(path, **{"Accept-Encoding": "gzip"}) for path in [ENTRY_PAGE, *sorted(paths)]]
    return sum(len(answer.body) + len(bytes(answer.headers)) for answer in answers) / 1024


def cpu_ms(service: Service, act: Callable[[], object], count: int) -> float:
    """CPU of the web process for one act, everything in it included: server, middleware, database."""
    act()  # what only the first one costs
    web = service.part("config.web")
    before = cpu_seconds(web)
    for _ in range(count):
        act()
    return (cpu_seconds(web) - before) * 1000 / count


def pages(service: Service) -> Callable[[], object]:
    """Open the entry page."""
    phone = LightPhone(service.port)
    return lambda: phone.get(ENTRY_PAGE)


def submit_cpu_ms(service: Service) -> float:
    """Sending a filled entry, the answer included, not the page it leads to; the entries are filled before."""
    filled = []
    for serial in more_serials(service, SUBMITS + 1):
        phone = LightPhone(service.port)
        entry = phone.begin(SLUG)
        phone.fill(entry, serial)
        phone.rest()
        filled.append((phone, entry))
    sending = iter(filled)

    def submit() -> None:
        phone, entry = next(sending)
        phone.send_only(f"{entry}confirm/", terms="on")

    return cpu_ms(service, submit, SUBMITS)


def qr_cpu_ms() -> float:
    """Drawing the QR code of a token, as the till's page and printed vouchers show it."""
    tokens = [f"{number:047}" for number in range(CLAIMS)]
    before = time.process_time()
    for token in tokens:
        qr_svg(token)
    return (time.process_time() - before) * 1000 / CLAIMS


def claim_cpu_ms(service: Service) -> float:
    """Opening the link of a won prize."""
    link = win(service).removeprefix(service.url)
    phone = LightPhone(service.port)
    return cpu_ms(service, lambda: phone.get(link), CLAIMS)


def win(service: Service) -> str:
    """Enter until an entry wins; returns the claim link."""
    for serial in more_serials(service, MOST_TRIES):
        person = Entrant(service.url)
        person.begin(f"/c/{SLUG}/")
        person.type_number("serial", serial)
        person.give_address()
        person.agree_and_send()
        person.confirm_address(person.mailed_link("/verify/")[1])
        if not person.page.all("div", id="result"):
            person.wait_for_verdict()
        if links := person.page.links("/g/"):
            return links[0]
    raise RuntimeError(f"{MOST_TRIES} entries, and none won")
