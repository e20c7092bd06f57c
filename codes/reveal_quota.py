"""Reads: how many codes people at the desk were shown today."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet

from accounts.models import AuditEntry, User
from core.clock import jst_day, start_of_jst_day

AT_DESK = "code.revealed_at_desk"


def alarm_count() -> int:
    """Give the number of codes from which on colleagues are told: 80 % of what a person may be shown a day."""
    return max(1, -(-int(settings.REVEALS_A_DAY) * 4 // 5))


def reveals_today(*, actor_id: int, now: datetime) -> int:
    """Count the codes that a person was shown at the desk on this day of Japan, in all agencies."""
    today = AuditEntry.objects.filter(action=AT_DESK, at__gte=start_of_jst_day(jst_day(now)))
    return today.filter(actor_id=actor_id).count()


def heavy_revealers(*, agency_ids: Iterable[int] | QuerySet[Any], now: datetime) -> list[tuple[User, int]]:
    """Give the people who were shown many codes of some agencies today, with how many."""
    today = AuditEntry.objects.filter(action=AT_DESK, at__gte=start_of_jst_day(jst_day(now)))
    counted = today.filter(agency_id__in=agency_ids).order_by().values_list("actor").annotate(n=Count("pk"))
    many = dict(counted.filter(n__gte=alarm_count()))
    return [(user, many[user.pk]) for user in User.objects.filter(pk__in=many).order_by("pk")]
