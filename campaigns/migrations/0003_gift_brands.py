"""The profiles of the gift brands that campaigns use most, from a dated file; what a person changed since is kept."""

import json
from datetime import date
from pathlib import Path

from django.db import migrations

PROFILES = Path(__file__).resolve().parents[1] / "data" / "gift_brands.json"


def add_brands(apps, schema_editor):
    """Add each brand that is not there yet; a repeat changes nothing."""
    brands = apps.get_model("campaigns", "GiftBrand").objects.using(schema_editor.connection.alias)
    for profile in json.loads(PROFILES.read_text(encoding="utf-8")):
        checked_on = date.fromisoformat(profile["checked_on"])
        brands.get_or_create(slug=profile["slug"], defaults={**profile, "checked_on": checked_on})


def remove_unused(apps, schema_editor):
    """Take away the brands that no prize uses."""
    brands = apps.get_model("campaigns", "GiftBrand").objects.using(schema_editor.connection.alias)
    slugs = [profile["slug"] for profile in json.loads(PROFILES.read_text(encoding="utf-8"))]
    brands.filter(slug__in=slugs, prizes__isnull=True).delete()


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_brands_conditions_bindings")]

    operations = [migrations.RunPython(add_brands, remove_unused)]
