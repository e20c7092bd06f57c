"""Who am I: the key that makes the call, what it may do, and for whom."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from api import fields
from api.fields import Instant, PublicId
from api.permissions import ANY_KEY
from api.views import AgencyView


class Me(AgencyView):
    """The key itself; every key may ask."""

    required_scope = ANY_KEY

    class Output(fields.Output):
        class Agency(fields.Output):
            id = PublicId(source="public_id")
            name = serializers.CharField()

        prefix = serializers.CharField(help_text="The part of the key that may be shown.")
        name = serializers.CharField()
        scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.values))
        expires_at = Instant(allow_null=True)
        agency = Agency()

    @extend_schema(operation_id="get_me", tags=["me"], summary="Who am I", responses=Output)
    def get(self, request: Request) -> Response:
        return Response(self.Output(self.key).data)
