"""The cache that counts calls, in a real Redis."""

import os

import pytest

from core.clients.redis_cache import RedisCache

pytestmark = pytest.mark.postgres  # where the services are


@pytest.fixture
def cache():
    cache = RedisCache(os.environ["TEST_REDIS_URL"], {"KEY_PREFIX": "counting"})
    cache.delete("calls")
    yield cache
    cache.delete("calls")


def test_what_nobody_has_set_is_not_counted_and_what_is_set_goes_on(cache):
    with pytest.raises(ValueError, match="calls"):
        cache.incr("calls")
    assert cache.get("calls") is None

    cache.add("calls", 0, timeout=60)

    assert [cache.incr("calls"), cache.incr("calls", 5)] == [1, 6]
    assert cache.get("calls") == 6
