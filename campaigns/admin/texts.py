"""How a campaign's facts read."""

from django.utils import timezone

from accounts.desk import until
from campaigns.models import Campaign


def period_text(campaign: Campaign) -> str:
    """Write the entry period as people read it: both ends included."""
    begins = timezone.localtime(campaign.entry_opens_at)
    return f"{begins:%Y/%m/%d %H:%M}〜{until(campaign.entry_closes_at)}"
