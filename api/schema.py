"""The schema says of every endpoint what the frame does: problems, idempotency keys, scopes."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.serializers import ListSerializer

from api.errors import CONTENT_TYPE, STATUS_TITLES
from api.fields import Output
from api.permissions import ANY_KEY, required_scopes

ALWAYS = (400, 401, 403, 404, 405, 406, 429, 500, 503)
WITH_BODY = (409, 413, 415, 422)


def tidy(result: Any, generator: Any, request: Any, public: bool) -> Any:  # noqa: FBT001 called by the generator
    """Drop the generator's own marks; enums stay where they are used, as names made of hashes would change."""
    waiting = [result]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            node.pop("x-spec-enum-id", None)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return result


class BearerKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema names the key."""

    target_class = "api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "mzk_…"}


class ProblemPlace(Output):
    """One thing at fault: `pointer` into the body, or the `parameter` of the address."""

    pointer = serializers.CharField(required=False)
    parameter = serializers.CharField(required=False)
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(Output):
    """A refusal by RFC 9457. `code` is stable; `detail` is a sentence for people, Japanese unless asked otherwise."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    request_id = serializers.CharField()
    errors = ProblemPlace(many=True, required=False)  # type: ignore[assignment]  # the framework takes fields off the class


class ApiSchema(AutoSchema):
    """Adds to each operation what views inherit from AgencyView."""

    def get_description(self) -> str:  # type: ignore[override]
        """End the description with the scope."""
        described = super().get_description() or ""
        scope = required_scopes(self.view).get(self.method)
        return f"{described}\n\nScope: `{scope}`".strip() if scope and scope != ANY_KEY else described

    def get_override_parameters(self) -> list[Any]:
        """Ask for the Idempotency-Key where the view does."""
        if not (self.method == "POST" and getattr(self.view, "is_idempotent", False)):
            return []
        return [
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
                OpenApiParameter.HEADER,
                required=True,
                description="New for each operation; a repeat with the same key has no second effect.",
            )
        ]

    def get_operation_id(self) -> str:
        """Name the operation by what it does: the view's class in snake case."""
        return super().get_operation_id().removeprefix("api_v1_").removeprefix("v1_")

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        for body in bodies.values():
            body["description"] = body["description"] or "Done"
        statuses = ALWAYS + (WITH_BODY if self.method == "POST" else ())
        for status in statuses:
            problem = self._get_response_for_code(Problem, str(status), [CONTENT_TYPE], direction)  # type: ignore[no-untyped-call]
            bodies.setdefault(str(status), {**problem, "description": STATUS_TITLES[status]})
        return bodies

    def _get_serializer_name(self, serializer: Any, *args: Any, **options: Any) -> str:
        """Serializers are nested in their views and all called Input or Output: name them with the view."""
        kind = serializer.child if hasattr(serializer, "child") else serializer
        return (kind if isinstance(kind, type) else type(kind)).__qualname__.replace(".", "")

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:  # noqa: FBT001, FBT002 as its base
        """Say how many rows a list of rows holds; the base says it of lists of plain values only."""
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(field, ListSerializer) and isinstance(schema, dict):
            limits: Any = field  # its stubs do not know them
            bounds = {"minItems": limits.min_length, "maxItems": limits.max_length}
            schema |= {name: bound for name, bound in bounds.items() if bound is not None}
        return schema

    def _map_serializer(self, serializer: Any, direction: Any, *args: Any, **options: Any) -> Any:
        """Say that unknown fields are refused."""
        schema = super()._map_serializer(serializer, direction, *args, **options)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(schema, dict) and schema.get("type") == "object":
            schema["additionalProperties"] = False
        return schema
