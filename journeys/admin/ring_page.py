"""What stands on the page of a suspected ring."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from eligibility.models import ReviewCase, ReviewStatus, RingAct, RingActKind, RingMember, SuspectedRing
from eligibility.ring_figures import cases_held_for, entries_to_send_to_review, members_of
from eligibility.ring_picture import Tie, draw_ring, ties_of
from eligibility.ring_words import LINKS, NAMES
from eligibility.shared import Sharing, live_campaigns
from participants.models import Entry, EntryStatus, Identity
from receipts.models import Receipt, ReceiptStatus

ON_A_PAGE = 40
STATES = {
    EntryStatus.IN_REVIEW: "held",
    EntryStatus.REFUSED: "refused",
    EntryStatus.WON: "won",
}
STATE_WORDS: dict[str, str | Promise] = {
    "held": _("held for review"),
    "refused": _("not eligible"),
    "won": _("won"),
    "free": _("other"),
}


def ring_context(ring: SuspectedRing, page: str) -> dict[str, Any]:
    """Give the figures, the picture, the ties in words, and the members with their photographs."""
    members = members_of(ring)
    people = list(dict.fromkeys(member.entry.participant_id for member in members))
    sharing = Sharing(agency_id=ring.agency_id, campaign_ids=live_campaigns(ring.sponsor_id))
    ties = ties_of(people, sharing.around(people)) if people else []
    shown = Paginator(members, ON_A_PAGE).get_page(page)
    states = _states(members)
    held = cases_held_for(ring.pk)
    return {
        "ring": ring,
        "people_count": len(people),
        "entry_count": len(members),
        "held_count": len(held),
        "value_jpy": sum(case.value_jpy for case in held),
        "sendable_count": len(entries_to_send_to_review(ring.pk)),
        "campaigns": list(dict.fromkeys(member.entry.campaign.title for member in members)),
        "picture": _pictured(len(people), ties, [states[person] for person in people]) if people else None,
        "legend": [(kind, NAMES[kind]) for kind in NAMES if any(tie.kind == kind for tie in ties)],
        "states": [(state, STATE_WORDS[state]) for state in STATE_WORDS if state in states.values()],
        "ties": [(tie, NAMES[tie.kind], LINKS[tie.kind]) for tie in ties],
        "rows": _rows(list(shown), people, ties, {case.entry_id for case in held}),
        "shown": shown,
        "acts": _acts(ring),
    }


def _states(members: Sequence[RingMember]) -> dict[int, str]:
    """Give each person the state that matters most of the person's entries."""
    found: dict[int, str] = {}
    for member in members:
        state = STATES.get(EntryStatus(member.entry.status), "free")
        known = found.get(member.entry.participant_id, "free")
        found[member.entry.participant_id] = min(state, known, key=list(STATE_WORDS).index)
    return found


def _pictured(person_count: int, ties: Sequence[Tie], states: Sequence[str]) -> dict[str, Any]:
    picture = draw_ring(person_count, ties)
    return {
        "width": picture.width,
        "height": picture.height,
        "left_out": picture.left_out,
        "dots": [(dot, states[dot.number - 1]) for dot in picture.dots],
        "boxes": [(box, NAMES[box.tie.kind]) for box in picture.boxes],
    }


def _rows(
    members: Sequence[RingMember], people: Sequence[int], ties: Sequence[Tie], held: set[int]
) -> list[dict[str, Any]]:
    entries = [member.entry for member in members]
    photos = _photos(entries)
    contacts: dict[int, list[str]] = defaultdict(list)
    known = Identity.objects.filter(participant__in={entry.participant_id for entry in entries})
    for identity in known.order_by("pk"):
        contacts[identity.participant_id].append(identity.masked)
    cases = dict(ReviewCase.objects.filter(entry__in=entries, status=ReviewStatus.OPEN).values_list("entry_id", "pk"))
    rows = []
    for entry in entries:
        number = people.index(entry.participant_id) + 1
        rows.append(
            {
                "number": number,
                "entry": entry,
                "contacts": contacts[entry.participant_id],
                "state": STATES.get(EntryStatus(entry.status), "free"),
                "photos": photos[entry.pk],
                "case": cases.get(entry.pk),
                "is_held": entry.pk in held,
                "kinds": list(dict.fromkeys(NAMES[tie.kind] for tie in ties if number in tie.numbers)),
            }
        )
    return rows


def _photos(entries: Sequence[Entry]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    receipts = Receipt.objects.filter(entry__in=entries).exclude(status=ReceiptStatus.REPLACED)
    for receipt in receipts.order_by("pk").prefetch_related("photos"):
        found[receipt.entry_id] += [photo for photo in receipt.photos.all() if not photo.purged_at]
    return found


def _acts(ring: SuspectedRing) -> list[dict[str, Any]]:
    acts = RingAct.objects.filter(ring=ring).select_related("actor", "undoes", "undone_by")
    return [
        {
            "act": act,
            "can_undo": act.kind != RingActKind.REFUSED and not act.undoes_id and not hasattr(act, "undone_by"),
            "skipped_count": len(act.skipped),
        }
        for act in acts
    ]
