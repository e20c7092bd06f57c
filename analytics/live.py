"""How far the entries of one campaign have come: each number is one plain count."""

from dataclasses import dataclass

from django.db.models import F, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from codes.models import Award, Redemption, RedemptionKind
from distribution.models import Delivery, DeliveryStatus
from draws.models import DrawResult
from eligibility.models import ReviewCase, ReviewStatus
from participants.models import Entry, EntryStatus

SENT = (DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED)
ACCEPTED = (EntryStatus.ACCEPTED, EntryStatus.WON, EntryStatus.LOST)


@dataclass(frozen=True)
class Figure:
    """A number with its name."""

    label: str | Promise
    value: int
    unit: str = ""


def live_figures(campaign: Campaign) -> list[Figure]:
    """Count the way of a campaign's entries from the form to the till."""
    entries = Entry.objects.filter(campaign=campaign)
    awards = Award.objects.filter(entry__campaign=campaign, voided_at__isnull=True)
    redeemed = Redemption.objects.filter(gift_code__award__entry__campaign=campaign, kind=RedemptionKind.REDEEM)
    return [
        Figure(_("Entries"), entries.exclude(submitted_at=None).count()),
        Figure(_("waiting for review"), ReviewCase.objects.filter(campaign=campaign, status=ReviewStatus.OPEN).count()),
        Figure(_("accepted"), entries.filter(status__in=ACCEPTED).count()),
        Figure(_("won"), DrawResult.objects.filter(entry__campaign=campaign, course__isnull=False).count()),
        Figure(_("sent"), Delivery.objects.filter(award__in=awards, status__in=SENT).count()),
        Figure(_("code shown"), awards.filter(revealed_at__isnull=False).count()),
        Figure(_("redeemed"), redeemed.filter(reversed_jpy__lt=F("amount_jpy")).values("gift_code").distinct().count()),
        Figure(_("value issued"), awards.aggregate(total=Sum("gift_code__face_value_jpy"))["total"] or 0, "円"),
    ]
