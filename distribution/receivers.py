"""The mail library's own signal, which carries the provider's events; connected in `apps.py`."""

from typing import Any

from core import clock
from distribution.services.events import note_provider_event


def on_mail_event(sender: Any, event: Any, esp_name: str, **kwargs: Any) -> None:
    """Hand one normalised event to the service; events about mails that are not ours are ignored."""
    if event.message_id:
        note_provider_event(provider_message_id=event.message_id, event=event.event_type, now=clock.now())
