"""Prizes without a code are more than one kind, and each award of goods has its parcel from the first moment."""

from importlib import import_module

from django.db import migrations

earlier = import_module("codes.migrations.0019_worth_of_what_is_given")
GOODS = "('physical', 'sample')"
AWARDED = "        INSERT INTO accounts_auditentry ("
PARCEL = f"""        IF prize.kind IN {GOODS} THEN
            INSERT INTO codes_shipment (
                created_at, updated_at, public_id, agency_id, award_id, status, address_ciphertext, masked,
                tracking_number
            ) VALUES (p_now, p_now, gen_random_uuid(), won.agency_id, award, 'waiting', '', '', '');
        END IF;
"""
UP = earlier.UP.replace("prize.kind <> 'physical'", f"prize.kind NOT IN {GOODS}").replace(AWARDED, PARCEL + AWARDED)


def on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return run


class Migration(migrations.Migration):
    dependencies = [("codes", "0027_shipments")]
    operations = [migrations.RunPython(on_postgresql(UP), on_postgresql(earlier.UP), elidable=False)]
