from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0006_reveal_permission")]

    operations = [
        migrations.AddField(
            model_name="award",
            name="pin_paused_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
