from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from core.clients.line import LineMessaging
from distribution.channels.base import (
    Channel,
    ChannelRefused,
    ChannelUnavailable,
    OutgoingMessage,
    may_repeat_unknown,
)
from distribution.channels.email import EmailChannel
from distribution.channels.line import LineChannel
from distribution.channels.memory import MemoryChannel
from tests.contracts.line_server import LineServer
from tests.contracts.server import LOST_ANSWER

FRIEND = "U" + "a" * 32
KEY = UUID("6f1f6f0e-8c7d-4a51-9b8e-0d8f3a1f2b3c")
TEXT = OutgoingMessage(to=FRIEND, subject="当選", text="当選しました")
CARD = OutgoingMessage(to=FRIEND, subject="当選", text="-", line_messages=[{"type": "text", "text": "LINEの文"}])


@pytest.fixture
def channel(line_server: LineServer) -> LineChannel:
    line_server.friends.add(FRIEND)
    return LineChannel(LineMessaging(line_server.access_token, line_server.url, timeout=(1, 1)))


def test_the_line_part_is_pushed_and_the_text_where_there_is_none(
    channel: LineChannel, line_server: LineServer
) -> None:
    assert channel.send(CARD, provider_key=uuid4()).provider_message_id
    channel.send(TEXT, provider_key=uuid4())
    assert [m["text"] for m in line_server.inbox[FRIEND]] == ["LINEの文", "当選しました"]


def test_F20_a_repeat_after_a_lost_answer_is_accepted_and_arrives_once(
    channel: LineChannel, line_server: LineServer
) -> None:
    line_server.faults.append(LOST_ANSWER)
    with pytest.raises(ChannelUnavailable) as error:
        channel.send(TEXT, provider_key=KEY)
    assert error.value.outcome_unknown is True
    again = channel.send(TEXT, provider_key=KEY)
    assert channel.send(TEXT, provider_key=KEY) == again
    assert len(line_server.inbox[FRIEND]) == 1


def test_F20_an_unknown_user_is_a_dead_address(channel: LineChannel) -> None:
    with pytest.raises(ChannelRefused) as refusal:
        channel.send(OutgoingMessage(to="U" + "0" * 32, subject="", text="x"), provider_key=KEY)
    assert (refusal.value.reason_code, refusal.value.is_address_dead) == ("unknown_recipient", True)


def test_F20_what_is_the_accounts_fault_leaves_the_address_alive(channel: LineChannel, line_server: LineServer) -> None:
    line_server.monthly_limit = 0
    with pytest.raises(ChannelRefused) as refusal:
        channel.send(TEXT, provider_key=KEY)
    assert (refusal.value.reason_code, refusal.value.is_address_dead) == ("quota_exhausted", False)
    line_server.is_forbidden = True
    with pytest.raises(ChannelRefused) as refusal:
        channel.send(TEXT, provider_key=KEY)
    assert (refusal.value.reason_code, refusal.value.is_address_dead) == ("forbidden", False)


def test_F20_a_rate_limit_is_tried_later_and_was_surely_not_sent(channel: LineChannel, line_server: LineServer) -> None:
    line_server.rate_limited_calls = 1
    with pytest.raises(ChannelUnavailable) as error:
        channel.send(TEXT, provider_key=KEY)
    assert error.value.outcome_unknown is False
    channel.send(TEXT, provider_key=KEY)
    assert len(line_server.inbox[FRIEND]) == 1


def test_F20_an_expired_token_is_renewed_once_and_the_key_kept(line_server: LineServer) -> None:
    line_server.friends.add(FRIEND)
    fresh_tokens = [line_server.access_token]
    channel = LineChannel(LineMessaging("old", line_server.url), fresh_tokens.pop)
    channel.send(TEXT, provider_key=KEY)
    channel.send(TEXT, provider_key=uuid4())
    assert fresh_tokens == []
    assert [c.headers["X-Line-Retry-Key"] for c in line_server.calls[:2]] == [str(KEY)] * 2


@pytest.mark.parametrize("renew", [None, lambda: "still-old"])
def test_F20_a_token_that_stays_expired_is_tried_later(line_server: LineServer, renew):
    with pytest.raises(ChannelUnavailable) as error:
        LineChannel(LineMessaging("old", line_server.url), renew).send(TEXT, provider_key=KEY)
    assert error.value.outcome_unknown is False
    assert len(line_server.calls) == (1 if renew is None else 2)


def test_only_channels_with_keys_repeat_the_unknown_and_only_for_a_day(line_server: LineServer) -> None:
    line: Channel = LineChannel(LineMessaging("t", line_server.url))
    first = line_server.now
    last_moment = first + timedelta(hours=23) - timedelta(microseconds=1)
    assert may_repeat_unknown(line, first_tried_at=first, now=last_moment)
    assert not may_repeat_unknown(line, first_tried_at=first, now=first + timedelta(hours=23))
    assert not may_repeat_unknown(EmailChannel(), first_tried_at=first, now=first)


def test_the_memory_channel_keeps_one_message_a_key_and_fails_as_told() -> None:
    memory: MemoryChannel = MemoryChannel()
    memory.next_failures = [
        ChannelUnavailable(5, outcome_unknown=True),
        ChannelRefused("recipient_refused", "", is_address_dead=True),
    ]
    with pytest.raises(ChannelUnavailable):
        memory.send(TEXT, provider_key=KEY)
    with pytest.raises(ChannelRefused):
        memory.send(TEXT, provider_key=uuid4())
    assert memory.send(TEXT, provider_key=KEY).provider_message_id == f"memory-{KEY}"
    assert memory.sent == {KEY: TEXT}
    assert len(memory.attempts) == 3


def test_I12_a_message_shows_neither_address_nor_link_in_its_repr() -> None:
    assert FRIEND not in repr(TEXT)
    assert "当選しました" not in repr(TEXT)
