"""Entries from an agency's own pages, and where each stands."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Agency, Scope
from api import errors, fields
from api.fields import Boolean, Choice, Identifier, Instant, PublicId, Text
from api.headless import GivenEntry, take_entry, take_receipt
from api.pagination import Page, PageQuery
from api.parsers import FormParser
from api.v1.campaigns import own
from api.views import AgencyView, row_or_404
from campaigns.models import Campaign, Question, TrackedLink
from campaigns.selectors import campaigns_of
from core import clock
from eligibility.models import Verdict
from eligibility.reasons import described
from eligibility.selectors import current_decision
from eligibility.services import spend_attempt
from eligibility.sums import Part, ReceiptSum, decided_sum, reasons_of
from participants.models import Entry, EntryStatus, Identity, IdentityKind, ProofKind
from receipts.models import ReceiptStatus
from receipts.selectors import current_receipts
from receipts.services import Place

ENTRIES_PER_ADDRESS = 20  # an hour: a leaked key neither guesses numbers nor floods a mailbox
HOUR_SECONDS = 3600


class EntrySummary(fields.Output):
    """An entry in a list; contacts are masked."""

    class Contact(fields.Output):
        kind = serializers.ChoiceField(choices=IdentityKind.values)
        masked = serializers.CharField()
        is_verified = serializers.SerializerMethodField()

        def get_is_verified(self, identity: Identity) -> bool:
            return identity.verified_at is not None

    id = PublicId(source="public_id")
    campaign = PublicId(source="campaign.public_id")
    status = serializers.ChoiceField(choices=EntryStatus.values)
    external_reference = serializers.CharField()
    created_at = Instant()
    submitted_at = Instant(allow_null=True)
    decided_at = Instant(allow_null=True)
    contacts = Contact(source="participant.identities", many=True)


class EntryAnswer(EntrySummary):
    """An entry with its verdict and what the verdict rests on."""

    class Verdict(fields.Output):
        class Reason(fields.Output):
            code = serializers.CharField()
            message = serializers.CharField()
            fix = serializers.CharField()
            can_fix = serializers.BooleanField(help_text="Whether sending again may help.")

        verdict = serializers.ChoiceField(choices=Verdict.values)
        decided_at = Instant()
        reasons = serializers.SerializerMethodField()

        @extend_schema_field(Reason(many=True))
        def get_reasons(self, decision: Any) -> Any:
            return self.Reason(described(decision.reasons), many=True).data

    class Receipt(fields.Output):
        """One receipt; `sum_state` and what follows tell what it gives to a sum (合算), null outside of one."""

        class Reason(fields.Output):
            code = serializers.CharField()
            message = serializers.CharField()
            fix = serializers.CharField()

        id = PublicId(source="public_id")
        status = serializers.ChoiceField(choices=ReceiptStatus.values)
        store_name = serializers.CharField()
        purchased_on = serializers.DateField(allow_null=True)
        total_jpy = serializers.IntegerField(allow_null=True)
        counts = serializers.BooleanField(help_text="Whether it is used up for this entry.")
        sum_state = serializers.SerializerMethodField(help_text="counts, doubtful (left to a person) or out.")
        sum_spent_jpy = serializers.SerializerMethodField()
        sum_quantity = serializers.SerializerMethodField()
        sum_reasons = serializers.SerializerMethodField()

        @extend_schema_field(serializers.ChoiceField(choices=["counts", "doubtful", "out"], allow_null=True))
        def get_sum_state(self, receipt: Any) -> Any:
            return part.state if (part := self._part(receipt)) else None

        @extend_schema_field(serializers.IntegerField(allow_null=True))
        def get_sum_spent_jpy(self, receipt: Any) -> Any:
            return part.spent_jpy if (part := self._part(receipt)) else None

        @extend_schema_field(serializers.IntegerField(allow_null=True))
        def get_sum_quantity(self, receipt: Any) -> Any:
            return part.quantity if (part := self._part(receipt)) else None

        @extend_schema_field(Reason(many=True))
        def get_sum_reasons(self, receipt: Any) -> Any:
            part = self._part(receipt)
            return self.Reason(reasons_of(part), many=True).data if part else []

        def _part(self, receipt: Any) -> Part | None:
            parts: dict[str, Part] = self.context.get("parts", {})
            return parts.get(str(receipt.public_id))

    class Sum(fields.Output):
        """Several receipts of one entry added up, as of its latest verdict."""

        receipts_at_most = serializers.IntegerField()
        minimum_spend_jpy = serializers.IntegerField()
        counted_jpy = serializers.IntegerField()
        missing_jpy = serializers.IntegerField(help_text="Doubtful receipts taken at their word.")
        minimum_quantity = serializers.IntegerField()
        counted_quantity = serializers.IntegerField()
        missing_quantity = serializers.IntegerField()

    verdict = serializers.SerializerMethodField()
    receipt = serializers.SerializerMethodField(help_text="The last one sent.")
    receipts = serializers.SerializerMethodField(help_text="In the order of their sending; several where they sum up.")
    receipt_sum = serializers.SerializerMethodField(help_text="Null where each receipt has to do alone.")

    @extend_schema_field(Verdict(allow_null=True))
    def get_verdict(self, entry: Entry) -> Any:
        decision = current_decision(entry.pk)
        return self.Verdict(decision).data if decision else None

    @extend_schema_field(Receipt(allow_null=True))
    def get_receipt(self, entry: Entry) -> Any:
        return (self._receipts(entry) or [None])[-1]

    @extend_schema_field(Receipt(many=True))
    def get_receipts(self, entry: Entry) -> Any:
        return self._receipts(entry)

    @extend_schema_field(Sum(allow_null=True))
    def get_receipt_sum(self, entry: Entry) -> Any:
        found = _sum_of(entry)
        return self.Sum(found).data if found else None

    def _receipts(self, entry: Entry) -> list[Any]:
        found = _sum_of(entry)
        parts = {part.receipt_id: part for part in found.parts} if found else {}
        return list(self.Receipt(current_receipts(entry.pk), many=True, context={"parts": parts}).data)


class EntryList(AgencyView):
    """Entries of the agency's campaigns."""

    required_scope = {"GET": Scope.ENTRIES_READ, "POST": Scope.ENTRIES_WRITE}
    is_idempotent = True

    class Query(PageQuery):
        campaign = PublicId(required=False)
        status = Choice(choices=EntryStatus.values, required=False)
        external_reference = Text(required=False, max_length=100)

    class Input(fields.Input):
        class Answer(fields.Input):
            question = PublicId()
            values = serializers.ListField(child=Text(max_length=1000), min_length=1, max_length=50)

        campaign = PublicId()
        email = Text(max_length=254, help_text="Gets a link to confirm it; a prize goes to nobody before that.")
        serial = Text(required=False, max_length=60)
        reference = Text(required=False, max_length=60)
        answers = serializers.ListField(child=Answer(), required=False, max_length=100)
        terms_agreed = Boolean(help_text="Whether the entrant agreed to the campaign's terms.")
        wants_news = Boolean(required=False, default=False)
        external_reference = Text(required=False, max_length=100, allow_blank=True, default="")
        link = Identifier(required=False, max_length=16, help_text="Token of the tracked link the entrant came by.")

    class Output(Page):
        data = EntrySummary(many=True)  # type: ignore[assignment]

    @extend_schema(
        operation_id="list_entries", tags=["entries"], summary="List entries", parameters=[Query], responses=Output
    )
    def get(self, request: Request) -> Response:
        given = self.query(self.Query)
        rows = entries_of_agency(self.agency)
        if "campaign" in given:
            rows = rows.filter(campaign=campaign_or_refusal(self.agency, given["campaign"]))
        for name in {"status", "external_reference"} & set(given):
            rows = rows.filter(**{name: given[name]})
        return self.list(rows, given, self.Output)

    @extend_schema(
        operation_id="create_entry",
        tags=["entries"],
        summary="Create an entry",
        request=Input,
        responses={201: EntryAnswer},
    )
    def post(self, request: Request) -> Response:
        """The entry is sent for its check at once, unless the campaign asks for a receipt: then upload it next."""
        given = self._given(self.read(self.Input))
        now = clock.now()
        scope = f"api-entry:{given.campaign.agency_id}:{given.email.lower()}"
        spend_attempt(scope=scope, limit=ENTRIES_PER_ADDRESS, window_seconds=HOUR_SECONDS, now=now)

        def effect() -> tuple[int, dict[str, Any]]:
            entry = take_entry(given=given, now=now)
            return 201, EntryAnswer(entries_of_agency(self.agency).get(pk=entry.pk)).data

        return self.once(effect)

    def _given(self, read: dict[str, Any]) -> GivenEntry:
        campaign = campaign_or_refusal(self.agency, read["campaign"])
        numbers = {kind: read[kind] for kind in ProofKind if kind in read}
        return GivenEntry(
            campaign=campaign,
            email=read["email"],
            numbers=numbers,
            answers=_answers(campaign, read.get("answers", [])),
            terms_agreed=read["terms_agreed"],
            wants_news=read["wants_news"],
            external_reference=read["external_reference"],
            link_id=_link_id(campaign, read.get("link")),
        )


class EntryDetail(AgencyView):
    """One entry with its verdict, reasons included."""

    required_scope = Scope.ENTRIES_READ

    @extend_schema(operation_id="get_entry", tags=["entries"], summary="Get an entry", responses=EntryAnswer)
    def get(self, request: Request, entry_id: UUID) -> Response:
        return Response(EntryAnswer(row_or_404(entries_of_agency(self.agency), entry_id)).data)


class EntryReceipt(AgencyView):
    """The photographs of an entry's receipt. Needs no Idempotency-Key: the same photographs again change nothing."""

    required_scope = Scope.ENTRIES_WRITE
    parser_classes = (FormParser,)

    class Input(fields.Input):
        photos = serializers.ListField(
            child=serializers.FileField(allow_empty_file=True),
            min_length=1,
            max_length=4,
            help_text="Of one receipt, from top to bottom.",
        )
        mode = Choice(
            choices=["replace", "add"],
            required=False,
            default="replace",
            help_text="add: beside the receipts sent before instead of in their place, where a campaign sums receipts.",
        )

    @extend_schema(
        operation_id="upload_receipt",
        tags=["entries"],
        summary="Upload a receipt and send the entry",
        request={"multipart/form-data": Input},
        responses={201: EntryAnswer},
    )
    def post(self, request: Request, entry_id: UUID) -> Response:
        """JPEG, PNG, WebP or HEIC, at most 10 MB each. The verdict follows when the receipt has been read."""
        entry = row_or_404(entries_of_agency(self.agency), entry_id)
        given = self.read(self.Input)
        photos = [photo.read() for photo in given["photos"]]
        take_receipt(entry_id=entry.pk, photos=photos, place=Place(adds=given["mode"] == "add"), now=clock.now())
        return Response(EntryAnswer(entries_of_agency(self.agency).get(pk=entry.pk)).data, status=201)


def entries_of_agency(agency: Agency) -> QuerySet[Entry]:
    """Give the entries that a key of the agency may see."""
    identities = Prefetch("participant__identities", Identity.objects.order_by("pk"))
    return Entry.objects.filter(agency=agency).select_related("campaign", "participant").prefetch_related(identities)


def campaign_or_refusal(agency: Agency, public_id: UUID) -> Campaign:
    """Find a campaign that a request names beside its address.

    Raises:
        CampaignNotFound: no such campaign, or another agency's.
    """
    campaign = campaigns_of(own(agency)).filter(public_id=public_id).first()
    if campaign is None:
        raise errors.CampaignNotFound
    return campaign


def _sum_of(entry: Entry) -> ReceiptSum | None:
    decision = current_decision(entry.pk)
    return decided_sum(decision) if decision else None


def _answers(campaign: Campaign, given: list[dict[str, Any]]) -> dict[int, list[str]]:
    known = {question.public_id: question.pk for question in Question.objects.filter(survey__campaign=campaign)}
    unknown = [number for number, answer in enumerate(given) if answer["question"] not in known]
    if unknown:
        sentence = _("The campaign has no such question.")
        raise errors.InvalidInput(
            [
                {"pointer": f"/answers/{number}/question", "code": "unknown_question", "detail": sentence}
                for number in unknown
            ]
        )
    return {known[answer["question"]]: answer["values"] for answer in given}


def _link_id(campaign: Campaign, token: str | None) -> int | None:
    if token is None:
        return None
    link = TrackedLink.objects.filter(campaign=campaign, token=token).first()
    if link is None:
        sentence = _("The campaign has no such tracked link.")
        raise errors.InvalidInput([{"pointer": "/link", "code": "unknown_link", "detail": sentence}])
    return link.pk
