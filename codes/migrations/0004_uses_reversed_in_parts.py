"""A use can be given back in parts, and postings cannot be changed."""

import django.db.models.deletion
from django.db import migrations, models

POSTGRESQL = (
    """
    CREATE FUNCTION codes_ledgertransfer_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'postings are never changed or deleted'; END $$
    """,
    """
    CREATE TRIGGER codes_ledgertransfer_kept BEFORE UPDATE OR DELETE ON codes_ledgertransfer
    FOR EACH ROW EXECUTE FUNCTION codes_ledgertransfer_is_kept()
    """,
)
SQLITE = tuple(
    f"""
    CREATE TRIGGER codes_ledgertransfer_kept_{act.lower()} BEFORE {act} ON codes_ledgertransfer
    BEGIN SELECT RAISE(ABORT, 'postings are never changed or deleted'); END
    """
    for act in ("UPDATE", "DELETE")
)
UNDO_POSTGRESQL = (
    "DROP TRIGGER codes_ledgertransfer_kept ON codes_ledgertransfer",
    "DROP FUNCTION codes_ledgertransfer_is_kept()",
)
UNDO_SQLITE = ("DROP TRIGGER codes_ledgertransfer_kept_update", "DROP TRIGGER codes_ledgertransfer_kept_delete")


def guard(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    for statement in UNDO_POSTGRESQL if schema_editor.connection.vendor == "postgresql" else UNDO_SQLITE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("codes", "0003_give_prizes_in_one_call")]

    operations = [
        migrations.AlterField(
            model_name="redemption",
            name="reverses",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversals",
                to="codes.redemption",
                verbose_name="reverses",
            ),
        ),
        migrations.AddIndex(
            model_name="redemption",
            index=models.Index(
                condition=models.Q(("basket_id", ""), _negated=True),
                fields=["store", "basket_id"],
                name="redemption_by_basket",
            ),
        ),
        migrations.RunPython(guard, unguard),
    ]
