"""At the till of an agency's own system: check, redeem, and ask what became of a transaction."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from api import fields
from api.fields import Instant
from api.pagination import Page, PageQuery
from api.v1.tills import (
    CodeInput,
    PosTransactionId,
    RedemptionAnswer,
    StoreId,
    TerminalId,
    TillView,
    purchase_of,
    redemptions_of,
)
from campaigns.selectors import conditions_sentences
from codes.errors import CodeNotAccepted, CodeTokenExpired
from codes.selectors import of_transaction
from codes.services import CodeState, check_code, redeem_in_transaction, unknown_codes_counted
from core import clock


class RedemptionCheck(TillView):
    """Tell whether a code could be redeemed; nothing changes."""

    required_scope = Scope.REDEMPTIONS_WRITE

    class Output(fields.Output):
        redeemable = serializers.BooleanField(source="is_redeemable")
        reason = serializers.CharField(source="refusal_code", allow_null=True, help_text="Why not, as a code.")
        prize_name = serializers.CharField()
        balance = serializers.IntegerField(source="balance_jpy", help_text="Yen left on the code.")
        max_amount = serializers.IntegerField(
            source="max_amount_jpy", help_text="The most yen that one redemption may take now."
        )
        expires_at = Instant(allow_null=True)
        conditions = serializers.SerializerMethodField(help_text="The conditions of use, in sentences for people.")

        def get_conditions(self, state: CodeState) -> list[str]:
            return conditions_sentences(state.use_conditions)

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
        store = self.store_of(given)
        self.spend_try(given, store)
        try:
            with unknown_codes_counted(guesser=self.guesser_of(given, store), now=clock.now()):
                state = check_code(
                    agency_id=self.agency.pk,
                    presented=given["code"],
                    store_id=store.pk,
                    amount_jpy=given.get("amount"),
                    purchase=purchase_of(given),
                    lock_public_id=given.get("lock_id"),
                    now=clock.now(),
                )
        except (CodeNotAccepted, CodeTokenExpired) as refusal:
            state = CodeState(
                is_redeemable=False, refusal_code=refusal.code, prize_name="", balance_jpy=0, expires_at=None
            )
        return Response(self.Output(state).data)


class RedemptionList(TillView):
    """Redemptions and reversals in the agency's stores."""

    required_scope = Scope.REDEMPTIONS_WRITE
    is_idempotent = True
    keeps_refusals = True

    class Query(PageQuery):
        pos_transaction_id = PosTransactionId(required=False)
        store_id = StoreId(required=False)

    class Input(CodeInput):
        terminal_id = TerminalId()
        pos_transaction_id = PosTransactionId(
            help_text="Unique in the store; the same one again is the same redemption."
        )
        occurred_at = Instant(help_text="The time at the till, for your records; ours counts.")

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
        lines = redemptions_of(self.agency, self.own_terminal)
        if "store_id" in given:
            lines = lines.filter(store__code=given["store_id"])
        number = given.get("pos_transaction_id")
        if number is None:
            return self.list(lines, given, self.Output)
        answer = self.list(
            of_transaction(lines, agency_id=self.agency.pk, pos_transaction_id=number), given, self.Output
        )
        for line in answer.data["data"]:
            line["pos_transaction_id"] = number
        return answer

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
        store = self.store_of(given)
        self.spend_try(given, store)

        def effect() -> tuple[int, dict[str, Any]]:
            redemption = redeem_in_transaction(
                agency_id=self.agency.pk,
                presented=given["code"],
                store_id=store.pk,
                amount_jpy=given.get("amount"),
                purchase=purchase_of(given),
                pos_transaction_id=given["pos_transaction_id"],
                terminal=self.terminal_of(given),
                lock_public_id=given.get("lock_id"),
                occurred_at=given["occurred_at"],
                api_key_id=self.key.pk,
                call_hashes=self.call.hashes(),
                now=clock.now(),
            )
            return 200 if redemption.is_repeat else 201, RedemptionAnswer(redemption).data

        with unknown_codes_counted(guesser=self.guesser_of(given, store), now=clock.now()):
            return self.once(effect)
