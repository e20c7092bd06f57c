"""Every factory makes a row that the database takes, within one agency."""

import pytest
from factory.django import DjangoModelFactory

from accounts.models import Agency
from tests import factories

ALL = [
    made
    for made in vars(factories).values()
    if isinstance(made, type) and issubclass(made, DjangoModelFactory) and made is not DjangoModelFactory
]


@pytest.mark.django_db
@pytest.mark.parametrize("made", ALL, ids=lambda made: made.__name__)
def test_every_factory_makes_a_row_of_one_agency_at_most(made):
    row = made()

    assert type(row).objects.filter(pk=row.pk).exists()
    assert Agency.objects.count() <= 1
