"""The facts that each kind of message tells; whoever sends one fills in all of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from distribution.models import DeliveryKind
from eligibility.models import Verdict


@dataclass(frozen=True, kw_only=True)
class CampaignFacts:
    """What every message says of its campaign.

    Attributes:
        inquiry_contact: where people ask, as shown: a mail address, a phone number with hours, a page.
        accent_colour: hex; one that white words cannot be read on is replaced by the default.
    """

    title: str
    sponsor_name: str
    inquiry_contact: str
    accent_colour: str = ""
    reply_to: str = ""


@dataclass(frozen=True, kw_only=True)
class MessageContext:
    """What every message has: its kind, which is also the name of its template, its campaign, and where it leads."""

    kind: ClassVar[DeliveryKind]
    campaign: CampaignFacts
    link: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class VerifyEmailContext(MessageContext):
    """Somebody typed this address; the link shows that it is theirs."""

    kind = DeliveryKind.VERIFY_EMAIL
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class AwardContext(MessageContext):
    """A gift code is waiting behind the link; the code itself is never in a message.

    Attributes:
        notice_number: what the person types to find out whether this notice is genuine.
        expires_at: exclusive end of the time to open the link.
        image_url: picture of the prize; shown in LINE only, by https only.
    """

    kind = DeliveryKind.AWARD
    expires_at: datetime
    brand: str
    value_jpy: int
    notice_number: str
    image_url: str = ""
    asks_address: bool = False  # goods: behind the link waits no code, but the question where to send them


@dataclass(frozen=True, kw_only=True)
class ReminderContext(AwardContext):
    """The code of an award waits still, and its deadline is near; a fact about a prize that is won, never an offer."""

    kind = DeliveryKind.REMINDER


@dataclass(frozen=True, kw_only=True)
class MoveContext(MessageContext):
    """The winner asked for a link that lets one new device open his prize."""

    kind = DeliveryKind.MOVE
    brand: str
    notice_number: str


@dataclass(frozen=True, kw_only=True)
class AddressAgainContext(MessageContext):
    """A parcel came back; its address is asked for once more."""

    kind = DeliveryKind.ADDRESS_AGAIN
    expires_at: datetime
    brand: str
    notice_number: str


@dataclass(frozen=True, kw_only=True)
class ShippedContext(MessageContext):
    """Goods are with the shipper; the number is empty where he gave none."""

    kind = DeliveryKind.SHIPPED
    brand: str
    notice_number: str
    tracking_number: str = ""


@dataclass(frozen=True, kw_only=True)
class VerdictContext(MessageContext):
    """How an entry was judged, why, and what the person can do.

    Attributes:
        reasons: whole sentences for the person; none when accepted.
        what_to_do: whole sentence; of use when sent back.
        objection_until: exclusive end of the time to object; None where no objection is heard.
        link: the entry itself: to follow it, to mend it, or to object.
    """

    kind = DeliveryKind.VERDICT
    outcome: Verdict
    entry_number: str
    reasons: tuple[str, ...] = ()
    what_to_do: str = ""
    objection_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NotWonContext(MessageContext):
    """The draw went to others."""

    kind = DeliveryKind.NOT_WON
    entry_number: str


@dataclass(frozen=True, kw_only=True)
class ResumeContext(MessageContext):
    """An entry that was begun goes on behind the link, on whatever device opens it."""

    kind = DeliveryKind.RESUME
    expires_at: datetime
