CREATE OR REPLACE FUNCTION sjt_panels_only_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$
-- next
CREATE OR REPLACE TRIGGER expert_answer_is_only_added_to BEFORE UPDATE OR DELETE ON expert_answer FOR EACH ROW EXECUTE FUNCTION sjt_panels_only_added()
-- next
CREATE OR REPLACE TRIGGER key_meeting_is_only_added_to BEFORE UPDATE OR DELETE ON key_meeting FOR EACH ROW EXECUTE FUNCTION sjt_panels_only_added()
-- next
CREATE OR REPLACE TRIGGER key_decision_is_only_added_to BEFORE UPDATE OR DELETE ON key_decision FOR EACH ROW EXECUTE FUNCTION sjt_panels_only_added()
-- next
CREATE OR REPLACE TRIGGER think_aloud_is_only_added_to BEFORE UPDATE OR DELETE ON think_aloud FOR EACH ROW EXECUTE FUNCTION sjt_panels_only_added()
