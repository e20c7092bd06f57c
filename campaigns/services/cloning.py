"""A new draft out of an earlier campaign."""

from datetime import datetime
from typing import Any

from django.db import models, transaction

from accounts import audit
from campaigns.models import Budget, Campaign, CampaignStatus, Prize, Question, Survey, UseConditions

SINGLE_LEVEL = ("kpi_targets", "target_products", "target_stores")


@transaction.atomic
def clone_campaign(*, campaign_id: int, slug: str, now: datetime, actor_id: int | None = None) -> Campaign:
    """Copy a campaign with prizes, rules, terms and survey into a draft; periods are to be set anew.

    The copy keeps the length of the entry period and begins at `now`; stock, entries and links are not copied.
    """
    source = Campaign.objects.get(pk=campaign_id)
    length = source.entry_closes_at - source.entry_opens_at
    draft = _copy(
        source,
        slug=slug,
        status=CampaignStatus.DRAFT,
        entry_opens_at=now,
        entry_closes_at=now + length,
        cloned_from=source,
    )
    for name in SINGLE_LEVEL:
        for row in getattr(source, name).order_by("pk"):
            _copy(row, campaign=draft)
    _copy_courses(source, draft)
    _copy_rules(source, draft)
    _copy_survey(source, draft)
    if budget := Budget.objects.filter(campaign=source).first():
        _copy(budget, campaign=draft, used_jpy=0)
    if terms := source.terms.order_by("-number").first():
        _copy(terms, campaign=draft, number=1)
    audit.record(
        "campaign.cloned",
        subject=draft,
        actor_id=actor_id,
        source=str(source.public_id),
    )
    return draft


def _copy_courses(source: Campaign, draft: Campaign) -> None:
    for course in source.courses.prefetch_related("prizes"):
        copied = _copy(course, campaign=draft)
        for prize in course.prizes.all():
            # Approvals are given for one campaign, and shares are of its stock.
            copied_prize = _copy(prize, course=copied, use_approval="", text_approval="", is_allocated=False)
            _copy_conditions(prize, copied_prize)


def _copy_conditions(prize: Prize, copied: Prize) -> None:
    """Keep how a code may be used, but for the period, which is to be set anew."""
    conditions = UseConditions.objects.filter(prize=prize).first()
    if conditions is not None:
        twin = _copy(conditions, prize=copied, valid_from=None, valid_until=None)
        twin.stores.set(conditions.stores.all())


def _copy_rules(source: Campaign, draft: Campaign) -> None:
    for group in source.rule_groups.prefetch_related("rules"):
        copied = _copy(group, campaign=draft)
        for rule in group.rules.all():
            _copy(rule, group=copied)


def _copy_survey(source: Campaign, draft: Campaign) -> None:
    survey = Survey.objects.filter(campaign=source).first()
    if survey is None:
        return
    copied = _copy(survey, campaign=draft)
    twins: dict[int, Question] = {}
    for question in survey.questions.order_by("position"):
        earlier = twins.get(question.shown_if_question_id or 0)
        twins[question.pk] = _copy(question, survey=copied, shown_if_question=earlier)


def _copy[Row: models.Model](row: Row, **changes: Any) -> Row:
    """Insert a row with the values of another, a new public id and `changes`."""
    skipped = {"id", "public_id", "created_at", "updated_at"}
    values = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in skipped
    }
    for name in changes:
        values.pop(f"{name}_id", None)
    return type(row)._default_manager.create(**(values | changes))
