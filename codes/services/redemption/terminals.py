"""Tills with keys of their own."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import Scope
from accounts.services import issue_api_key, revoke_api_key
from campaigns.models import Store
from codes.errors import TerminalTaken
from codes.models import Terminal


@transaction.atomic
def open_terminal(*, store_id: int, code: str, actor_id: int | None = None) -> tuple[Terminal, str]:
    """Make a till whose key works for its store only; returns it with the key's secret, which is shown once.

    Raises:
        TerminalTaken: the store has a till of this number.
    """
    store = Store.objects.get(pk=store_id)
    key, secret = issue_api_key(
        agency_id=store.agency_id, name=f"{store.code} {code}", scopes=[Scope.REDEMPTIONS_WRITE], actor_id=actor_id
    )
    try:
        with transaction.atomic():
            terminal = Terminal.objects.create(agency_id=store.agency_id, store=store, code=code, api_key=key)
    except IntegrityError as error:
        raise TerminalTaken from error
    audit.record("terminal.opened", subject=terminal, actor_id=actor_id)
    return terminal, secret


@transaction.atomic
def close_terminal(*, terminal_id: int, now: datetime, actor_id: int | None = None) -> Terminal:
    """Switch a till off: its key is refused from this moment; a repeat changes nothing."""
    terminal = Terminal.objects.select_for_update().get(pk=terminal_id)
    if terminal.is_active:
        terminal.is_active = False
        terminal.save(update_fields=["is_active", "updated_at"])
        revoke_api_key(api_key_id=terminal.api_key_id, now=now, actor_id=actor_id)
        audit.record("terminal.closed", subject=terminal, actor_id=actor_id)
    return terminal
