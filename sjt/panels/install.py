"""Triggers that let answers, decisions and notes only ever be added, on both databases."""

from __future__ import annotations

from typing import Final

APPEND_ONLY: Final = ("expert_answer", "key_meeting", "key_decision", "think_aloud")


def install_sql(dialect: str) -> list[str]:
    """Give the statements for ``sqlite`` or ``postgresql``; each may be run again."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER IF NOT EXISTS {table}_is_never_{done} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            for table in APPEND_ONLY
            for deed, done in (("UPDATE", "changed"), ("DELETE", "deleted"))
        ]
    return [
        (
            "CREATE OR REPLACE FUNCTION sjt_panels_only_added() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$"
        ),
        *(
            f"CREATE OR REPLACE TRIGGER {table}_is_only_added_to BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION sjt_panels_only_added()"
            for table in APPEND_ONLY
        ),
    ]
