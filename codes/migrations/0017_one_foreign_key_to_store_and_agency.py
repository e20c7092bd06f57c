"""PostgreSQL: what is booked in a store belongs to the store's agency, by one foreign key instead of two.

It says more, for the two let one agency book in another's store; and a use looks up one row instead of two, of which
the agency's is the one that all uses at a moment share. Where the store may be empty the agency keeps a key of its
own. SQLite keeps all of them.

Each step ends by itself and may be done again: the new key first, unchecked, so that nobody waits; then the check of
all rows, which lets others read and write; then the old keys go.
"""

from django.db import migrations

BOTH = ("agency_id", "store_id")
TABLES = {
    "codes_redemption": BOTH,
    "codes_codelock": ("store_id",),  # which need not name one
    "codes_tombstone": BOTH,
    "codes_offlinedispute": BOTH,
    "codes_settlement": BOTH,
    "codes_terminal": BOTH,
    "codes_ledgertransfer": ("store_id",),
    "codes_allocation": ("store_id",),
}
OLD = {"agency_id": "accounts_agency", "store_id": "campaigns_store"}
KEY = "in_a_store_of_its_agency"
DROP_OLD = """
DO $$
DECLARE
    old name;
BEGIN
    FOR old IN SELECT k.conname FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.conrelid = '{table}'::regclass AND k.contype = 'f' AND cardinality(k.conkey) = 1 AND a.attname IN ({columns})
    LOOP
        EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', old);
    END LOOP;
END $$
"""


def one_key(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    add = (
        "FOREIGN KEY (store_id, agency_id) REFERENCES campaigns_store (id, agency_id) "
        "DEFERRABLE INITIALLY DEFERRED NOT VALID"
    )
    for table, replaced in TABLES.items():
        run(schema_editor, table, [f"ADD CONSTRAINT {KEY} {add}"], drop_first=[KEY])
        run(schema_editor, table, [f"VALIDATE CONSTRAINT {KEY}"])
        columns = ", ".join(f"'{column}'" for column in replaced)
        schema_editor.execute(DROP_OLD.format(table=table, columns=columns), params=None)


def a_key_each(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, replaced in TABLES.items():
        for column in replaced:
            name = f"{table}_{column}_fk_{OLD[column]}_id"
            add = f"FOREIGN KEY ({column}) REFERENCES {OLD[column]} (id) DEFERRABLE INITIALLY DEFERRED NOT VALID"
            run(schema_editor, table, [f"ADD CONSTRAINT {name} {add}"], drop_first=[name])
            run(schema_editor, table, [f"VALIDATE CONSTRAINT {name}"])
        run(schema_editor, table, [], drop_first=[KEY])


def run(schema_editor, table, actions, drop_first=()):
    """Change a table without the time limit of a request: looking at millions of rows takes longer."""
    actions = [*(f"DROP CONSTRAINT IF EXISTS {name}" for name in drop_first), *actions]
    schema_editor.execute("SET statement_timeout = 0", params=None)
    schema_editor.execute(f"ALTER TABLE {table} {', '.join(actions)}", params=None)
    schema_editor.execute("RESET statement_timeout", params=None)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("codes", "0016_lines_for_the_journal"),
        ("campaigns", "0008_stores_vouch_for_their_agency"),
    ]
    operations = [migrations.RunPython(one_key, a_key_each, elidable=False)]
