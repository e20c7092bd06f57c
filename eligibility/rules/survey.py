"""The survey counts once every asked, required question has an answer."""

from collections.abc import Mapping
from typing import Any

from eligibility.inputs import Inputs
from eligibility.rules.base import MET, Finding, Outcome, finding
from participants.answers import asked_questions


def judge_survey(document: Mapping[str, Any], inputs: Inputs) -> Finding:
    """Judge the answers; questions hidden by earlier answers are not asked."""
    answers = {int(pk): values for pk, values in inputs.answers.items()}
    required = {question["pk"] for question in document["questions"] if question["is_required"]}
    asked = required.intersection(asked_questions(document["questions"], answers))
    return MET if all(answers.get(pk) for pk in asked) else finding(Outcome.FIXABLE, "survey_incomplete")
