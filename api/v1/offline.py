"""What tills took without a connection, reported later."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from api import fields
from api.fields import Instant, Yen
from api.v1.tills import (
    PosTransactionId,
    PurchaseInput,
    RedemptionAnswer,
    ShownCode,
    StoreId,
    TerminalId,
    TillView,
    purchase_of,
)
from codes.services import OfflineAnswer, OfflineUse, count_unknown_reports, report_uses
from core import clock

MOST_USES = 50
RESULTS = ("booked", "known", "disputed")


class OfflineReport(TillView):
    """Uses that a store took within its offline limit."""

    required_scope = Scope.REDEMPTIONS_WRITE
    is_idempotent = True

    class Input(fields.Input):
        class Use(PurchaseInput):
            code = ShownCode()
            amount = Yen(help_text="In yen.")
            pos_transaction_id = PosTransactionId(
                help_text="Its own for each code; codes of one purchase share basket_id."
            )
            occurred_at = Instant(help_text="The time at the till, within the last seven days.")

        store_id = StoreId()
        terminal_id = TerminalId()
        uses = Use(many=True, min_length=1, max_length=MOST_USES)  # type: ignore[call-arg]  # a list takes them

    class Output(fields.Output):
        class Answer(fields.Output):
            pos_transaction_id = serializers.CharField()
            result = serializers.ChoiceField(choices=RESULTS)
            reason = serializers.CharField(allow_null=True, help_text="Why it is disputed, as a code.")
            redemption = RedemptionAnswer(allow_null=True)

        data = Answer(many=True)

    @extend_schema(
        operation_id="report_offline_redemptions",
        tags=["redemptions"],
        summary="Report redemptions made offline",
        request=Input,
        responses={200: Output},
    )
    def post(self, request: Request) -> Response:
        """One answer a use, in the order sent. The first report of a code wins; the others go to the dispute list."""
        given = self.read(self.Input)
        store = self.store_of(given)
        self.spend_try(given, store, tries=len(given["uses"]))
        uses = [
            OfflineUse(
                presented=use["code"],
                amount_jpy=use["amount"],
                pos_transaction_id=use["pos_transaction_id"],
                occurred_at=use["occurred_at"],
                purchase=purchase_of(use),
            )
            for use in given["uses"]
        ]

        now = clock.now()
        reported: list[OfflineAnswer] = []

        def effect() -> tuple[int, dict[str, Any]]:
            reported[:] = report_uses(
                agency_id=self.agency.pk,
                store_id=store.pk,
                uses=uses,
                terminal=self.terminal_of(given),
                api_key_id=self.key.pk,
                now=now,
            )
            return 200, cast("dict[str, Any]", self.Output({"data": reported}).data)

        answer = self.once(effect)
        count_unknown_reports(guesser=self.guesser_of(given, store), store_id=store.pk, answers=reported, now=now)
        return answer
