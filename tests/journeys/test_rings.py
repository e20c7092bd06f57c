from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import CampaignStatus, Mechanic
from core.crypto import blind_index
from eligibility.errors import NothingToDecide
from eligibility.models import ReviewCase, RingMember, RingSearch, SuspectedRing, Verdict
from eligibility.services import hold_entry, keep_rings, resolve_case
from journeys.rings import hold_if_unsettled, sweep_rings
from journeys.services import advance_entry
from participants.models import Entry, EntryStatus, EntryTrace, Participant, TraceKind
from participants.services import keep_traces
from tests import factories
from tests.factories import NOW
from tests.journeys.ring_people import accepted, come_from
from tests.worlds import begin, open_campaign, send

pytestmark = pytest.mark.django_db
EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(minutes=30)
MOST_QUERIES = 45  # for one who comes among 5,000


@pytest.fixture
def world():
    return open_campaign(mechanic=Mechanic.LATER, course={"total_cap": 3})


def test_a_ring_is_held_for_review_with_what_links_it_and_a_family_goes_on(world):
    ring = accepted(world.campaign, 6, device="farm")
    family = accepted(world.campaign, 4, device="tablet", network="198.51.100.0/24")

    assert sweep_rings(now=NOW) == 6
    assert sweep_rings(now=NOW) == 0  # nothing more the second time

    assert {entry.status for entry in Entry.objects.filter(pk__in=[e.pk for e in ring])} == {EntryStatus.IN_REVIEW}
    assert {entry.status for entry in Entry.objects.filter(pk__in=[e.pk for e in family])} == {EntryStatus.ACCEPTED}
    assert {case.decision.reasons[0]["code"] for case in ReviewCase.objects.all()} == {"suspected_ring"}
    first = SuspectedRing.objects.get(score=63)
    assert first.evidence == {"device": 6, "network": 6}
    assert first.members.count() == 6


def test_one_person_with_many_entries_is_no_ring(world):
    person = factories.ParticipantFactory.create(agency=world.agency)
    for _ in range(8):
        entry = factories.EntryFactory.create(campaign=world.campaign, participant=person, status=EntryStatus.ACCEPTED)
        come_from(entry, device="own")

    assert sweep_rings(now=NOW) == 0
    assert not SuspectedRing.objects.exists()


def test_a_released_entry_is_not_held_again(world):
    accepted(world.campaign, 6, device="farm")
    sweep_rings(now=NOW)
    case = ReviewCase.objects.first()

    resolve_case(case_id=case.pk, verdict=Verdict.ELIGIBLE, reason_code="", actor_id=world.operator.pk, now=NOW)

    assert sweep_rings(now=NOW) == 0
    assert Entry.objects.get(pk=case.entry_id).status == EntryStatus.ACCEPTED


def test_a_drawn_winner_keeps_the_result_i14(world):
    entry = accepted(world.campaign, 1, device="farm")[0]
    factories.DrawResultFactory.create(entry=entry)

    assert not hold_if_unsettled(entry_id=entry.pk, now=NOW)
    assert Entry.objects.get(pk=entry.pk).status == EntryStatus.ACCEPTED


def test_an_entry_without_acceptance_cannot_be_held(world):
    entry = factories.EntryFactory.create(campaign=world.campaign)

    with pytest.raises(NothingToDecide):
        hold_entry(entry_id=entry.pk, now=NOW)

    assert not ReviewCase.objects.exists()


def test_who_joins_a_known_ring_gets_nothing_before_a_look():
    world = open_campaign()
    accepted(world.campaign, 6, device="farm")
    keep_rings(sponsor_id=world.campaign.sponsor_id, now=NOW)
    entry, honest = begin(world), begin(world)
    come_from(entry, device="farm")
    come_from(honest, device="own")

    for one in (entry, honest):
        send(one)
        advance_entry(entry_id=one.pk, now=NOW)

    assert Entry.objects.get(pk=entry.pk).status == EntryStatus.IN_REVIEW
    assert Entry.objects.get(pk=honest.pk).status == EntryStatus.WON


def test_twenty_among_five_thousand_are_held_and_nobody_else():
    campaign = factories.CampaignFactory.create(status=CampaignStatus.OPEN, mechanic=Mechanic.LATER)
    agency = campaign.agency_id
    people = Participant.objects.bulk_create([Participant(agency_id=agency) for _ in range(5000)])
    entries = Entry.objects.bulk_create(
        [
            Entry(
                agency_id=agency,
                campaign=campaign,
                participant=person,
                status=EntryStatus.ACCEPTED,
                submitted_at=NOW,
                decided_at=NOW,
            )
            for person in people
        ]
    )
    traces = []
    for place, entry in enumerate(entries):
        is_ring = place % 250 == 0
        sources = {
            TraceKind.DEVICE: f"farm{place // 250 // 5}" if is_ring else f"own{place // (3 if place % 50 < 3 else 1)}",
            TraceKind.NETWORK: f"proxy{place // 250 % 3}" if is_ring else f"home{place // 4}",
            TraceKind.MAIL_DOMAIN: "throwaway" if is_ring else f"carrier{place % 5}",
        }
        for kind, value in sources.items():
            hashed = blind_index(value, field=f"trace.{kind}", tenant=agency)
            traces.append(
                EntryTrace(agency_id=agency, campaign=campaign, entry=entry, kind=kind, value_index=hashed, at=EARLIER)
            )
    EntryTrace.objects.bulk_create(traces)

    assert sweep_rings(now=NOW) == 20

    held = set(ReviewCase.objects.values_list("entry_id", flat=True))
    assert held == {entry.pk for place, entry in enumerate(entries) if place % 250 == 0}
    assert RingMember.objects.filter(ring=SuspectedRing.objects.first()).count() == 20

    newcomer = factories.EntryFactory.create(campaign=campaign, status=EntryStatus.ACCEPTED, decided_at=LATER)
    traces = {TraceKind.DEVICE: "farm0", TraceKind.NETWORK: "proxy0", TraceKind.MAIL_DOMAIN: "throwaway"}
    keep_traces(entry_id=newcomer.pk, traces=traces, now=LATER)
    with CaptureQueriesContext(connection) as queries:
        keep_rings(sponsor_id=campaign.sponsor_id, now=LATER)
    assert len(queries) <= MOST_QUERIES
    assert RingMember.objects.filter(ring=SuspectedRing.objects.first()).count() == 21
    assert RingSearch.objects.get().full_at == NOW  # the other 5,000 were not read again
