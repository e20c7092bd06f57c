"""A budget in yen; on PostgreSQL it is spent by a function, which those of other apps call.

`campaigns_spend` is the only statement that takes from a budget. It answers false when so much is not left; without a
budget it answers true and touches no row.
"""

import django.db.models.deletion
from django.db import migrations, models

UP = """
CREATE FUNCTION campaigns_spend(p_campaign bigint, p_jpy bigint, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE campaigns_budget SET used_jpy = used_jpy + p_jpy, updated_at = p_now
    WHERE campaign_id = p_campaign AND used_jpy + p_jpy <= total_jpy;
    IF NOT FOUND THEN
        PERFORM FROM campaigns_budget WHERE campaign_id = p_campaign;
        RETURN NOT FOUND;
    END IF;
    RETURN true;
END $$;
"""
DOWN = "DROP FUNCTION campaigns_spend;"


def on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return run


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0008_stores_vouch_for_their_agency")]
    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                ("total_jpy", models.PositiveBigIntegerField(verbose_name="budget (yen)")),
                ("used_jpy", models.PositiveBigIntegerField(default=0, verbose_name="of it given (yen)")),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="budget",
                        to="campaigns.campaign",
                        verbose_name="campaign",
                    ),
                ),
            ],
            options={
                "verbose_name": "budget",
                "verbose_name_plural": "budgets",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("total_jpy__gte", 1)), name="budget_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("used_jpy__lte", models.F("total_jpy"))), name="budget_not_overspent"
                    ),
                ],
            },
        ),
        migrations.RunPython(on_postgresql(UP), on_postgresql(DOWN), elidable=False),
    ]
