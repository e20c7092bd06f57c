"""I11: no row of one agency hangs on a row of another. Found from the models, so that a new table is asked as well."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import F, ForeignKey, Model, Q

from accounts.wall import is_up, is_wanted
from journeys.agency_keys import unguarded_keys
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
    for model, own, other in (*_agencies(), *_campaigns()):
        differ = Q(**{f"{other}__isnull": False}) & ~Q(**{other: F(own)})
        found += name_rows(model._default_manager.filter(differ))
    return found


def missing_keys() -> list[str]:
    """Name the foreign keys that should look at the agency too and do not (journeys/agency_keys.py)."""
    return [f"key:{label}" for label in unguarded_keys()] if connection.vendor == "postgresql" else []


def gaps_in_the_wall() -> list[str]:
    """Name the tables that PostgreSQL lets the call of one agency see all of; `down` where no call is confined."""
    if not is_wanted():
        return []
    return [f"wall:{table}" for table in gaps()] + ([] if is_up() else ["wall:down"])


def compared_pairs() -> Iterator[tuple[type[Model], str]]:
    """Give the foreign keys that are compared, by model and column."""
    for model, _own, other in _agencies():
        yield model, f"{other.partition('__')[0]}_id"


def _agencies() -> Iterator[tuple[type[Model], str, str]]:
    for model in apps.get_models():
        own = owner_of(model)
        for field in model._meta.concrete_fields:
            if own and isinstance(field, ForeignKey) and not own.startswith(f"{field.name}__") and field.name != own:
                parent: Any = field.related_model
                if theirs := owner_of(parent):
                    yield model, own, f"{field.name}__{theirs}"


def _campaigns() -> Iterator[tuple[type[Model], str, str]]:
    for label, both in SAME.items():
        for one, other in both:
            yield apps.get_model(label), one, other
