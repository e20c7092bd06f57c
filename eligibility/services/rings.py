"""Rings kept with their evidence, and entries held before anything is given to them."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.models import Campaign
from campaigns.selectors import current_rules
from campaigns.services import freeze_rules
from eligibility.errors import NothingToDecide
from eligibility.models import Decision, ReviewCase, RingMember, RingScan, SuspectedRing, Verdict
from eligibility.rings import find_rings
from eligibility.selectors import gather_inputs
from eligibility.services.deciding import keep_decision
from eligibility.services.desk import open_case
from eligibility.shared import ring_entries, shared_things
from participants.models import Entry, EntryStatus


@transaction.atomic
def keep_rings(*, campaign_id: int, now: datetime) -> list[SuspectedRing]:
    """Look through a campaign's entries and keep its rings as they are now, the known ones under their ids."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    entries_of: dict[int, list[int]] = defaultdict(list)
    for entry_id, person in ring_entries(campaign_id).values_list("pk", "participant_id"):
        entries_of[person].append(entry_id)
    known = dict(RingMember.objects.filter(ring__campaign_id=campaign_id).values_list("entry_id", "ring_id"))
    kept: list[SuspectedRing] = []
    members: list[RingMember] = []
    for found in find_rings(shared_things(campaign_id)):
        entries = [entry for person in found.people for entry in entries_of[person]]
        before = {known[entry] for entry in entries if entry in known} - {ring.pk for ring in kept}
        values: dict[str, Any] = {"score": found.score, "evidence": dict(found.evidence), "found_at": now}
        if before:
            ring = SuspectedRing.objects.get(pk=min(before))
            SuspectedRing.objects.filter(pk=ring.pk).update(**values)
        else:
            ring = SuspectedRing.objects.create(agency_id=campaign.agency_id, campaign_id=campaign_id, **values)
        kept.append(ring)
        members += [RingMember(ring=ring, entry_id=entry) for entry in entries]
    RingMember.objects.filter(ring__campaign_id=campaign_id).delete()
    SuspectedRing.objects.filter(campaign_id=campaign_id).exclude(pk__in=[ring.pk for ring in kept]).delete()
    RingMember.objects.bulk_create(members)
    RingScan.objects.update_or_create(campaign_id=campaign_id, defaults={"scanned_at": now})
    return kept


@transaction.atomic
def hold_entry(*, entry_id: int, now: datetime) -> Decision:
    """Have a person look at an accepted entry before anything is given; what it took stays taken.

    Raises:
        NothingToDecide: the entry is no longer accepted and waiting, or a person has looked at it already.
    """
    entry = Entry.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=entry_id)
    if entry.status != EntryStatus.ACCEPTED or ReviewCase.objects.filter(entry=entry).exists():
        raise NothingToDecide(entry_id=entry_id)
    decision = keep_decision(
        entry=entry,
        verdict=Verdict.UNCLEAR,
        reasons=[{"code": "suspected_ring", "rule": "rings", "region": None}],
        inputs=gather_inputs(entry),
        rules=current_rules(entry.campaign) or freeze_rules(campaign_id=entry.campaign_id),
        now=now,
    )
    open_case(decision=decision, now=now)
    return decision
