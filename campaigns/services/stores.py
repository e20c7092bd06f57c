"""Stores and their staff's PIN."""

import re

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts import audit
from campaigns.errors import PinTooSimple
from campaigns.models import Store


@transaction.atomic
def set_store_pin(*, store_id: int, pin: str, actor_id: int | None = None) -> Store:
    """Set the PIN by which a store's staff signs in; only its hash is kept.

    Raises:
        PinTooSimple: not six to twelve digits, or one digit only.
    """
    if not re.fullmatch(r"[0-9]{6,12}", pin) or len(set(pin)) == 1:
        raise PinTooSimple
    store = Store.objects.select_for_update().get(pk=store_id)
    store.staff_pin_hash = make_password(pin)
    store.save(update_fields=["staff_pin_hash", "updated_at"])
    audit.record("store.pin_set", subject=store, actor_id=actor_id)
    return store
