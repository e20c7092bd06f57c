"""店舗マスター: extended by confirmed receipts, switched by operators."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import audit
from receipts.errors import ShopUnknown
from receipts.models import KnowledgeSource, Receipt, Shop, ShopChain, ShopStatus
from receipts.ocr.parsing.identity import has_valid_check_digit
from receipts.shops import NEAR_TELEPHONE, Recognised, recognise_receipt

TELEPHONE_DIGITS = (10, 11)


def chain_to_learn_for(*, receipt: Receipt, actor_id: int) -> ShopChain:
    """Give the chain of a receipt in the caller's transaction; one that the master lacks is added by its name.

    Raises:
        ShopUnknown: neither the master nor the receipt's figures name it.
    """
    chain = receipt.chain or recognise_receipt(receipt).chain
    if chain is None:
        if not receipt.store_name:
            raise ShopUnknown(receipt_id=receipt.pk)
        chain, is_new = ShopChain.objects.get_or_create(agency_id=receipt.agency_id, name=receipt.store_name)
        if is_new:
            audit.record("chain.added", subject=chain, actor_id=actor_id, receipt_id=receipt.pk)
    if receipt.chain_id != chain.pk:
        receipt.chain = chain
        receipt.save(update_fields=["chain", "updated_at"])
    return chain


@transaction.atomic
def learn_shop(*, receipt_id: int, actor_id: int, now: datetime) -> Shop | None:
    """Extend the master by the shop of a receipt that a reviewer approved.

    Where the reviewer corrected the figures the shop is in use at once; figures that were only approved propose it,
    and a second approved receipt of another participant puts it in use. None where there is nothing to learn: no
    telephone or name, or an operator's row says otherwise.
    """
    receipt = Receipt.objects.select_related("entry").get(pk=receipt_id)
    if not (receipt.store_name and is_telephone(number=receipt.telephone)):
        return None
    known = Shop.objects.select_for_update().filter(agency=receipt.agency_id, telephone=receipt.telephone).first()
    if known is not None:
        return _confirmed_again(known, receipt, actor_id, now)
    return _added(receipt, recognise_receipt(receipt), actor_id, now)


@transaction.atomic
def confirm_shop(*, shop_id: int, actor_id: int, now: datetime) -> Shop:
    """Put a proposed or switched off shop in use.

    Raises:
        StaleState: it is in use already.
    """
    return _switched(shop_id, ShopStatus.ACTIVE, "shop.confirmed", actor_id, now)


@transaction.atomic
def switch_off_shop(*, shop_id: int, actor_id: int, now: datetime) -> Shop:
    """Undo what was learned, or take a closed shop out of use: later readings are made without it.

    It stays as a record, so that the same receipt does not teach it again.

    Raises:
        StaleState: it is switched off already.
    """
    return _switched(shop_id, ShopStatus.OFF, "shop.switched_off", actor_id, now)


def is_telephone(*, number: str) -> bool:
    """Tell whether digits are a Japanese telephone number in the form in which receipts are stored."""
    return number.isascii() and number.isdigit() and number[0] == "0" and len(number) in TELEPHONE_DIGITS


def _switched(shop_id: int, status: ShopStatus, action: str, actor_id: int, now: datetime) -> Shop:
    shop = Shop.objects.select_for_update().get(pk=shop_id)
    shop.move_to(status, decided_by_id=actor_id, decided_at=now)
    audit.record(action, subject=shop, actor_id=actor_id)
    return shop


def _confirmed_again(shop: Shop, receipt: Receipt, actor_id: int, now: datetime) -> Shop | None:
    if shop.status != ShopStatus.PROPOSED or shop.taught_from is None:
        return None
    is_same_person = shop.taught_from.entry.participant_id == receipt.entry.participant_id
    if is_same_person and receipt.corrected_by_id is None:
        return shop
    shop.move_to(ShopStatus.ACTIVE, decided_by_id=actor_id, decided_at=now)
    audit.record("shop.confirmed", subject=shop, actor_id=actor_id, receipt_id=receipt.pk)
    return shop


def _added(receipt: Receipt, found: Recognised, actor_id: int, now: datetime) -> Shop | None:
    is_sure = receipt.corrected_by_id is not None and NEAR_TELEPHONE not in found.doubts
    registration_no = receipt.registration_no
    shop = Shop(
        agency_id=receipt.agency_id,
        chain=chain_to_learn_for(receipt=receipt, actor_id=actor_id),
        branch=receipt.branch,
        telephone=receipt.telephone,
        registration_no=registration_no if registration_no and has_valid_check_digit(registration_no) else "",
        status=ShopStatus.ACTIVE if is_sure else ShopStatus.PROPOSED,
        source=KnowledgeSource.CONFIRMED,
        taught_by_id=actor_id,
        taught_at=now,
        taught_from=receipt,
    )
    try:
        with transaction.atomic():
            shop.save(force_insert=True)
    except IntegrityError:
        return None  # the branch stands in the master with another telephone, or another reviewer was faster
    audit.record("shop.learned", subject=shop, actor_id=actor_id, receipt_id=receipt.pk, status=shop.status)
    return shop
