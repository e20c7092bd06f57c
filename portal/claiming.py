"""What the pages of a prize have in common: the award behind the link, its state, and what is said of it."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaigns.models import Prize, PrizeKind, UseConditions, UseMode
from campaigns.use_conditions import conditions_sentences
from codes.conditions import usable_until, uses_left
from codes.holders import holder_obstacle
from codes.models import Award, CodeStatus, ShipmentStatus
from codes.presentation import presentation_token, slot_ends_at, token_good_until
from codes.selectors import RevealedCode, award_by_token, waits_for_another_code
from core import clock
from core.qr import qr_svg
from portal.forms import ClaimPinForm, NewClaimPinForm
from portal.holder import holder_of

PARCELS = {
    ShipmentStatus.READY: "address_given",
    ShipmentStatus.LISTED: "packed",
    ShipmentStatus.HANDED_OVER: "sent",
    ShipmentStatus.CANCELLED: "void",
}
GOODS_STATES = ("address", "address_given", "packed", "sent")


@dataclass(frozen=True)
class CodeField:
    """One part of a code as its brand names it: the code, PIN, card number."""

    name: str
    label: str
    value: str


def award_behind(token: str) -> Award:
    """Give the award that a claim link leads to.

    Raises:
        Http404: there is none.
    """
    award = award_by_token(token)
    if award is None:
        raise Http404
    return award


def award_state(award: Award, now: datetime) -> str:
    """Name what can be done with an award.

    One of ready, shown, used, expired, void, preparing (another code is to come), replaced; or of goods, which need no
    code: address (it is asked for), address_given, packed, sent.
    """
    code = award.gift_code
    if award.voided_at and hasattr(award, "replaced_by"):
        return "replaced"
    if waits_for_another_code(award):
        return "preparing"
    if award.voided_at or (code and code.status == CodeStatus.VOID):
        return "void"
    if code is None:
        return _goods_state(award, now)
    conditions = use_conditions(award.prize)
    if code.redeemed_at and (code.balance_jpy == 0 or uses_left(code, most_uses(conditions)) == 0):
        return "used"
    end = usable_until(code, conditions)
    if end is not None and end <= now:
        return "expired"
    if award.revealed_at is None and award.claim_expires_at <= now:
        return "expired"
    return "shown" if award.revealed_at else "ready"


def _goods_state(award: Award, now: datetime) -> str:
    status = award.shipment.status
    if status in (ShipmentStatus.WAITING, ShipmentStatus.RETURNED):
        return "expired" if award.shipment.address_until <= now else "address"
    return PARCELS[ShipmentStatus(status)]


def own_award_at_the_till(request: HttpRequest, token: str) -> Award:
    """Give an award whose code this browser may show at our tills: one of our own, seen before, and its holder's.

    Raises:
        Http404: it may not.
    """
    award = award_behind(token)
    is_shown = award.revealed_at is not None and award_state(award, clock.now()) == "shown"
    if not is_shown or award.prize.kind != PrizeKind.OWN_CODE:
        raise Http404
    if holder_obstacle(award, holder_of(request, award)) is not None:
        raise Http404
    return award


def claim_context(award: Award, token: str) -> dict[str, object]:
    """Give what every page of a prize shows."""
    campaign, code, conditions = award.entry.campaign, award.gift_code, use_conditions(award.prize)
    return {
        "award": award,
        "token": token,
        "prize": award.prize,
        "code": code,
        "usable_until": usable_until(code, conditions) if code else None,
        "uses_left": uses_left(code, most_uses(conditions)) if code and is_counted(conditions) else None,
        "campaign": campaign,
        "sponsor": campaign.sponsor,
        "expires_at": last_moment(award),
    }


def last_moment(award: Award) -> datetime:
    """Give the exclusive end of what can be done next: of using the code once it was seen, else of receiving it."""
    code = award.gift_code
    end = usable_until(code, use_conditions(award.prize)) if code else None
    if end is not None and (award.revealed_at or end < award.claim_expires_at):
        return end
    return award.claim_expires_at if code or award.voided_at else _address_until(award)


def _address_until(award: Award) -> datetime:
    shipment = getattr(award, "shipment", None)
    return shipment.address_until if shipment else award.claim_expires_at


def pin_form(obstacle: str | None, request: HttpRequest | None = None) -> ClaimPinForm | None:
    """Give the form that the PIN of an award is typed, or chosen, in; None where none is asked for."""
    kinds = {"pin": ClaimPinForm, "new_pin": NewClaimPinForm}
    kind = kinds.get(obstacle or "")
    if kind is None:
        return None
    return kind(request.POST) if request else kind()


def till_context(award: Award, now: datetime) -> dict[str, object]:
    """Give the token of these 30 seconds as a QR code, with the seconds it has left; only our own tills read it."""
    if award.prize.kind != PrizeKind.OWN_CODE or award.gift_code is None:
        return {"qr": None}
    drawn = qr_svg(presentation_token(award.gift_code, now=now))
    return {
        "qr": SafeString(drawn),  # made by us out of a token, no foreign text in it
        "seconds_left": max(1, round((slot_ends_at(now) - now).total_seconds())),
        "seconds_good": int((token_good_until(now) - now).total_seconds()),
        "has_barcode": bool(settings.PRESENTED_BARCODE),
    }


def code_fields(prize: Prize, revealed: RevealedCode) -> list[CodeField]:
    """Give the parts of a code beside the code itself, under the names that its brand's profile gives them."""
    profile = prize.gift_brand.code_fields if prize.gift_brand else []
    labels = {str(part.get("name")): str(part.get("label") or "") for part in profile if isinstance(part, dict)}
    parts = [("number", _("Card number"), revealed.number), ("pin", _("PIN"), revealed.pin)]
    return [CodeField(name, labels.get(name) or usual, value) for name, usual, value in parts if value]


def use_conditions(prize: Prize) -> UseConditions | None:
    """Give the conditions of use of a prize, if it has any."""
    return getattr(prize, "conditions", None)


def most_uses(conditions: UseConditions | None) -> int | None:
    """Give how often a code may be used; None as long as its balance lasts."""
    return conditions.most_uses if conditions else None


def is_counted(conditions: UseConditions | None) -> bool:
    """Tell whether a code is good for so many uses, which its pages count."""
    return conditions is not None and conditions.mode == UseMode.TIMES


def use_sentences(prize: Prize) -> list[str]:
    """Say under which conditions a code is taken at a till."""
    return conditions_sentences(use_conditions(prize))
