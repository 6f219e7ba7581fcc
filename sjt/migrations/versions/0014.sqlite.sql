CREATE TRIGGER IF NOT EXISTS key_correction_says_the_same BEFORE UPDATE OF "item", "replaces", "base_version", "kind", "key", "why", "key_version", "reason", "counted", "proposed_by", "proposed_at" ON key_correction BEGIN SELECT RAISE(ABORT, 'a correction of a key is never changed: propose another'); END
-- next
CREATE TRIGGER IF NOT EXISTS key_correction_is_never_deleted BEFORE DELETE ON key_correction BEGIN SELECT RAISE(ABORT, 'a correction of a key is never deleted'); END
-- next
CREATE TRIGGER IF NOT EXISTS release_says_the_same BEFORE UPDATE OF "session_id", "proposed_by", "proposed_at", "sittings", "content_sha256", "again", "reason", "spare", "lines" ON "release" BEGIN SELECT RAISE(ABORT, 'a release is never changed: take it back'); END
-- next
CREATE TRIGGER IF NOT EXISTS release_is_never_deleted BEFORE DELETE ON "release" BEGIN SELECT RAISE(ABORT, 'a release is never deleted'); END
