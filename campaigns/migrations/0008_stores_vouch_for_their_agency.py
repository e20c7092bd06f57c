"""Whose a store is, it says itself: one foreign key of what is booked in it can look at both."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_law_on_premiums")]
    operations = [
        migrations.AddConstraint(
            "store",
            models.UniqueConstraint(name="store_of_agency", fields=["id", "agency"]),
        )
    ]
