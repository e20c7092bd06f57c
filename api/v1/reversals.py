"""Give back what a till took: one redemption in full or in part, or a sale whose answer never came."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from api import fields
from api.errors import NotFound
from api.fields import Text, Yen
from api.v1.tills import PosTransactionId, RedemptionAnswer, StoreId, TillView
from codes.errors import RedemptionNotFound
from codes.models import Redemption
from codes.services import reverse_in_transaction, reverse_transaction
from core import clock


class RedemptionReversal(TillView):
    """Give a redemption back to its code: a reversal on its business day, a refund afterwards."""

    required_scope = Scope.REDEMPTIONS_WRITE
    is_idempotent = True
    keeps_refusals = True

    class Input(fields.Input):
        amount = Yen(required=False, help_text="In yen. Without it: all that has not been given back yet.")
        reason = Text(max_length=200, help_text="For your records and ours, such as 返品.")

    @extend_schema(
        operation_id="reverse_redemption",
        tags=["redemptions"],
        summary="Reverse a redemption",
        request=Input,
        responses={201: RedemptionAnswer},
    )
    def post(self, request: Request, redemption_id: UUID) -> Response:
        """In full or in parts; together no more than was redeemed."""
        given = self.read(self.Input)

        def effect() -> tuple[int, dict[str, Any]]:
            try:
                reversal = reverse_in_transaction(
                    agency_id=self.agency.pk,
                    redemption_public_id=redemption_id,
                    amount_jpy=given.get("amount"),
                    reason=given["reason"],
                    store_id=self.own_terminal.store_id if self.own_terminal else None,
                    api_key_id=self.key.pk,
                    call_hashes=self.call.hashes(),
                    now=clock.now(),
                )
            except RedemptionNotFound as refusal:
                raise NotFound from refusal
            return 201, RedemptionAnswer(reversal).data

        return self.once(effect)


class TransactionReversal(TillView):
    """Undo a sale by the till's own number, known to us or not."""

    required_scope = Scope.REDEMPTIONS_WRITE
    is_idempotent = True
    keeps_refusals = True

    class Input(fields.Input):
        store_id = StoreId()
        pos_transaction_id = PosTransactionId()
        reason = Text(required=False, max_length=200, allow_blank=True, default="")

    class Output(fields.Output):
        pos_transaction_id = serializers.CharField()
        known = serializers.BooleanField(help_text="Whether the sale had arrived before.")
        reversal = RedemptionAnswer(allow_null=True, help_text="The line that gave it back.")

    @extend_schema(
        operation_id="reverse_transaction",
        tags=["redemptions"],
        summary="Reverse a sale whose answer was lost",
        request=Input,
        responses={200: Output},
    )
    def post(self, request: Request) -> Response:
        """Also 200 for a sale that never arrived; should it still come, it is refused as `reversed_before_arrival`."""
        given = self.read(self.Input)
        store = self.store_of(given)

        def effect() -> tuple[int, dict[str, Any]]:
            reversal: Redemption | None = reverse_transaction(
                agency_id=self.agency.pk,
                store_id=store.pk,
                pos_transaction_id=given["pos_transaction_id"],
                reason=given["reason"],
                api_key_id=self.key.pk,
                now=clock.now(),
            )
            answer = {
                "pos_transaction_id": given["pos_transaction_id"],
                "known": reversal is not None,
                "reversal": reversal,
            }
            return 200, self.Output(answer).data

        return self.once(effect)
