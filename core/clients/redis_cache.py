"""Django's cache in Redis, which counts in one question where Django asks two, and keeps what it asks with."""

from functools import cached_property
from typing import Any, cast

from django.core.cache.backends.redis import RedisCache as DjangoRedisCache
from django.core.cache.backends.redis import RedisCacheClient

ADD_TO_KNOWN = "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('INCRBY', KEYS[1], ARGV[1]) end"


class CountingClient(RedisCacheClient):
    """Counts each call of an agency: making a client for it would take longer than the answer."""

    @cached_property
    def _counter(self) -> Any:
        """The server that is written to; threads may share its client."""
        return self.get_client(write=True)

    def incr(self, key: Any, delta: int) -> int:
        """Add to a figure.

        Raises:
            ValueError: nobody has set one.
        """
        counted = self._counter.eval(ADD_TO_KNOWN, 1, key, delta)
        if counted is None:
            raise ValueError(key)
        return cast("int", counted)


class RedisCache(DjangoRedisCache):
    """The cache for `CACHES`."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = CountingClient
