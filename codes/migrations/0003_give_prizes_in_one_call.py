"""PostgreSQL: taking a code and giving a prize, each in one call; and a table that is cleaned while it is used.

`codes_take` is the only statement that takes a code out of stock. It starts behind the last position this connection
took: rows just issued pile up at the head of the index until they are vacuumed. It returns 0 when none is left, and
NULL when some are left that others hold at this moment.

Plans are made once a connection, often while tables are still empty, and must not be scans of what grows later: hence
`enable_seqscan`.

`codes_give_prizes` gives a winning entry each prize of its course, with the line in the trail. The same result again
returns the same awards. An entry for which a code is kept is left to `award_by_steps`. Refusals are SQLSTATEs of class MZ, told apart in codes/services/awarding.py.
"""

from django.db import migrations

UP = """
ALTER TABLE codes_giftcode SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);

CREATE FUNCTION codes_take(p_prize bigint, p_status text, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    hint CONSTANT text := 'mizuhiki.behind_' || p_prize;
    behind bigint := coalesce(nullif(current_setting(hint, true), ''), '0')::bigint;
    taken_id bigint;
    taken_at bigint;
BEGIN
    LOOP
        UPDATE codes_giftcode
        SET status = p_status, updated_at = p_now, issued_at = CASE WHEN p_status = 'issued' THEN p_now END
        WHERE id = (
            SELECT id FROM codes_giftcode
            WHERE prize_id = p_prize AND status = 'available' AND position > behind
              AND (expires_at IS NULL OR expires_at > p_now)
            ORDER BY position LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING id, position INTO taken_id, taken_at;
        EXIT WHEN FOUND OR behind = 0;
        behind := 0;
    END LOOP;
    IF taken_id IS NOT NULL THEN
        -- 64 positions back: others may have rolled theirs back
        PERFORM set_config(hint, greatest(taken_at - 64, 0)::text, false);
        RETURN taken_id;
    END IF;
    PERFORM FROM codes_giftcode
    WHERE prize_id = p_prize AND status = 'available' AND (expires_at IS NULL OR expires_at > p_now) LIMIT 1;
    RETURN CASE WHEN FOUND THEN NULL ELSE 0 END;
END $$;

-- The rule is told at codes.services.places.take_place_of; false when the share that counts is used up.
CREATE FUNCTION codes_take_place(p_prize bigint, p_link bigint, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    today CONSTANT date := (p_now AT TIME ZONE 'Asia/Tokyo')::date;
    link record;
    share bigint;
BEGIN
    SELECT store_id, channel INTO link FROM campaigns_trackedlink WHERE id = p_link;
    SELECT id INTO share FROM codes_allocation
    WHERE prize_id = p_prize AND (store_id IS NULL OR store_id = link.store_id)
      AND (channel = '' OR channel = link.channel) AND (day IS NULL OR day = today)
    ORDER BY (store_id IS NOT NULL) DESC, (channel <> '') DESC, (day IS NOT NULL) DESC LIMIT 1;
    IF share IS NULL THEN
        RETURN true;
    END IF;
    UPDATE codes_allocation SET used = used + 1, updated_at = p_now WHERE id = share AND used < quota;
    RETURN FOUND;
END $$;

CREATE FUNCTION codes_give_prizes(
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
BEGIN
    SELECT r.entry_id, r.agency_id, r.course_id, e.public_id, e.external_reference, e.link_id, c.claim_days INTO won
    FROM draws_drawresult r JOIN participants_entry e ON e.id = r.entry_id
    JOIN campaigns_campaign c ON c.id = e.campaign_id
    WHERE r.id = p_result;
    IF won.course_id IS NULL THEN
        RAISE EXCEPTION 'not_eligible' USING ERRCODE = 'MZ001';
    END IF;
    -- the end of the last Japanese day on which the prize can be received
    deadline := ((p_now AT TIME ZONE 'Asia/Tokyo')::date + won.claim_days + 1)::timestamp AT TIME ZONE 'Asia/Tokyo';
    FOR prize IN SELECT p.id, p.kind, p.is_allocated FROM campaigns_prize p WHERE p.course_id = won.course_id ORDER BY p.id
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
        INSERT INTO codes_award (
            created_at, updated_at, public_id, agency_id, entry_id, result_id, prize_id, gift_code_id, token_index,
            token_key_id, claim_expires_at, reveal_count, device_digest, pin_hash, pin_failures
        ) VALUES (
            p_now, p_now, p_public_ids[place], won.agency_id, won.entry_id, p_result, prize.id, taken,
            p_token_indexes[place], p_token_key, deadline, 0, '', '', 0
        ) RETURNING id INTO award;
        INSERT INTO accounts_auditentry (
            agency_id, at, actor_label, action, subject_type, subject_id, reason, facts, request_id
        ) VALUES (
            won.agency_id, p_now, '', 'code.issued', 'codes.award', p_public_ids[place]::text, '',
            jsonb_build_object('gift_code', (SELECT g.public_id FROM codes_giftcode g WHERE g.id = taken)), p_request
        );
        RETURN QUERY SELECT award, taken, won.entry_id, won.agency_id, true;
    END LOOP;
END $$;
"""
DOWN = """
DROP FUNCTION codes_give_prizes, codes_take_place, codes_take;
ALTER TABLE codes_giftcode RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay
);
"""


def on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql, params=None)

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("codes", "0002_national_scale"),
        ("campaigns", "0002_brands_conditions_bindings"),
        ("accounts", "0002_data_keys_and_second_person"),
    ]
    operations = [migrations.RunPython(on_postgresql(UP), on_postgresql(DOWN), elidable=False)]
