CREATE TRIGGER IF NOT EXISTS expert_answer_is_never_changed BEFORE UPDATE ON expert_answer BEGIN SELECT RAISE(ABORT, 'expert_answer is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS expert_answer_is_never_deleted BEFORE DELETE ON expert_answer BEGIN SELECT RAISE(ABORT, 'expert_answer is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS key_meeting_is_never_changed BEFORE UPDATE ON key_meeting BEGIN SELECT RAISE(ABORT, 'key_meeting is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS key_meeting_is_never_deleted BEFORE DELETE ON key_meeting BEGIN SELECT RAISE(ABORT, 'key_meeting is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS key_decision_is_never_changed BEFORE UPDATE ON key_decision BEGIN SELECT RAISE(ABORT, 'key_decision is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS key_decision_is_never_deleted BEFORE DELETE ON key_decision BEGIN SELECT RAISE(ABORT, 'key_decision is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS think_aloud_is_never_changed BEFORE UPDATE ON think_aloud BEGIN SELECT RAISE(ABORT, 'think_aloud is only ever added to'); END
-- next
CREATE TRIGGER IF NOT EXISTS think_aloud_is_never_deleted BEFORE DELETE ON think_aloud BEGIN SELECT RAISE(ABORT, 'think_aloud is only ever added to'); END
