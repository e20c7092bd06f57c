"""Reads: which codes and links still need which key."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, Min, Q, QuerySet, Value, When
from django.db.models.functions import Greatest, StrIndex, Substr

from accounts.data_keys import key_name
from accounts.models import DataKey
from codes.models import (
    Award,
    CodeBatch,
    GiftCode,
    OfflineDispute,
    RecoveredCall,
    Redemption,
    ShownNumber,
    Tombstone,
)
from codes.sealing import COLUMNS
from core.reindexing import Kept, kept_by_key

NUMBERS_KEPT = timedelta(days=1)  # behind their end: until then a till that asks again is understood
TILLS_ASK = timedelta(days=30)  # for which a till may repeat a sale whose answer it has missed
STORED = [f"{column}_ciphertext" for column in COLUMNS]


def first_and_count(scope: str) -> tuple[int, int]:
    """Give the smallest key of a campaign's codes, and how many there are."""
    found = _codes_of(scope).aggregate(first=Min("pk"), count=Count("pk"))
    return found["first"] or 1, found["count"]


def sealed_otherwise(scope: str, prefix: str) -> QuerySet[GiftCode]:
    """Give a campaign's codes that hold a value which does not begin with a prefix."""
    other = Q(pk__in=[])
    for name in STORED:
        other |= ~Q(**{name: ""}) & ~Q(**{f"{name}__startswith": prefix})
    return _codes_of(scope).filter(other)


def sealed_under(key: DataKey) -> QuerySet[GiftCode]:
    """Give the codes that hold a value sealed under a data key."""
    held = Q(pk__in=[])
    for name in STORED:
        held |= Q(**{f"{name}__startswith": f"v2:{key_name(key)}:"})
    return _codes_of(key.scope).filter(held)


def codes_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count codes by the index key that they are found under."""
    return kept_by_key(GiftCode.objects.all(), until=F("expires_at"))


def links_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the claim links that are still good, and the devices they are bound to, by the key they hang on."""
    open_links = Award.objects.filter(claim_expires_at__gt=now, voided_at__isnull=True)
    return kept_by_key(open_links, "token_key_id", until=F("claim_expires_at"))


def shown_numbers_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the one-time numbers that a till may still ask about by the key that they are found under."""
    asked_for = ShownNumber.objects.filter(expires_at__gt=now - NUMBERS_KEPT)
    return kept_by_key(asked_for, until=F("expires_at") + NUMBERS_KEPT)


def recovered_uses_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the uses from the journal that a till may still ask about by the key that hashed their number."""
    return _by_hashed_number(Redemption.objects.filter(at__gt=now - TILLS_ASK))


def recovered_undoings_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the undone sales from the journal that may still arrive by the key that hashed their number."""
    return _by_hashed_number(Tombstone.objects.filter(at__gt=now - TILLS_ASK))


def recovered_disputes_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the disputed uses from the journal that a till may still report again by the key of their number."""
    return _by_hashed_number(OfflineDispute.objects.filter(received_at__gt=now - TILLS_ASK), "received_at")


def recovered_calls_by_index_key(now: datetime) -> dict[str, Kept]:
    """Count the calls from the journal that may still be repeated by the key that they are known by."""
    return kept_by_key(RecoveredCall.objects.filter(at__gt=now - TILLS_ASK), until=F("at") + TILLS_ASK)


def _by_hashed_number(rows: QuerySet[Any], since: str = "at") -> dict[str, Kept]:
    colon = StrIndex("pos_transaction_id", Value(":"))
    named = Substr("pos_transaction_id", 2, Greatest(colon - 2, Value(0)))
    recovered = rows.filter(pos_transaction_id__startswith="#")
    hashed_under = Case(When(pos_transaction_id__contains=":", then=named), default=Value("0"))
    return kept_by_key(recovered.annotate(hashed_under=hashed_under), "hashed_under", until=F(since) + TILLS_ASK)


def _codes_of(scope: str) -> QuerySet[GiftCode]:
    """Give a campaign's codes over their batches, which is what the index serves."""
    batches = CodeBatch.objects.filter(prize__course__campaign__public_id=scope).values_list("pk", flat=True)
    return GiftCode.objects.filter(batch_id__in=list(batches))
