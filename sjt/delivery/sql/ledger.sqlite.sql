-- The ledger's triggers on SQLite. Statements are parted by a line that says: -- next
CREATE TRIGGER IF NOT EXISTS ledger_entry_is_never_changed BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'The ledger is append-only: UPDATE of ledger_entry is refused.'); END
-- next
CREATE TRIGGER IF NOT EXISTS ledger_entry_is_never_deleted BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'The ledger is append-only: DELETE of ledger_entry is refused.'); END
-- next
CREATE TRIGGER IF NOT EXISTS ledger_body_is_never_changed BEFORE UPDATE ON ledger_body
BEGIN SELECT RAISE(ABORT, 'The ledger is append-only: UPDATE of ledger_body is refused.'); END
