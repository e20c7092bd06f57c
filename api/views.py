"""The frame of every endpoint: parse, select what the agency may see, call one service, answer."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Any, ClassVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Agency, ApiKey
from accounts.wall import confined_to
from api import errors, idempotency
from api.fields import Input, shared
from api.pagination import Page, page_of


class AgencyView(APIView):
    """A view for keys of agencies; a subclass names the scope, for all its methods or for each."""

    until_answered: ExitStack
    required_scope: ClassVar[str | Mapping[str, str]] = ""
    is_idempotent: ClassVar[bool] = False
    keeps_refusals: ClassVar[bool] = False
    http_method_names: Sequence[str] = ("get", "head", "post", "delete")  # OPTIONS would describe serializers

    @property
    def key(self) -> ApiKey:
        """The key of this call."""
        return cast("ApiKey", self.request.auth)

    @property
    def agency(self) -> Agency:
        """The agency whose rows this call may see."""
        return self.key.agency

    def read(self, kind: type[Input]) -> dict[str, Any]:
        """Check the body.

        Raises:
            InvalidInput: it does not fit; each place is named.
        """
        try:
            return cast("dict[str, Any]", shared(kind).run_validation(self.request.data))
        except serializers.ValidationError as error:
            raise errors.InvalidInput(errors.pointed(error.detail)) from error

    def query(self, kind: type[Input]) -> dict[str, Any]:
        """Check the part of the address after the question mark, each name once.

        Raises:
            InvalidInput: it does not fit; each parameter is named.
        """
        repeated = [name for name, values in self.request.query_params.lists() if len(values) > 1]
        found: list[dict[str, str]] = []
        try:
            given = cast("dict[str, Any]", shared(kind).run_validation(self.request.query_params.dict()))
            if not repeated:
                return given
        except serializers.ValidationError as error:
            found = [
                {"parameter": place["pointer"].lstrip("/"), "code": place["code"], "detail": place["detail"]}
                for place in errors.pointed(error.detail)
            ]
        found += [
            {"parameter": name, "code": "repeated", "detail": str(errors.InvalidInput.message)} for name in repeated
        ]
        raise errors.InvalidInput(found)

    def list(self, rows: QuerySet[Any], given: Mapping[str, Any], kind: type[Page]) -> Response:
        """Answer with one page of rows."""
        return Response(kind(page_of(rows, limit=given["limit"], cursor=given.get("cursor"))).data)

    @property
    def endpoint(self) -> str:
        """Where this call goes, as keys are kept."""
        return f"{self.request.method} {self.request.path}"

    @cached_property
    def body_sha256(self) -> str:
        """The hash of what this call's body says."""
        return idempotency.body_sha256(self.request)

    def once(self, effect: idempotency.Effect) -> Response:
        """Run the effect of a call that moves value once for its Idempotency-Key, and answer each repeat alike."""
        kept = idempotency.answer_once(
            agency_id=self.agency.pk,
            endpoint=self.endpoint,
            key=idempotency.idempotency_key(self.request),
            body_sha256=self.body_sha256,
            effect=effect,
            keeps_refusals=self.keeps_refusals,
        )
        headers = {"Idempotency-Replayed": "true"} if kept.is_replay else {}
        if kept.status >= 400:
            return errors.answer(kept.body, headers)
        return Response(kept.body, status=kept.status, headers=headers)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Speak Japanese unless the caller asks for another language that we have."""
        language = translation.get_language_from_request(request)
        with translation.override(language), ExitStack() as self.until_answered:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Confine the database to the key's agency, and ask for the Idempotency-Key before anything is read."""
        super().initial(request, *args, **kwargs)
        self.until_answered.enter_context(confined_to(self.agency.pk))
        if self.is_idempotent and request.method == "POST":
            idempotency.idempotency_key(request)

    def finalize_response(self, request: HttpRequest | Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say how many calls are left, and that nobody may keep the answer."""
        response = super().finalize_response(cast("Request", request), response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        for name, value in getattr(request, "rate_headers", {}).items():
            response[name] = value
        return response


def row_or_404(rows: QuerySet[Any], public_id: object) -> Any:
    """Find a row among those that the agency may see.

    Raises:
        NotFound: no such row, or another agency's.
    """
    row: Model | None = rows.filter(public_id=public_id).first()
    if row is None:
        raise errors.NotFound
    return row


class UnknownAddress(AgencyView):
    """Whatever begins with /api/v1/ and is no endpoint: the same answer as for an unknown id."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse whatever the method.

        Raises:
            NotFound: always.
        """
        raise errors.NotFound
