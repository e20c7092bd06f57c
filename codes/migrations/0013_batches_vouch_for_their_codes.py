"""What a code's agency and prize are, its batch says: one foreign key to all three can look at."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0012_rotation_prints_and_file_problems")]
    operations = [
        migrations.AddConstraint(
            "codebatch",
            models.UniqueConstraint(name="batch_of_agency_and_prize", fields=["id", "agency", "prize"]),
        )
    ]
