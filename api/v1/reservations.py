"""Codes kept for a while: an agency's system reserves one before it knows whether it will be given out."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from api import fields
from api.fields import Identifier, Instant, Integer, PublicId
from api.v1.codes import prize_or_refusal
from api.views import AgencyView, row_or_404
from codes.models import Reservation, ReservationStatus
from codes.selectors import reservations_of
from codes.services import release_reservation, reserve_code
from codes.services.reserving import LONGEST_SECONDS
from core import clock


class ReservationAnswer(fields.Output):
    """A code that is kept; the code itself is never answered."""

    id = PublicId(source="public_id")
    prize = PublicId(source="prize.public_id")
    reference = serializers.CharField()
    status = serializers.ChoiceField(choices=ReservationStatus.values)
    expires_at = Instant(help_text="From then on the code is back in stock by itself.")
    ended_at = Instant(allow_null=True)
    award = serializers.SerializerMethodField(help_text="The award that the code was given out with.")

    @extend_schema_field(PublicId(allow_null=True))
    def get_award(self, reservation: Reservation) -> str | None:
        return str(reservation.award.public_id) if reservation.award else None


class ReservationList(AgencyView):
    """Reserve a code."""

    required_scope = Scope.CODES_RESERVE
    is_idempotent = True

    class Input(fields.Input):
        prize = PublicId()
        reference = Identifier(
            max_length=100,
            help_text="Your own id. An entry with this external_reference that wins the prize gets the code.",
        )
        ttl_seconds = Integer(min_value=1, max_value=LONGEST_SECONDS, help_text="How long the code is kept.")

    @extend_schema(
        operation_id="reserve_code",
        tags=["codes"],
        summary="Reserve a code",
        request=Input,
        responses={201: ReservationAnswer},
    )
    def post(self, request: Request) -> Response:
        """The same reference again answers with the same reservation; its end is not moved."""
        given = self.read(self.Input)
        prize = prize_or_refusal(self.agency, given["prize"])

        def effect() -> tuple[int, dict[str, Any]]:
            reservation = reserve_code(
                agency_id=self.agency.pk,
                prize_id=prize.pk,
                reference=given["reference"],
                ttl_seconds=given["ttl_seconds"],
                now=clock.now(),
                api_key_id=self.key.pk,
            )
            return 201, ReservationAnswer(reservation).data

        return self.once(effect)


class ReservationDetail(AgencyView):
    """One reservation."""

    required_scope = Scope.CODES_RESERVE

    @extend_schema(
        operation_id="get_reservation", tags=["codes"], summary="Get a reservation", responses=ReservationAnswer
    )
    def get(self, request: Request, reservation_id: UUID) -> Response:
        return Response(ReservationAnswer(row_or_404(reservations_of(self.agency), reservation_id)).data)

    @extend_schema(
        operation_id="release_reservation",
        tags=["codes"],
        summary="Release a reservation",
        responses={200: ReservationAnswer},
    )
    def delete(self, request: Request, reservation_id: UUID) -> Response:
        """The code is back in stock at once. Released again, or past its time: answered alike."""
        reservation = row_or_404(reservations_of(self.agency), reservation_id)
        released = release_reservation(reservation_id=reservation.pk, now=clock.now())
        return Response(ReservationAnswer(released).data)
