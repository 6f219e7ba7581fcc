CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END
-- next
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END
-- next
CREATE TRIGGER audit_anchor_no_update BEFORE UPDATE ON audit_anchor BEGIN SELECT RAISE(ABORT, 'audit_anchor is append-only'); END
-- next
CREATE TRIGGER audit_anchor_no_delete BEFORE DELETE ON audit_anchor BEGIN SELECT RAISE(ABORT, 'audit_anchor is append-only'); END
-- next
CREATE TRIGGER IF NOT EXISTS scenario_version_is_final BEFORE UPDATE ON scenario_version
BEGIN SELECT RAISE(ABORT, 'a scenario version is never changed'); END
-- next
CREATE TRIGGER IF NOT EXISTS scenario_version_stays BEFORE DELETE ON scenario_version
BEGIN SELECT RAISE(ABORT, 'a scenario version is never deleted'); END
-- next
CREATE TRIGGER IF NOT EXISTS form_is_final BEFORE UPDATE ON form WHEN OLD.state <> 'draft' AND (
OLD.paper IS NOT NEW.paper OR OLD.secret IS NOT NEW.secret OR OLD.snapshot_sha256 IS NOT NEW.snapshot_sha256 OR OLD.use IS NOT NEW.use OR OLD.max_marks IS NOT NEW.max_marks OR OLD.minutes IS NOT NEW.minutes OR OLD.cut_exact IS NOT NEW.cut_exact OR OLD.cut_applied IS NOT NEW.cut_applied OR NEW.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'a published form is never changed'); END
-- next
CREATE TRIGGER IF NOT EXISTS form_stays BEFORE DELETE ON form WHEN OLD.state <> 'draft'
BEGIN SELECT RAISE(ABORT, 'a published form is never deleted'); END
-- next
CREATE TRIGGER IF NOT EXISTS ledger_entry_is_never_changed BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'The ledger is append-only: UPDATE of ledger_entry is refused.'); END
-- next
CREATE TRIGGER IF NOT EXISTS ledger_entry_is_never_deleted BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'The ledger is append-only: DELETE of ledger_entry is refused.'); END
-- next
CREATE TRIGGER IF NOT EXISTS ledger_body_is_never_changed BEFORE UPDATE ON ledger_body
BEGIN SELECT RAISE(ABORT, 'The ledger is append-only: UPDATE of ledger_body is refused.'); END
-- next
CREATE TRIGGER IF NOT EXISTS mark_run_is_never_changed BEFORE UPDATE ON mark_run BEGIN SELECT RAISE(ABORT, 'mark_run is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS mark_run_is_never_deleted BEFORE DELETE ON mark_run BEGIN SELECT RAISE(ABORT, 'mark_run is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS item_mark_is_never_changed BEFORE UPDATE ON item_mark BEGIN SELECT RAISE(ABORT, 'item_mark is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS item_mark_is_never_deleted BEFORE DELETE ON item_mark BEGIN SELECT RAISE(ABORT, 'item_mark is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS angoff_rating_is_never_changed BEFORE UPDATE ON angoff_rating BEGIN SELECT RAISE(ABORT, 'angoff_rating is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS angoff_rating_is_never_deleted BEFORE DELETE ON angoff_rating BEGIN SELECT RAISE(ABORT, 'angoff_rating is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS outcome_is_never_changed BEFORE UPDATE ON outcome BEGIN SELECT RAISE(ABORT, 'outcome is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS outcome_is_never_deleted BEFORE DELETE ON outcome BEGIN SELECT RAISE(ABORT, 'outcome is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS cut_says_the_same BEFORE UPDATE OF "form_id", "version", "exact", "applied", "unit", "max", "se", "method", "source", "parts" ON cut BEGIN SELECT RAISE(ABORT, 'a pass mark is never changed: propose a new version'); END
-- next
CREATE TRIGGER IF NOT EXISTS cut_is_never_deleted BEFORE DELETE ON cut BEGIN SELECT RAISE(ABORT, 'a pass mark is never deleted'); END
