"""A warning before a prize runs out: raised once, told to the agency's operators, ended when codes came in."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import AuditEntry
from campaigns.models import GOODS, CampaignStatus, Prize
from codes.figures import Forecast, forecast, stock_of_prizes
from codes.models import BudgetAlarm, StockAlarm
from core.queueing import enqueue_on_commit

RUNNING = (CampaignStatus.SCHEDULED, CampaignStatus.OPEN, CampaignStatus.PAUSED, CampaignStatus.CLOSED)
MAIL_TASK = "codes.tasks.mail_stock_alarm"
MAILED = "stock.alarm_mailed"


def watch_stock(*, now: datetime) -> int:
    """Look at every prize that is being given out; returns how many warnings were raised or ended."""
    prizes = Prize.objects.filter(course__campaign__status__in=RUNNING).exclude(kind__in=GOODS)
    lines = stock_of_prizes(prizes.select_related("course__campaign"))
    open_alarms = {alarm.prize_id: alarm for alarm in StockAlarm.objects.filter(ended_at__isnull=True)}
    changed = 0
    for line in lines:
        found = forecast(stock=line, now=now)
        alarm = open_alarms.pop(line.prize.pk, None)
        if found.is_low and alarm is None:
            changed += _raise(line.prize, found, now)
        elif alarm is not None and not found.is_low:
            changed += _end(alarm, now)
    for alarm in open_alarms.values():  # its campaign is over
        changed += _end(alarm, now)
    remind_of_unsent(StockAlarm, MAIL_TASK, MAILED)
    return changed


@transaction.atomic
def note_alarm_mailed(*, alarm_id: int, recipients: int) -> None:
    """Write down that the operators were told, so that it is not told again."""
    alarm = StockAlarm.objects.get(pk=alarm_id)
    audit.record(MAILED, subject=alarm, recipients=recipients)


def _raise(prize: Prize, found: Forecast, now: datetime) -> bool:
    try:
        with transaction.atomic():
            alarm = StockAlarm.objects.create(
                agency_id=prize.course.campaign.agency_id,
                prize=prize,
                raised_at=now,
                left_count=found.left,
                runs_out_at=found.runs_out_at,
            )
            audit.record("stock.alarm_raised", subject=alarm, prize=str(prize.public_id), left=found.left)
            enqueue_on_commit(MAIL_TASK, alarm_id=alarm.pk)
    except IntegrityError:  # another watcher was faster
        return False
    return True


@transaction.atomic
def _end(alarm: StockAlarm, now: datetime) -> bool:
    ended = StockAlarm.objects.filter(pk=alarm.pk, ended_at__isnull=True).update(ended_at=now, updated_at=now)
    if ended:
        audit.record("stock.alarm_ended", subject=alarm)
    return bool(ended)


def remind_of_unsent(model: type[StockAlarm | BudgetAlarm], task: str, mailed: str) -> None:
    """Wake a worker for each warning whose mail was lost on the way; the trail says which were sent."""
    open_alarms = model._default_manager.filter(ended_at__isnull=True)
    waiting = {str(pk): pk for pk in open_alarms.values_list("pk", flat=True)}
    sent = AuditEntry.objects.filter(subject_type=model._meta.label_lower, subject_id__in=list(waiting), action=mailed)
    for subject_id in set(waiting) - set(sent.values_list("subject_id", flat=True)):
        enqueue_on_commit(task, alarm_id=waiting[subject_id])
