"""The published schema is what the code does."""

import re
from pathlib import Path
from typing import Any

import yaml
from django.core.management import call_command
from django.utils import translation

from api.errors import STATUS_TITLES
from tests.api.routes import calls

SCHEMA = Path(__file__).resolve().parents[2] / "docs/api/openapi.yaml"


def templated(path: str) -> str:
    """Write an address as OpenAPI does."""
    return re.sub(r"<\w+:(\w+)>", r"{\1}", path)


def published() -> dict[str, Any]:
    return yaml.safe_load(SCHEMA.read_text())


def test_the_committed_schema_is_what_the_code_generates(tmp_path):
    made = tmp_path / "openapi.yaml"
    with translation.override("en"):
        call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))

    assert made.read_text() == SCHEMA.read_text(), (
        "run: python manage.py spectacular --lang en --validate --file docs/api/openapi.yaml"
    )


def test_the_schema_is_served_to_everybody_as_committed(client, db):
    answer = client.get("/api/v1/openapi.yaml", headers={"Accept-Language": "en"})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/vnd.oai.openapi; charset=utf-8")
    assert yaml.safe_load(answer.content) == published()


def test_every_endpoint_is_in_the_schema_with_its_scope():
    operations = {
        (method.upper(), path.removeprefix("/api/v1/")): operation
        for path, methods in published()["paths"].items()
        for method, operation in methods.items()
    }

    assert published()["openapi"].startswith("3.1")
    assert {(call.method, templated(call.path)) for call in calls()} == set(operations)
    for call in calls():
        operation = operations[call.method, templated(call.path)]
        assert call.scope == "any" or f"`{call.scope}`" in operation["description"]
        assert operation["security"] == [{"apiKey": []}]


def test_every_refusal_is_documented_as_a_problem():
    for methods in published()["paths"].values():
        for operation in methods.values():
            refusals = {code: body for code, body in operation["responses"].items() if code >= "400"}
            assert {"400", "401", "403", "404", "429", "503"} <= set(refusals)
            assert all(list(body["content"]) == ["application/problem+json"] for body in refusals.values())
            assert all(body["description"] == STATUS_TITLES[int(code)] for code, body in refusals.items())


def test_unknown_fields_are_refused_by_the_schema_too():
    schemas = published()["components"]["schemas"]
    bodies = [schema for name, schema in schemas.items() if "Input" in name]

    assert bodies
    assert all(schema["additionalProperties"] is False for schema in bodies)


def test_no_answer_of_the_schema_has_a_place_for_a_code_a_token_or_a_contact():
    forbidden = {"token", "email", "pin", "claim_url", "serial", "reference", "ciphertext", "digest", "pk"}
    schemas = published()["components"]["schemas"]
    answers = {
        f"{name}.{field}"
        for name, schema in schemas.items()
        if "Input" not in name
        for field in schema["properties"]
        if field in forbidden | {"code"}
    }

    # These are names of refusals and reasons, and the client's own id, not codes that can be spent.
    assert answers == {
        "BatchPreviewOutputProblem.code",
        "EntryAnswerReceiptReason.code",
        "EntryAnswerVerdictReason.code",
        "JobReportProblem.code",
        "Problem.code",
        "ProblemPlace.code",
        "ReservationAnswer.reference",
        "ReturnAnswer.reference",
    }
