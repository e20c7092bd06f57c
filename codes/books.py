"""Reads the books again from their first posting: what is on each code, what each store is owed, and what is wrong."""

from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from campaigns.models import PrizeKind
from codes.models import CodeStatus, GiftCode, LedgerAccount, LedgerTransfer, Redemption, RedemptionKind

CLOSING = (LedgerAccount.LAPSED, LedgerAccount.WITHDRAWN)


def codes_to_close(now: datetime, *, after: int, limit: int) -> list[int]:
    """Give ids of codes of our own, given out, with a balance that nobody can use any more and that is still booked."""
    ended = Q(status=CodeStatus.VOID) | Q(status__in=[CodeStatus.ISSUED, CodeStatus.PRINTED], expires_at__lte=now)
    codes = GiftCode.objects.filter(
        ended, pk__gt=after, issued_at__isnull=False, balance_jpy__gt=0, prize__kind=PrizeKind.OWN_CODE
    )
    still_booked = codes.annotate(ended=_replayed(*CLOSING)).filter(ended=0)
    return list(still_booked.order_by("pk").values_list("pk", flat=True)[:limit])


def codes_that_books_contradict() -> list[int]:
    """Give ids of codes whose books do not come to their balance, or to zero where they were closed (I05)."""
    booked = GiftCode.objects.filter(pk__in=LedgerTransfer.objects.values("gift_code"))
    booked = booked.annotate(on_code=_replayed(LedgerAccount.CODE), ended=_replayed(*CLOSING))
    is_wrong = ~Q(on_code=F("balance_jpy") - F("ended")) | Q(on_code__lt=0) | Q(ended__lt=0)
    half_closed = Q(ended__gt=0, on_code__gt=0)
    return list(booked.filter(is_wrong | half_closed).order_by().values_list("pk", flat=True))


def redemptions_without_posting() -> list[int]:
    """Give ids of lines that the books do not have exactly as they are (I06)."""
    is_use = Q(kind=RedemptionKind.REDEEM)
    booked = Q(
        transfer__amount_jpy=F("amount_jpy"),
        transfer__gift_code=F("gift_code"),
        transfer__store=F("store"),
        transfer__agency=F("agency"),
    ) & (
        is_use & Q(transfer__from_account=LedgerAccount.CODE, transfer__to_account=LedgerAccount.STORE)
        | ~is_use & Q(transfer__from_account=LedgerAccount.STORE, transfer__to_account=LedgerAccount.CODE)
    )
    sound = Redemption.objects.filter(booked).values("pk")
    return list(Redemption.objects.exclude(pk__in=sound).values_list("pk", flat=True))


def transfers_out_of_nowhere() -> list[int]:
    """Give ids of postings that no line and no rule explains (I06): a wrong opening, or a store's without a line."""
    opening = Q(from_account=LedgerAccount.PROGRAM)
    wrong = (
        (opening & (~Q(to_account=LedgerAccount.CODE) | ~Q(amount_jpy=F("gift_code__face_value_jpy"))))
        | Q(to_account=LedgerAccount.PROGRAM)
        | Q(store__isnull=False, redemption__isnull=True)
    )
    return list(LedgerTransfer.objects.filter(wrong).values_list("pk", flat=True))


def _signed(*accounts: LedgerAccount) -> Case:
    return Case(
        When(to_account__in=accounts, then=F("amount_jpy")),
        When(from_account__in=accounts, then=-F("amount_jpy")),
        default=0,
        output_field=BigIntegerField(),
    )


def _replayed(*accounts: LedgerAccount) -> Any:
    """Add up one code's postings on some accounts."""
    rows: QuerySet[Any] = LedgerTransfer.objects.filter(gift_code=OuterRef("pk")).order_by()
    sums = rows.values("gift_code").annotate(jpy=Sum(_signed(*accounts))).values("jpy")
    return Coalesce(Subquery(sums, output_field=BigIntegerField()), 0)
