"""Answers that a question takes, and questions that depend on answers."""

import pytest

from campaigns.models import Question, QuestionKind
from participants.answers import asked_questions, check_answer
from participants.errors import AnswerNotAccepted

CHOICES = ["味", "香り", "価格"]


def question(kind: str) -> Question:
    return Question(pk=1, kind=kind, choices=CHOICES)


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("single", ["味"], ["味"]),
        ("single", [" 味 ", ""], ["味"]),
        ("single", [], []),
        ("multiple", ["味", "価格"], ["味", "価格"]),
        ("number", ["42"], ["42"]),
        ("number", ["-7"], ["-7"]),
        ("text", ["とても\nおいしい"], ["とても\nおいしい"]),
        ("text", ["あ" * 1000], ["あ" * 1000]),
    ],
)
def test_answers_that_fit_are_kept(kind, given, kept):
    assert check_answer(question(kind), given) == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("single", ["甘さ"]),
        ("single", ["味", "香り"]),
        ("multiple", ["味", "味"]),
        ("multiple", ["味", "甘さ"]),
        ("number", ["１２"]),
        ("number", ["1.5"]),
        ("number", ["1" * 10]),
        ("number", ["1", "2"]),
        ("text", ["あ" * 1001]),
        ("text", ["a\x00b"]),
        ("text", ["a\u202eb"]),
        ("text", ["a", "b"]),
    ],
)
def test_answers_that_do_not_fit_are_refused(kind, given):
    with pytest.raises(AnswerNotAccepted):
        check_answer(question(kind), given)


def test_every_kind_is_covered():
    assert set(QuestionKind.values) == {"single", "multiple", "number", "text"}


ROWS = [
    {"pk": 1, "shown_if_question_id": None, "shown_if_answer": ""},
    {"pk": 2, "shown_if_question_id": 1, "shown_if_answer": "飲まない"},
    {"pk": 3, "shown_if_question_id": 2, "shown_if_answer": "味"},
    {"pk": 4, "shown_if_question_id": None, "shown_if_answer": ""},
]


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({}, [1, 4]),
        ({1: ["飲む"]}, [1, 4]),
        ({1: ["飲まない"]}, [1, 2, 4]),
        ({1: ["飲まない"], 2: ["味", "価格"]}, [1, 2, 3, 4]),
        ({1: ["飲む"], 2: ["味"]}, [1, 4]),  # an answer left over from before opens nothing
    ],
)
def test_a_question_is_asked_after_the_answer_it_depends_on(answers, asked):
    assert asked_questions(ROWS, answers) == asked
