"""Figures of a campaign, and what became of its awards."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from analytics.selectors import BREAKDOWNS, funnel
from api import fields
from api.fields import Choice, Instant, PublicId
from api.pagination import Page, PageQuery
from api.v1.campaigns import own
from api.views import AgencyView, row_or_404
from campaigns.models import Campaign
from campaigns.selectors import campaigns_of
from codes.models import Award, Shipment, ShipmentStatus
from distribution.models import Delivery, DeliveryStatus


class Funnel(AgencyView):
    """From entries to use: how many reached each stage. The columns of a row describe the same people."""

    required_scope = Scope.REPORTS_READ

    class Query(fields.Input):
        by = Choice(choices=BREAKDOWNS, required=False, default="total")

    class Output(fields.Output):
        class Row(fields.Output):
            key = serializers.CharField(help_text="A day, the id of a prize, the token of a link; empty for the rest.")
            label = serializers.CharField()  # type: ignore[assignment]
            entries = serializers.IntegerField()
            accepted = serializers.IntegerField()
            won = serializers.IntegerField()
            issued = serializers.IntegerField()
            sent = serializers.IntegerField()
            opened = serializers.IntegerField()
            revealed = serializers.IntegerField()
            redeemed = serializers.IntegerField()

        by = serializers.ChoiceField(choices=BREAKDOWNS)
        data = Row(many=True)

    @extend_schema(
        operation_id="get_funnel",
        tags=["reports"],
        summary="Funnel of a campaign",
        parameters=[Query],
        responses=Output,
    )
    def get(self, request: Request, campaign_id: UUID) -> Response:
        campaign = row_or_404(campaigns_of(own(self.agency)), campaign_id)
        by = self.query(self.Query)["by"]
        return Response(self.Output({"by": by, "data": funnel(campaign, by=by)}).data)


class AwardLine(fields.Output):
    """An award with the state of its delivery; neither the code nor the claim link."""

    class DeliveryState(fields.Output):
        status = serializers.ChoiceField(choices=DeliveryStatus.values)
        attempts = serializers.IntegerField()
        accepted_at = Instant(allow_null=True)
        failure_code = serializers.CharField()

    class ShipmentState(fields.Output):
        status = serializers.ChoiceField(choices=ShipmentStatus.values)
        tracking_number = serializers.CharField(help_text="Empty until the shipper has the parcel, or if it has none.")
        handed_over_at = Instant(allow_null=True)
        returned_at = Instant(allow_null=True, help_text="When it came back last.")

    id = PublicId(source="public_id")
    entry = PublicId(source="entry.public_id")
    external_reference = serializers.CharField(source="entry.external_reference")
    prize = PublicId(source="prize.public_id")
    prize_name = serializers.CharField(source="prize.name")
    awarded_at = Instant(source="created_at")
    claim_until = Instant(source="claim_expires_at")
    claimed_at = Instant(allow_null=True)
    revealed_at = Instant(allow_null=True)
    redeemed_at = serializers.SerializerMethodField()
    voided_at = Instant(allow_null=True)
    delivery = serializers.SerializerMethodField(help_text="null until a message is queued")
    shipment = serializers.SerializerMethodField(help_text="The parcel of goods, without its address; null for codes.")

    @extend_schema_field(Instant(allow_null=True))
    def get_redeemed_at(self, award: Award) -> str | None:
        used_at = award.gift_code.redeemed_at if award.gift_code else None
        return Instant().to_representation(used_at) if used_at else None

    @extend_schema_field(DeliveryState(allow_null=True))
    def get_delivery(self, award: Award) -> Any:
        delivery: Delivery | None = getattr(award, "delivery", None)
        return self.DeliveryState(delivery).data if delivery else None

    @extend_schema_field(ShipmentState(allow_null=True))
    def get_shipment(self, award: Award) -> Any:
        shipment: Shipment | None = getattr(award, "shipment", None)
        return self.ShipmentState(shipment).data if shipment else None


class AwardList(AgencyView):
    """The awards of a campaign, newest first."""

    required_scope = Scope.REPORTS_READ

    class Output(Page):
        data = AwardLine(many=True)  # type: ignore[assignment]

    @extend_schema(
        operation_id="list_awards", tags=["reports"], summary="List awards", parameters=[PageQuery], responses=Output
    )
    def get(self, request: Request, campaign_id: UUID) -> Response:
        campaign = row_or_404(campaigns_of(own(self.agency)), campaign_id)
        return self.list(awards_of(campaign), self.query(PageQuery), self.Output)


def awards_of(campaign: Campaign) -> QuerySet[Award]:
    """Give the awards of a campaign with what a report shows of each."""
    rows = Award.objects.filter(entry__campaign=campaign, agency_id=campaign.agency_id)
    return rows.select_related("entry", "prize", "gift_code", "delivery", "shipment")
