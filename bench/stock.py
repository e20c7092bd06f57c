"""`python -m bench.stock COUNT`: more serial codes and gift codes for a demo campaign, and no limits in their way.

Runs beside a service over the same data folder; prints the serial codes, one a line.
"""

import os
import secrets
import sys

import django

SLUG = "lucky-serial"


def add(count: int) -> list[str]:
    """Add them."""
    from campaigns.models import Campaign
    from eligibility.services import create_serial_batch

    campaign = Campaign.objects.get(slug=SLUG)
    alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
    values = ["B" + "".join(secrets.choice(alphabet) for _ in range(14)) for _ in range(count)]
    create_serial_batch(campaign_id=campaign.pk, name=f"bench {secrets.token_hex(4)}", values=values)
    return values


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    print("\n".join(add(int(sys.argv[1]))))
