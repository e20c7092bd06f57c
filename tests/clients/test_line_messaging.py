"""Every row of the table of LINE's answers, against a LINE that remembers."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.clients.line import LineMessaging, PushOutcome, Refusal
from core.clients.line_limits import problem_with
from tests.contracts.contract import Answer
from tests.contracts.line_server import LineServer
from tests.contracts.server import LOST_ANSWER, LOST_CALL, SILENCE_AFTER_ACCEPTING, Fault

FRIEND = "U" + "a" * 32
STRANGER = "U" + "b" * 32
HELLO = [{"type": "text", "text": "こんにちは"}]
KEY = UUID("123e4567-e89b-12d3-a456-426614174000")


@pytest.fixture
def line(line_server: LineServer) -> LineMessaging:
    line_server.friends.add(FRIEND)
    return LineMessaging(line_server.access_token, line_server.url, timeout=(1, 1))


def answering(status: int, message: str = "", **headers: str) -> Fault:
    return Fault(is_handled=False, answer=Answer(status, {"message": message}, headers))


def test_a_push_is_accepted_with_the_ids_of_line(line: LineMessaging, line_server: LineServer) -> None:
    result = line.push(FRIEND, HELLO, KEY)
    assert (result.outcome, len(result.message_ids), result.refusal) == (PushOutcome.ACCEPTED, 1, None)
    assert UUID(result.request_id)
    assert line_server.inbox[FRIEND] == HELLO
    assert line_server.calls[0].headers["X-Line-Retry-Key"] == str(KEY)


def test_a_push_to_somebody_who_blocked_the_account_is_accepted_and_arrives_nowhere(
    line: LineMessaging, line_server: LineServer
) -> None:
    line_server.blocked.add(STRANGER)
    assert line.push(STRANGER, HELLO, KEY).outcome is PushOutcome.ACCEPTED
    assert line_server.inbox == {}


@pytest.mark.parametrize("fault", [LOST_ANSWER, SILENCE_AFTER_ACCEPTING, Fault(True, Answer(500, {"message": "oops"}))])
def test_F20_a_lost_answer_is_unknown_and_the_same_key_finds_the_message(
    line: LineMessaging, line_server: LineServer, fault: Fault
) -> None:
    line_server.faults.append(fault)
    assert line.push(FRIEND, HELLO, KEY).outcome is PushOutcome.UNKNOWN
    again = line.push(FRIEND, HELLO, KEY)
    assert (again.outcome, len(again.message_ids)) == (PushOutcome.ALREADY_ACCEPTED, 1)
    assert line_server.inbox[FRIEND] == HELLO
    assert line_server.calls[0].body == line_server.calls[1].body


def test_F20_a_lost_call_is_unknown_and_the_same_key_sends_it(line: LineMessaging, line_server: LineServer) -> None:
    line_server.faults.append(LOST_CALL)
    assert line.push(FRIEND, HELLO, KEY).outcome is PushOutcome.UNKNOWN
    assert line.push(FRIEND, HELLO, KEY).outcome is PushOutcome.ACCEPTED
    assert (line_server.inbox[FRIEND], len(line_server.calls)) == (HELLO, 2)


def test_a_conflict_gives_the_id_of_the_call_that_was_accepted(line: LineMessaging) -> None:
    first = line.push(FRIEND, HELLO, KEY)
    again = line.push(FRIEND, HELLO, KEY)
    assert (again.request_id, again.message_ids) == (first.request_id, first.message_ids)


def test_a_key_older_than_a_day_sends_a_second_copy(line: LineMessaging, line_server: LineServer) -> None:
    line.push(FRIEND, HELLO, KEY)
    line_server.now += timedelta(hours=24)
    assert line.push(FRIEND, HELLO, KEY).outcome is PushOutcome.ACCEPTED
    assert line_server.inbox[FRIEND] == HELLO * 2


def test_the_fake_notices_a_key_used_for_another_message(line: LineMessaging, line_server: LineServer) -> None:
    line.push(FRIEND, HELLO, KEY)
    other = line.push(FRIEND, [{"type": "text", "text": "別の文"}], KEY)
    assert other.outcome is PushOutcome.ALREADY_ACCEPTED
    assert line_server.violations == ["call: a retry key was used again with another body"]
    line_server.violations.clear()


def test_an_unknown_user_is_refused_for_good(line: LineMessaging) -> None:
    result = line.push(STRANGER, HELLO, KEY)
    assert (result.outcome, result.refusal) == (PushOutcome.REFUSED, Refusal.UNKNOWN_RECIPIENT)
    assert result.detail == "Failed to send messages"


def test_a_bad_message_is_told_from_a_bad_recipient(line: LineMessaging, line_server: LineServer) -> None:
    details = [{"message": "Size must be between 1 and 40", "property": "messages[0].text"}]
    body = {"message": "The request body has 1 error(s)", "details": details}
    line_server.faults.append(Fault(is_handled=False, answer=Answer(400, body)))
    result = line.push(FRIEND, HELLO, KEY)
    assert (result.outcome, result.refusal) == (PushOutcome.REFUSED, Refusal.BAD_MESSAGE)
    assert result.detail == "The request body has 1 error(s) (messages[0].text)"


def test_a_wrong_token_is_expired_not_refused(line_server: LineServer) -> None:
    result = LineMessaging("old", line_server.url).push(FRIEND, HELLO, KEY)
    assert (result.outcome, result.refusal) == (PushOutcome.TOKEN_EXPIRED, None)
    assert "old" not in repr(LineMessaging("old-secret", line_server.url))[:20]
    assert "old-secret" not in repr(LineMessaging("old-secret", line_server.url))


def test_a_plan_without_push_is_forbidden(line: LineMessaging, line_server: LineServer) -> None:
    line_server.is_forbidden = True
    assert line.push(FRIEND, HELLO, KEY).refusal is Refusal.FORBIDDEN


def test_the_three_kinds_of_429_differ(line: LineMessaging, line_server: LineServer) -> None:
    line_server.rate_limited_calls = 1
    assert line.push(FRIEND, HELLO, uuid4()).outcome is PushOutcome.RATE_LIMITED
    line_server.monthly_limit = 0
    assert line.push(FRIEND, HELLO, uuid4()).outcome is PushOutcome.QUOTA_EXHAUSTED
    line_server.monthly_limit = None
    line_server.flooded.add(FRIEND)
    assert line.push(FRIEND, HELLO, uuid4()).refusal is Refusal.TOO_MANY_TO_ONE_USER
    assert line_server.inbox == {}


def test_the_quota_counts_people_reached_and_not_repeats(line: LineMessaging, line_server: LineServer) -> None:
    line_server.monthly_limit = 1
    assert line.push(FRIEND, HELLO, KEY).outcome is PushOutcome.ACCEPTED
    assert line.push(FRIEND, HELLO, KEY).outcome is PushOutcome.ALREADY_ACCEPTED
    assert line.push(FRIEND, HELLO, uuid4()).outcome is PushOutcome.QUOTA_EXHAUSTED


@pytest.mark.parametrize("status", [500, 502, 503, 302, 408])
def test_every_answer_that_leaves_doubt_is_unknown(line: LineMessaging, line_server: LineServer, status: int) -> None:
    line_server.faults.append(answering(status, **{"Retry-After": "20", "Location": line_server.url}))
    result = line.push(FRIEND, HELLO, KEY)
    assert (result.outcome, result.retry_after_seconds) == (PushOutcome.UNKNOWN, 20)
    assert len(line_server.calls) == 1


@pytest.mark.parametrize("status", [404, 410, 422])
def test_any_other_4xx_is_refused(line: LineMessaging, line_server: LineServer, status: int) -> None:
    line_server.faults.append(answering(status, "?"))
    assert line.push(FRIEND, HELLO, KEY).refusal is Refusal.UNEXPECTED


@pytest.mark.parametrize("body", [None, [], {"sentMessages": "?"}, "text"])
def test_a_2xx_with_an_unreadable_body_is_still_accepted(
    line: LineMessaging, line_server: LineServer, body: Any
) -> None:
    line_server.faults.append(Fault(is_handled=False, answer=Answer(200, body)))
    result = line.push(FRIEND, HELLO, KEY)
    assert (result.outcome, result.message_ids) == (PushOutcome.ACCEPTED, ())


def test_nobody_listening_is_unknown(line_server: LineServer) -> None:
    line = LineMessaging("token", "http://127.0.0.1:9", timeout=(1, 1))
    assert line.push(FRIEND, HELLO, KEY).outcome is PushOutcome.UNKNOWN


def bubble(**parts: Any) -> dict[str, Any]:
    return {"type": "flex", "altText": "当選", "contents": {"type": "bubble", **parts}}


def body_of(text: str) -> dict[str, Any]:
    return {"type": "box", "layout": "vertical", "contents": [{"type": "text", "text": text}]}


TOO_LARGE: list[tuple[str, list[dict[str, Any]]]] = [
    ("no message", []),
    ("six messages", HELLO * 6),
    ("empty text", [{"type": "text", "text": ""}]),
    ("text of 5,001", [{"type": "text", "text": "あ" * 5001}]),
    ("2,501 emoji", [{"type": "text", "text": "🎁" * 2501}]),
    ("altText of 1,501", [{**bubble(), "altText": "あ" * 1501}]),
    ("bubble over 30 KB", [bubble(body=body_of("a" * 30_000))]),
    ("13 bubbles", [{**bubble(), "contents": {"type": "carousel", "contents": [{"type": "bubble"}] * 13}}]),
    ("carousel over 50 KB", [
        {**bubble(), "contents": {"type": "carousel", "contents": [
            {"type": "bubble", "body": body_of("a" * 18_000)}
        ] * 3}}
    ]),
    ("uri of 1,001", [bubble(hero={"type": "image", "url": "https://a.example/" + "a" * 983})]),
]  # fmt: skip


@pytest.mark.parametrize("messages", [m for _, m in TOO_LARGE], ids=[name for name, _ in TOO_LARGE])
def test_what_the_sdk_lets_through_is_refused_before_the_call(
    line: LineMessaging, line_server: LineServer, messages: list[dict[str, Any]]
) -> None:
    result = line.push(FRIEND, messages, KEY)
    assert (result.outcome, result.refusal) == (PushOutcome.REFUSED, Refusal.BAD_MESSAGE)
    assert line_server.calls == []


def test_the_limits_themselves_are_allowed() -> None:
    assert problem_with([{"type": "text", "text": "あ" * 5000}, {**bubble(), "altText": "あ" * 1500}]) == ""
    assert problem_with([bubble(hero={"type": "image", "url": "https://a.example/" + "a" * 982})]) == ""


def test_a_message_type_that_line_does_not_know_is_refused_here(line: LineMessaging, line_server: LineServer) -> None:
    assert line.push(FRIEND, [{"type": "nope"}], KEY).refusal is Refusal.BAD_MESSAGE
    assert line_server.calls == []
