"""What the people of a campaign share, gathered from the rows for the search for rings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from campaigns.models import Campaign, CampaignStatus
from eligibility.models import ReviewCase, RingMember, RingScan
from eligibility.rings import HOLD_AT, Shared
from participants.models import Entry, EntryStatus, EntryTrace, TraceKind
from receipts.models import Receipt, ReceiptStatus

LIVE = (CampaignStatus.OPEN, CampaignStatus.PAUSED, CampaignStatus.CLOSED)
OUTSIDE = (EntryStatus.STARTED, EntryStatus.WITHDRAWN)
RUN_GAP = 2  # receipt numbers of one till so near to each other belong to one run
OVERLAP = timedelta(hours=1)  # an entry is sent some time after it was begun
Number = tuple[int, int]


def campaigns_to_scan() -> list[int]:
    """Give the ids of campaigns in which somebody began, or was accepted, since they were last looked through."""
    scans = dict(RingScan.objects.values_list("campaign_id", "scanned_at"))
    return [
        campaign_id
        for campaign_id in Campaign.objects.filter(status__in=LIVE).values_list("pk", flat=True)
        if campaign_id not in scans or _moved(campaign_id, scans[campaign_id] - OVERLAP)
    ]


def ring_entries(campaign_id: int) -> QuerySet[Entry]:
    """Give the sent entries of a campaign."""
    return Entry.objects.filter(campaign_id=campaign_id).exclude(status__in=OUTSIDE)


def entries_to_hold(campaign_id: int) -> list[int]:
    """Give the ids of accepted entries in suspected rings that no person has looked at."""
    members = RingMember.objects.filter(ring__campaign_id=campaign_id, ring__score__gte=HOLD_AT)
    reviewed = Exists(ReviewCase.objects.filter(entry=OuterRef("entry")))
    waiting = members.filter(entry__status=EntryStatus.ACCEPTED).exclude(reviewed)
    return list(waiting.order_by("entry_id").values_list("entry_id", flat=True))


def joins_suspected_ring(entry: Entry) -> bool:
    """Tell whether an entry came from the browser, or has the mailbox, of somebody in a suspected ring."""
    own = EntryTrace.objects.filter(entry=entry, kind__in=[TraceKind.DEVICE, TraceKind.MAILBOX])
    same = EntryTrace.objects.filter(
        Exists(own.filter(kind=OuterRef("kind"), value_index=OuterRef("value_index"))), campaign_id=entry.campaign_id
    )
    others = same.exclude(entry__participant_id=entry.participant_id)
    return others.filter(entry__ring_member__ring__score__gte=HOLD_AT).exists()


def shared_things(campaign_id: int) -> Iterator[Shared]:
    """Give what at least two people of a campaign share."""
    groups: dict[tuple[str, str], set[int]] = defaultdict(set)
    traces = EntryTrace.objects.filter(campaign_id=campaign_id, entry__in=ring_entries(campaign_id))
    for kind, value, person in traces.values_list("kind", "value_index", "entry__participant_id").iterator():
        groups[kind, value].add(person)
    for (kind, _value), people in groups.items():
        if len(people) > 1:
            yield Shared(kind, frozenset(people))
    yield from _shared_receipts(campaign_id)


def _moved(campaign_id: int, since: datetime) -> bool:
    accepted = Entry.objects.filter(campaign_id=campaign_id, status=EntryStatus.ACCEPTED, decided_at__gt=since)
    return EntryTrace.objects.filter(campaign_id=campaign_id, at__gt=since).exists() or accepted.exists()


def _shared_receipts(campaign_id: int) -> Iterator[Shared]:
    same: dict[str, set[int]] = defaultdict(set)
    tills: dict[tuple[str, object], list[Number]] = defaultdict(list)
    for shop, day, number, fingerprint, person in _receipts(campaign_id):
        if fingerprint:
            same[fingerprint].add(person)
        if number.isdecimal() and shop and day:
            tills[shop, day].append((int(number), person))
    groups = [("look_alike", people) for people in same.values()]
    groups += [("receipt_run", run) for numbers in tills.values() for run in _runs(numbers)]
    for kind, people in groups:
        if len(people) > 1:
            yield Shared(kind, frozenset(people))


def _receipts(campaign_id: int) -> QuerySet[Receipt, tuple[str, object, str, str, int]]:
    read = Receipt.objects.filter(Q(telephone__gt="") | Q(fingerprint__gt=""), status=ReceiptStatus.READ)
    own = read.filter(campaign_id=campaign_id, entry__in=ring_entries(campaign_id)).annotate(
        person=F("entry__participant_id")
    )
    return own.order_by("pk").values_list("telephone", "purchased_on", "receipt_no", "fingerprint", "person")


def _runs(numbers: Iterable[Number]) -> list[set[int]]:
    """Cut a till's numbered receipts of one day into runs of neighbours."""
    runs: list[set[int]] = []
    last: int | None = None
    for number, person in sorted(numbers):
        if last is None or number - last > RUN_GAP:
            runs.append(set())
        runs[-1].add(person)
        last = number
    return runs
