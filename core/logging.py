"""Log lines as JSON with an allow-list: an unknown field is dropped, not printed."""

from collections.abc import MutableMapping
from typing import Any

ALLOWED = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "logger",
        "request_id",
        "task",
        "error",
        "code",
        "status",
        "path",
        "method",
        "seconds",
        "attempt",
        "channel",
        "state",
        "model",
        "pk",
        "old",
        "new",
        "count",
        "engine",
        "reason",
        "exc_info",
        "stack",
        "url",
        "port",
        "pid",
        "name",
    ]
)


def drop_unknown(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep allowed fields and ids (`…_id`); codes, tokens and contacts have no allowed name."""
    return {key: value for key, value in event.items() if key in ALLOWED or key.endswith("_id")}
