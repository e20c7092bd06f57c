"""Whose a participant is, the row says itself: one foreign key of what is theirs can look at both.

On PostgreSQL the index is built while others write, without the time limit of a request: there may be millions.
"""

from django.db import migrations, models

OF_AGENCY = models.UniqueConstraint(fields=("id", "agency"), name="participant_of_agency")


def add(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        schema_editor.add_constraint(apps.get_model("participants", "Participant"), OF_AGENCY)
        return
    for statement in (
        "SET statement_timeout = 0",
        "ALTER TABLE participants_participant DROP CONSTRAINT IF EXISTS participant_of_agency",
        "DROP INDEX CONCURRENTLY IF EXISTS participant_of_agency",  # half built by a run that was stopped
        "CREATE UNIQUE INDEX CONCURRENTLY participant_of_agency ON participants_participant (id, agency_id)",
        "ALTER TABLE participants_participant "
        "ADD CONSTRAINT participant_of_agency UNIQUE USING INDEX participant_of_agency",
        "RESET statement_timeout",
    ):
        schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    schema_editor.remove_constraint(apps.get_model("participants", "Participant"), OF_AGENCY)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("participants", "0005_key_of_each_index")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(add, remove, elidable=False)],
            state_operations=[migrations.AddConstraint("participant", OF_AGENCY)],
        )
    ]
