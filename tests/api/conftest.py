import pytest
from django.core.cache import cache

from tests.api.world import Tenant, make_tenant


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture
def tenant(db) -> Tenant:
    return make_tenant("own")


@pytest.fixture
def other(db) -> Tenant:
    return make_tenant("foreign")
