"""A fake vendor on 127.0.0.1: keeps state, is judged by a contract, and fails on request."""

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import parse_qsl, urlsplit

from tests.contracts.contract import Answer, Call, Contract

Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Fault:
    """How the next call goes wrong.

    Attributes:
        is_handled: the call takes effect all the same, only its answer is spoiled.
        answer: given instead of the right one; None cuts the connection.
        is_silent: keep the connection and never answer.
    """

    is_handled: bool
    answer: Answer | None = None
    is_silent: bool = False


LOST_CALL = Fault(is_handled=False)
LOST_ANSWER = Fault(is_handled=True)
SILENCE_AFTER_ACCEPTING = Fault(is_handled=True, is_silent=True)


class FakeVendor:
    """Runs handlers behind HTTP. Subclasses fill `routes` and may set a contract for paths that begin so."""

    contract: Contract
    contract_paths: str = "/"

    def __init__(self) -> None:
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.faults: deque[Fault] = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_class(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def route(self, method: str, path: str, handler: Handler) -> None:
        """Answer a path, given as a regular expression, by a handler."""
        self.routes.append((method, re.compile(path), handler))

    def refuse_call(self, problem: str) -> Answer:
        """Answer a call that breaks the contract, as the vendor would."""
        return Answer(400, {"message": problem})

    def answer(self, call: Call) -> Answer | None:
        """Judge the call, handle it, judge the answer; one at a time. None means no answer at all."""
        with self._lock:
            self.calls.append(call)
            fault = self.faults.popleft() if self.faults else None
            right = self._handled(call) if fault is None or fault.is_handled else None
        if fault is None:
            return right
        if fault.is_silent:
            self._stopping.wait(30)
        return fault.answer

    def _handled(self, call: Call) -> Answer:
        is_judged = call.path.startswith(self.contract_paths)
        problem = self.contract.problem_with_call(call) if is_judged else ""
        answer = self.refuse_call(problem) if problem and call.bearer else self._routed(call)
        if problem and call.bearer:
            self.violations.append(f"call: {problem}")
        wrong = self.contract.problem_with_answer(call, answer) if is_judged else ""
        if wrong:
            self.violations.append(f"answer: {wrong}")
            return Answer(500, {"message": wrong})
        return answer

    def _routed(self, call: Call) -> Answer:
        for method, path, handler in self.routes:
            if method == call.method and path.fullmatch(call.path):
                return handler(call)
        self.violations.append(f"call: no such path {call.method} {call.path}")
        return Answer(404, {"message": "Not found"})


def _handler_class(vendor: FakeVendor) -> type[BaseHTTPRequestHandler]:
    class HttpHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None:
            """Keep the test's output quiet."""

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            answer = vendor.answer(Call(self.command, parts.path, query, cast("Mapping[str, str]", self.headers), body))
            self.close_connection = True  # one call a connection, so that cutting one is plain to see
            if answer is None:
                return
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"}
            for name, value in {**headers, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    return HttpHandler
