"""The budget of a campaign (予算): set by a person, spent by each prize that is given, never a yen more (I04).

Whoever spends or gives back does so last in his transaction, since the row is the hottest of the campaign. Without a
budget no row is touched, so that nobody waits for anybody.
"""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from accounts import audit
from campaigns.errors import BudgetBelowUsed, BudgetNotCounted
from campaigns.models import Budget, Campaign, CampaignStatus

UNOPENED = (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED)


@transaction.atomic
def set_budget(
    *,
    campaign_id: int,
    total_jpy: int | None,
    now: datetime,
    actor_id: int | None = None,
    given_jpy: int | None = None,
) -> Budget | None:
    """Set, change or (None) take away what the prizes of a campaign may be worth, in yen; a repeat changes nothing.

    A campaign that has opened may have given prizes before it got its first budget: `given_jpy` is what they are worth,
    counted by a caller who keeps others from giving meanwhile.

    Raises:
        BudgetBelowUsed: more than that is given already.
        BudgetNotCounted: the campaign has opened without a budget, and what it has given was not counted.
    """
    campaign = Campaign.objects.select_for_update(of=("self",), no_key=True).get(pk=campaign_id)
    before = Budget.objects.filter(campaign=campaign).first()
    if total_jpy == (before.total_jpy if before else None):
        return before
    if total_jpy is None:
        Budget.objects.filter(campaign=campaign).delete()
    elif before is None:
        _begin(campaign, total_jpy, given_jpy)
    elif not Budget.objects.filter(pk=before.pk, used_jpy__lte=total_jpy).update(total_jpy=total_jpy, updated_at=now):
        before.refresh_from_db()
        raise BudgetBelowUsed(before.used_jpy)
    audit.record(
        "campaign.budget_set",
        subject=campaign,
        actor_id=actor_id,
        total_jpy=total_jpy,
        before_jpy=before.total_jpy if before else None,
    )
    return Budget.objects.filter(campaign=campaign).first()


def spend_budget(*, campaign_id: int, jpy: int, now: datetime) -> bool:
    """Take so many yen from a campaign's budget, in the caller's transaction; False if so much is not left."""
    if not jpy:
        return True
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT campaigns_spend(%s, %s, %s)", [campaign_id, jpy, now])
            return bool(cursor.fetchone()[0])
    budget = Budget.objects.filter(campaign=campaign_id)
    if budget.filter(used_jpy__lte=F("total_jpy") - jpy).update(used_jpy=F("used_jpy") + jpy, updated_at=now):
        return True
    return not budget.exists()


def spend_again(*, campaign_id: int, jpy: int, now: datetime) -> None:
    """Count what was given before a restore: it is out of the house, so a budget that is too small is raised by it."""
    if jpy:
        used = F("used_jpy") + jpy
        budget = Budget.objects.filter(campaign=campaign_id)
        budget.update(used_jpy=used, total_jpy=Greatest(F("total_jpy"), used), updated_at=now)


def give_back_budget(*, campaign_id: int, jpy: int, now: datetime) -> None:
    """Return what nobody got, in the caller's transaction."""
    if jpy:
        Budget.objects.filter(campaign=campaign_id).update(used_jpy=F("used_jpy") - jpy, updated_at=now)


def _begin(campaign: Campaign, total_jpy: int, given_jpy: int | None) -> None:
    if given_jpy is None and campaign.status not in UNOPENED:
        raise BudgetNotCounted(campaign_id=campaign.pk)
    if (given_jpy or 0) > total_jpy:
        raise BudgetBelowUsed(given_jpy or 0)
    Budget.objects.create(campaign=campaign, total_jpy=total_jpy, used_jpy=given_jpy or 0)
