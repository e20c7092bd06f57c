"""The moments around which the tests' rows lie."""

from datetime import UTC, datetime

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # Sunday noon in Japan
OPENS = datetime(2026, 10, 31, 15, 0, tzinfo=UTC)  # 1 November 00:00 JST
CLOSES = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)  # until 30 November 24:00 JST
