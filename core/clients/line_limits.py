"""Size limits of LINE messages that the SDK does not check; LINE itself would refuse them one recipient at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MESSAGES = 5
BODY_BYTES = 2_000_000
TEXT_LENGTH = 5_000
ALT_TEXT_LENGTH = 1_500
URI_LENGTH = 1_000
BUBBLE_BYTES = 30_000
CAROUSEL_BYTES = 50_000
CAROUSEL_BUBBLES = 12


def problem_with(messages: Sequence[Mapping[str, Any]]) -> str:
    """Name the first limit that the messages break; empty when they fit."""
    if not 1 <= len(messages) <= MESSAGES:
        return f"1 to {MESSAGES} messages"
    if _bytes(messages) > BODY_BYTES:
        return "body too large"
    return next((problem for message in messages for problem in _problems(message)), "")


def _problems(message: Mapping[str, Any]) -> Iterator[str]:
    if message.get("type") == "text" and not 1 <= _length(message.get("text")) <= TEXT_LENGTH:
        yield f"text of 1 to {TEXT_LENGTH} characters"
    if message.get("type") == "flex":
        if not 1 <= _length(message.get("altText")) <= ALT_TEXT_LENGTH:
            yield f"altText of 1 to {ALT_TEXT_LENGTH} characters"
        yield from _flex_problems(message.get("contents") or {})
    if any(len(uri) > URI_LENGTH for uri in _uris(message)):
        yield f"uri of at most {URI_LENGTH} characters"


def _flex_problems(contents: Mapping[str, Any]) -> Iterator[str]:
    bubbles = contents.get("contents", []) if contents.get("type") == "carousel" else [contents]
    if len(bubbles) > CAROUSEL_BUBBLES:
        yield f"at most {CAROUSEL_BUBBLES} bubbles"
    if any(_bytes(bubble) > BUBBLE_BYTES for bubble in bubbles):
        yield f"bubble of at most {BUBBLE_BYTES} bytes"
    if _bytes(contents) > CAROUSEL_BYTES:
        yield f"carousel of at most {CAROUSEL_BYTES} bytes"


def _uris(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key in ("uri", "url") and isinstance(value, str):
                yield value
            else:
                yield from _uris(value)
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for item in part:
            yield from _uris(item)


def _length(text: object) -> int:
    """Count as LINE does, in UTF-16 units: an emoji counts twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 if isinstance(text, str) else 0


def _bytes(part: object) -> int:
    return len(json.dumps(part).encode())  # escaped, as the SDK sends it
