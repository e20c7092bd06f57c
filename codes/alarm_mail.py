"""The mail that tells an agency's operators of a prize that runs out."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Role, User
from codes.models import StockAlarm
from core.japanese import format_datetime


def alarm_mails(alarm: StockAlarm) -> list[EmailMessage]:
    """Write one mail for each operator who has an address, so that nobody sees the others' addresses."""
    with translation.override("ja"):
        subject = _("[Stock] %(prize)s: %(left)s codes left") % {
            "prize": alarm.prize.name,
            "left": f"{alarm.left_count:,}",
        }
        body = _text(alarm)
    operators = User.objects.filter(
        is_active=True, memberships__agency_id=alarm.agency_id, memberships__role=Role.OPERATOR
    ).exclude(email="")
    addresses = operators.order_by("pk").values_list("email", flat=True).distinct()
    return [EmailMessage(" ".join(subject.split()), body, settings.DEFAULT_FROM_EMAIL, [to]) for to in addresses]


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
        f"{settings.PUBLIC_URL}/admin/",
    ]
    return "\n".join(lines)
