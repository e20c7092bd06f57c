"""Rings kept with their evidence, and entries held before anything is given to them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from campaigns.models import Sponsor
from campaigns.selectors import current_rules
from campaigns.services import freeze_rules
from eligibility.errors import NothingToDecide
from eligibility.models import Decision, ReviewCase, RingAct, RingMember, RingSearch, SuspectedRing, Verdict
from eligibility.ring_changes import changed_people, last_decision
from eligibility.rings import Ring, Surroundings, find_rings, find_rings_around
from eligibility.selectors import gather_inputs
from eligibility.services.deciding import keep_decision
from eligibility.services.desk import open_case
from eligibility.shared import Sharing, live_campaigns
from participants.models import Entry, EntryStatus

FULL_EVERY = timedelta(days=1)  # old traces are forgotten, figures corrected: what no change tells is found by then
MANY = 1000  # changes from which on looking at everything is cheaper
Placed = dict[int, SuspectedRing]


@transaction.atomic
def keep_rings(*, sponsor_id: int, now: datetime, in_full: bool = False) -> bool:
    """Keep the rings in a sponsor's live campaigns as they are now, the known ones under their ids.

    Looks at what changed since the last search, and once a day (or `in_full`) at everything; the outcome is the same.
    Returns whether there was anything to look at.
    """
    sponsor = Sponsor.objects.select_for_update(no_key=True).get(pk=sponsor_id)
    last = RingSearch.objects.filter(sponsor=sponsor).first()
    campaigns = live_campaigns(sponsor_id)
    sharing = Sharing(agency_id=sponsor.agency_id, campaign_ids=campaigns, common=last.common if last else ())
    is_full = in_full or last is None or last.campaign_ids != campaigns or now - last.full_at >= FULL_EVERY
    found = None if is_full or last is None else _changed(last, sharing)
    if found is None:
        _keep(sponsor, sharing, find_rings(sharing.everything()), None, now)
    else:
        _keep(sponsor, sharing, found.rings, found.people, now)
    values = {
        "searched_at": now,
        "full_at": now if found is None or last is None else last.full_at,
        "campaign_ids": campaigns,
        "decision_id": last_decision(last.decision_id if last else 0, now),
        "common": sorted(sharing.common),
    }
    RingSearch.objects.update_or_create(sponsor=sponsor, defaults=values)
    return found is None or bool(found.people)


@transaction.atomic
def hold_entry(*, entry_id: int, now: datetime, actor_id: int | None = None, is_again: bool = False) -> Decision:
    """Have a person look at an accepted entry before anything is given; what it took stays taken.

    An entry that a person has looked at is held only `is_again`, at a person's wish.

    Raises:
        NothingToDecide: the entry is no longer accepted and waiting, or a person has looked at it already.
    """
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    is_known = not is_again and ReviewCase.objects.filter(entry=entry).exists()
    if entry.status != EntryStatus.ACCEPTED or is_known:
        raise NothingToDecide(entry_id=entry_id)
    decision = keep_decision(
        entry=entry,
        verdict=Verdict.UNCLEAR,
        reasons=[{"code": "suspected_ring", "rule": "rings", "region": None}],
        inputs=gather_inputs(entry),
        rules=current_rules(entry.campaign) or freeze_rules(campaign_id=entry.campaign_id),
        now=now,
        actor_id=actor_id,
    )
    open_case(decision=decision, now=now)
    return decision


def _changed(last: RingSearch, sharing: Sharing) -> Surroundings | None:
    """Look at what changed; None where everything has to be looked at."""
    changed = changed_people(last, agency_id=sharing.agency_id, campaign_ids=sharing.campaign_ids)
    if len(changed) > MANY:
        return None
    if not changed:
        return Surroundings(frozenset(), [])
    return find_rings_around(changed, look=sharing.around, companions=sharing.companions)


def _keep(
    sponsor: Sponsor, sharing: Sharing, rings: Sequence[Ring], people: Collection[int] | None, now: datetime
) -> None:
    """Write what differs: of the rings of these people, or of all."""
    known = RingMember.objects.filter(ring__sponsor=sponsor)
    if people is not None:
        known = known.filter(ring__in=known.filter(entry__participant__in=people).values("ring"))
    before = dict(known.values_list("entry_id", "ring_id"))
    placed = _place(sponsor, sharing, rings, before, now)
    moved = [entry for entry, ring in before.items() if entry not in placed or placed[entry].pk != ring]
    RingMember.objects.filter(entry__in=moved).delete()
    fresh = [entry for entry, ring in placed.items() if before.get(entry) != ring.pk]
    RingMember.objects.bulk_create([RingMember(ring=placed[entry], entry_id=entry) for entry in fresh])
    gone = set(before.values()) - {ring.pk for ring in placed.values()}
    if gone:
        _dissolve(gone, before, placed, now)


def _place(sponsor: Sponsor, sharing: Sharing, rings: Sequence[Ring], before: dict[int, int], now: datetime) -> Placed:
    """Find or make the row of each ring; gives the ring of each entry."""
    rows = SuspectedRing.objects.in_bulk(set(before.values()))
    entries_of: dict[int, list[int]] = defaultdict(list)
    people = {person for ring in rings for person in ring.people}
    for entry_id, person in _entries(sharing, people):
        entries_of[person].append(entry_id)
    placed: Placed = {}
    for found in rings:
        entries = [entry for person in found.people for entry in entries_of[person]]
        own = {before[entry] for entry in entries if entry in before} & rows.keys()
        ring = rows.pop(min(own)) if own else SuspectedRing(agency_id=sponsor.agency_id, sponsor=sponsor, found_at=now)
        _describe(ring, found, is_same={entry for entry in before if before[entry] == ring.pk} == set(entries), now=now)
        placed |= dict.fromkeys(entries, ring)
    return placed


def _entries(sharing: Sharing, people: set[int]) -> list[tuple[int, int]]:
    rows = sharing.entries().values_list("pk", "participant_id")
    if len(people) > MANY:
        return [row for row in rows if row[1] in people]
    return list(rows.filter(participant__in=people))


def _describe(ring: SuspectedRing, found: Ring, *, is_same: bool, now: datetime) -> None:
    evidence = dict(found.evidence)
    if ring.pk and is_same and (ring.score, ring.evidence) == (found.score, evidence):
        return
    ring.score, ring.evidence, ring.changed_at, ring.dissolved_at = found.score, evidence, now, None
    ring.save()


def _dissolve(gone: set[int], before: dict[int, int], placed: Placed, now: datetime) -> None:
    """Delete rings that are no more; decisions on them go with their entries, or keep the empty row alive."""
    for act in RingAct.objects.filter(ring__in=gone).order_by("pk"):
        heirs = {placed[entry].pk for entry, ring in before.items() if ring == act.ring_id and entry in placed}
        if heirs:
            RingAct.objects.filter(pk=act.pk).update(ring_id=min(heirs))
    acted = RingAct.objects.filter(ring__in=gone).values("ring")
    SuspectedRing.objects.filter(pk__in=acted).update(dissolved_at=now)
    SuspectedRing.objects.filter(pk__in=gone).exclude(pk__in=acted).delete()
