"""Reads: what is due, what is stuck, what does not add up."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns.models import Campaign
from codes.models import Award, Shipment, ShipmentStatus
from core.clock import JST
from distribution.models import Delivery, DeliveryAttempt, DeliveryKind, DeliveryStatus

DAY_FROM, DAY_UNTIL = time(9), time(20)  # JST: when a reminder may reach somebody's phone
WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.UNKNOWN)
TROUBLED = (DeliveryStatus.FAILED, DeliveryStatus.BOUNCED, DeliveryStatus.UNKNOWN)


def due_deliveries(now: datetime, *, limit: int = 200, is_locking: bool = False) -> list[int]:
    """Give the ids of messages to be sent now that no worker has been told of: due ones, and those left half-way."""
    told = Q(status__in=WAITING, lease_until__gt=now)
    found = Delivery.objects.filter(_is_due(now)).exclude(told).order_by("next_attempt_at")
    if is_locking:
        found = found.select_for_update(skip_locked=True)
    return list(found.values_list("pk", flat=True)[:limit])


def still_due(delivery_ids: Sequence[int], now: datetime) -> list[int]:
    """Leave out of some messages those that are not to be sent now; in the order given."""
    due = set(Delivery.objects.filter(_is_due(now), pk__in=delivery_ids).values_list("pk", flat=True))
    return [delivery_id for delivery_id in delivery_ids if delivery_id in due]


def _is_due(now: datetime) -> Q:
    waiting = Q(status__in=WAITING, next_attempt_at__lte=now)
    return waiting | Q(status=DeliveryStatus.SENDING, lease_until__lte=now)


def with_contact(messages: QuerySet[Delivery]) -> QuerySet[Any]:
    """Let each message know as `masked_contact` where it went, or will go if that is settled; None before."""
    tried = DeliveryAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-number")
    contact = Coalesce(F("identity__masked"), Subquery(tried.values("identity__masked")[:1]))
    return messages.annotate(masked_contact=contact)


def awards_without_delivery() -> list[int]:
    """Give the ids of awards that nobody was told of (I03)."""
    return list(Award.objects.filter(delivery__isnull=True, voided_at__isnull=True).values_list("pk", flat=True))


def daytime_from(now: datetime) -> datetime:
    """Give the first moment from `now` on at which a reminder may be sent: by day in Japan."""
    local = now.astimezone(JST)
    if DAY_FROM <= local.time() < DAY_UNTIL:
        return now
    day = local.date() + timedelta(days=1 if local.time() >= DAY_UNTIL else 0)
    return datetime.combine(day, DAY_FROM, tzinfo=JST).astimezone(now.tzinfo)


def awards_to_remind_of(now: datetime, *, limit: int = 200) -> list[int]:
    """Give the ids of awards whose deadline is near and whose code nobody has seen, or whose address is not given.

    Oldest first.

    A campaign whose reminder would follow the notice at once has none.
    """
    reminding = Campaign.objects.filter(claim_reminder_days__gt=0, claim_reminder_days__lt=F("claim_days"))
    found: list[int] = []
    for campaign in reminding.exclude(delivery_opens_at__gt=now).order_by("pk"):
        waiting = Award.objects.filter(
            prize__course__campaign=campaign,
            claim_expires_at__gt=now,
            claim_expires_at__lte=now + timedelta(days=campaign.claim_reminder_days),
            reminded_at__isnull=True,
            revealed_at__isnull=True,
            voided_at__isnull=True,
        )
        waiting = waiting.filter(Q(gift_code__isnull=False) | Q(shipment__status=ShipmentStatus.WAITING))
        found += waiting.order_by("pk").values_list("pk", flat=True)[: limit - len(found)]
    return found


def out_of_date(delivery: Delivery, now: datetime) -> str | None:
    """Tell why a message is not to be sent any more; None if it is.

    A reminder of a prize that was opened, withdrawn or is past its deadline would be wrong; so would a link to move one
    that is withdrawn or free again.
    """
    award = delivery.award or delivery.about
    if award is None:
        return None
    if award.voided_at is not None:
        return "award_voided"
    parcel = _outdated_parcel(delivery, award)
    if parcel is not None:
        return parcel
    if delivery.kind == DeliveryKind.REMINDER and award.revealed_at is not None:
        return "already_opened"
    if delivery.kind == DeliveryKind.REMINDER and award.claim_expires_at <= now:
        return "past_deadline"
    if delivery.kind == DeliveryKind.MOVE and not award.device_digest:
        return "not_bound"
    return None


def _outdated_parcel(delivery: Delivery, award: Award) -> str | None:
    """Tell why a message about goods is not to be sent any more: their address was given, or they came back."""
    shipment = Shipment.objects.filter(award=award).first()
    if shipment is None:
        return None
    kind, status = delivery.kind, shipment.status
    asks = {DeliveryKind.REMINDER: ShipmentStatus.WAITING, DeliveryKind.ADDRESS_AGAIN: ShipmentStatus.RETURNED}
    if status != asks.get(DeliveryKind(kind), status):
        return "address_given"
    return "came_back" if kind == DeliveryKind.SHIPPED and status != ShipmentStatus.HANDED_OVER else None
