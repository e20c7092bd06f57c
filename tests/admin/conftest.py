"""An agency at its desk, and people of each role who may sit there."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Agency, Role, User
from accounts.services import add_member, sync_roles
from tests.factories import AgencyFactory, UserFactory


@pytest.fixture
def agency(db: None) -> Agency:
    """The agency whose desk it is; groups are as `accounts/roles.py` says."""
    sync_roles()
    return AgencyFactory(name="みずひき広告社")


@pytest.fixture
def member(agency: Agency) -> Callable[[Role], User]:
    """Make a person with a role in the agency."""

    def make(role: Role = Role.OPERATOR) -> User:
        user = UserFactory()
        add_member(user_id=user.pk, agency_id=agency.pk, role=role)
        return user

    return make


@pytest.fixture
def desk(member: Callable[[Role], User]) -> Callable[[Role], Client]:
    """Sign a person of a role in."""

    def sign_in(role: Role = Role.OPERATOR) -> Client:
        client = Client()
        client.force_login(member(role))
        return client

    return sign_in


@pytest.fixture
def operator(desk: Callable[[Role], Client]) -> Client:
    """The browser of an operator of the agency."""
    return desk(Role.OPERATOR)
