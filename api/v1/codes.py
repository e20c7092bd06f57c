"""Stock in figures, and files of codes coming in. A code itself is never answered."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Agency, Scope
from api import errors, fields
from api.fields import Instant, PublicId, Text
from api.pagination import Page, PageQuery
from api.parsers import CodeFileParser
from api.v1.campaigns import own
from api.views import AgencyView, row_or_404
from campaigns.models import Prize, PrizeKind
from campaigns.selectors import campaigns_of
from codes.models import BatchStatus, CodeBatch, CodeSource
from codes.selectors import stock_of
from codes.services import import_codes, preview_import
from core import clock

PROBLEMS_SHOWN = 100


class CodeStock(AgencyView):
    """How many codes of each prize of a campaign are where."""

    required_scope = Scope.CODES_READ

    class Output(fields.Output):
        class Line(fields.Output):
            prize = PublicId(source="prize.public_id")
            name = serializers.CharField(source="prize.name")
            kind = serializers.ChoiceField(choices=PrizeKind.values, source="prize.kind")
            face_value_jpy = serializers.IntegerField(source="prize.face_value_jpy")
            staged = serializers.IntegerField(help_text="Imported, waiting for an operator's activation.")
            available = serializers.IntegerField()
            reserved = serializers.IntegerField()
            held = serializers.IntegerField(help_text="Held back by an operator.")
            issued = serializers.IntegerField()
            printed = serializers.IntegerField(help_text="Printed and handed out, not by winning.")
            void = serializers.IntegerField()
            expired = serializers.IntegerField()

        data = Line(many=True)  # type: ignore[assignment]

    @extend_schema(operation_id="get_stock", tags=["codes"], summary="Stock of a campaign", responses=Output)
    def get(self, request: Request, campaign_id: UUID) -> Response:
        campaign = row_or_404(campaigns_of(own(self.agency)), campaign_id)
        return Response(self.Output({"data": stock_of(campaign)}).data)


class BatchAnswer(fields.Output):
    """A batch of codes that came in together."""

    id = PublicId(source="public_id")
    prize = PublicId(source="prize.public_id")
    name = serializers.CharField()
    source = serializers.ChoiceField(choices=CodeSource.values)  # type: ignore[assignment]
    status = serializers.ChoiceField(choices=BatchStatus.values)
    code_count = serializers.IntegerField()
    face_value_jpy = serializers.IntegerField()
    expires_at = Instant(allow_null=True)
    created_at = Instant()
    activated_at = Instant(allow_null=True)


class FileInput(fields.Input):
    """A file of codes for one prize."""

    prize = PublicId()
    file = serializers.FileField(
        allow_empty_file=True, help_text="CSV with a header; a column code, optionally pin and url."
    )


class BatchList(AgencyView):
    """Batches of the agency's codes."""

    required_scope = {"GET": Scope.CODES_READ, "POST": Scope.CODES_IMPORT}
    is_idempotent = True
    parser_classes = (CodeFileParser,)

    class Input(FileInput):
        name = Text(max_length=100)
        expires_at = Instant(required=False, help_text="When the codes themselves expire.")

    class Output(Page):
        data = BatchAnswer(many=True)  # type: ignore[assignment]

    @extend_schema(
        operation_id="list_batches", tags=["codes"], summary="List batches", parameters=[PageQuery], responses=Output
    )
    def get(self, request: Request) -> Response:
        return self.list(batches_of(self.agency), self.query(PageQuery), self.Output)

    @extend_schema(
        operation_id="import_codes",
        tags=["codes"],
        summary="Import codes",
        request={"multipart/form-data": Input},
        responses={201: BatchAnswer},
    )
    def post(self, request: Request) -> Response:
        """All codes of the file are staged, or none. An operator puts the batch into stock after a look at it."""
        given = self.read(self.Input)
        prize = prize_or_refusal(self.agency, given["prize"])

        def effect() -> tuple[int, dict[str, Any]]:
            batch = import_codes(
                prize_id=prize.pk,
                name=given["name"],
                data=_content(given["file"]),
                expires_at=given.get("expires_at"),
                now=clock.now(),
            )
            return 201, BatchAnswer(batch).data

        return self.once(effect)


class BatchPreview(AgencyView):
    """What an import would do; nothing is stored."""

    required_scope = Scope.CODES_IMPORT
    parser_classes = (CodeFileParser,)

    class Output(fields.Output):
        class Problem(fields.Output):
            row = serializers.IntegerField(help_text="Counted from 1, the header included.")
            code = serializers.CharField()

        encoding = serializers.CharField()
        row_count = serializers.IntegerField()
        usable_count = serializers.IntegerField()
        total_value_jpy = serializers.IntegerField()
        problem_count = serializers.IntegerField()
        problems = Problem(many=True, help_text=f"The first {PROBLEMS_SHOWN}.")
        sentences = serializers.ListField(child=serializers.CharField())

    @extend_schema(
        operation_id="preview_codes",
        tags=["codes"],
        summary="Check a file of codes",
        request={"multipart/form-data": FileInput},
        responses={200: Output},
    )
    def post(self, request: Request) -> Response:
        given = self.read(FileInput)
        prize = prize_or_refusal(self.agency, given["prize"])
        preview = preview_import(prize_id=prize.pk, data=_content(given["file"]))
        shown = {
            "encoding": preview.encoding,
            "row_count": preview.row_count,
            "usable_count": preview.usable_count,
            "total_value_jpy": preview.total_value_jpy,
            "problem_count": len(preview.problems),
            "problems": preview.problems[:PROBLEMS_SHOWN],
            "sentences": preview.sentences,
        }
        return Response(self.Output(shown).data)


class BatchDetail(AgencyView):
    """One batch."""

    required_scope = Scope.CODES_READ

    @extend_schema(operation_id="get_batch", tags=["codes"], summary="Get a batch", responses=BatchAnswer)
    def get(self, request: Request, batch_id: UUID) -> Response:
        return Response(BatchAnswer(row_or_404(batches_of(self.agency), batch_id)).data)


def batches_of(agency: Agency) -> QuerySet[CodeBatch]:
    """Give the batches that a key of the agency may see."""
    return CodeBatch.objects.filter(agency=agency).select_related("prize")


def prize_or_refusal(agency: Agency, public_id: UUID) -> Prize:
    """Find a prize that a request names.

    Raises:
        PrizeNotFound: no such prize, or another agency's.
    """
    prize = Prize.objects.filter(course__campaign__agency=agency, public_id=public_id).first()
    if prize is None:
        raise errors.PrizeNotFound
    return prize


def _content(file: Any) -> bytes:
    file.seek(0)  # the idempotency check has read it
    content: bytes = file.read()
    return content
