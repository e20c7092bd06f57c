"""The conditions of use in sentences, the same on claim page, staff page, API and desk."""

from datetime import time

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import UseConditions, UseMode
from core import rows
from core.japanese import WEEKDAYS, format_datetime, format_deadline, format_yen

SHOWN = 10  # names in one sentence


def use_conditions_of(prize_id: int) -> UseConditions | None:
    """Give the conditions of a prize, if it has any."""
    return rows.first(UseConditions, "prize_id = %s", [prize_id])


def conditions_sentences(conditions: UseConditions | None) -> list[str]:
    """Say for holder and staff how a code may be used, one sentence a condition; without conditions nothing."""
    if conditions is None:
        return []
    sentences = [
        _mode(conditions),
        _amounts(conditions),
        _names(_("Only for: %(names)s"), conditions.products),
        _names(_("Only at: %(names)s"), [store.name for store in conditions.stores.all()]),
        _period(conditions),
        _hours(conditions),
        "" if conditions.is_combinable else _("Not together with other codes in one purchase."),
    ]
    return [sentence for sentence in sentences if sentence]


def _mode(conditions: UseConditions) -> str:
    if conditions.mode == UseMode.ONCE:
        return _("Can be used once; there is no change.")
    if conditions.mode == UseMode.TIMES:
        text = ngettext("Can be used %(count)s time.", "Can be used %(count)s times.", conditions.use_limit)
        return text % {"count": conditions.use_limit}
    return _("Can be used until the balance is used up.")


def _amounts(conditions: UseConditions) -> str:
    least, most = conditions.minimum_jpy, conditions.maximum_jpy
    if least is not None and most is not None:
        return _("For purchases from %(least)s to %(most)s.") % {"least": format_yen(least), "most": format_yen(most)}
    if least is not None:
        return _("For purchases of %(least)s or more.") % {"least": format_yen(least)}
    return _("For purchases of up to %(most)s.") % {"most": format_yen(most)} if most is not None else ""


def _names(sentence: str, names: list[str]) -> str:
    if not names:
        return ""
    shown = "、".join(names[:SHOWN])
    if len(names) > SHOWN:
        shown += _(" and %(count)s more") % {"count": len(names) - SHOWN}
    return sentence % {"names": shown}


def _period(conditions: UseConditions) -> str:
    first, last = conditions.valid_from, conditions.valid_until
    begins = _("from %(at)s") % {"at": format_datetime(first)} if first else ""
    ends = format_deadline(last) if last else ""
    return _("Usable %(period)s.") % {"period": f"{begins}{ends}"} if begins or ends else ""


def _hours(conditions: UseConditions) -> str:
    days = "・".join(WEEKDAYS[day] for day in sorted(conditions.weekdays))
    parts = [_("on %(days)s") % {"days": days}] if days else []
    if conditions.hour_from or conditions.hour_until:
        first, last = conditions.hour_from or time.min, conditions.hour_until
        parts.append(
            _("between %(first)s and %(last)s")
            % {"first": f"{first:%H:%M}", "last": f"{last:%H:%M}" if last else "24:00"}
        )
    return _("Usable only %(hours)s.") % {"hours": "、".join(parts)} if parts else ""
