"""Keys end: replaced ones that seal nothing any more, and those of campaigns that are over."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit
from accounts.data_keys import destroy_key
from accounts.models import DataClass, DataKey
from campaigns.models import Campaign
from codes.key_use import sealed_under

KEY_REST = timedelta(hours=1)  # longer than a sealer keeps a replaced key, and than any transaction


def destroy_emptied_keys(*, now: datetime) -> int:
    """Destroy replaced keys under which no code is sealed any more; returns how many.

    A key rests for an hour first, since whoever sealed under it may not have committed yet.
    """
    destroyed = 0
    resting = DataKey.objects.filter(data_class=DataClass.CODE, retired_at__lte=now - KEY_REST)
    for key in resting.filter(destroyed_at__isnull=True).order_by("pk"):
        if not sealed_under(key).exists():
            destroy_key(key_id=key.pk, reason="nothing sealed under it", now=now)
            destroyed += 1
    return destroyed


@transaction.atomic
def shred_campaign(*, campaign_id: int, reason: str, now: datetime, actor_id: int | None = None) -> int:
    """Make all codes of a campaign unreadable for ever, in backups too; returns how many keys were destroyed."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    keys = DataKey.objects.filter(agency_id=campaign.agency_id, scope=str(campaign.public_id), destroyed_at=None)
    for key in keys:
        destroy_key(key_id=key.pk, reason=reason, now=now, actor_id=actor_id)
    audit.record("codes.shredded", subject=campaign, actor_id=actor_id, reason=reason, keys=len(keys))
    return len(keys)
