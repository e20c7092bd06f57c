"""Who changed since the last search for rings: found by instants and numbers that have an index, not by reading all."""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import chain

from eligibility.models import Decision, RingSearch
from participants.models import Entry, EntryStatus, EntryTrace, Touch, TouchKind

OVERLAP = timedelta(minutes=10)  # rows that carry an earlier instant than that of their commit


def changed_people(search: RingSearch, *, agency_id: int, campaign_ids: Collection[int]) -> set[int]:
    """Give the people who sent or took back an entry, were decided on, left a trace or turned out to be one person."""
    since = search.searched_at - OVERLAP
    touches = Touch.objects.filter(at__gt=since, participant__isnull=False)
    entries = Entry.objects.filter(campaign__in=campaign_ids)
    traces = EntryTrace.objects.filter(campaign__in=campaign_ids, at__gt=since)
    # A contact is confirmed for the person, not for a campaign.
    confirmed = touches.filter(agency_id=agency_id, campaign__isnull=True, kind=TouchKind.VERIFIED)
    decided = Decision.objects.filter(pk__gt=search.decision_id, entry__campaign__in=campaign_ids)
    return set(
        chain(
            touches.filter(campaign__in=campaign_ids, kind=TouchKind.SUBMITTED).values_list("participant", flat=True),
            traces.values_list("entry__participant", flat=True),
            confirmed.filter(participant__entries__campaign__in=campaign_ids).values_list("participant", flat=True),
            entries.filter(status=EntryStatus.WITHDRAWN, decided_at__gt=since).values_list("participant", flat=True),
            decided.order_by().values_list("entry__participant", flat=True),
        )
    )


def last_decision(after: int, now: datetime) -> int:
    """Give the number of the last decision beside which no earlier one can still be committed."""
    settled = Decision.objects.filter(pk__gt=after, decided_at__lte=now - OVERLAP)
    return settled.order_by("-pk").values_list("pk", flat=True).first() or after
