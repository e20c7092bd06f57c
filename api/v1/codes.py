"""Stock in figures, and files of codes coming in. A code itself is never answered."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Agency, Scope
from api import errors, fields
from api.fields import Instant, PublicId, Text
from api.pagination import Page, PageQuery
from api.parsers import SMALL_FILE_BYTES, CodeFileParser, SmallCodeFileParser
from api.v1.campaigns import own
from api.v1.jobs import JobAnswer
from api.views import AgencyView, row_or_404
from campaigns.models import Prize, PrizeKind
from campaigns.selectors import campaigns_of
from codes.errors import FileNotAccepted
from codes.figures import stock_of_prizes
from codes.models import BatchStatus, CodeBatch, CodeSource
from codes.services import import_codes, preview_import
from codes.services.job_chains import start_file
from core import clock
from core.sealed_uploads import SealedFile, let_go_of_files

PROBLEMS_SHOWN = 100
SMALL_ROWS = 10_000


class CodeStock(AgencyView):
    """How many codes of each prize of a campaign are where."""

    required_scope = Scope.CODES_READ

    class Output(fields.Output):
        class Line(fields.Output):
            prize = PublicId(source="prize.public_id")
            name = serializers.CharField(source="prize.name")
            kind = serializers.ChoiceField(choices=PrizeKind.values, source="prize.kind")
            face_value_jpy = serializers.IntegerField(source="prize.face_value_jpy")
            staged = serializers.IntegerField(
                source="states.staged", help_text="Imported, waiting for an operator's activation."
            )
            available = serializers.IntegerField(source="states.available")
            reserved = serializers.IntegerField(source="states.reserved")
            held = serializers.IntegerField(source="states.held", help_text="Held back by an operator.")
            issued = serializers.IntegerField(source="states.issued")
            printed = serializers.IntegerField(
                source="states.printed", help_text="Printed and handed out, not by winning."
            )
            void = serializers.IntegerField(source="states.void")
            expired = serializers.IntegerField(source="states.expired")

        data = Line(many=True)

    @extend_schema(operation_id="get_stock", tags=["codes"], summary="Stock of a campaign", responses=Output)
    def get(self, request: Request, campaign_id: UUID) -> Response:
        campaign = row_or_404(campaigns_of(own(self.agency)), campaign_id)
        prizes = Prize.objects.filter(course__campaign=campaign)
        return Response(self.Output({"data": stock_of_prizes(prizes)}).data)


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
        allow_empty_file=True,
        help_text="CSV with a header: a column code or url, optionally pin, number and expiry (a day).",
    )


class SealedFileView(AgencyView):
    """A view whose files come in sealed; what nobody has kept is gone with the answer."""

    parser_classes = (CodeFileParser,)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Let go of the files, whatever was answered."""
        if self.request.content_type.startswith("multipart/") and getattr(self.request, "_files", None):
            let_go_of_files(self.request)
        return super().finalize_response(request, response, *args, **kwargs)


class BatchList(SealedFileView):
    """Batches of the agency's codes."""

    required_scope = {"GET": Scope.CODES_READ, "POST": Scope.CODES_IMPORT}
    is_idempotent = True

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
        responses={
            201: BatchAnswer,
            202: OpenApiResponse(JobAnswer, description="More than 10,000 lines: the work is at Location."),
        },
    )
    def post(self, request: Request) -> Response:
        """All codes of the file are staged, or none. An operator puts the batch into stock after a look at it.

        A file of more than 10,000 rows is answered at once with a job, which checks the file and reads it in if no row
        has a problem.
        """
        given = self.read(self.Input)
        prize = prize_or_refusal(self.agency, given["prize"])

        file = sized(given["file"])

        def effect() -> tuple[int, dict[str, Any]]:
            if not is_small(file):
                job = start_file(
                    prize_id=prize.pk,
                    name=given["name"],
                    ticket=file.keep(),
                    expires_at=given.get("expires_at"),
                    now=clock.now(),
                )
                return 202, JobAnswer(job).data
            batch = import_codes(
                prize_id=prize.pk,
                name=given["name"],
                data=file.read(),
                expires_at=given.get("expires_at"),
                now=clock.now(),
            )
            return 201, BatchAnswer(batch).data

        answer = self.once(effect)
        if answer.status_code == 202:
            answer["Location"] = reverse("api-code-job", args=[answer.data["id"]])
        return answer


class BatchPreview(SealedFileView):
    """What an import of a small file would do; nothing is stored."""

    required_scope = Scope.CODES_IMPORT
    parser_classes = (SmallCodeFileParser,)

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
        preview = preview_import(prize_id=prize.pk, data=given["file"].read())
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


def sized(file: SealedFile) -> SealedFile:
    """Give a file that is not too large.

    Raises:
        FileNotAccepted: it was, and is gone.
    """
    if file.is_too_large:
        raise FileNotAccepted(reason="file_too_large")
    return file


def is_small(file: SealedFile) -> bool:
    """Tell whether a file is read in while its sender waits; one line more than rows is the header."""
    return file.line_count <= SMALL_ROWS + 1 and (file.size or 0) <= SMALL_FILE_BYTES
