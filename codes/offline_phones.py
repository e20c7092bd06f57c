"""What a staff phone may take by itself while the network is away, and at what time it really took it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet, Sum

from campaigns.models import Prize, PrizeKind, Store
from codes.business_day import business_day, end_of_business_day
from codes.conditions import Conditions
from codes.errors import OccurredAtNotAccepted, OfflineLimitExceeded, OfflineNotAllowed
from codes.models import Redemption, RedemptionKind

CLOCK_MAY_BE_OFF = timedelta(minutes=5)
LONGEST_AGO = timedelta(days=3650)


@dataclass(frozen=True)
class PhoneShift:
    """Between when we told a phone the store's rules and the end of its shift: outside of it nothing is booked."""

    begins_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies within, give or take what a clock may be off."""
        return self.begins_at - CLOCK_MAY_BE_OFF <= at < self.ends_at + CLOCK_MAY_BE_OFF


@dataclass(frozen=True)
class Taken:
    """What a phone has taken without a connection on one business day, and was booked."""

    count: int
    amount_jpy: int


def time_at_the_till(*, ago: timedelta, received_at: datetime) -> datetime:
    """Tell when a phone took a code, by our clock: `ago` is the time between taking and sending by the phone's own.

    So a clock that is wrong does no harm as long as nobody turns it in between; what is beyond sense is in no shift.
    """
    return received_at - max(timedelta(0), min(ago, LONGEST_AGO))


def taken_by_phone(*, store: Store, terminal: str, at: datetime) -> Taken:
    """Add up what a phone took without a connection on the business day of an instant and was not given back."""
    day = business_day(store, at)
    begins, ends = (end_of_business_day(store.closes_at, day - timedelta(days=back)) for back in (1, 0))
    lines = Redemption.objects.filter(
        store=store,
        business_day__gte=day,  # none is booked before the day it was taken on; the index serves it
        terminal=terminal,
        kind=RedemptionKind.REDEEM,
        is_offline=True,
        occurred_at__gte=begins,
        occurred_at__lt=ends,
        reversed_jpy__lt=F("amount_jpy"),
    )
    sums = lines.order_by().aggregate(count=Count("pk"), jpy=Sum(F("amount_jpy") - F("reversed_jpy"), default=0))
    return Taken(sums["count"], sums["jpy"])


def check_phone(
    *, store: Store, terminal: str, conditions: Conditions, amount_jpy: int, at: datetime, shift: PhoneShift
) -> None:
    """Refuse what a phone was not allowed to take; the caller holds the phone.

    Raises:
        OccurredAtNotAccepted: outside of the shift.
        OfflineNotAllowed: the prize is not to be taken without a connection.
        OfflineLimitExceeded: more than one phone may take a day, in codes or in yen.
    """
    if not shift.holds(at):
        raise OccurredAtNotAccepted
    if not conditions.is_offline_allowed:
        raise OfflineNotAllowed
    taken = taken_by_phone(store=store, terminal=terminal, at=at)
    is_too_much = taken.amount_jpy + amount_jpy > store.phone_offline_jpy
    if is_too_much or taken.count + 1 > store.phone_offline_count:
        raise OfflineLimitExceeded


def is_phone_allowed(store: Store) -> bool:
    """Tell whether phones of a store may take anything without a connection at all."""
    return bool(store.phone_offline_count and store.phone_offline_jpy and store.offline_limit_jpy)


def prizes_for_phones(store: Store, now: datetime) -> Iterable[Prize]:
    """Give the prizes that phones of a store may take without a connection, the newest campaign first."""
    if not is_phone_allowed(store):
        return []
    return _allowed(store, now)


def _allowed(store: Store, now: datetime) -> QuerySet[Prize]:
    prizes = Prize.objects.filter(
        kind=PrizeKind.OWN_CODE, course__campaign__agency=store.agency_id, conditions__is_offline_allowed=True
    )
    is_here = Q(conditions__stores=None) | Q(conditions__stores=store)
    is_over = Q(conditions__valid_until__lte=now)
    found = prizes.filter(is_here).exclude(is_over).select_related("conditions").prefetch_related("conditions__stores")
    return found.order_by("-course__campaign_id", "pk").distinct()
