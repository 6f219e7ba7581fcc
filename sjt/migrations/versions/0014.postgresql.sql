CREATE OR REPLACE TRIGGER key_correction_says_the_same BEFORE UPDATE OF "item", "replaces", "base_version", "kind", "key", "why", "key_version", "reason", "counted", "proposed_by", "proposed_at" ON key_correction FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
-- next
CREATE OR REPLACE TRIGGER key_correction_is_never_deleted BEFORE DELETE ON key_correction FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
-- next
CREATE OR REPLACE TRIGGER release_says_the_same BEFORE UPDATE OF "session_id", "proposed_by", "proposed_at", "sittings", "content_sha256", "again", "reason", "spare", "lines" ON "release" FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
-- next
CREATE OR REPLACE TRIGGER release_is_never_deleted BEFORE DELETE ON "release" FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()
