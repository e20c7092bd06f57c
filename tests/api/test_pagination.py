"""Lists by cursor: nothing doubled, nothing missed, whatever comes in meanwhile."""

from django.db import connection

from participants.models import Entry, Participant
from tests.api.world import Tenant


def add_entries(tenant: Tenant, count: int) -> list[str]:
    """Start entries; gives their ids in the order they came in."""
    participant = Participant.objects.create(agency=tenant.agency)
    return [
        str(Entry.objects.create(agency=tenant.agency, campaign=tenant.campaign, participant=participant).public_id)
        for _ in range(count)
    ]


def test_pages_follow_each_other_newest_first(tenant):
    ids = add_entries(tenant, 5)

    first = tenant.api.get("/entries", limit=2).json()
    second = tenant.api.get("/entries", limit=2, cursor=first["next_cursor"]).json()
    third = tenant.api.get("/entries", limit=2, cursor=second["next_cursor"]).json()

    pages = [[row["id"] for row in page["data"]] for page in (first, second, third)]
    assert pages == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]
    assert third["next_cursor"] is None


def test_rows_that_come_in_between_pages_neither_repeat_nor_hide_one(tenant):
    ids = add_entries(tenant, 4)
    first = tenant.api.get("/entries", limit=2).json()
    add_entries(tenant, 3)

    second = tenant.api.get("/entries", limit=2, cursor=first["next_cursor"]).json()

    assert [row["id"] for row in first["data"] + second["data"]] == ids[::-1]


def test_a_page_that_holds_exactly_all_rows_is_the_last(tenant):
    add_entries(tenant, 2)

    assert tenant.api.get("/entries", limit=2).json()["next_cursor"] is None
    assert tenant.api.get("/entries", limit=1).json()["next_cursor"] is not None


def test_an_empty_list_has_one_empty_page(tenant):
    assert tenant.api.get("/redemptions").json() == {"data": [], "next_cursor": None}


def test_a_page_holds_fifty_rows_unless_asked_and_two_hundred_at_most(tenant):
    add_entries(tenant, 51)

    assert len(tenant.api.get("/entries").json()["data"]) == 50
    assert len(tenant.api.get("/entries", limit=200).json()["data"]) == 51


def test_a_cursor_of_another_filter_is_refused(tenant):
    add_entries(tenant, 2)
    cursor = tenant.api.get("/entries", limit=1).json()["next_cursor"]

    answer = tenant.api.get("/entries", status="won", cursor=cursor)

    assert (answer.status_code, answer.json()["code"]) == (404, "cursor_not_found")


def test_a_long_list_asks_the_database_no_more_than_a_short_one(tenant, django_assert_num_queries):
    add_entries(tenant, 1)
    tenant.api.get("/entries")  # notes the key's use
    with_the_wall = 5 if connection.vendor == "postgresql" else 3  # into the agency's rows and out again
    with django_assert_num_queries(with_the_wall):
        tenant.api.get("/entries")
    add_entries(tenant, 30)
    with django_assert_num_queries(with_the_wall):
        tenant.api.get("/entries")
