"""Returned purchases (返品), as the client's till or shop system tells of them."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from api import errors, fields
from api.fields import Day, Instant, PublicId, Text, Yen
from api.views import AgencyView
from codes.models import Award
from core import clock
from eligibility.models import PurchaseReturn, ReturnSource
from eligibility.services import Notice
from journeys.returns import shown_awards, take_return
from receipts.models import Receipt
from receipts.selectors import receipts_of_purchase

EFFECTS = {
    "noted": "nothing was decided yet, or nothing was given",
    "still_eligible": "the entry meets its conditions without this receipt",
    "refused": "the entry is refused; what nobody has seen is withdrawn",
}


class ReturnAnswer(fields.Output):
    """A return, and what followed from it."""

    id = PublicId(source="public_id")
    reference = serializers.CharField()
    entry = PublicId(source="entry.public_id")
    receipt = PublicId(source="receipt.public_id")
    told_at = Instant()
    effect = serializers.SerializerMethodField(help_text="; ".join(f"{code}: {text}" for code, text in EFFECTS.items()))
    withdrawn_awards = serializers.SerializerMethodField()
    shown_awards = serializers.SerializerMethodField(help_text="Kept by the entrant; an operator is told.")

    @extend_schema_field(serializers.ChoiceField(choices=list(EFFECTS)))
    def get_effect(self, found: PurchaseReturn) -> str:
        if found.decision is None:
            return "noted"
        return "refused" if found.is_refusal else "still_eligible"

    @extend_schema_field(serializers.IntegerField())
    def get_withdrawn_awards(self, found: PurchaseReturn) -> int:
        if not found.is_refusal:
            return 0
        return Award.objects.filter(entry=found.entry, voided_at__gte=found.told_at).count()

    @extend_schema_field(serializers.IntegerField())
    def get_shown_awards(self, found: PurchaseReturn) -> int:
        return shown_awards(found).count()


class ReturnList(AgencyView):
    """Tell that the goods of a receipt were given back."""

    required_scope = Scope.ENTRIES_WRITE
    is_idempotent = True

    class Input(fields.Input):
        class Purchase(fields.Input):
            telephone = Text(required=False, max_length=20, help_text="Of the shop.")
            registration_no = Text(required=False, max_length=14, help_text="T and 13 digits.")
            receipt_no = Text(required=False, max_length=40)
            purchased_on = Day()
            total_jpy = Yen()

        reference = Text(max_length=100, help_text="Your own number of the return.")
        entry = PublicId(required=False)
        purchase = Purchase(required=False, help_text="As printed; the shop by its telephone or registration number.")
        reason = Text(required=False, max_length=200, allow_blank=True, default="")

    @extend_schema(
        operation_id="tell_return",
        tags=["entries"],
        summary="Tell of a returned purchase",
        request=Input,
        responses={201: ReturnAnswer},
    )
    def post(self, request: Request) -> Response:
        """Name the entry, the purchase, or both. A return that is known already is answered as it was."""
        given = self.read(self.Input)
        receipt = self._receipt(given)
        notice = Notice(source=ReturnSource.CLIENT, reference=given["reference"], reason=given["reason"])

        def effect() -> tuple[int, dict[str, Any]]:
            return 201, ReturnAnswer(take_return(receipt_id=receipt.pk, notice=notice, now=clock.now())).data

        return self.once(effect)

    def _receipt(self, given: dict[str, Any]) -> Receipt:
        """Find the one receipt that is meant.

        Raises:
            ReceiptNotFound: there is none of this agency.
            ReceiptAmbiguous: the figures, or the entry, are of several.
        """
        found = receipts_of_purchase(
            agency_id=self.agency.pk, entry_public_id=given.get("entry"), figures=given.get("purchase", {})
        )
        if not found:
            raise errors.ReceiptNotFound
        if len(found) > 1:
            raise errors.ReceiptAmbiguous
        return found[0]
