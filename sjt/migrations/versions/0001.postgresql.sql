CREATE FUNCTION sjt_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
-- next
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION sjt_append_only()
-- next
CREATE TRIGGER audit_anchor_append_only BEFORE UPDATE OR DELETE ON audit_anchor FOR EACH ROW EXECUTE FUNCTION sjt_append_only()
-- next
CREATE OR REPLACE FUNCTION authoring_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$
-- next
CREATE OR REPLACE TRIGGER scenario_version_is_final BEFORE UPDATE ON scenario_version
FOR EACH ROW EXECUTE FUNCTION authoring_refuse('a scenario version is never changed')
-- next
CREATE OR REPLACE TRIGGER scenario_version_stays BEFORE DELETE ON scenario_version
FOR EACH ROW EXECUTE FUNCTION authoring_refuse('a scenario version is never deleted')
-- next
CREATE OR REPLACE TRIGGER form_is_final BEFORE UPDATE ON form FOR EACH ROW WHEN (OLD.state <> 'draft' AND (
OLD.paper IS DISTINCT FROM NEW.paper OR OLD.secret IS DISTINCT FROM NEW.secret OR OLD.snapshot_sha256 IS DISTINCT FROM NEW.snapshot_sha256 OR OLD.use IS DISTINCT FROM NEW.use OR OLD.max_marks IS DISTINCT FROM NEW.max_marks OR OLD.minutes IS DISTINCT FROM NEW.minutes OR OLD.cut_exact IS DISTINCT FROM NEW.cut_exact OR OLD.cut_applied IS DISTINCT FROM NEW.cut_applied OR NEW.state = 'draft'))
EXECUTE FUNCTION authoring_refuse('a published form is never changed')
-- next
CREATE OR REPLACE TRIGGER form_stays BEFORE DELETE ON form FOR EACH ROW WHEN (OLD.state <> 'draft')
EXECUTE FUNCTION authoring_refuse('a published form is never deleted')
-- next
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
-- next
CREATE OR REPLACE FUNCTION sjt_results_only_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$
-- next
CREATE OR REPLACE TRIGGER mark_run_is_only_added_to BEFORE UPDATE OR DELETE ON mark_run FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
-- next
CREATE OR REPLACE TRIGGER item_mark_is_only_added_to BEFORE UPDATE OR DELETE ON item_mark FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
-- next
CREATE OR REPLACE TRIGGER angoff_rating_is_only_added_to BEFORE UPDATE OR DELETE ON angoff_rating FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
-- next
CREATE OR REPLACE TRIGGER outcome_is_only_added_to BEFORE UPDATE OR DELETE ON outcome FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
-- next
CREATE OR REPLACE TRIGGER cut_says_the_same BEFORE UPDATE OF "form_id", "version", "exact", "applied", "unit", "max", "se", "method", "source", "parts" ON cut FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
-- next
CREATE OR REPLACE TRIGGER cut_is_never_deleted BEFORE DELETE ON cut FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
