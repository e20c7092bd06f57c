"""Which channels this installation can send on."""

from django.conf import settings

from core.clients.line import LineMessaging
from distribution.channels.base import Channel
from distribution.channels.email import EmailChannel
from distribution.channels.line import LineChannel


def open_channels() -> dict[str, Channel]:
    """Give the channels by name; LINE only where an official account is configured."""
    channels: dict[str, Channel] = {EmailChannel.name: EmailChannel()}
    if settings.LINE_CHANNEL_ACCESS_TOKEN:
        messaging = LineMessaging(access_token=settings.LINE_CHANNEL_ACCESS_TOKEN, api_base=settings.LINE_API_BASE)
        channels[LineChannel.name] = LineChannel(messaging)
    return channels
