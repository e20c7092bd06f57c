"""At the till of an agency's own system: check, redeem, reverse, and ask what became of a transaction."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Agency, Scope
from api import errors, fields
from api.fields import Identifier, Instant, PublicId, Text, Yen
from api.pagination import Page, PageQuery
from api.views import AgencyView, row_or_404
from campaigns.models import Store
from codes.errors import CodeNotAccepted, CodeTokenExpired
from codes.models import Redemption, RedemptionKind
from codes.selectors import redemption_of_transaction
from codes.services import CodeState, check_code, redeem_code, reverse_redemption
from core import clock
from eligibility.services import spend_attempt

TRIES_PER_TERMINAL = 60  # a minute: more than any till needs, nothing for somebody who guesses
MINUTE_SECONDS = 60


class CodeInput(fields.Input):
    """A code at a till."""

    code = Text(max_length=200, help_text="As typed or scanned: the code itself, or what the phone shows.")
    store = Identifier(max_length=20, help_text="The store's number.")
    terminal = Identifier(required=False, max_length=40, default="", allow_blank=True)
    amount_jpy = Yen(required=False, help_text="Without it: all that is left.")


class RedemptionAnswer(fields.Output):
    """One use of a code, or the reversal of one."""

    id = PublicId(source="public_id")
    kind = serializers.ChoiceField(choices=RedemptionKind.values)
    amount_jpy = serializers.IntegerField()
    balance_jpy = serializers.IntegerField(source="balance_after_jpy", help_text="Left on the code after it.")
    store = serializers.CharField(source="store.code")
    terminal = serializers.CharField()
    pos_transaction_id = serializers.CharField(help_text="Empty where the till gave none.")
    at = Instant()
    reverses = serializers.SerializerMethodField(help_text="The redemption that this line undoes.")
    reversed_by = serializers.SerializerMethodField(help_text="The line that undoes this redemption.")

    @extend_schema_field(PublicId(allow_null=True))
    def get_reverses(self, redemption: Redemption) -> str | None:
        return str(redemption.reverses.public_id) if redemption.reverses else None

    @extend_schema_field(PublicId(allow_null=True))
    def get_reversed_by(self, redemption: Redemption) -> str | None:
        reversal: Redemption | None = getattr(redemption, "reversed_by", None)
        return str(reversal.public_id) if reversal else None


class RedemptionCheck(AgencyView):
    """Tell whether a code could be redeemed; nothing changes."""

    required_scope = Scope.REDEMPTIONS_WRITE

    class Output(fields.Output):
        redeemable = serializers.BooleanField(source="is_redeemable")
        reason = serializers.CharField(source="refusal_code", allow_null=True, help_text="Why not, as a code.")
        prize_name = serializers.CharField()
        balance_jpy = serializers.IntegerField()
        expires_at = Instant(allow_null=True)

    @extend_schema(
        operation_id="validate_code",
        tags=["redemptions"],
        summary="Check a code",
        request=CodeInput,
        responses={200: Output},
    )
    def post(self, request: Request) -> Response:
        """An unknown code, another agency's and one not given out yet are answered alike."""
        given = self.read(CodeInput)
        _spend_try(self, given)
        store = store_or_refusal(self.agency, given["store"])
        try:
            state = check_code(
                agency_id=self.agency.pk,
                presented=given["code"],
                store_id=store.pk,
                amount_jpy=given.get("amount_jpy"),
                now=clock.now(),
            )
        except (CodeNotAccepted, CodeTokenExpired) as refusal:
            state = CodeState(
                is_redeemable=False, refusal_code=refusal.code, prize_name="", balance_jpy=0, expires_at=None
            )
        return Response(self.Output(state).data)


class RedemptionList(AgencyView):
    """Redemptions and reversals in the agency's stores."""

    required_scope = Scope.REDEMPTIONS_WRITE
    is_idempotent = True
    keeps_refusals = True

    class Query(PageQuery):
        pos_transaction_id = Identifier(required=False, max_length=64)
        store = Identifier(required=False, max_length=20)

    class Input(CodeInput):
        pos_transaction_id = Identifier(
            required=False,
            default="",
            max_length=64,
            help_text="Unique in the store; the same one again is the same redemption.",
        )

    class Output(Page):
        data = RedemptionAnswer(many=True)  # type: ignore[assignment]

    @extend_schema(
        operation_id="list_redemptions",
        tags=["redemptions"],
        summary="List redemptions",
        parameters=[Query],
        responses=Output,
    )
    def get(self, request: Request) -> Response:
        """By `pos_transaction_id`: what truly became of a sale whose answer was lost."""
        given = self.query(self.Query)
        rows = redemptions_of(self.agency)
        if "pos_transaction_id" in given:
            rows = rows.filter(pos_transaction_id=given["pos_transaction_id"])
        if "store" in given:
            rows = rows.filter(store__code=given["store"])
        return self.list(rows, given, self.Output)

    @extend_schema(
        operation_id="redeem_code",
        tags=["redemptions"],
        summary="Redeem a code",
        request=Input,
        responses={201: RedemptionAnswer, 200: RedemptionAnswer},
    )
    def post(self, request: Request) -> Response:
        """201 when the code is redeemed by this call, 200 when this POS transaction had redeemed it before."""
        given = self.read(self.Input)
        _spend_try(self, given)
        store = store_or_refusal(self.agency, given["store"])

        def effect() -> tuple[int, dict[str, Any]]:
            known = _known(self.agency, store, given["pos_transaction_id"])
            redemption = redeem_code(
                agency_id=self.agency.pk,
                presented=given["code"],
                store_id=store.pk,
                amount_jpy=given.get("amount_jpy"),
                pos_transaction_id=given["pos_transaction_id"],
                terminal=given["terminal"],
                api_key_id=self.key.pk,
                now=clock.now(),
            )
            return 200 if known else 201, RedemptionAnswer(redemption).data

        return self.once(effect)


class RedemptionReversal(AgencyView):
    """Undo a redemption, once; the code has its amount back."""

    required_scope = Scope.REDEMPTIONS_WRITE
    is_idempotent = True
    keeps_refusals = True

    class Input(fields.Input):
        reason = Text(required=False, max_length=200, allow_blank=True, default="")

    @extend_schema(
        operation_id="reverse_redemption",
        tags=["redemptions"],
        summary="Reverse a redemption",
        request=Input,
        responses={201: RedemptionAnswer},
    )
    def post(self, request: Request, redemption_id: UUID) -> Response:
        given = self.read(self.Input)
        row_or_404(redemptions_of(self.agency).filter(kind=RedemptionKind.REDEEM), redemption_id)

        def effect() -> tuple[int, dict[str, Any]]:
            reversal = reverse_redemption(
                agency_id=self.agency.pk,
                redemption_public_id=str(redemption_id),
                reason=given["reason"],
                api_key_id=self.key.pk,
                now=clock.now(),
            )
            return 201, RedemptionAnswer(reversal).data

        return self.once(effect)


def redemptions_of(agency: Agency) -> QuerySet[Redemption]:
    """Give the redemptions that a key of the agency may see."""
    return Redemption.objects.filter(agency=agency).select_related("store", "reverses", "reversed_by")


def store_or_refusal(agency: Agency, code: str) -> Store:
    """Find a store by its number.

    Raises:
        StoreNotFound: the agency has no such store.
    """
    store = Store.objects.filter(agency=agency, code=code).first()
    if store is None:
        raise errors.StoreNotFound
    return store


def _spend_try(view: AgencyView, given: dict[str, Any]) -> None:
    """Count the try outside of its transaction, so that a refused one counts as well."""
    scope = f"api-code:{view.key.pk}:{given['store']}:{given['terminal']}"
    spend_attempt(scope=scope, limit=TRIES_PER_TERMINAL, window_seconds=MINUTE_SECONDS, now=clock.now())


def _known(agency: Agency, store: Store, pos_transaction_id: str) -> Redemption | None:
    if not pos_transaction_id:
        return None
    return redemption_of_transaction(agency_id=agency.pk, store_id=store.pk, pos_transaction_id=pos_transaction_id)
