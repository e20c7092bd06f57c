"""What a reviewer's decision taught is taken back with the decision."""

from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError

from accounts import audit
from accounts.models import AuditEntry
from receipts.models import PrintedForm, Receipt, Shop, ShopChain, ShopStatus
from receipts.services.dictionary import undo_printed_form
from receipts.services.shops import switch_off_shop


@transaction.atomic
def unlearn(*, receipt_id: int, actor_id: int, learned_at: datetime | None, now: datetime) -> None:
    """Undo the product names that somebody taught from a receipt, and the shop learned from it at `learned_at` (UTC).

    A shop that was only put in use then is proposed again. A new one goes, so that the decision given in its place can
    teach it; where receipts were read with it in the meantime it is switched off instead.
    """
    receipt = Receipt.objects.get(pk=receipt_id)
    taught = PrintedForm.objects.filter(taught_from=receipt, taught_by=actor_id, undone_at__isnull=True)
    for form_id in taught.values_list("pk", flat=True):
        undo_printed_form(form_id=form_id, actor_id=actor_id, now=now)
    if learned_at is None or not receipt.telephone:
        return
    shops = Shop.objects.select_for_update().filter(agency=receipt.agency_id, telephone=receipt.telephone)
    if new := shops.filter(taught_from=receipt, taught_by=actor_id, taught_at=learned_at).first():
        _forget(new, actor_id, now)
        _forget_chain(new.chain, receipt, actor_id)
    elif confirmed := shops.filter(status=ShopStatus.ACTIVE, decided_by=actor_id, decided_at=learned_at).first():
        confirmed.move_to(ShopStatus.PROPOSED, decided_by=None, decided_at=None)
        audit.record("shop.proposed_again", subject=confirmed, actor_id=actor_id, receipt_id=receipt.pk)


def _forget_chain(chain: ShopChain, receipt: Receipt, actor_id: int) -> None:
    """Take a chain back that the same receipt brought in, unless something else hangs on it by now."""
    lines = AuditEntry.objects.filter(action="chain.added", subject_id=str(chain.public_id))
    if not lines.filter(facts__receipt_id=receipt.pk).exists():
        return
    try:
        with transaction.atomic():
            Receipt.objects.filter(pk=receipt.pk, chain=chain).update(chain=None)
            audit.record("chain.unlearned", subject=chain, actor_id=actor_id, receipt_id=receipt.pk)
            chain.delete()
    except ProtectedError:
        return


def _forget(shop: Shop, actor_id: int, now: datetime) -> None:
    if shop.decided_at is not None:
        return  # an operator has spoken since
    try:
        with transaction.atomic():
            audit.record("shop.unlearned", subject=shop, actor_id=actor_id)
            shop.delete()
    except ProtectedError:
        switch_off_shop(shop_id=shop.pk, actor_id=actor_id, now=now)
