"""Campaigns: state, periods, what entrants have to bring, what they can win."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Agency, Scope
from api import fields
from api.fields import Choice, Instant, PublicId
from api.pagination import Page, PageQuery
from api.views import AgencyView, row_or_404
from campaigns.budgets import budget_of
from campaigns.models import Campaign, CampaignStatus, Mechanic, PrizeKind, Question, QuestionKind
from campaigns.selectors import campaigns_of, needed_steps

STEPS = ("receipt", "serial", "reference", "survey", "line", "x")


class CampaignSummary(fields.Output):
    """A campaign in a list. Periods begin at `from` and end before `until`."""

    id = PublicId(source="public_id")
    slug = serializers.CharField()
    title = serializers.CharField()
    sponsor = serializers.CharField(source="sponsor.name")
    status = serializers.ChoiceField(choices=CampaignStatus.values)
    mechanic = serializers.ChoiceField(choices=Mechanic.values)
    entries_from = Instant(source="entry_opens_at")
    entries_until = Instant(source="entry_closes_at")


class CampaignList(AgencyView):
    """The agency's campaigns, newest first."""

    required_scope = Scope.CAMPAIGNS_READ

    class Query(PageQuery):
        status = Choice(choices=CampaignStatus.values, required=False)

    class Output(Page):
        data = CampaignSummary(many=True)  # type: ignore[assignment]

    @extend_schema(
        operation_id="list_campaigns",
        tags=["campaigns"],
        summary="List campaigns",
        parameters=[Query],
        responses=Output,
    )
    def get(self, request: Request) -> Response:
        given = self.query(self.Query)
        rows = campaigns_of(own(self.agency))
        if "status" in given:
            rows = rows.filter(status=given["status"])
        return self.list(rows, given, self.Output)


class CampaignDetail(AgencyView):
    """One campaign with all that a page of one's own needs to take entries."""

    required_scope = Scope.CAMPAIGNS_READ

    class Output(CampaignSummary):
        class Course(fields.Output):
            class Prize(fields.Output):
                id = PublicId(source="public_id")
                name = serializers.CharField()
                kind = serializers.ChoiceField(choices=PrizeKind.values)
                face_value_jpy = serializers.IntegerField()

            id = PublicId(source="public_id")
            name = serializers.CharField()
            total_cap = serializers.IntegerField(allow_null=True)
            daily_cap = serializers.IntegerField(allow_null=True)
            prizes = Prize(many=True)

        class Question(fields.Output):
            id = PublicId(source="public_id")
            text = serializers.CharField()
            kind = serializers.ChoiceField(choices=QuestionKind.values)
            choices = serializers.ListField(child=serializers.CharField())
            is_required = serializers.BooleanField()

        class Budget(fields.Output):
            total_jpy = serializers.IntegerField()
            used_jpy = serializers.IntegerField(help_text="What was given and is kept for somebody, at face value.")
            left_jpy = serializers.IntegerField()

        summary = serializers.CharField()
        purchase_from_on = serializers.DateField(allow_null=True)
        purchase_until_on = serializers.DateField(allow_null=True)
        delivery_from = Instant(source="delivery_opens_at", allow_null=True)
        delivery_until = Instant(source="delivery_closes_at", allow_null=True)
        claim_days = serializers.IntegerField()
        entries_per_person = serializers.IntegerField()
        entries_per_person_a_day = serializers.IntegerField()
        budget = serializers.SerializerMethodField(help_text="null: prizes are given as long as stock lasts.")
        steps = serializers.SerializerMethodField(help_text="What an entry has to bring.")
        courses = Course(many=True)
        questions = serializers.SerializerMethodField()

        @extend_schema_field(Budget(allow_null=True))
        def get_budget(self, campaign: Campaign) -> Any:
            budget = budget_of(campaign)
            return self.Budget(budget).data if budget else None

        @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=STEPS)))
        def get_steps(self, campaign: Campaign) -> list[str]:
            needed = needed_steps(campaign)
            return [step for step in STEPS if getattr(needed, step)]

        @extend_schema_field(Question(many=True))
        def get_questions(self, campaign: Campaign) -> Any:
            asked = Question.objects.filter(survey__campaign=campaign)
            return self.Question(asked, many=True).data

    @extend_schema(
        operation_id="get_campaign", tags=["campaigns"], summary="Get a campaign", request=None, responses=Output
    )
    def get(self, request: Request, campaign_id: UUID) -> Response:
        rows = campaigns_of(own(self.agency)).prefetch_related("courses__prizes")
        return Response(self.Output(row_or_404(rows, campaign_id)).data)


def own(agency: Agency) -> QuerySet[Agency]:
    """Give the agency of a key as the set that selectors take."""
    return Agency.objects.filter(pk=agency.pk)
