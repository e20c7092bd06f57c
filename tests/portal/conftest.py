"""A phone without scripts: Django's test client at a fixed noon, with the demo's campaigns."""

from collections.abc import Iterator

import pytest
import time_machine

from campaigns.models import Campaign
from tests.flows.steps import NOW, demo_campaigns
from tests.portal.phone import Phone


@pytest.fixture(autouse=True)
def noon() -> Iterator[time_machine.Traveller]:
    """Hold the clock at the tests' noon; a test that needs a later time moves it on."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def campaigns(db: None) -> dict[str, Campaign]:
    return demo_campaigns()


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def other_phone() -> Phone:
    return Phone()
