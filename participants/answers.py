"""Which answers a question takes, and which questions are asked after which answers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campaigns.models import Question, QuestionKind
from core.text import has_controls
from participants.errors import AnswerNotAccepted

TEXT_LENGTH = 1000


def check_answer(question: Question, given: Sequence[str]) -> list[str]:
    """Give the answer as it is kept.

    Raises:
        AnswerNotAccepted: none of the choices, several to a single choice, too long, no number.
    """
    values = [value.strip() for value in given if value.strip()]
    if question.kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE):
        fits = all(value in question.choices for value in values) and len(set(values)) == len(values)
    elif question.kind == QuestionKind.NUMBER:
        fits = all(re.fullmatch(r"-?[0-9]{1,9}", value) for value in values)
    else:
        fits = all(len(value) <= TEXT_LENGTH and not has_controls(value.replace("\n", "")) for value in values)
    if not fits or (question.kind != QuestionKind.MULTIPLE and len(values) > 1):
        raise AnswerNotAccepted(question=question.pk)
    return values


def asked_questions(questions: Iterable[Mapping[str, Any]], answers: Mapping[int, Sequence[str]]) -> list[int]:
    """Give the ids of the questions that are asked, given the answers so far; a hidden question hides what follows it.

    `questions` are rows as a rule version keeps them, in their order.
    """
    asked: list[int] = []
    for question in questions:
        earlier = question["shown_if_question_id"]
        if earlier is None or (earlier in asked and question["shown_if_answer"] in answers.get(earlier, ())):
            asked.append(question["pk"])
    return asked
