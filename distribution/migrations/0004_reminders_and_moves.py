import django.db.models.deletion
from django.db import migrations, models

KINDS = [
    ("award", "winner notice with claim link"),
    ("verify_email", "confirm your address"),
    ("verdict", "result of the check"),
    ("not_won", "not won"),
    ("resume", "link to continue"),
    ("reminder", "reminder of a prize not opened yet"),
    ("move", "link for another device"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("codes", "0007_pause_after_wrong_pins"),
        ("distribution", "0003_give_and_queue_in_one_call"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=12, verbose_name="kind"),
        ),
        migrations.AddField(
            model_name="delivery",
            name="about",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="codes.award",
                verbose_name="about the award",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(about__isnull=False, kind__in=["reminder", "move"])
                | (~models.Q(kind__in=["reminder", "move"]) & models.Q(about__isnull=True)),
                name="delivery_about_matches_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(kind="reminder"), fields=("about",), name="delivery_reminds_once"
            ),
        ),
    ]
