"""The terms: rewritten while a campaign is a draft, afterwards only followed by a new version."""

from django.db import transaction

from accounts import audit
from campaigns.models import Campaign, CampaignStatus, TermsVersion
from campaigns.selectors import current_terms


@transaction.atomic
def write_terms(*, campaign_id: int, body: str, actor_id: int | None = None) -> TermsVersion:
    """Set the text that entrants agree to from now on; an unchanged text keeps its version."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    latest = current_terms(campaign)
    if latest is not None and latest.body == body:
        return latest
    if latest is not None and campaign.status == CampaignStatus.DRAFT:
        latest.body = body
        latest.save(update_fields=["body", "updated_at"])
        return latest
    number = latest.number + 1 if latest else 1
    version = TermsVersion.objects.create(campaign=campaign, number=number, body=body)
    audit.record("terms.written", subject=campaign, actor_id=actor_id, version=number)
    return version
