"""What a staff phone is told of its store's rules, and the signed note of when: codes it took later belong to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.http import HttpRequest

from campaigns.models import Prize, Store, UseMode
from campaigns.selectors import conditions_sentences
from codes.conditions import Item, Purchase
from codes.models import MAX_JPY
from codes.offline_phones import PhoneShift, prizes_for_phones, taken_by_phone, time_at_the_till
from codes.services import OfflineUse
from portal.errors import ShiftOfAnotherStore
from portal.session import visitor_of
from portal.staff_session import SHIFT_SECONDS

SALT = "portal.offline"
NEVER = PhoneShift(datetime.fromtimestamp(0, tz=UTC), datetime.fromtimestamp(0, tz=UTC))
MOST_MILLISECONDS = 2**45  # some thousand years; what is larger is no time


class OfflineUseForm(forms.Form):
    """One use as the phone kept it; times are milliseconds of the phone's clock."""

    id = forms.UUIDField()
    code = forms.CharField(max_length=600)
    amount = forms.IntegerField(min_value=1, max_value=MAX_JPY)
    total = forms.IntegerField(min_value=0, max_value=MAX_JPY, required=False)
    item = forms.CharField(max_length=200, required=False)
    price = forms.IntegerField(min_value=0, max_value=MAX_JPY, required=False)
    taken_at = forms.IntegerField(min_value=0, max_value=MOST_MILLISECONDS)
    sent_at = forms.IntegerField(min_value=0, max_value=MOST_MILLISECONDS)
    permit = forms.CharField(max_length=600)

    def use(self, now: datetime) -> OfflineUse:
        """Give the use, at the time it had by our clock."""
        given = self.cleaned_data
        # The distance alone counts: the phone may believe in any year.
        ago = timedelta(milliseconds=given["sent_at"] - given["taken_at"])
        return OfflineUse(
            presented=given["code"],
            amount_jpy=given["amount"],
            pos_transaction_id=f"offline-{given['id']}",
            occurred_at=time_at_the_till(ago=ago, received_at=now),
            purchase=self._purchase(),
        )

    def _purchase(self) -> Purchase:
        given = self.cleaned_data
        price = given["amount"] if given["price"] is None else given["price"]
        items = (Item(given["item"], 1, price),) if given["item"] else ()
        return Purchase(total_jpy=given["total"], items=items)


def terminal_of(request: HttpRequest) -> str:
    """Name a phone at a till: by the random id in its cookie."""
    return f"phone {visitor_of(request).device[:8]}"


def rules_for(*, store: Store, terminal: str, now: datetime) -> dict[str, Any]:
    """Tell a phone what it may take without a connection, until when, and what it has taken today."""
    taken = taken_by_phone(store=store, terminal=terminal, at=now)
    return {
        "now": _milliseconds(now),
        "until": _milliseconds(now + timedelta(seconds=SHIFT_SECONDS)),
        "permit": signing.dumps([str(store.public_id), terminal, int(now.timestamp())], salt=SALT),
        "store": {"id": str(store.public_id), "name": store.name},
        "most": {
            "count": store.phone_offline_count,
            "jpy": store.phone_offline_jpy,
            "a_code": store.offline_limit_jpy,
        },
        "taken": {"count": taken.count, "jpy": taken.amount_jpy},
        "prizes": [_described(prize) for prize in prizes_for_phones(store, now)],
    }


def shift_of(permit: str, *, store: Store, terminal: str) -> PhoneShift:
    """Read when a phone was allowed to take codes; never, where the permit is not one of ours for this phone.

    Raises:
        ShiftOfAnotherStore: the permit is another store's.
    """
    try:
        store_id, phone, told_at = signing.loads(permit, salt=SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return NEVER
    if store_id != str(store.public_id):
        raise ShiftOfAnotherStore
    begins_at = datetime.fromtimestamp(told_at, tz=UTC)
    return PhoneShift(begins_at, begins_at + timedelta(seconds=SHIFT_SECONDS)) if phone == terminal else NEVER


def _described(prize: Prize) -> dict[str, Any]:
    conditions = prize.conditions
    return {
        "id": str(prize.public_id),
        "name": prize.name,
        "value": prize.face_value_jpy,
        "is_once": conditions.mode == UseMode.ONCE,
        "products": conditions.products,
        "asks_figure": conditions.minimum_jpy is not None or conditions.maximum_jpy is not None,
        "sentences": conditions_sentences(conditions),
    }


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
