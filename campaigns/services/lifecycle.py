"""From draft to archive: by a person's decision or by the clock."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts import audit
from campaigns.errors import NotPublishable
from campaigns.models import Campaign, CampaignStatus, RuleVersion
from campaigns.selectors import current_rules, publish_obstacles
from core.errors import StaleState


@transaction.atomic
def freeze_rules(*, campaign_id: int, actor_id: int | None = None) -> RuleVersion:
    """Keep the rules as they stand as a numbered version; unchanged rules keep their version."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    document = _rule_document(campaign)
    latest = current_rules(campaign)
    if latest is not None and latest.document == document:
        return latest
    number = (campaign.rule_versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version = RuleVersion.objects.create(campaign=campaign, number=number, document=document, created_by_id=actor_id)
    audit.record("rules.frozen", subject=campaign, actor_id=actor_id, version=number)
    return version


@transaction.atomic
def publish_campaign(*, campaign_id: int, now: datetime, actor_id: int | None = None) -> Campaign:
    """Publish a draft: scheduled before its period begins, open within it.

    Raises:
        NotPublishable: something is missing; the error lists all of it.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    if obstacles := publish_obstacles(campaign, now):
        raise NotPublishable(obstacles)
    freeze_rules(campaign_id=campaign_id, actor_id=actor_id)
    is_due = campaign.entry_opens_at <= now
    campaign.move_to(CampaignStatus.OPEN if is_due else CampaignStatus.SCHEDULED)
    audit.record(
        "campaign.published",
        subject=campaign,
        actor_id=actor_id,
        status=campaign.status,
    )
    return campaign


def unpublish_campaign(*, campaign_id: int, now: datetime, actor_id: int | None = None) -> Campaign:
    """Take a scheduled campaign back to a draft before anybody could enter."""
    return _move(campaign_id, CampaignStatus.DRAFT, "campaign.unpublished", actor_id)


def pause_campaign(*, campaign_id: int, now: datetime, actor_id: int | None = None) -> Campaign:
    """Stop taking entries at once; entries already made go on."""
    return _move(campaign_id, CampaignStatus.PAUSED, "campaign.paused", actor_id)


def resume_campaign(*, campaign_id: int, now: datetime, actor_id: int | None = None) -> Campaign:
    """Take entries again after a pause."""
    return _move(campaign_id, CampaignStatus.OPEN, "campaign.resumed", actor_id)


def close_campaign(*, campaign_id: int, now: datetime, actor_id: int | None = None) -> Campaign:
    """End the entry period; checks, draw and delivery go on."""
    return _move(campaign_id, CampaignStatus.CLOSED, "campaign.closed", actor_id)


def settle_campaign(*, campaign_id: int, now: datetime, actor_id: int | None = None) -> Campaign:
    """Declare draw and delivery done."""
    return _move(campaign_id, CampaignStatus.SETTLED, "campaign.settled", actor_id)


def archive_campaign(*, campaign_id: int, now: datetime, actor_id: int | None = None) -> Campaign:
    """Put a settled campaign away; its pages no longer show."""
    return _move(campaign_id, CampaignStatus.ARCHIVED, "campaign.archived", actor_id)


def follow_clock(*, now: datetime) -> int:
    """Open scheduled campaigns whose period has begun and close those whose period is over; returns how many moved."""
    due_to_open = Campaign.objects.filter(status=CampaignStatus.SCHEDULED, entry_opens_at__lte=now)
    due_to_close = Campaign.objects.filter(
        status__in=[CampaignStatus.OPEN, CampaignStatus.PAUSED],
        entry_closes_at__lte=now,
    )
    moves = [(pk, CampaignStatus.OPEN, "campaign.opened") for pk in due_to_open.values_list("pk", flat=True)]
    moves += [(pk, CampaignStatus.CLOSED, "campaign.closed") for pk in due_to_close.values_list("pk", flat=True)]
    moved = 0
    for pk, status, action in moves:
        try:
            _move(pk, status, action, None)
            moved += 1
        except StaleState:  # another scheduler was faster, or a person paused it meanwhile
            continue
    return moved


@transaction.atomic
def _move(campaign_id: int, status: CampaignStatus, action: str, actor_id: int | None) -> Campaign:
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    campaign.move_to(status)
    audit.record(action, subject=campaign, actor_id=actor_id)
    return campaign


def _rule_document(campaign: Campaign) -> dict[str, Any]:
    """Everything that the rules read, so that an old verdict can be repeated from its version alone."""
    survey = getattr(campaign, "survey", None)
    return {
        "entry_opens_at": campaign.entry_opens_at.isoformat(),
        "entry_closes_at": campaign.entry_closes_at.isoformat(),
        "purchase_from_on": campaign.purchase_from_on and campaign.purchase_from_on.isoformat(),
        "purchase_until_on": campaign.purchase_until_on and campaign.purchase_until_on.isoformat(),
        "entries_per_person": campaign.entries_per_person,
        "entries_per_person_a_day": campaign.entries_per_person_a_day,
        "groups": [
            {
                "combination": group.combination,
                "minimum_count": group.minimum_count,
                "rules": [{"kind": rule.kind, "parameters": rule.parameters} for rule in group.rules.all()],
            }
            for group in campaign.rule_groups.prefetch_related("rules")
        ],
        "products": list(campaign.target_products.order_by("pk").values("name", "jan", "printed_forms")),
        "stores": list(campaign.target_stores.order_by("pk").values("name", "telephone", "registration_no")),
        "questions": []
        if survey is None
        else list(
            survey.questions.values(
                "pk",
                "kind",
                "choices",
                "is_required",
                "shown_if_question_id",
                "shown_if_answer",
            )
        ),
    }
