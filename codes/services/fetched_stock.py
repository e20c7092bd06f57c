"""Batches of codes that a supplier makes one by one: put into stock, held back when the supplier is not in order."""

import uuid
from datetime import datetime

from django.db import transaction

from accounts import audit
from campaigns.models import Custody, GiftBrand, Prize
from codes.brand_errors import BrandNotFetched, ValueNotOffered
from codes.errors import (
    FundsTooSmall,
    QuantityNotAccepted,
    SupplierUnavailable,
)
from codes.models import BatchStatus, CodeBatch, CodeSource, CodeStatus, GiftCode
from codes.reasons import supplier_reason_in_words
from codes.selectors import code_index, promised_jpy
from codes.services.incoming import next_position
from codes.suppliers import Supplier, SupplierRefused, supplier_of

CHUNK = 2000
MAX_FETCHED = 100_000


def create_fetched_batch(
    *, prize_id: int, name: str, count: int, expires_at: datetime | None, now: datetime, actor_id: int | None = None
) -> CodeBatch:
    """Stage codes that a supplier will make one by one as they are given out; the deposit has to cover them.

    Raises:
        BrandNotFetched: the prize's brand is not one whose supplier makes codes on request.
        QuantityNotAccepted, ValueNotOffered: not what the brand offers.
        SupplierNotConnected, SupplierUnavailable: the deposit cannot be asked for.
        FundsTooSmall: the deposit is smaller than what was promised before and this batch together.
    """
    prize = Prize.objects.select_related("course__campaign", "gift_brand").get(pk=prize_id)
    brand = _fetched_brand(prize)
    if not 1 <= count <= MAX_FETCHED:
        raise QuantityNotAccepted
    _check_value(brand, prize.face_value_jpy)
    supplier = supplier_of(brand.supplier)
    left = free_funds(slug=brand.supplier)
    if left is not None and left < count * prize.face_value_jpy:
        raise FundsTooSmall
    return _stage(prize, name, count, expires_at, supplier, actor_id)


def free_funds(*, slug: str) -> int | None:
    """Give the deposit at a supplier less what is promised already, in yen; None where the supplier does not say.

    Raises:
        SupplierNotConnected, SupplierUnavailable: it cannot be asked.
    """
    try:
        funds = supplier_of(slug).available_funds()
    except SupplierRefused as error:
        raise SupplierUnavailable(reason=error.reason) from error
    return None if funds is None else funds - promised_jpy(slug)


@transaction.atomic
def pause_batch(*, batch_id: int, reason: str, now: datetime) -> None:
    """Hold back what is left of a fetched batch until a person has looked; a repeat changes nothing."""
    batch = CodeBatch.objects.select_for_update().get(pk=batch_id)
    if batch.status != BatchStatus.ACTIVE:
        return
    batch.move_to(BatchStatus.PAUSED, status_reason=supplier_reason_in_words(reason), updated_at=now)
    held = batch.gift_codes.filter(status=CodeStatus.AVAILABLE).update(status=CodeStatus.HELD, updated_at=now)
    audit.record("batch.paused", subject=batch, reason=reason, codes=held)


def resume_fetched_batch(*, batch_id: int, now: datetime, actor_id: int | None = None) -> CodeBatch:
    """Put a fetched batch that was held back into stock again, once the deposit covers what is promised.

    Raises:
        StaleState: it is not held back.
        FundsTooSmall, SupplierUnavailable, SupplierNotConnected: the supplier is not in order yet.
    """
    batch = CodeBatch.objects.select_related("prize__gift_brand").get(pk=batch_id, source=CodeSource.FETCHED)
    left = free_funds(slug=_fetched_brand(batch.prize).supplier)
    if left is not None and left < 0:
        raise FundsTooSmall
    return _resume(batch_id, now, actor_id)


@transaction.atomic
def _resume(batch_id: int, now: datetime, actor_id: int | None) -> CodeBatch:
    batch = CodeBatch.objects.select_for_update().get(pk=batch_id)
    if batch.status != BatchStatus.PAUSED:
        raise batch.stale(BatchStatus.ACTIVE)
    batch.move_to(BatchStatus.ACTIVE, status_reason="", updated_at=now)
    freed = batch.gift_codes.filter(status=CodeStatus.HELD).update(status=CodeStatus.AVAILABLE, updated_at=now)
    audit.record("batch.resumed", subject=batch, actor_id=actor_id, codes=freed)
    return batch


def _fetched_brand(prize: Prize) -> GiftBrand:
    brand = prize.gift_brand
    if brand is None or brand.custody != Custody.FETCHED:
        raise BrandNotFetched(prize_id=prize.pk)
    return brand


def _check_value(brand: GiftBrand, value_jpy: int) -> None:
    is_within = brand.minimum_jpy <= value_jpy <= brand.maximum_jpy
    if not is_within or (brand.denominations and value_jpy not in brand.denominations):
        raise ValueNotOffered


@transaction.atomic
def _stage(
    prize: Prize, name: str, count: int, expires_at: datetime | None, supplier: Supplier, actor_id: int | None
) -> CodeBatch:
    first = next_position(prize)
    batch = CodeBatch.objects.create(
        agency_id=prize.course.campaign.agency_id,
        prize=prize,
        name=name,
        source=CodeSource.FETCHED,
        code_count=count,
        last_position=first + count - 1,
        face_value_jpy=prize.face_value_jpy,
        expires_at=expires_at,
        created_by_id=actor_id,
    )
    codes = (_gift_code(batch, supplier, position) for position in range(first, first + count))
    GiftCode.objects.bulk_create(codes, batch_size=CHUNK)
    audit.record("batch.staged", subject=batch, actor_id=actor_id, codes=count, source=CodeSource.FETCHED)
    return batch


def _gift_code(batch: CodeBatch, supplier: Supplier, position: int) -> GiftCode:
    """Make the row of a code that does not exist yet; it is known by the request that will make it."""
    public_id = uuid.uuid4()
    return GiftCode(
        public_id=public_id,
        agency_id=batch.agency_id,
        batch=batch,
        prize_id=batch.prize_id,
        position=position,
        code_index=code_index(agency_id=batch.agency_id, code=supplier.request_id(public_id)),
        face_value_jpy=batch.face_value_jpy,
        balance_jpy=batch.face_value_jpy,
        expires_at=batch.expires_at,
    )
