"""I11: no row of one agency hangs on a row of another. Found from the models, so that a new table is asked as well."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import F, ForeignKey, Model, Q

from journeys.audit.naming import name_rows

# Rows without an agency of their own, and where theirs is found; a path that crosses to one of these goes on with it.
OWNERS = {
    "campaigns.prizecourse": "campaign__agency",
    "campaigns.prize": "course__campaign__agency",
    "campaigns.budget": "campaign__agency",
    "campaigns.ruleversion": "campaign__agency",
    "campaigns.termsversion": "campaign__agency",
    "campaigns.trackedlink": "campaign__agency",
    "campaigns.question": "survey__campaign__agency",
    "participants.typedproof": "entry__agency",
    "participants.answer": "entry__agency",
    "participants.consent": "participant__agency",
    "receipts.receiptphoto": "receipt__agency",
    "eligibility.serial": "batch__agency",
    "eligibility.referencenumber": "list__agency",
    "eligibility.numberuse": "entry__agency",
    "draws.coursecounter": "course__campaign__agency",
    "distribution.deliveryattempt": "delivery__agency",
}
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


def _pairs() -> Iterator[tuple[type[Model], str, str]]:
    for model in apps.get_models():
        label = model._meta.label_lower
        own = _owner(model)
        for field in model._meta.concrete_fields:
            if own and isinstance(field, ForeignKey) and not own.startswith(f"{field.name}__") and field.name != own:
                parent: Any = field.related_model
                if theirs := _owner(parent):
                    yield model, own, f"{field.name}__{theirs}"
        for one, other in SAME.get(label, []):
            yield model, one, other


def _owner(model: type[Model]) -> str | None:
    """Give the path from a model to its agency; None for what belongs to no agency."""
    if any(field.name == "agency" for field in model._meta.concrete_fields):
        return "agency"
    return OWNERS.get(model._meta.label_lower)
