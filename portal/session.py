"""What a consumer's browser has shown us, in one signed cookie; consumers have no session in the database.

The cookie names entries that this browser began or opened by a mailed link, and people whose contact it confirmed.
The two differ on purpose: whoever types another person's address reaches his own entry, never that person's page.
"""

import secrets
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse

from campaigns.models import Campaign
from participants.models import Entry, Participant

COOKIE = "visitor"
SALT = "portal.visitor"
MAX_AGE_SECONDS = 180 * 24 * 3600
KEPT = 12  # entries and people a browser remembers; keeps the cookie below 1 KB


@dataclass(frozen=True)
class Visitor:
    """One browser: a random device id, public ids of entries and people, and the link it came by for each campaign."""

    device: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    entries: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    links: tuple[tuple[int, int], ...] = ()

    def with_entry(self, entry: Entry) -> "Visitor":
        """Remember an entry."""
        return replace(self, entries=_remember(self.entries, entry.public_id.hex))

    def with_person(self, participant: Participant) -> "Visitor":
        """Remember a person whose contact this browser has just confirmed."""
        return replace(self, people=_remember(self.people, participant.public_id.hex))

    def with_link(self, campaign_id: int, link_id: int) -> "Visitor":
        """Remember the tracked link by which the browser came to a campaign."""
        others = [pair for pair in self.links if pair[0] != campaign_id]
        return replace(self, links=(*others, (campaign_id, link_id))[-KEPT:])

    def link_of(self, campaign_id: int) -> int | None:
        """Give the tracked link by which the browser came to a campaign."""
        return dict(self.links).get(campaign_id)


def visitor_of(request: HttpRequest) -> Visitor:
    """Read the cookie, once a request; an altered, old or missing one is a new visitor."""
    known = getattr(request, "visitor", None)
    if not isinstance(known, Visitor):
        known = _read(request.COOKIES.get(_name(), ""))
        request.visitor = known  # type: ignore[attr-defined]
    return known


def remember(response: HttpResponse, visitor: Visitor) -> HttpResponse:
    """Write the cookie into an answer."""
    kept: dict[str, Any] = {
        "d": visitor.device,
        "e": visitor.entries,
        "p": visitor.people,
        "l": visitor.links,
    }
    response.set_cookie(
        _name(),
        signing.dumps(kept, salt=SALT, compress=True),
        max_age=MAX_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def own_entry(request: HttpRequest, public_id: uuid.UUID) -> Entry:
    """Find an entry that this browser may see: it is named in the cookie, or belongs to a person named there.

    Raises:
        Http404: unknown and foreign entries alike.
    """
    visitor = visitor_of(request)
    entry = (
        Entry.objects.select_related("campaign", "campaign__sponsor", "participant").filter(public_id=public_id).first()
    )
    if entry is None or not _may_see(visitor, entry):
        raise Http404
    return entry


def entries_to_show(visitor: Visitor) -> "list[Entry]":
    """Give every entry the browser may see, newest first."""
    named = Entry.objects.filter(public_id__in=[uuid.UUID(e) for e in visitor.entries])
    peoples = Entry.objects.filter(participant__public_id__in=[uuid.UUID(p) for p in visitor.people])
    return list(
        (named | peoples).distinct().select_related("campaign", "campaign__sponsor", "participant").order_by("-pk")
    )


def participant_for(visitor: Visitor, campaign: Campaign) -> Participant | None:
    """Give the person on whose behalf this browser may begin another entry of an agency, if it knows one.

    A person with a confirmed contact is used only by a browser that confirmed it.
    """
    of_agency = Participant.objects.filter(agency_id=campaign.agency_id, merged_into__isnull=True)
    proved = of_agency.filter(public_id__in=[uuid.UUID(p) for p in visitor.people])
    anonymous = of_agency.filter(entries__public_id__in=[uuid.UUID(e) for e in visitor.entries]).exclude(
        identities__verified_at__isnull=False
    )
    return proved.order_by("-pk").first() or anonymous.order_by("-pk").first()


def _read(cookie: str) -> Visitor:
    try:
        kept = signing.loads(cookie, salt=SALT, max_age=MAX_AGE_SECONDS)
        return Visitor(
            device=str(kept["d"]),
            entries=tuple(kept["e"]),
            people=tuple(kept["p"]),
            links=tuple((int(campaign), int(link)) for campaign, link in kept["l"]),
        )
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return Visitor()


def _may_see(visitor: Visitor, entry: Entry) -> bool:
    return entry.public_id.hex in visitor.entries or entry.participant.public_id.hex in visitor.people


def _remember(known: tuple[str, ...], new: str) -> tuple[str, ...]:
    return (*(one for one in known if one != new), new)[-KEPT:]


def _name() -> str:
    return f"__Host-{COOKIE}" if settings.SESSION_COOKIE_SECURE else COOKIE
