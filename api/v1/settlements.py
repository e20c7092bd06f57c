"""What each store is owed for its business days, as figures and as a file."""

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Agency, Scope
from api import errors, fields
from api.fields import Day, Instant, PublicId
from api.pagination import Page, PageQuery
from api.v1.tills import StoreId
from api.views import AgencyView
from codes.models import Settlement
from codes.settlement_file import settlement_rows
from core.spreadsheets import csv_lines


class CsvRenderer(BaseRenderer):
    """A file as it is; a refusal as the problem that it is."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        return text.encode()


class SettlementList(AgencyView):
    """Business days that are over."""

    required_scope = Scope.REPORTS_READ

    class Query(PageQuery):
        store_id = StoreId(required=False)
        business_day = Day(required=False)

    class Output(Page):
        class Answer(fields.Output):
            id = PublicId(source="public_id")
            store_id = serializers.CharField(source="store.code", help_text="The store's number.")
            business_day = serializers.DateField()
            redeemed_count = serializers.IntegerField()
            redeemed_amount = serializers.IntegerField(source="redeemed_jpy", help_text="In yen, as all amounts.")
            reversed_count = serializers.IntegerField()
            reversed_amount = serializers.IntegerField(source="reversed_jpy")
            refunded_count = serializers.IntegerField()
            refunded_amount = serializers.IntegerField(source="refunded_jpy")
            net_amount = serializers.IntegerField(
                source="net_jpy", help_text="Owed to the store; negative where refunds outweigh."
            )
            closed_at = Instant()

        data = Answer(many=True)  # type: ignore[assignment]

    @extend_schema(
        operation_id="list_settlements",
        tags=["reports"],
        summary="List settlements",
        parameters=[Query],
        responses=Output,
    )
    def get(self, request: Request) -> Response:
        """A settled day never changes; what is refunded later belongs to its own day."""
        given = self.query(self.Query)
        rows = settlements_of(self.agency)
        if "store_id" in given:
            rows = rows.filter(store__code=given["store_id"])
        if "business_day" in given:
            rows = rows.filter(business_day=given["business_day"])
        return self.list(rows, given, self.Output)


class SettlementFile(AgencyView):
    """The lines of a settled day, for spreadsheets."""

    required_scope = Scope.REPORTS_READ
    renderer_classes = (CsvRenderer, JSONRenderer)

    @extend_schema(
        operation_id="download_settlement",
        tags=["reports"],
        summary="Download a settlement",
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, store_id: str, business_day: str) -> Response:
        """CSV in UTF-8 with a mark that spreadsheets know; the last line is the total."""
        settlement = settlements_of(self.agency).filter(store__code=store_id, business_day=_day(business_day)).first()
        if settlement is None:
            raise errors.NotFound
        answer = Response("".join(csv_lines(settlement_rows(settlement))), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="settlement-{settlement.business_day}.csv"'
        return answer


def settlements_of(agency: Agency) -> QuerySet[Settlement]:
    """Give the settlements that a key of the agency may see."""
    return Settlement.objects.filter(agency=agency).select_related("store")


def _day(text: str) -> Any:
    """Read a day of an address.

    Raises:
        NotFound: it is none.
    """
    given = Day()
    try:
        return given.run_validation(text)
    except serializers.ValidationError as error:
        raise errors.NotFound from error
