"""Triggers that keep a scenario's versions and a published form as they were written, on both databases."""

from __future__ import annotations

from typing import Final

_FROZEN: Final = ("paper", "secret", "snapshot_sha256", "use", "max_marks", "minutes", "cut_exact", "cut_applied")

_SQLITE: Final = (
    """CREATE TRIGGER IF NOT EXISTS scenario_version_is_final BEFORE UPDATE ON scenario_version
BEGIN SELECT RAISE(ABORT, 'a scenario version is never changed'); END""",
    """CREATE TRIGGER IF NOT EXISTS scenario_version_stays BEFORE DELETE ON scenario_version
BEGIN SELECT RAISE(ABORT, 'a scenario version is never deleted'); END""",
    f"""CREATE TRIGGER IF NOT EXISTS form_is_final BEFORE UPDATE ON form WHEN OLD.state <> 'draft' AND (
{" OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _FROZEN)} OR NEW.state = 'draft')
BEGIN SELECT RAISE(ABORT, 'a published form is never changed'); END""",
    """CREATE TRIGGER IF NOT EXISTS form_stays BEFORE DELETE ON form WHEN OLD.state <> 'draft'
BEGIN SELECT RAISE(ABORT, 'a published form is never deleted'); END""",
)
_POSTGRESQL: Final = (
    """CREATE OR REPLACE FUNCTION authoring_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$""",
    """CREATE OR REPLACE TRIGGER scenario_version_is_final BEFORE UPDATE ON scenario_version
FOR EACH ROW EXECUTE FUNCTION authoring_refuse('a scenario version is never changed')""",
    """CREATE OR REPLACE TRIGGER scenario_version_stays BEFORE DELETE ON scenario_version
FOR EACH ROW EXECUTE FUNCTION authoring_refuse('a scenario version is never deleted')""",
    f"""CREATE OR REPLACE TRIGGER form_is_final BEFORE UPDATE ON form FOR EACH ROW WHEN (OLD.state <> 'draft' AND (
{" OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _FROZEN)} OR NEW.state = 'draft'))
EXECUTE FUNCTION authoring_refuse('a published form is never changed')""",
    """CREATE OR REPLACE TRIGGER form_stays BEFORE DELETE ON form FOR EACH ROW WHEN (OLD.state <> 'draft')
EXECUTE FUNCTION authoring_refuse('a published form is never deleted')""",
)


def install_sql(dialect: str) -> list[str]:
    """Give the statements that install the triggers; each may run again."""
    return list(_SQLITE if dialect == "sqlite" else _POSTGRESQL)


def remove_sql(dialect: str) -> list[str]:
    """Give the statements that take the triggers away again."""
    names = (("scenario_version", "is_final"), ("scenario_version", "stays"), ("form", "is_final"), ("form", "stays"))
    if dialect == "sqlite":
        return [f"DROP TRIGGER {table}_{what}" for table, what in names]
    return [*(f"DROP TRIGGER {table}_{what} ON {table}" for table, what in names), "DROP FUNCTION authoring_refuse()"]
