"""What a phone shows at the till: made for its holder, and taken by a till once."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts import audit
from codes.errors import AlreadyRedeemed, CodeTokenExpired
from codes.key_use import NUMBERS_KEPT
from codes.models import GiftCode, ShownNumber
from codes.presentation import NUMBER_SECONDS, new_number, number_index, number_indexes, read_token, scanned_number
from core import rows
from core.index_keys import current_key_id
from core.keyed_fields import hold_value

TILL_CLOCK_MAY_BE_OFF = timedelta(minutes=5)
TAKE_SLOT = "UPDATE codes_giftcode SET presented_slot = %s WHERE id = %s AND presented_slot < %s"
DRAWS = 5  # a number that is taken already is drawn anew


@transaction.atomic
def show_number(*, gift_code_id: int, symbology: str, now: datetime) -> str:
    """Draw a number that tills take once within five minutes; the one shown before is no longer good.

    Only its keyed hash is kept.
    """
    gift_code = GiftCode.objects.select_for_update().get(pk=gift_code_id)
    ShownNumber.objects.filter(gift_code=gift_code, used_at__isnull=True, expires_at__gt=now).update(expires_at=now)
    number, shown = _draw(gift_code, symbology, now + timedelta(seconds=NUMBER_SECONDS))
    audit.record("code.number_shown", subject=gift_code, number_id=str(shown.public_id))
    return number


def check_presentation(*, gift_code: GiftCode, presented: str, now: datetime) -> None:
    """Refuse what the phone shows no longer, or what a till has taken; what was typed or printed is always good.

    Raises:
        AlreadyRedeemed: a till has taken it, and nothing is left on the code.
        CodeTokenExpired: shown too long ago, or taken before; the phone has a fresh one.
    """
    if token := read_token(presented):
        if not token.is_fresh(now) or token.slot <= gift_code.presented_slot:
            raise _refusal(gift_code)
    elif number := scanned_number(presented):
        shown = ShownNumber.objects.filter(gift_code=gift_code, number_index__in=number_indexes(number)).first()
        if shown is not None and (shown.used_at is not None or shown.expires_at <= now):
            raise _refusal(gift_code)


def consume_presentation(*, gift_code: GiftCode, presented: str, now: datetime) -> None:
    """Take what the phone shows, in the transaction that redeems the code: no token and no number is taken twice.

    Raises:
        AlreadyRedeemed, CodeTokenExpired: as `check_presentation`.
    """
    check_presentation(gift_code=gift_code, presented=presented, now=now)
    if token := read_token(presented):
        if not rows.count(TAKE_SLOT, [token.slot, gift_code.pk, token.slot]):
            raise _refusal(gift_code)
    elif number := scanned_number(presented):
        shown = ShownNumber.objects.filter(gift_code=gift_code, number_index__in=number_indexes(number))
        unused = shown.filter(used_at__isnull=True, expires_at__gt=now)
        if shown.exists() and not unused.update(used_at=now):
            raise _refusal(gift_code)


def consume_earlier_presentation(*, gift_code: GiftCode, presented: str, now: datetime) -> None:
    """Take what the phone showed at `now`, by a clock that may be minutes off: a till without a connection took it.

    A code that was shown again meanwhile, at another till, may still have been shown here before.

    Raises:
        AlreadyRedeemed, CodeTokenExpired: it was not shown then, or the very same was taken before.
    """
    if token := read_token(presented):
        is_of_then = abs(token.shown_at - now) <= TILL_CLOCK_MAY_BE_OFF
        if not is_of_then or token.slot == gift_code.presented_slot:
            raise _refusal(gift_code)
        GiftCode.objects.filter(pk=gift_code.pk, presented_slot__lt=token.slot).update(presented_slot=token.slot)
    elif number := scanned_number(presented):
        shown = ShownNumber.objects.filter(gift_code=gift_code, number_index__in=number_indexes(number))
        unused = shown.filter(used_at__isnull=True, expires_at__gt=now - TILL_CLOCK_MAY_BE_OFF)
        if shown.exists() and not unused.update(used_at=now):
            raise _refusal(gift_code)


def forget_shown_numbers(*, now: datetime) -> int:
    """Drop numbers that went out of use a day ago: until then a till that asks again is understood."""
    gone = ShownNumber.objects.filter(expires_at__lte=now - NUMBERS_KEPT)
    return gone.delete()[0]


def _draw(gift_code: GiftCode, symbology: str, expires_at: datetime) -> tuple[str, ShownNumber]:
    for _attempt in range(DRAWS):
        number = new_number(symbology)
        try:
            with transaction.atomic():
                hold_value(number_indexes(number))
                if ShownNumber.objects.filter(number_index__in=number_indexes(number)).exists():
                    continue
                return number, ShownNumber.objects.create(
                    gift_code=gift_code,
                    number_index=number_index(number),
                    index_key_id=current_key_id(),
                    expires_at=expires_at,
                )
        except IntegrityError:
            continue
    raise CodeTokenExpired


def _refusal(gift_code: GiftCode) -> AlreadyRedeemed | CodeTokenExpired:
    return AlreadyRedeemed() if gift_code.balance_jpy == 0 else CodeTokenExpired()
