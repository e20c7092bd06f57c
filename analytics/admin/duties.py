"""What a duty of today is made of; and the one of those who send parcels."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from accounts.selectors import agencies_where
from codes.models import Shipment, ShipmentStatus, ShippingList, ShippingListStatus

ROWS = 5


@dataclass
class Duty:
    """One thing to do: `rows` are text and address of the first few."""

    title: str | Promise
    count: int
    note: str | Promise
    url: str
    button: str | Promise
    is_urgent: bool = False
    rows: list[tuple[str, str]] = field(default_factory=list)


def agencies_of(user: User, permission: str) -> QuerySet[Agency] | None:
    """Give the agencies in which somebody may do something; None where nobody lets him do it anywhere."""
    return agencies_where(user, permission) if user.has_perm(permission) else None


def parcels(user: User, now: datetime) -> Duty | None:
    """Parcels that can leave, lists that wait for a second person; what came back waits for its winner."""
    agencies = agencies_of(user, "codes.export_shipment")
    if agencies is None:
        return None
    found = Shipment.objects.filter(agency__in=agencies)
    ready = Q(status=ShipmentStatus.READY)
    counts = found.aggregate(
        ready=Count("pk", filter=ready),
        listed=Count("pk", filter=Q(status=ShipmentStatus.LISTED)),
        returned=Count("pk", filter=Q(status=ShipmentStatus.RETURNED)),
    )
    waiting = ShippingList.objects.filter(agency__in=agencies, status=ShippingListStatus.WAITING).order_by("pk")
    rows = [
        (
            gettext("%(campaign)s: a list of %(count)s waits for a second person")
            % {"campaign": asked.campaign.title, "count": f"{asked.total_count:,}"},
            reverse("admin:codes_shippinglist_change", args=[asked.pk]),
        )
        for asked in waiting.select_related("campaign")[:ROWS]
    ]
    return Duty(
        _("Parcels to be sent"),
        counts["ready"] + counts["listed"],
        gettext("%(listed)s are on a list, %(returned)s came back and wait for another address.") % counts
        if counts["listed"] or counts["returned"]
        else "",
        reverse("admin:codes_shipment_changelist") + "?status__exact=ready",
        _("See the parcels"),
        is_urgent=bool(rows),
        rows=rows,
    )
