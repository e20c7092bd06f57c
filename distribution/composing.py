"""The facts of a message, gathered from the rows when it is sent, so that it never says what is no longer true."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from codes.links import claim_url, moving_url
from codes.models import Award
from core.clock import JST
from distribution.channels.base import OutgoingMessage
from distribution.message_contexts import (
    AddressAgainContext,
    AwardContext,
    CampaignFacts,
    MessageContext,
    MoveContext,
    NotWonContext,
    ReminderContext,
    ResumeContext,
    ShippedContext,
    VerdictContext,
    VerifyEmailContext,
)
from distribution.messages import render_message
from distribution.models import Delivery, DeliveryKind
from eligibility.models import Verdict
from eligibility.reasons import described
from eligibility.selectors import appeal_deadline, appeal_of, current_decision
from participants.links import RESUME_SECONDS, VERIFY_SECONDS, resume_url, verify_url
from participants.models import Identity
from participants.selectors import identity_value


def compose(delivery: Delivery, identity: Identity) -> OutgoingMessage:
    """Write the message of a delivery to one contact; holds the contact and a claim link, so it is never logged."""
    return render_message(_context(delivery, identity), to=identity_value(identity))


def _context(delivery: Delivery, identity: Identity) -> MessageContext:
    campaign = campaign_facts(delivery)
    entry = delivery.entry
    begun_at = delivery.created_at.astimezone(JST)
    match DeliveryKind(delivery.kind):
        case DeliveryKind.AWARD:
            return AwardContext(campaign=campaign, **_waiting(_award_of(delivery)))
        case DeliveryKind.VERIFY_EMAIL:
            expires_at = begun_at + timedelta(seconds=VERIFY_SECONDS)
            return VerifyEmailContext(campaign=campaign, link=verify_url(identity, entry), expires_at=expires_at)
        case DeliveryKind.RESUME:
            expires_at = begun_at + timedelta(seconds=RESUME_SECONDS)
            return ResumeContext(campaign=campaign, link=resume_url(entry), expires_at=expires_at)
        case DeliveryKind.NOT_WON:
            return NotWonContext(campaign=campaign, link=resume_url(entry), entry_number=entry_number(delivery))
        case DeliveryKind.VERDICT:
            return _verdict(delivery, campaign)
        case DeliveryKind.REMINDER:
            return ReminderContext(campaign=campaign, **_waiting(_award_of(delivery)))
        case DeliveryKind.ADDRESS_AGAIN:
            award = _award_of(delivery)
            return AddressAgainContext(
                campaign=campaign, expires_at=award.shipment.address_until, **_named(award, claim_url(award))
            )
        case DeliveryKind.SHIPPED:
            award = _award_of(delivery)
            number = award.shipment.tracking_number
            return ShippedContext(campaign=campaign, tracking_number=number, **_named(award, claim_url(award)))
        case DeliveryKind.MOVE:
            award = _award_of(delivery)
            return MoveContext(campaign=campaign, **_named(award, moving_url(award)))


def campaign_facts(delivery: Delivery) -> CampaignFacts:
    """Give what every message says of its campaign and sponsor."""
    campaign = delivery.entry.campaign
    sponsor = campaign.sponsor
    contact = [sponsor.inquiry_name, sponsor.inquiry_email, sponsor.inquiry_phone, sponsor.inquiry_hours]
    return CampaignFacts(
        title=campaign.title,
        sponsor_name=sponsor.name,
        inquiry_contact=" ".join(part for part in contact if part),
        accent_colour=sponsor.accent_color,
        reply_to=sponsor.inquiry_email,
    )


def entry_number(delivery: Delivery) -> str:
    """Give the number by which an entrant and the desk speak of an entry."""
    return str(delivery.entry.public_id)[:8].upper()


def _award_of(delivery: Delivery) -> Award:
    award = delivery.award or delivery.about
    if award is None:
        raise ValueError("a message about an award names it")
    return award


def _named(award: Award, link: str) -> dict[str, Any]:
    return {"link": link, "brand": award.prize.name, "notice_number": award.notice_number}


def _waiting(award: Award) -> dict[str, Any]:
    """Give the facts of a prize that waits behind its link."""
    prize = award.prize
    return {
        "link": claim_url(award),
        "expires_at": award.claim_expires_at,
        "brand": prize.name,
        "value_jpy": prize.face_value_jpy,
        "notice_number": award.notice_number,
        "asks_address": prize.is_goods,
        "image_url": f"{settings.PUBLIC_URL}/p/{prize.public_id}/" if prize.picture else "",
    }


def _verdict(delivery: Delivery, campaign: CampaignFacts) -> VerdictContext:
    decision = current_decision(delivery.entry_id)
    if decision is None:
        raise ValueError("a verdict is announced after it was given")
    entry, verdict = delivery.entry, Verdict(decision.verdict)
    reasons = described(decision.reasons) if verdict != Verdict.ELIGIBLE else []
    appeal = appeal_of(entry.pk)
    is_answered = appeal is not None and appeal.answered_at and decision.pk in (appeal.decision_id, appeal.outcome_id)
    answer = (appeal.message,) if appeal is not None and is_answered else ()
    is_objected = appeal is not None and appeal.decision_id == decision.pk
    may_object = verdict == Verdict.REFUSED and not is_objected
    return VerdictContext(
        campaign=campaign,
        link=resume_url(entry),
        outcome=verdict,
        entry_number=entry_number(delivery),
        reasons=answer + tuple(reason["message"] for reason in reasons),
        what_to_do=reasons[0]["fix"] if reasons else "",
        objection_until=appeal_deadline(decision, entry.campaign) if may_object else None,
    )
