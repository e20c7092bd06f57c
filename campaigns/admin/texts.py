"""How a campaign's facts read."""

from django.utils import timezone

from campaigns.models import Campaign
from core.clock import inclusive_end


def period_text(campaign: Campaign) -> str:
    """Write the entry period as people read it: both ends included."""
    begins = timezone.localtime(campaign.entry_opens_at)
    ends = timezone.localtime(inclusive_end(campaign.entry_closes_at))
    return f"{begins:%Y/%m/%d %H:%M}〜{ends:%Y/%m/%d %H:%M}"
