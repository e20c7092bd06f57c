"""Reads: which codes and links still need which key."""

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet

from accounts.data_keys import key_name
from accounts.models import DataKey
from codes.models import Award, CodeBatch, GiftCode
from codes.sealing import COLUMNS

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


def uses_of_index_keys() -> dict[str, dict[str, int]]:
    """Count the codes and the claim links that hang on each index key."""
    uses: dict[str, dict[str, int]] = {str(key_id): {"codes": 0, "links": 0} for key_id in settings.CODE_INDEX_KEYS}
    for model, column, name in ((GiftCode, "index_key_id", "codes"), (Award, "token_key_id", "links")):
        for key_id, count in model._default_manager.order_by().values_list(column).annotate(n=Count("pk")):
            uses.setdefault(key_id, {"codes": 0, "links": 0})[name] = count
    return uses


def _codes_of(scope: str) -> QuerySet[GiftCode]:
    """Give a campaign's codes over their batches, which is what the index serves."""
    batches = CodeBatch.objects.filter(prize__course__campaign__public_id=scope).values_list("pk", flat=True)
    return GiftCode.objects.filter(batch_id__in=list(batches))
