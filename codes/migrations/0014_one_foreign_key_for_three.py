"""PostgreSQL: a code belongs to the agency and the prize of its batch, by one foreign key instead of three.

It says more, for the three let a code of one agency lie in another's batch; and loading a million codes looks it up
once a row. SQLite keeps the three.

Each step ends by itself and may be done again: the new key first, unchecked, so that nobody waits; then the check of
all rows, which lets others read and write; then the old keys go.
"""

from django.db import migrations

KEY = "gift_code_as_its_batch"
OLD = {"agency_id": "accounts_agency", "prize_id": "campaigns_prize", "batch_id": "codes_codebatch"}
DROP_OLD = """
DO $$
DECLARE
    old name;
BEGIN
    FOR old IN SELECT conname FROM pg_constraint
        WHERE conrelid = 'codes_giftcode'::regclass AND contype = 'f' AND cardinality(conkey) = 1
    LOOP
        EXECUTE format('ALTER TABLE codes_giftcode DROP CONSTRAINT %I', old);
    END LOOP;
END $$
"""


def one_key(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    add = (
        "FOREIGN KEY (batch_id, agency_id, prize_id) REFERENCES codes_codebatch (id, agency_id, prize_id) "
        "DEFERRABLE INITIALLY DEFERRED NOT VALID"
    )
    run(schema_editor, [f"ADD CONSTRAINT {KEY} {add}"], drop_first=[KEY])
    run(schema_editor, [f"VALIDATE CONSTRAINT {KEY}"])
    schema_editor.execute(DROP_OLD, params=None)


def three_keys(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    names = {column: f"codes_giftcode_{column}_fk_{table}_id" for column, table in OLD.items()}
    for column, table in OLD.items():
        add = f"FOREIGN KEY ({column}) REFERENCES {table} (id) DEFERRABLE INITIALLY DEFERRED NOT VALID"
        run(schema_editor, [f"ADD CONSTRAINT {names[column]} {add}"], drop_first=[names[column]])
        run(schema_editor, [f"VALIDATE CONSTRAINT {names[column]}"])
    run(schema_editor, [], drop_first=[KEY])


def run(schema_editor, actions, drop_first=()):
    """Change the table without the time limit of a request: looking at millions of rows takes longer."""
    actions = [*(f"DROP CONSTRAINT IF EXISTS {name}" for name in drop_first), *actions]
    schema_editor.execute("SET statement_timeout = 0", params=None)
    schema_editor.execute(f"ALTER TABLE codes_giftcode {', '.join(actions)}", params=None)
    schema_editor.execute("RESET statement_timeout", params=None)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("codes", "0013_batches_vouch_for_their_codes")]
    operations = [migrations.RunPython(one_key, three_keys, elidable=False)]
