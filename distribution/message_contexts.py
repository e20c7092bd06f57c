"""The facts that each kind of message tells; whoever sends one fills in all of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class MessageKind(StrEnum):
    """What a message is about; also the name of its template."""

    VERIFY_EMAIL = "verify_email"
    AWARD = "award"
    VERDICT = "verdict"
    NOT_WON = "not_won"
    RESUME = "resume"
    REMINDER = "reminder"
    MOVE = "move"


class VerdictOutcome(StrEnum):
    """How an entry was judged."""

    ACCEPTED = "accepted"
    SENT_BACK = "sent_back"  # the person can mend it
    NOT_ELIGIBLE = "not_eligible"


@dataclass(frozen=True, kw_only=True)
class CampaignFacts:
    """What every message says of its campaign.

    Attributes:
        inquiry_contact: where people ask, as shown: a mail address, a phone number with hours, a page.
        accent_colour: hex; one that white words cannot be read on is replaced by the default.
        sender_address: of the sponsor's verified domain; the installation's when empty.
    """

    title: str
    sponsor_name: str
    inquiry_contact: str
    accent_colour: str = ""
    sender_address: str = ""
    reply_to: str = ""


@dataclass(frozen=True, kw_only=True)
class VerifyEmailContext:
    """Somebody typed this address; the link shows that it is theirs."""

    kind: ClassVar[MessageKind] = MessageKind.VERIFY_EMAIL
    campaign: CampaignFacts
    link: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class AwardContext:
    """A gift code is waiting behind the link; the code itself is never in a message.

    Attributes:
        notice_number: what the person types to find out whether this notice is genuine.
        expires_at: exclusive end of the time to open the link.
        image_url: picture of the prize; shown in LINE only, by https only.
    """

    kind: ClassVar[MessageKind] = MessageKind.AWARD
    campaign: CampaignFacts
    link: str = field(repr=False)
    expires_at: datetime
    brand: str
    value_jpy: int
    notice_number: str
    image_url: str = ""


@dataclass(frozen=True, kw_only=True)
class ReminderContext:
    """The code of an award waits still, and its deadline is near; a fact about a prize that is won, never an offer."""

    kind: ClassVar[MessageKind] = MessageKind.REMINDER
    campaign: CampaignFacts
    link: str = field(repr=False)
    expires_at: datetime
    brand: str
    value_jpy: int
    notice_number: str
    image_url: str = ""


@dataclass(frozen=True, kw_only=True)
class MoveContext:
    """The winner asked for a link that lets one new device open his prize."""

    kind: ClassVar[MessageKind] = MessageKind.MOVE
    campaign: CampaignFacts
    link: str = field(repr=False)
    brand: str
    notice_number: str


@dataclass(frozen=True, kw_only=True)
class VerdictContext:
    """How an entry was judged, why, and what the person can do.

    Attributes:
        reasons: whole sentences for the person; none when accepted.
        what_to_do: whole sentence; of use when sent back.
        link: the entry itself: to follow it, to mend it, or to object.
    """

    kind: ClassVar[MessageKind] = MessageKind.VERDICT
    campaign: CampaignFacts
    link: str = field(repr=False)
    outcome: VerdictOutcome
    entry_number: str
    reasons: tuple[str, ...] = ()
    what_to_do: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NotWonContext:
    """The draw went to others."""

    kind: ClassVar[MessageKind] = MessageKind.NOT_WON
    campaign: CampaignFacts
    link: str = field(repr=False)
    entry_number: str


@dataclass(frozen=True, kw_only=True)
class ResumeContext:
    """An entry that was begun goes on behind the link, on whatever device opens it."""

    kind: ClassVar[MessageKind] = MessageKind.RESUME
    campaign: CampaignFacts
    link: str = field(repr=False)
    expires_at: datetime


MessageContext = (
    VerifyEmailContext | AwardContext | ReminderContext | MoveContext | VerdictContext | NotWonContext | ResumeContext
)
