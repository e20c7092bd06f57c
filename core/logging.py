"""Log lines as JSON with an allow-list: an unknown field is dropped, not printed; tokens in addresses are masked."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

SECRET_PATH = re.compile(r"(/(?:g|resume|verify)/)[^/\s]+")

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


class MaskSecretPaths(logging.Filter):
    """Django logs the path of every answer of 400 and above; those of claim and contact links hold a token."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the token in a record's text and arguments; the record itself always passes."""
        if isinstance(record.msg, str):
            record.msg = SECRET_PATH.sub(r"\1…", record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(
                SECRET_PATH.sub(r"\1…", value) if isinstance(value, str) else value for value in record.args
            )
        return True
