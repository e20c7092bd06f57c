"""A verdict can be repeated: from the inputs it was given and the version of the rules it names (I19)."""

from eligibility.inputs import Inputs
from eligibility.models import Decision
from eligibility.rules.combine import judge
from eligibility.services.deciding import VERDICTS


def decisions_that_differ() -> list[int]:
    """Give the ids of verdicts by rule that the rules, asked again, would not give, or cannot be asked."""
    by_rule = Decision.objects.filter(decided_by__isnull=True).select_related("rule_version").order_by("pk")
    return [decision.pk for decision in by_rule.iterator() if _repeated(decision) != decision.verdict]


def _repeated(decision: Decision) -> str | None:
    try:
        outcome, _reasons = judge(decision.rule_version.document, Inputs.from_json(decision.inputs))
    except (KeyError, TypeError, ValueError):
        return None
    return VERDICTS[outcome]
