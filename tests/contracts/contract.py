"""A vendor's OpenAPI file as judge of a call and of the fake's own answer."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

SPECS = Path(__file__).parent / "specs"


@dataclass(frozen=True)
class Call:
    """One request as it came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def bearer(self) -> str:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""


@dataclass(frozen=True)
class Answer:
    """What the fake answers; a body of None is sent as no body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Contract:
    """Checks against one specification file."""

    def __init__(self, file: str, *, beyond: frozenset[int]) -> None:
        """Load a file; `beyond` are statuses that the vendor uses without specifying them."""
        self._spec = _load(file)
        self._api = _api(file)
        self._host: str = self._spec["servers"][0]["url"]
        self._beyond = beyond
        self.tolerated_query: set[str] = set()  # names of another generation of the vendor's API

    def problem_with_call(self, call: Call) -> str:
        """Say what is wrong with a call, or nothing."""
        known = self._query_names(call)
        if known is not None and (unknown := set(call.query) - known - self.tolerated_query):
            return f"query parameters unknown to the specification: {sorted(unknown)}"
        return _problem(lambda: self._api.validate_request(self._request(call)))

    def problem_with_answer(self, call: Call, answer: Answer) -> str:
        """Say what is wrong with an answer, or nothing."""
        if answer.status in self._beyond:
            return ""
        kind = answer.headers.get("Content-Type", "application/json")
        response = MockResponse(json.dumps(answer.body).encode(), status_code=answer.status, content_type=kind)
        return _problem(lambda: self._api.validate_response(self._request(call), response))

    def _request(self, call: Call) -> MockRequest:
        return MockRequest(
            self._host,
            call.method.lower(),
            call.path,
            args=call.query,
            headers=dict(call.headers),
            data=call.body or None,
            content_type=call.headers.get("Content-Type", "application/json"),
        )

    def _query_names(self, call: Call) -> set[str] | None:
        for template, operations in self._spec["paths"].items():
            parts = zip(template.split("/"), call.path.split("/"), strict=False)
            same_length = template.count("/") == call.path.count("/")
            if same_length and all(t.startswith("{") or t == p for t, p in parts):
                parameters = operations[call.method.lower()].get("parameters", [])
                return {self._resolved(p)["name"] for p in parameters if self._resolved(p)["in"] == "query"}
        return None

    def _resolved(self, parameter: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in parameter:
            return parameter
        found: dict[str, Any] = self._spec["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
        return found


@cache
def _load(file: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there
    loaded: dict[str, Any] = yaml.load((SPECS / file).read_text(encoding="utf-8"), Loader=loader)
    return loaded


@cache
def _api(file: str) -> OpenAPI:
    problem_documents: dict[str, Any] = {"application/problem+json": json.loads}
    return OpenAPI.from_dict(_load(file), config=Config(extra_media_type_deserializers=problem_documents))


def _problem(check: Any) -> str:
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # it cannot judge OAuth2, and says so
            check()
    except OpenAPIError as error:
        causes = getattr(error.__cause__, "schema_errors", ()) or ()
        return f"{type(error).__name__}: " + "; ".join(str(getattr(c, "message", c))[:300] for c in causes)
    return ""
