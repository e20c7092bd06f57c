"""What was sent and whose address is deleted may do without its household."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("codes", "0029_parcels_of_earlier_awards")]

    operations = [
        migrations.RemoveConstraint("shipment", "shipment_ready_has_an_address"),
        migrations.AddConstraint(
            "shipment",
            models.CheckConstraint(
                name="shipment_ready_has_an_address",
                condition=~Q(status__in=["ready", "listed", "handed_over"])
                | (Q(address_given_at__isnull=False) & (Q(household__isnull=False) | Q(purged_at__isnull=False))),
            ),
        ),
    ]
