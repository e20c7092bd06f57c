"""What the people in a sponsor's campaigns share, gathered from the rows for the search for rings."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import batched
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from campaigns.models import Campaign, CampaignStatus, Sponsor
from eligibility.models import ReviewCase, RingMember
from eligibility.rings import HOLD_AT, Shared, most_sharing
from participants.models import Entry, EntryStatus, EntryTrace, TraceKind
from participants.selectors import searched_traces
from receipts.models import Receipt, ReceiptStatus

LIVE = (CampaignStatus.OPEN, CampaignStatus.PAUSED, CampaignStatus.CLOSED)
OUTSIDE = (EntryStatus.STARTED, EntryStatus.WITHDRAWN)
RUN_GAP = 2  # receipt numbers of one till so near to each other belong to one run
AT_ONCE = 500  # values in one question to the database
FAR_TOO_COMMON = 2  # times what tells something: so many do not leave before the next full search
Number = tuple[int, int]
Values = Mapping[str, Collection[str]]


def sponsors_to_search() -> list[int]:
    """Give the ids of sponsors with a campaign that can still give something."""
    return list(
        Sponsor.objects.filter(campaigns__status__in=LIVE).order_by("pk").distinct().values_list("pk", flat=True)
    )


def live_campaigns(sponsor_id: int) -> list[int]:
    """Give the ids of a sponsor's campaigns whose entrants are looked at together."""
    return list(
        Campaign.objects.filter(sponsor_id=sponsor_id, status__in=LIVE).order_by("pk").values_list("pk", flat=True)
    )


def entries_to_hold(sponsor_id: int) -> list[int]:
    """Give the ids of accepted entries in suspected rings that no person has looked at."""
    members = RingMember.objects.filter(ring__sponsor_id=sponsor_id, ring__score__gte=HOLD_AT)
    reviewed = Exists(ReviewCase.objects.filter(entry=OuterRef("entry")))
    waiting = members.filter(entry__status=EntryStatus.ACCEPTED).exclude(reviewed)
    return list(waiting.order_by("entry_id").values_list("entry_id", flat=True))


def joins_suspected_ring(entry: Entry) -> bool:
    """Tell whether an entry came from the browser, or has the mailbox, of somebody in a suspected ring."""
    own = searched_traces().filter(entry=entry, kind__in=[TraceKind.DEVICE, TraceKind.MAILBOX])
    values = {kind: [value] for kind, value in own.values_list("kind", "value_index")}
    if not values:
        return False
    campaigns = Campaign.objects.filter(sponsor__campaigns=entry.campaign_id)
    same = searched_traces().filter(_any_of(values), campaign__in=campaigns)
    others = same.exclude(entry__participant_id=entry.participant_id)
    return others.filter(entry__ring_member__ring__score__gte=HOLD_AT).exists()


class Sharing:
    """The things that entrants of some campaigns of one agency share; an entry counts once it is sent.

    `common` are hashes known to be shared by far too many; what a search finds of such is added.
    """

    def __init__(self, *, agency_id: int, campaign_ids: Collection[int], common: Iterable[str] = ()) -> None:
        self.agency_id = agency_id
        self.campaign_ids = list(campaign_ids)
        self.common = set(common)

    def entries(self) -> QuerySet[Entry]:
        """Give the sent entries."""
        return Entry.objects.filter(campaign__in=self.campaign_ids).exclude(status__in=OUTSIDE)

    def everything(self) -> list[Shared]:
        """Give all that at least two people share."""
        self.common = set()
        groups = _grouped(self._sent().values_list("kind", "value_index", "entry__participant").iterator())
        for (kind, value), people in groups.items():
            self._note(kind, value, len(people))
        found = [Shared(kind, frozenset(people)) for (kind, _value), people in groups.items()]
        found += _things(self._counted())
        return [thing for thing in found if len(thing.people) > 1]

    def around(self, people: Collection[int], slack: int = 0) -> list[Shared]:
        """Give the whole things that these people have or had, without those shared by too many (and `slack` more)."""
        found = []
        for some in batched(people, AT_ONCE):
            found += self._traces_around(some, slack)
            found += self._receipts_around(some)
        return found

    def companions(self, people: Collection[int]) -> set[int]:
        """Give the people of the rings, as they are kept, in which some people are."""
        found: set[int] = set()
        for some in batched(people, AT_ONCE):
            rings = RingMember.objects.filter(entry__participant__in=some, entry__campaign__in=self.campaign_ids)
            members = RingMember.objects.filter(ring__in=rings.values("ring"))
            found.update(members.values_list("entry__participant", flat=True))
        return found

    def _traces_around(self, people: Collection[int], slack: int) -> list[Shared]:
        held: dict[str, set[str]] = defaultdict(set)
        own = searched_traces().filter(campaign__in=self.campaign_ids, entry__participant__in=people)
        for kind, value in own.values_list("kind", "value_index").distinct():
            if value not in self.common:
                held[kind].add(value)
        telling: dict[str, set[str]] = defaultdict(set)
        for some in _split(held):
            sizes = self._sent().filter(_any_of(some)).order_by().values_list("kind", "value_index")
            for kind, value, size in sizes.annotate(size=Count("entry__participant", distinct=True)):
                self._note(kind, value, size)
                if size <= most_sharing(kind) + slack:
                    telling[kind].add(value)
        rows: list[Any] = []
        for some in _split(telling):
            rows += self._sent().filter(_any_of(some)).values_list("kind", "value_index", "entry__participant")
        return [Shared(kind, frozenset(group)) for (kind, _value), group in _grouped(rows).items()]

    def _receipts_around(self, people: Collection[int]) -> list[Shared]:
        """Receipts that were replaced or let go are looked at, too: what they led to has to be looked at again."""
        own = Receipt.objects.filter(campaign__in=self.campaign_ids, entry__participant__in=people)
        fingerprints, tills = set(), defaultdict(set)
        for shop, day, fingerprint in own.order_by().values_list("telephone", "purchased_on", "fingerprint"):
            fingerprints.add(fingerprint)
            if shop and day:
                tills[day].add(shop)
        same = Q(fingerprint__in=fingerprints - {""})
        for day, shops in tills.items():
            same |= Q(purchased_on=day, telephone__in=shops)
        return _things(self._counted().filter(same)) if fingerprints else []

    def _sent(self) -> QuerySet[EntryTrace]:
        return searched_traces().filter(campaign__in=self.campaign_ids).exclude(entry__status__in=OUTSIDE)

    def _counted(self) -> QuerySet[Receipt]:
        """Receipts count from the first decision on their entry: that is how a later search learns of them."""
        read = Receipt.objects.filter(Q(telephone__gt="") | Q(fingerprint__gt=""), status=ReceiptStatus.READ)
        own = read.filter(agency_id=self.agency_id, campaign__in=self.campaign_ids, entry__decided_at__isnull=False)
        return own.exclude(entry__status__in=OUTSIDE)

    def _note(self, kind: str, value: str, size: int) -> None:
        if size > most_sharing(kind) * FAR_TOO_COMMON:
            self.common.add(value)


def _grouped(rows: Iterable[tuple[str, str, int]]) -> dict[tuple[str, str], set[int]]:
    groups: dict[tuple[str, str], set[int]] = defaultdict(set)
    for kind, value, person in rows:
        groups[kind, value].add(person)
    return groups


def _split(values: Values) -> Iterator[Values]:
    """Cut values into questions of a size that every database takes."""
    flat = [(kind, value) for kind, some in values.items() for value in sorted(some)]
    for some in batched(flat, AT_ONCE):
        parts: dict[str, list[str]] = defaultdict(list)
        for kind, value in some:
            parts[kind].append(value)
        yield parts


def _any_of(values: Values) -> Q:
    asked = Q()
    for kind, some in values.items():
        asked |= Q(kind=kind, value_index__in=some)
    return asked


def _things(receipts: QuerySet[Receipt]) -> list[Shared]:
    """Give who sent the same receipt, and whose receipts are neighbours at one till."""
    same: dict[str, set[int]] = defaultdict(set)
    tills: dict[tuple[str, object], list[Number]] = defaultdict(list)
    rows = receipts.order_by("pk").values_list(
        "telephone", "purchased_on", "receipt_no", "fingerprint", F("entry__participant_id")
    )
    for shop, day, number, fingerprint, person in rows:
        if fingerprint:
            same[fingerprint].add(person)
        if number.isdecimal() and shop and day:
            tills[shop, day].append((int(number), person))
    groups = [("look_alike", people) for people in same.values()]
    groups += [("receipt_run", run) for numbers in tills.values() for run in _runs(numbers)]
    return [Shared(kind, frozenset(people)) for kind, people in groups]


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
