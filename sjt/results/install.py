"""Triggers that let marks, ratings, outcomes and what a pass mark says only ever be added, on both databases."""

from __future__ import annotations

from typing import Final

APPEND_ONLY: Final = ("mark_run", "item_mark", "angoff_rating", "outcome")
CUT_SAYS: Final = ("form_id", "version", "exact", "applied", "unit", "max", "se", "method", "source", "parts")
"""What a pass mark says; its state and signatures may be written."""


def install_sql(dialect: str) -> list[str]:
    """Give the statements for ``sqlite`` or ``postgresql``; each may be run again."""
    columns = ", ".join(f'"{name}"' for name in CUT_SAYS)
    if dialect == "sqlite":
        statements = [
            f"CREATE TRIGGER IF NOT EXISTS {table}_is_never_{done} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            for table in APPEND_ONLY
            for deed, done in (("UPDATE", "changed"), ("DELETE", "deleted"))
        ]
        return [
            *statements,
            (
                f"CREATE TRIGGER IF NOT EXISTS cut_says_the_same BEFORE UPDATE OF {columns} ON cut "
                "BEGIN SELECT RAISE(ABORT, 'a pass mark is never changed: propose a new version'); END"
            ),
            (
                "CREATE TRIGGER IF NOT EXISTS cut_is_never_deleted BEFORE DELETE ON cut "
                "BEGIN SELECT RAISE(ABORT, 'a pass mark is never deleted'); END"
            ),
        ]
    return [
        (
            "CREATE OR REPLACE FUNCTION sjt_results_only_added() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$"
        ),
        *(
            f"CREATE OR REPLACE TRIGGER {table}_is_only_added_to BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()"
            for table in APPEND_ONLY
        ),
        (
            f"CREATE OR REPLACE TRIGGER cut_says_the_same BEFORE UPDATE OF {columns} ON cut "
            "FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()"
        ),
        (
            "CREATE OR REPLACE TRIGGER cut_is_never_deleted BEFORE DELETE ON cut "
            "FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()"
        ),
    ]
