"""Agencies, their people and keys."""

from typing import Any

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from accounts import models as accounts


class UserFactory(DjangoModelFactory[accounts.User]):
    class Meta:
        model = accounts.User

    username = factory.Sequence(lambda n: f"person{n}")
    password = factory.django.Password("a long enough password")
    is_staff = True


class AgencyFactory(DjangoModelFactory[accounts.Agency]):
    class Meta:
        model = accounts.Agency

    name = factory.Sequence(lambda n: f"代理店{n}")
    slug = factory.Sequence(lambda n: f"agency-{n}")


class MembershipFactory(DjangoModelFactory[accounts.Membership]):
    """A member also joins the group of the role, as `accounts.services.add_member` does."""

    class Meta:
        model = accounts.Membership
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    agency = factory.SubFactory(AgencyFactory)
    role = accounts.Role.OPERATOR

    @factory.post_generation
    def group(self: Any, create: bool, extracted: Any, **_kwargs: Any) -> None:
        if create:
            group, _made = Group.objects.get_or_create(name=self.role)
            self.user.groups.add(group)


class ApiKeyFactory(DjangoModelFactory[accounts.ApiKey]):
    class Meta:
        model = accounts.ApiKey

    agency = factory.SubFactory(AgencyFactory)
    name = "テスト用の鍵"
    prefix = factory.Sequence(lambda n: f"mzk_{n:08d}")
    digest = factory.Sequence(lambda n: f"{n:064x}")
    scopes = factory.LazyFunction(lambda: list(accounts.Scope.values))


class AuditEntryFactory(DjangoModelFactory[accounts.AuditEntry]):
    class Meta:
        model = accounts.AuditEntry

    agency = factory.SubFactory(AgencyFactory)
    action = "test.happened"
    subject_type = "accounts.agency"
    subject_id = factory.LazyAttribute(lambda row: str(row.agency.public_id))
