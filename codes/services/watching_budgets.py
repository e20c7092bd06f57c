"""A warning before a campaign's budget is used up: at 80 percent and when no prize fits any more; each told once."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import audit
from campaigns.models import Campaign
from codes.budgets import BudgetOutlook, budget_outlook
from codes.models import BudgetAlarm
from codes.services.watching import RUNNING, remind_of_unsent
from core.queueing import enqueue_on_commit

MAIL_TASK = "codes.tasks.mail_budget_alarm"
MAILED = "budget.alarm_mailed"


def watch_budgets(*, now: datetime) -> int:
    """Look at every running campaign that has a budget; returns how many warnings were raised or ended."""
    open_alarms = {alarm.campaign_id: alarm for alarm in BudgetAlarm.objects.filter(ended_at__isnull=True)}
    changed = 0
    for campaign in Campaign.objects.filter(status__in=RUNNING, budget__isnull=False):
        found = budget_outlook(campaign, now)
        alarm = open_alarms.pop(campaign.pk, None)
        level = found.level_percent if found else 0
        if alarm is not None and alarm.level_percent != level:
            changed += _end(alarm, now)
            alarm = None
        if found and level and alarm is None:
            changed += _raise(campaign, found, now)
    for alarm in open_alarms.values():  # its campaign is over, or has no budget any more
        changed += _end(alarm, now)
    remind_of_unsent(BudgetAlarm, MAIL_TASK, MAILED)
    return changed


@transaction.atomic
def note_budget_mailed(*, alarm_id: int, recipients: int) -> None:
    """Write down that the operators were told, so that it is not told again."""
    audit.record(MAILED, subject=BudgetAlarm.objects.get(pk=alarm_id), recipients=recipients)


def _raise(campaign: Campaign, found: BudgetOutlook, now: datetime) -> bool:
    try:
        with transaction.atomic():
            alarm = BudgetAlarm.objects.create(
                agency_id=campaign.agency_id,
                campaign=campaign,
                level_percent=found.level_percent,
                raised_at=now,
                used_jpy=found.budget.used_jpy,
                total_jpy=found.budget.total_jpy,
                runs_out_at=found.runs_out_at,
            )
            audit.record(
                "budget.alarm_raised",
                subject=alarm,
                campaign=str(campaign.public_id),
                percent=found.level_percent,
                left_jpy=found.budget.left_jpy,
            )
            enqueue_on_commit(MAIL_TASK, alarm_id=alarm.pk)
    except IntegrityError:  # another watcher was faster
        return False
    return True


@transaction.atomic
def _end(alarm: BudgetAlarm, now: datetime) -> bool:
    ended = BudgetAlarm.objects.filter(pk=alarm.pk, ended_at__isnull=True).update(ended_at=now, updated_at=now)
    if ended:
        audit.record("budget.alarm_ended", subject=alarm)
    return bool(ended)
