"""PostgreSQL: prizes given and their notices queued in one call (I03: an award never lacks its delivery)."""

from django.db import migrations

UP = """
CREATE FUNCTION distribution_give_prizes(
    p_result bigint, p_now timestamptz, p_public_ids uuid[], p_token_indexes text[], p_token_key text, p_request text,
    p_looks_back boolean
) RETURNS TABLE (award_id bigint, delivery_id bigint, is_new boolean)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    given record;
    notice bigint;
    opens timestamptz;
BEGIN
    FOR given IN SELECT * FROM codes_give_prizes(
        p_result, p_now, p_public_ids, p_token_indexes, p_token_key, p_request, p_looks_back
    )
    LOOP
        notice := NULL;
        IF NOT given.is_new THEN
            SELECT d.id INTO notice FROM distribution_delivery d WHERE d.award_id = given.award_id;
        END IF;
        IF notice IS NULL THEN
            SELECT c.delivery_opens_at INTO opens
            FROM participants_entry e JOIN campaigns_campaign c ON c.id = e.campaign_id WHERE e.id = given.entry_id;
            INSERT INTO distribution_delivery (
                created_at, updated_at, public_id, agency_id, kind, entry_id, award_id, status, provider_key, attempts,
                next_attempt_at, failure_code
            ) VALUES (
                p_now, p_now, gen_random_uuid(), given.agency_id, 'award', given.entry_id, given.award_id, 'queued',
                gen_random_uuid(), 0, greatest(p_now, opens), ''
            ) RETURNING id INTO notice;
        END IF;
        RETURN QUERY SELECT given.award_id, notice, given.is_new;
    END LOOP;
END $$;
"""
DOWN = "DROP FUNCTION distribution_give_prizes;"


def on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("distribution", "0002_fewer_indexes"),
        ("codes", "0003_give_prizes_in_one_call"),
    ]
    operations = [migrations.RunPython(on_postgresql(UP), on_postgresql(DOWN), elidable=False)]
