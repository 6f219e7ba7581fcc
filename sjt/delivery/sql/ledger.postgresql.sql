-- The ledger's functions and triggers on PostgreSQL. Statements are parted by a line that says: -- next
-- A batch of events in one round trip, for the common case alone: the sitting's clock runs or stands, the lease is the
-- current one, every event is new and comes after all that are stored. Anything else answers null and changes nothing;
-- delivery/writing.py then takes the same locks and decides.
CREATE OR REPLACE FUNCTION sjt_save(
    p_sitting uuid, p_lease integer, p_at text, p_now timestamptz, p_boot text, p_mono bigint, p_by text,
    p_unsaved integer, p_events jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $sjt$
DECLARE
    s record;
    e record;
    remaining bigint;
    chain text := 'sitting:' || p_sitting::text;
    did text;
    n integer;
    head text;
    content text;
    place bigint;
BEGIN
    SELECT state, lease, head_n, head_hash, content_head, content_lease, content_seq, left_ms, ends_boot, ends_mono_ms,
           ends_at
      INTO s FROM sitting WHERE id = p_sitting FOR UPDATE;
    IF NOT FOUND OR s.lease <> p_lease OR s.content_lease > p_lease OR s.state NOT IN ('running', 'paused', 'break') THEN
        RETURN NULL;
    END IF;
    IF s.state <> 'running' THEN
        remaining := s.left_ms;
    ELSIF s.ends_boot = p_boot THEN
        remaining := s.ends_mono_ms - p_mono;
    ELSE
        remaining := round(extract(epoch FROM s.ends_at - p_now) * 1000);
    END IF;
    place := CASE WHEN s.content_lease = p_lease THEN s.content_seq ELSE -1 END;
    IF remaining < 0 OR (p_events -> 0 ->> 'seq')::bigint <= place OR EXISTS (
        SELECT 1 FROM ledger_body b, jsonb_to_recordset(p_events) AS x(id uuid)
         WHERE b.sitting_id = p_sitting AND b.event_id = x.id
    ) THEN
        RETURN NULL;
    END IF;
    n := s.head_n;
    head := s.head_hash;
    content := s.content_head;
    FOR e IN
        SELECT * FROM jsonb_to_recordset(p_events)
            AS x(id uuid, seq bigint, kind text, item text, response text, body text, salt text, body_sha256 text,
                 content_sha256 text)
    LOOP
        n := n + 1;
        did := 'sitting.' || e.kind;
        INSERT INTO ledger_entry (sitting_id, n, at, by, did, body_sha256, prev, hash)
        VALUES (p_sitting, n, p_at, p_by, did, e.body_sha256, head, encode(sha256(convert_to(
            '{"at":"' || p_at || '","body_sha256":"' || e.body_sha256 || '","by":' || to_json(p_by)::text
            || ',"chain":"' || chain || '","did":"' || did || '","n":' || n || ',"prev":"' || head || '"}', 'UTF8'
        )), 'hex'))
        RETURNING hash INTO head;
        INSERT INTO ledger_body (sitting_id, n, salt, body, event_id, lease, seq, content_sha256, counts)
        VALUES (p_sitting, n, decode(e.salt, 'hex'), e.body, e.id, p_lease, e.seq, e.content_sha256, true);
        content := encode(sha256(decode(content, 'hex') || decode(e.content_sha256, 'hex')), 'hex');
        place := e.seq;
        IF e.kind IN ('answer', 'flag', 'view') AND e.item IS NOT NULL THEN
            INSERT INTO answer (sitting_id, item, kind, response, lease, seq, first_at, last_at)
            VALUES (p_sitting, e.item, e.kind, e.response, p_lease, e.seq, p_at, p_at)
            ON CONFLICT (sitting_id, item, kind) DO UPDATE
               SET response = excluded.response, lease = excluded.lease, seq = excluded.seq, last_at = excluded.last_at
             WHERE (excluded.lease, excluded.seq) > (answer.lease, answer.seq);
        END IF;
    END LOOP;
    UPDATE sitting
       SET head_n = n, head_hash = head, content_head = content, content_lease = p_lease, content_seq = place,
           last_event_at = p_now, unsaved = coalesce(p_unsaved, unsaved)
     WHERE id = p_sitting;
    RETURN jsonb_build_object('state', s.state, 'remaining_ms', remaining, 'content_head', content);
END
$sjt$
-- next
CREATE OR REPLACE FUNCTION sjt_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $sjt$
BEGIN
    RAISE EXCEPTION USING MESSAGE = 'The ledger is append-only: ' || TG_OP || ' of ' || TG_TABLE_NAME || ' is refused.';
END
$sjt$
-- next
CREATE OR REPLACE TRIGGER ledger_entry_is_append_only BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION sjt_ledger_is_append_only()
-- next
CREATE OR REPLACE TRIGGER ledger_body_is_never_changed BEFORE UPDATE ON ledger_body
    FOR EACH ROW EXECUTE FUNCTION sjt_ledger_is_append_only()
