"""I11: no row of one agency hangs on a row of another. Found from the models, so that a new table is asked as well."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import F, ForeignKey, Model, Q

from accounts.wall import is_up, is_wanted
from journeys.audit.naming import name_rows
from journeys.wall import gaps, owner_of

# Within an agency: rows that name two ways to a campaign have to come to the same one.
SAME = {
    "participants.entry": [("campaign", "link__campaign")],
    "receipts.receipt": [("campaign", "entry__campaign")],
    "eligibility.serial": [("campaign", "batch__campaign")],
    "eligibility.referencenumber": [("campaign", "list__campaign")],
    "eligibility.decision": [("entry__campaign", "rule_version__campaign")],
    "eligibility.reviewcase": [("campaign", "entry__campaign"), ("entry", "decision__entry")],
    "eligibility.appeal": [("campaign", "entry__campaign"), ("entry", "decision__entry")],
    "draws.drawresult": [("entry__campaign", "course__campaign"), ("entry__campaign", "draw__campaign")],
    "codes.award": [("entry", "result__entry"), ("prize__course", "result__course")],
    "codes.giftcode": [("prize", "batch__prize")],
}


def rows_of_two_agencies() -> list[str]:
    """Name the rows whose agency is not that of a row they point at, and those that point at two campaigns."""
    found: list[str] = []
    for model, own, other in _pairs():
        differ = Q(**{f"{other}__isnull": False}) & ~Q(**{other: F(own)})
        found += name_rows(model._default_manager.filter(differ))
    return found


def gaps_in_the_wall() -> list[str]:
    """Name the tables that PostgreSQL lets the call of one agency see all of; `down` where no call is confined."""
    if not is_wanted():
        return []
    return [f"wall:{table}" for table in gaps()] + ([] if is_up() else ["wall:down"])


def _pairs() -> Iterator[tuple[type[Model], str, str]]:
    for model in apps.get_models():
        label = model._meta.label_lower
        own = owner_of(model)
        for field in model._meta.concrete_fields:
            if own and isinstance(field, ForeignKey) and not own.startswith(f"{field.name}__") and field.name != own:
                parent: Any = field.related_model
                if theirs := owner_of(parent):
                    yield model, own, f"{field.name}__{theirs}"
        for one, other in SAME.get(label, []):
            yield model, one, other
