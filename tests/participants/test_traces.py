from datetime import timedelta

import pytest
from django.urls import reverse

from participants.contacts import mailbox_of
from participants.models import EntryTrace, TraceKind
from participants.services import forget_traces, give_email, keep_traces
from tests import factories
from tests.factories import NOW
from tests.worlds import open_campaign


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("taro+2@example.jp", "taro@example.jp"),
        ("ta.ro+x@gmail.com", "taro@gmail.com"),
        ("t.aro@googlemail.com", "taro@gmail.com"),
        ("ta.ro@docomo.ne.jp", "ta.ro@docomo.ne.jp"),
        ("+a@example.jp", "+a@example.jp"),
    ],
)
def test_addresses_of_one_mailbox_are_one(address, mailbox):
    assert mailbox_of(address) == mailbox


@pytest.mark.django_db
def test_what_an_entry_came_from_is_kept_hashed_once_and_for_ninety_days():
    entry = factories.EntryFactory.create()
    for _ in range(2):
        keep_traces(entry_id=entry.pk, traces={TraceKind.DEVICE: "secret", TraceKind.NETWORK: ""}, now=NOW)

    trace = EntryTrace.objects.get()
    assert (trace.kind, len(trace.value_index), "secret" in trace.value_index) == (TraceKind.DEVICE, 64, False)
    assert forget_traces(now=NOW + timedelta(days=90)) == 0
    assert forget_traces(now=NOW + timedelta(days=90, seconds=1)) == 1


@pytest.mark.django_db
def test_two_spellings_of_a_mailbox_leave_the_same_trace():
    first = factories.EntryFactory.create()
    second = factories.EntryFactory.create(campaign=first.campaign)
    give_email(entry_id=first.pk, email="Taro+1@gmail.com", now=NOW)
    give_email(entry_id=second.pk, email="t.aro@gmail.com", now=NOW)

    assert EntryTrace.objects.filter(kind=TraceKind.MAILBOX).values("value_index").distinct().count() == 1


@pytest.mark.django_db
def test_beginning_an_entry_leaves_the_browser_and_its_network(client):
    world = open_campaign()

    client.post(reverse("portal:start", args=[world.campaign.slug]), REMOTE_ADDR="203.0.113.9")

    assert set(EntryTrace.objects.values_list("kind", flat=True)) == {TraceKind.DEVICE, TraceKind.NETWORK}
