"""The mails that tell an agency's operators of a prize, or a budget, that runs out."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Role, User
from codes.models import BudgetAlarm, StockAlarm
from core.japanese import format_datetime, format_yen

SPENT_PERCENT = 100


def alarm_mails(alarm: StockAlarm) -> list[EmailMessage]:
    """Write the mails about a stock that runs out."""
    with translation.override("ja"):
        subject = _("[Stock] %(prize)s: %(left)s codes left") % {
            "prize": alarm.prize.name,
            "left": f"{alarm.left_count:,}",
        }
        body = _text(alarm)
    return _to_operators(alarm.agency_id, subject, body)


def budget_mails(alarm: BudgetAlarm) -> list[EmailMessage]:
    """Write the mails about a budget that runs out."""
    campaign = {"campaign": alarm.campaign.title}
    with translation.override("ja"):
        if alarm.level_percent < SPENT_PERCENT:
            subject = _("[Budget] %(campaign)s: %(percent)s%% given") % {**campaign, "percent": alarm.level_percent}
        else:
            subject = _("[Budget] %(campaign)s: used up") % campaign
        body = _budget_text(alarm)
    return _to_operators(alarm.agency_id, subject, body)


def _to_operators(agency_id: int, subject: str, body: str) -> list[EmailMessage]:
    """Write one mail for each operator who has an address, so that nobody sees the others' addresses."""
    operators = User.objects.filter(
        is_active=True, memberships__agency_id=agency_id, memberships__role=Role.OPERATOR
    ).exclude(email="")
    addresses = operators.order_by("pk").values_list("email", flat=True).distinct()
    return [EmailMessage(" ".join(subject.split()), body, settings.DEFAULT_FROM_EMAIL, [to]) for to in addresses]


def _budget_text(alarm: BudgetAlarm) -> str:
    lines = [
        _("Campaign: %(campaign)s") % {"campaign": alarm.campaign.title},
        _("Budget: %(total)s, of it given: %(used)s, left: %(left)s")
        % {
            "total": format_yen(alarm.total_jpy),
            "used": format_yen(alarm.used_jpy),
            "left": format_yen(alarm.total_jpy - alarm.used_jpy),
        },
    ]
    if alarm.level_percent >= SPENT_PERCENT:
        lines.append(_("Too little is left for another prize. Entrants are told that all prizes have been handed out."))
    elif alarm.runs_out_at is not None:
        lines.append(_("At the present rate it runs out about %(at)s.") % {"at": format_datetime(alarm.runs_out_at)})
    where = f"{reverse('admin:codes_stock')}?campaign={alarm.campaign_id}"
    lines += ["", _("Please raise the budget, or close the campaign in time."), f"{settings.PUBLIC_URL}{where}"]
    return "\n".join(lines)


def _text(alarm: StockAlarm) -> str:
    campaign = alarm.prize.course.campaign
    if alarm.runs_out_at is not None:
        when = _("At the present rate it runs out about %(at)s.") % {"at": format_datetime(alarm.runs_out_at)}
    else:
        when = _("Less than a tenth of the codes is left.")
    lines = [
        _("Campaign: %(campaign)s") % {"campaign": campaign.title},
        _("Prize: %(prize)s") % {"prize": alarm.prize.name},
        _("Codes left: %(left)s") % {"left": f"{alarm.left_count:,}"},
        when,
        "",
        _("Please bring codes in: winners wait while a prize has no code."),
        f"{settings.PUBLIC_URL}{reverse('admin:codes_stock_prize', args=[alarm.prize_id])}",
    ]
    return "\n".join(lines)
