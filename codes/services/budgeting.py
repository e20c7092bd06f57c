"""A budget for a campaign that is giving prizes already: what it has given is counted while nobody gives."""

from datetime import datetime

from django.db import OperationalError, connection, transaction

from campaigns.models import Budget, Campaign
from campaigns.services import set_budget
from codes.budgets import given_jpy
from codes.errors import StockBusy
from codes.models import Award, Reservation

LOCK_NOT_AVAILABLE = "55P03"


def set_running_budget(
    *, campaign_id: int, total_jpy: int | None, now: datetime, actor_id: int | None = None
) -> Budget | None:
    """Set a campaign's budget at any time, as `campaigns.services.set_budget`; what it has given counts.

    Raises:
        BudgetBelowUsed: more than that is given already.
        StockBusy: others were giving prizes for seconds on end; to be tried again.
    """
    try:
        return _set(campaign_id, total_jpy, now, actor_id)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        raise StockBusy(campaign_id=campaign_id) from error


@transaction.atomic
def _set(campaign_id: int, total_jpy: int | None, now: datetime, actor_id: int | None) -> Budget | None:
    campaign = Campaign.objects.select_for_update(of=("self",), no_key=True).get(pk=campaign_id)
    given = None
    if total_jpy is not None and not Budget.objects.filter(campaign=campaign).exists():
        _hold_giving()
        given = given_jpy(campaign)
    return set_budget(campaign_id=campaign_id, total_jpy=total_jpy, now=now, actor_id=actor_id, given_jpy=given)


def _hold_giving() -> None:
    """Let those who give now finish, and keep others from it until the commit: then they find the budget.

    A prize counts after its award is written, which is what waits here. On SQLite the transaction holds everything.
    """
    if connection.vendor != "postgresql":
        return
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in (Award, Reservation))
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")
