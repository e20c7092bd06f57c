"""Prepares a SQLite file for the hammer, or looks at it afterwards: `python -m tests.races.sqlite_world make|audit`."""

import sys
from datetime import timedelta


def make(codes: int) -> int:
    """Open a campaign in which everyone wins while codes last; returns its key."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from campaigns.services import publish_campaign
    from codes.services import activate_batch, generate_codes
    from core import clock
    from tests import factories

    now = clock.now()
    campaign = factories.CampaignFactory.create(
        entry_opens_at=now - timedelta(days=1), entry_closes_at=now + timedelta(days=1)
    )
    factories.KpiTargetFactory.create(campaign=campaign)
    factories.TermsVersionFactory.create(campaign=campaign)
    prize = factories.PrizeFactory.create(course__campaign=campaign, kind="own_code")
    batch = generate_codes(prize_id=prize.pk, name="在庫", count=codes, expires_at=None, now=now)
    activate_batch(batch_id=batch.pk, now=now)
    publish_campaign(campaign_id=campaign.pk, now=now)
    return campaign.pk


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "make":
        sys.stdout.write(f"{make(int(sys.argv[2]))}\n")
    else:
        from core import clock
        from journeys.audit import violations

        sys.stdout.write(f"{violations(clock.now())}\n")
