"""Goods were given back: verdict, prizes and message follow together."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Agency
from codes.models import Award
from codes.services import void_unseen_award
from distribution.models import DeliveryKind
from distribution.services import queue_message
from eligibility.models import PurchaseReturn, Verdict
from eligibility.services import Notice, record_return

WHY = "goods returned"


@transaction.atomic
def take_return(*, receipt_id: int, notice: Notice, now: datetime) -> PurchaseReturn:
    """Renew the verdict on a returned purchase, withdraw what nobody has seen, and tell the entrant; once.

    A code that was shown or used is left to its holder: `shown_awards` names it for an operator. A code that is
    withdrawn is blocked for ever and goes to nobody else.

    Raises:
        ReturnOfAnother: the client's number belongs to another receipt's return.
    """
    is_known = PurchaseReturn.objects.filter(receipt_id=receipt_id).exists()
    found = record_return(receipt_id=receipt_id, notice=notice, now=now)
    if is_known or not found.is_refusal:
        return found
    waiting = Award.objects.filter(entry=found.entry_id, voided_at__isnull=True, revealed_at__isnull=True)
    # All are locked before the first gives its worth back to the campaign's budget, the row that is locked last.
    for award_id in list(waiting.select_for_update().order_by("pk").values_list("pk", flat=True)):
        void_unseen_award(award_id=award_id, reason=WHY, now=now, actor_id=notice.actor_id)
    queue_message(kind=DeliveryKind.VERDICT, entry_id=found.entry_id, now=now)
    return found


def shown_awards(found: PurchaseReturn) -> QuerySet[Award]:
    """Give what the entrant keeps of a refused entry, since its code was shown before the return was known."""
    awards = Award.objects.filter(entry=found.entry_id, voided_at__isnull=True, revealed_at__isnull=False)
    return awards.select_related("prize", "gift_code") if found.is_refusal else awards.none()


def returns_to_settle(agencies: QuerySet[Agency]) -> QuerySet[PurchaseReturn]:
    """Give the returns with a code that was shown, which nobody has settled yet."""
    kept = Award.objects.filter(voided_at__isnull=True, revealed_at__isnull=False)
    rows = PurchaseReturn.objects.filter(agency__in=agencies, settled_at__isnull=True)
    return rows.filter(decision__verdict=Verdict.REFUSED, entry__awards__in=kept).distinct()
