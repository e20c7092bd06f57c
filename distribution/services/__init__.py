"""Writes: messages queued, sent, sent again."""

from distribution.services.events import note_provider_event
from distribution.services.giving import GivenPrize, give_prizes
from distribution.services.handing_out import hand_out
from distribution.services.parcels import send_parcel, take_parcel_back
from distribution.services.queueing import (
    SEND_IDS,
    SEND_TASK,
    cancel_delivery,
    queue_award,
    queue_message,
    resend_delivery,
)
from distribution.services.reminding import reissue, remind_of_award, send_moving_link
from distribution.services.sending import send_delivery
from distribution.services.tracking import import_tracking

__all__ = [
    "SEND_IDS",
    "SEND_TASK",
    "GivenPrize",
    "cancel_delivery",
    "give_prizes",
    "hand_out",
    "import_tracking",
    "note_provider_event",
    "queue_award",
    "queue_message",
    "reissue",
    "remind_of_award",
    "resend_delivery",
    "send_delivery",
    "send_moving_link",
    "send_parcel",
    "take_parcel_back",
]
