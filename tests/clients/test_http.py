import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import structlog

from core.clients.http import TIMEOUT, outbound_session, retry_after_seconds
from tests.contracts.contract import Answer, Contract
from tests.contracts.server import LOST_ANSWER, FakeVendor, Fault


class Anything(FakeVendor):
    contract_paths = "/judged-by-nobody"

    def __init__(self) -> None:
        super().__init__()
        self.contract = Contract("x/openapi.reduced.json", beyond=frozenset())
        self.route("GET", "/.*", lambda _: Answer(200, {"ok": True}))
        self.route("POST", "/.*", lambda _: Answer(200, {"ok": True}))


@pytest.fixture
def vendor() -> Iterator[Anything]:
    with Anything() as server:
        yield server


def test_every_call_has_a_time_limit_and_a_request_id(vendor: Anything, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    send = requests.Session.send

    def noting_send(session: requests.Session, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        seen.append(kwargs["timeout"])
        return send(session, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", noting_send)
    with structlog.contextvars.bound_contextvars(request_id="abc123"):
        outbound_session().get(vendor.url)
    outbound_session().get(vendor.url, timeout=1)
    assert seen == [TIMEOUT, 1] == [(3.0, 10.0), 1]
    assert vendor.calls[0].headers["X-Request-Id"] == "abc123"
    assert uuid.UUID(hex=vendor.calls[1].headers["X-Request-Id"])


def test_a_redirect_is_an_answer_and_not_followed(vendor: Anything) -> None:
    vendor.faults.append(Fault(is_handled=False, answer=Answer(302, None, {"Location": vendor.url + "/elsewhere"})))
    assert outbound_session().get(vendor.url).status_code == 302
    assert len(vendor.calls) == 1


def test_a_read_is_repeated_only_when_asked_for(vendor: Anything) -> None:
    busy = Fault(is_handled=False, answer=Answer(503, {}, {"Retry-After": "3600"}))
    vendor.faults.extend([busy, busy])
    assert outbound_session().get(vendor.url).status_code == 503
    assert outbound_session(read_retries=1).get(vendor.url).status_code == 200
    assert len(vendor.calls) == 3


def test_a_write_is_never_repeated(vendor: Anything) -> None:
    vendor.faults.append(LOST_ANSWER)
    with pytest.raises(requests.ConnectionError):
        outbound_session(read_retries=3).post(vendor.url, data={"a": "b"})
    assert len(vendor.calls) == 1


def test_a_netrc_file_does_not_replace_our_bearer_token(vendor: Anything, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password thief\n")
    monkeypatch.setenv("NETRC", str(netrc))
    outbound_session().get(vendor.url, headers={"Authorization": "Bearer ours"})
    assert vendor.calls[0].bearer == "ours"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("", None), ("30", 30), ("7200", 3600), ("-5", None), ("３０", None), ("Wed, 21 Oct 2026", None)],
)
def test_retry_after_is_seconds_of_at_most_an_hour(header: str | None, seconds: int | None) -> None:
    assert retry_after_seconds(header) == seconds
