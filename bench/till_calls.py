"""The process that `bench.till` measures: it makes codes, then calls the application as a till's system would."""

import gc
import io
import itertools
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

BATCHES = 15
CALLS = int(os.environ.get("BENCH_CALLS", "40"))
CALLS_OF_A_TERMINAL = 40  # in a minute a till may try 60 times
HOST = {"HTTP_HOST": "till.example", "HTTP_X_FORWARDED_PROTO": "https", "SERVER_NAME": "till", "SERVER_PORT": "443"}
LEAN = """
WITH used AS (UPDATE bench_code SET balance = balance - 1 WHERE id = %s AND balance > 0 RETURNING id, balance)
INSERT INTO bench_use (code_id, balance) SELECT id, balance FROM used RETURNING id
"""
LEAN_TABLES = """
CREATE TABLE bench_code (id bigint PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE bench_use (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code_id bigint NOT NULL REFERENCES bench_code, balance bigint
);
INSERT INTO bench_code SELECT n, 1000000 FROM generate_series(1, 10000) n;
"""
urlpatterns: list[Any] = []

Application = Callable[..., Any]
Call = tuple[str, dict[str, Any]]


class Till:
    """Calls the application in this process; each batch has a key of its own, as each may call 600 times a minute."""

    def __init__(self, application: Application, tenant: Any) -> None:
        self.application, self.tenant = application, tenant
        self.numbers = itertools.count()
        self.new_key()

    def call(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send one call and read its answer."""
        sent = self.environ(path, body)
        status, content = ask(self.application, sent)
        if status >= 300:
            raise RuntimeError(f"{path} answered {status}: {content!r}")
        return dict(json.loads(content))

    def environ(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A request as the server hands it over."""
        content = json.dumps(body).encode()
        return HOST | {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/api/v1{path}",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "HTTP_AUTHORIZATION": f"Bearer {self.key}",
            "HTTP_IDEMPOTENCY_KEY": uuid.uuid4().hex,
            "REMOTE_ADDR": "192.0.2.1",
            "wsgi.input": io.BytesIO(content),
            "wsgi.url_scheme": "https",
            "wsgi.errors": sys.stderr,
        }

    def new_key(self) -> None:
        """Go on under another key."""
        from accounts.models import Scope
        from accounts.services import issue_api_key

        scopes = [Scope.REDEMPTIONS_WRITE]
        self.key = issue_api_key(agency_id=self.tenant.agency.pk, name="bench", scopes=scopes)[1]

    def cpu_ms(self, calls: Sequence[Call]) -> tuple[float, list[dict[str, Any]]]:
        """CPU of this process for each of some calls, reading and answering them included."""
        self.new_key()
        environs = [self.environ(path, body) for path, body in calls]
        spent, answers = cpu_ms(self.application, environs)
        return spent, [json.loads(content) for content in answers]


def ask(application: Application, environ: dict[str, Any]) -> tuple[int, bytes]:
    """One request, closed as a server closes it."""
    said: list[str] = []
    response = application(environ, lambda status, _headers: said.append(status))
    content = b"".join(response)
    response.close()
    return int(said[0].split()[0]), content


def cpu_ms(application: Application, environs: Sequence[dict[str, Any]]) -> tuple[float, list[bytes]]:
    """CPU for each request; what was left behind before is swept up first."""
    gc.collect()
    before = time.process_time()
    answers = [ask(application, environ) for environ in environs]
    spent = (time.process_time() - before) * 1000 / len(environs)
    if refused := [content for status, content in answers if status >= 300]:
        raise RuntimeError(f"refused: {refused[0]!r}")
    return spent, [content for _status, content in answers]


def lean(request: Any) -> Any:
    """The least that a view can do: read, one statement, answer."""
    from django.db import connection
    from django.http import JsonResponse

    given = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(LEAN, [given["code"]])
        (number,) = cursor.fetchone()
    return JsonResponse({"id": number})


@contextmanager
def lean_application() -> Iterator[Application]:
    """Django without middleware and with that view only."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings
    from django.urls import re_path

    urlpatterns[:] = [re_path(r"", lean)]
    with override_settings(MIDDLEWARE=[], ROOT_URLCONF=__name__):
        yield WSGIHandler()


def codes(tenant: Any, count: int) -> list[str]:
    """Codes that so many winners have opened."""
    from core import clock
    from tests.api.world import winning_codes

    return winning_codes(tenant, count, now=clock.now())


def uses(texts: Sequence[str], numbers: Iterator[int]) -> list[dict[str, Any]]:
    """What a till sends for each code."""
    return [
        {
            "code": code,
            "store_id": "001",
            "terminal_id": f"T{number // CALLS_OF_A_TERMINAL}",
            "amount": 300,
            "pos_transaction_id": f"R{number:08}",
            "occurred_at": "2026-06-01T03:00:00Z",
        }
        for number, code in zip(numbers, texts, strict=False)
    ]


def statements(act: Callable[[], object]) -> int:
    """Statements of one call, with those that open and close transactions."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def question(use: dict[str, Any]) -> Call:
    """Ask before the sale."""
    return "/redemptions/validate", {name: use[name] for name in ("code", "store_id", "terminal_id", "amount")}


def figures(till: Till) -> dict[str, float]:
    """The cheapest of the batches: whatever else the machine does can only add to one."""
    found: dict[str, list[float]] = {name: [] for name in ("lean", "validate", "redeem", "reverse")}
    for _batch in range(BATCHES):
        some = uses(codes(till.tenant, CALLS), till.numbers)
        with lean_application() as application:
            found["lean"].append(cpu_ms(application, [till.environ("/", {"code": n + 1}) for n in range(CALLS)])[0])
        found["validate"].append(till.cpu_ms([question(use) for use in some])[0])
        spent, sales = till.cpu_ms([("/redemptions", use) for use in some])
        found["redeem"].append(spent)
        reversals = [(f"/redemptions/{sale['id']}/reversals", {"reason": "返品"}) for sale in sales]
        found["reverse"].append(till.cpu_ms(reversals)[0])
    return {f"{name}_cpu": min(batches) for name, batches in found.items()}


def counted(till: Till) -> dict[str, int]:
    """Statements of one call each, of a till that has called before in the same minute."""
    first, second = uses(codes(till.tenant, 2), till.numbers)
    sale = till.call("/redemptions", first)
    return {
        "validate_statements": statements(lambda: till.call(*question(second))),
        "redeem_statements": statements(lambda: till.call("/redemptions", second)),
        "reverse_statements": statements(lambda: till.call(f"/redemptions/{sale['id']}/reversals", {"reason": "返品"})),
    }


def main() -> None:
    """Print the figures as JSON."""
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        for statement in LEAN_TABLES.strip().rstrip(";").split(";\n"):
            cursor.execute(statement)
    from tests.api.world import make_tenant

    till = Till(application, make_tenant("bench"))
    found: dict[str, float] = figures(till)
    print(json.dumps(found | counted(till)))


if __name__ == "__main__":
    main()
