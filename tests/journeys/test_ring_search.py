"""The clock's search over the rows: only what changed, over a sponsor's campaigns, with where the prizes end up."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import CampaignStatus, Mechanic
from codes.models import Redemption
from eligibility.models import RingMember, RingSearch, SuspectedRing
from eligibility.services import keep_rings, release_ring
from eligibility.services.rings import FULL_EVERY
from journeys.payouts import trace_payouts
from journeys.rings import sweep_rings
from journeys.services import withdraw_entry
from participants.models import Entry, EntryStatus, TouchKind, TraceKind
from participants.services import keep_traces, record_touch
from tests import factories
from tests.factories import NOW
from tests.journeys.ring_people import accepted, come_from

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=2)


def campaign_of(sponsor=None, **details):
    given = {"sponsor": sponsor} if sponsor else {}
    return factories.CampaignFactory.create(status=CampaignStatus.OPEN, mechanic=Mechanic.LATER, **given, **details)


def kept(sponsor):
    """Give the rings as they are kept: who, how suspicious, by what."""
    found = {
        ring: tuple(sorted(RingMember.objects.filter(ring=ring).values_list("entry_id", flat=True)))
        for ring in SuspectedRing.objects.filter(sponsor=sponsor)
    }
    return sorted((entries, ring.score, sorted(ring.evidence.items())) for ring, entries in found.items())


def change_something(chance, campaigns, entries, now):
    """Have somebody enter, take an entry back, send a receipt, share more, or turn out to be known."""
    match chance.choice((0, 0, 0, 0, 0, 2, 2, 3, 4, 4, 5)) if entries else 0:
        case 0:
            entry = factories.EntryFactory.create(
                campaign=chance.choice(campaigns), status=EntryStatus.ACCEPTED, submitted_at=now, decided_at=now
            )
            entries.append(entry)
            share(chance, entry, now)
        case 2:
            share(chance, chance.choice(entries), now)
        case 3:
            withdraw_entry(entry_id=entries.pop(chance.randrange(len(entries))).pk, now=now)
        case 4:
            factories.ReceiptFactory.create(
                entry=(entry := chance.choice(entries)),
                receipt_no=str(chance.randrange(100, 140)),
                fingerprint=chance.choice(["", "f1", "f2", "f3"]),
            )
            Entry.objects.filter(pk=entry.pk).update(decided_at=now)
            factories.DecisionFactory.create(entry=entry, decided_at=now)
        case 5:
            source, target = chance.choice(entries).participant, chance.choice(entries).participant
            if source.agency_id == target.agency_id:
                Entry.objects.filter(participant=source).update(participant=target)
                record_touch(kind=TouchKind.VERIFIED, agency_id=target.agency_id, participant_id=target.pk, now=now)
                for entry in entries:
                    entry.refresh_from_db()


def share(chance, entry, now):
    values = {TraceKind.DEVICE: 5, TraceKind.NETWORK: 2, TraceKind.MAIL_DOMAIN: 2, TraceKind.OPENING: 8}
    kinds = chance.sample(list(values), 2)
    keep_traces(entry_id=entry.pk, traces={kind: str(chance.randrange(values[kind])) for kind in kinds}, now=now)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_search_of_what_changed_keeps_what_a_full_search_keeps(seed):
    chance = random.Random(seed)
    campaigns = [campaign_of()]
    campaigns.append(campaign_of(campaigns[0].sponsor))
    sponsor, entries, now = campaigns[0].sponsor, [], NOW
    keep_rings(sponsor_id=sponsor.pk, now=now)
    seen = set()
    for _step in range(10):
        now += timedelta(hours=1)
        for _ in range(5):
            change_something(chance, campaigns, entries, now)
        keep_rings(sponsor_id=sponsor.pk, now=now)
        changed = kept(sponsor)
        assert RingSearch.objects.get(sponsor=sponsor).full_at == NOW
        keep_rings(sponsor_id=sponsor.pk, now=now, in_full=True)
        assert changed == kept(sponsor)
        RingSearch.objects.update(full_at=NOW)
        seen.update(len(ring[0]) for ring in changed)

    assert max(seen) > 4  # there was something to find


def test_nothing_is_read_again_where_nothing_happened():
    campaign = campaign_of()
    accepted(campaign, 6, device="farm")
    keep_rings(sponsor_id=campaign.sponsor_id, now=NOW + timedelta(hours=1))

    with CaptureQueriesContext(connection) as queries:
        assert not keep_rings(sponsor_id=campaign.sponsor_id, now=LATER)

    assert len(queries) <= 16
    assert SuspectedRing.objects.get().changed_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("why", ["a day is over", "a campaign opened"])
def test_everything_is_looked_at_once_a_day_and_when_campaigns_come(why):
    campaign = campaign_of()
    keep_rings(sponsor_id=campaign.sponsor_id, now=NOW)
    now = NOW + FULL_EVERY if why == "a day is over" else LATER
    if why == "a campaign opened":
        campaign_of(campaign.sponsor)

    keep_rings(sponsor_id=campaign.sponsor_id, now=now)

    assert RingSearch.objects.get().full_at == now


def test_a_ring_over_two_campaigns_of_a_sponsor_is_held_in_both_and_never_over_two_sponsors():
    first = campaign_of()
    second, foreign = campaign_of(first.sponsor), campaign_of(factories.SponsorFactory.create(agency=first.agency))
    ring = [*accepted(first, 3, device="farm"), *accepted(second, 3, device="farm")]
    others = accepted(foreign, 3, device="farm")

    assert sweep_rings(now=NOW) == 6

    assert set(RingMember.objects.filter(ring__score=63).values_list("entry_id", flat=True)) == {e.pk for e in ring}
    assert set(Entry.objects.filter(pk__in=[e.pk for e in others]).values_list("status", flat=True)) == {"accepted"}


def test_who_won_before_and_opens_or_uses_codes_together_is_held_in_the_next_campaign():
    """The first campaign shows nothing but its prizes; the second is entered from fresh browsers and networks."""
    before = campaign_of()
    after = campaign_of(before.sponsor)
    entries = []
    for number in range(8):
        won = factories.EntryFactory.create(campaign=before, status=EntryStatus.WON)
        award = factories.AwardFactory.create(result__entry=won)
        keep_traces(entry_id=won.pk, traces={TraceKind.OPENING: "one browser"}, now=NOW)
        factories.RedemptionFactory.create(
            gift_code=award.gift_code,
            store=Redemption.objects.first().store if number else factories.StoreFactory.create(agency=before.agency),
            basket_id=f"basket {number // 4}",
        )
        record_touch(
            kind=TouchKind.REDEEMED,
            agency_id=before.agency_id,
            participant_id=won.participant_id,
            campaign_id=before.pk,
            entry_id=won.pk,
            now=NOW,
        )
        entry = factories.EntryFactory.create(
            campaign=after, participant=won.participant, status=EntryStatus.ACCEPTED, decided_at=NOW
        )
        come_from(entry, device=f"fresh {number}", network=f"fresh {number}")
        entries.append(entry.pk)

    assert sweep_rings(now=NOW) == 8

    ring = SuspectedRing.objects.get()
    assert ring.evidence == {"opening": 8, "purchase": 8, "till": 8}
    assert set(Entry.objects.filter(pk__in=entries).values_list("status", flat=True)) == {EntryStatus.IN_REVIEW}
    assert trace_payouts(sponsor_id=before.sponsor_id, since=LATER, now=LATER) == 0


def test_a_family_that_spends_its_codes_together_is_not_held():
    campaign = campaign_of()
    family = accepted(campaign, 4, device="own")
    for entry in family:
        traces = {TraceKind.OPENING: "phone", TraceKind.PURCHASE: "1:basket", TraceKind.TILL: "1::5"}
        keep_traces(entry_id=entry.pk, traces=traces, now=NOW)

    assert sweep_rings(now=NOW) == 0
    assert SuspectedRing.objects.get().score == 45


def test_a_ring_that_was_decided_on_keeps_its_row_when_it_falls_apart():
    campaign = campaign_of()
    entries = accepted(campaign, 6, device="farm")
    sweep_rings(now=NOW)
    ring = SuspectedRing.objects.get()
    actor = factories.UserFactory.create()
    release_ring(
        ring_id=ring.pk, entry_ids=[e.pk for e in entries], reason="学校の同じ学級だった", actor_id=actor.pk, now=NOW
    )
    for entry in entries[1:]:
        withdraw_entry(entry_id=entry.pk, now=LATER)

    keep_rings(sponsor_id=campaign.sponsor_id, now=LATER)

    ring.refresh_from_db()
    assert (ring.dissolved_at, ring.acts.count(), ring.members.count()) == (LATER, 1, 0)
