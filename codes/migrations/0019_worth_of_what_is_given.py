"""What each award and reservation is worth, and a campaign's budget that giving takes from.

`codes_give_prizes` keeps the worth with each award, and takes the sum from the budget at its end. A budget with too
little left is SQLSTATE MZ006.
"""

from importlib import import_module

from django.db import migrations, models

HEAD = "CREATE FUNCTION codes_give_prizes("
UP = """
CREATE OR REPLACE FUNCTION codes_give_prizes(
    p_result bigint, p_now timestamptz, p_public_ids uuid[], p_token_indexes text[], p_token_key text, p_request text,
    p_looks_back boolean
) RETURNS TABLE (award_id bigint, gift_code_id bigint, entry_id bigint, agency_id bigint, is_new boolean)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    won record;
    prize record;
    place integer := 0;
    taken bigint;
    award bigint;
    deadline timestamptz;
    code record;
    worth bigint;
    total bigint := 0;
BEGIN
    SELECT r.entry_id, r.agency_id, r.course_id, e.public_id, e.external_reference, e.link_id, c.claim_days,
        e.campaign_id INTO won
    FROM draws_drawresult r JOIN participants_entry e ON e.id = r.entry_id
    JOIN campaigns_campaign c ON c.id = e.campaign_id
    WHERE r.id = p_result;
    IF won.course_id IS NULL THEN
        RAISE EXCEPTION 'not_eligible' USING ERRCODE = 'MZ001';
    END IF;
    -- the end of the last Japanese day on which the prize can be received
    deadline := ((p_now AT TIME ZONE 'Asia/Tokyo')::date + won.claim_days + 1)::timestamp AT TIME ZONE 'Asia/Tokyo';
    FOR prize IN SELECT p.id, p.kind, p.is_allocated, p.face_value_jpy FROM campaigns_prize p
        WHERE p.course_id = won.course_id ORDER BY p.id
    LOOP
        place := place + 1;
        SELECT a.id, a.gift_code_id INTO award, taken FROM codes_award a
        WHERE a.entry_id = won.entry_id AND a.prize_id = prize.id AND a.voided_at IS NULL;
        IF FOUND THEN
            RETURN QUERY SELECT award, taken, won.entry_id, won.agency_id, false;
            CONTINUE;
        END IF;
        IF place > cardinality(p_public_ids) THEN
            RAISE EXCEPTION 'more_tokens' USING ERRCODE = 'MZ004';
        END IF;
        IF (won.external_reference <> '' AND EXISTS (
            SELECT FROM codes_reservation v WHERE v.agency_id = won.agency_id AND v.prize_id = prize.id
              AND v.reference = won.external_reference AND v.status = 'held' AND v.expires_at > p_now
        )) OR (p_looks_back AND EXISTS (
            SELECT FROM accounts_auditentry t WHERE t.subject_type = 'participants.entry'
              AND t.subject_id = won.public_id::text AND t.action = 'code.recovered'
        )) THEN
            RAISE EXCEPTION 'kept_for_entry' USING ERRCODE = 'MZ005';
        END IF;
        taken := NULL;
        IF prize.kind <> 'physical' THEN
            taken := codes_take(prize.id, 'issued', p_now);
            IF taken IS NULL THEN
                RAISE EXCEPTION 'stock_busy' USING ERRCODE = 'MZ003', DETAIL = prize.id::text;
            ELSIF taken = 0 OR (prize.is_allocated AND NOT codes_take_place(prize.id, won.link_id, p_now)) THEN
                RAISE EXCEPTION 'out_of_stock' USING ERRCODE = 'MZ002', DETAIL = prize.id::text;
            END IF;
        END IF;
        SELECT g.public_id, g.face_value_jpy INTO code FROM codes_giftcode g WHERE g.id = taken;
        worth := coalesce(code.face_value_jpy, prize.face_value_jpy);
        total := total + worth;
        INSERT INTO codes_award (
            created_at, updated_at, public_id, agency_id, entry_id, result_id, prize_id, gift_code_id, token_index,
            token_key_id, value_jpy, claim_expires_at, reveal_count, device_digest, pin_hash, pin_failures
        ) VALUES (
            p_now, p_now, p_public_ids[place], won.agency_id, won.entry_id, p_result, prize.id, taken,
            p_token_indexes[place], p_token_key, worth, deadline, 0, '', '', 0
        ) RETURNING id INTO award;
        INSERT INTO accounts_auditentry (
            agency_id, at, actor_label, action, subject_type, subject_id, reason, facts, request_id
        ) VALUES (
            won.agency_id, p_now, '', 'code.issued', 'codes.award', p_public_ids[place]::text, '',
            jsonb_build_object('gift_code', code.public_id), p_request
        );
        RETURN QUERY SELECT award, taken, won.entry_id, won.agency_id, true;
    END LOOP;
    -- the campaign's hottest row, so last: nobody holds it while he looks for a code
    IF total > 0 AND NOT campaigns_spend(won.campaign_id, total, p_now) THEN
        RAISE EXCEPTION 'budget_spent' USING ERRCODE = 'MZ006', DETAIL = won.campaign_id::text;
    END IF;
END $$;
"""
earlier = import_module("codes.migrations.0003_give_prizes_in_one_call")
DOWN = HEAD.replace("CREATE", "CREATE OR REPLACE") + earlier.UP.partition(HEAD)[2]


def on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return run


def value_field():
    return models.PositiveBigIntegerField(db_default=0, default=0, editable=False, verbose_name="value (yen)")


class Migration(migrations.Migration):
    dependencies = [("codes", "0018_names_at_the_till"), ("campaigns", "0009_budgets")]
    operations = [
        migrations.AddField(model_name="award", name="value_jpy", field=value_field()),
        migrations.AddField(model_name="reservation", name="value_jpy", field=value_field()),
        migrations.RunPython(on_postgresql(UP), on_postgresql(DOWN), elidable=False),
    ]
