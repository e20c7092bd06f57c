"""After a test that commits nothing is left but what Django itself keeps and migrations put in."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from campaigns.models import GiftBrand
from codes.models import Award
from tests.emptying import empty_tables, tables_with_rows
from tests.worlds import open_campaign, win

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_table_with_rows_is_emptied_but_for_what_migrations_put_in():
    win(open_campaign())
    GiftBrand.objects.filter(slug="google-play").delete()
    permissions = Permission.objects.count()

    empty_tables()

    with connection.cursor() as cursor:
        assert tables_with_rows(cursor) == ['"campaigns_giftbrand"']
    known = ["amazon-gift-card", "apple-gift-card", "goods", "google-play", "own-coupon", "quo-card-pay"]
    assert list(GiftBrand.objects.order_by("slug").values_list("slug", flat=True)) == known
    assert Permission.objects.count() == permissions > 0


@pytest.mark.parametrize("_time", ["first", "second"])
def test_each_test_begins_with_empty_tables_and_rows_can_be_written(_time):
    assert Award.objects.count() == 0

    award = win(open_campaign())

    assert Award.objects.get() == award
