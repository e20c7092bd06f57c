"""Goods that were won before get their parcel as well; a repeat changes nothing."""

import uuid

from django.db import migrations

AT_ONCE = 1000


def make_parcels(apps, schema_editor):
    award, shipment = apps.get_model("codes", "Award"), apps.get_model("codes", "Shipment")
    alias = schema_editor.connection.alias
    without = award.objects.using(alias).filter(
        prize__kind="physical", voided_at__isnull=True, shipment__isnull=True
    )
    while found := list(without.order_by("pk").values_list("pk", "agency_id")[:AT_ONCE]):
        shipment.objects.using(alias).bulk_create(
            shipment(public_id=uuid.uuid4(), award_id=pk, agency_id=agency_id) for pk, agency_id in found
        )


class Migration(migrations.Migration):
    dependencies = [("codes", "0028_parcels_with_their_awards")]
    operations = [migrations.RunPython(make_parcels, migrations.RunPython.noop, elidable=True)]
