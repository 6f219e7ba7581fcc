"""Triggers that let marks, ratings and outcomes, and what a signed deed says, only ever be added, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

APPEND_ONLY: Final = ("mark_run", "item_mark", "angoff_rating", "outcome")
CUT_SAYS: Final = ("form_id", "version", "exact", "applied", "unit", "max", "se", "method", "source", "parts")
"""What a pass mark says; its state and signatures may be written."""
CORRECTION_SAYS: Final = (
    *("item", "replaces", "base_version", "kind", "key", "why", "key_version", "reason", "counted"),
    *("proposed_by", "proposed_at"),
)
RELEASE_SAYS: Final = (
    *("session_id", "proposed_by", "proposed_at", "sittings", "content_sha256", "again", "reason", "spare", "lines"),
)
SAYS: Final = (
    ("cut", CUT_SAYS, "a pass mark is never changed: propose a new version", "a pass mark is never deleted"),
    (
        "key_correction",
        CORRECTION_SAYS,
        "a correction of a key is never changed: propose another",
        "a correction of a key is never deleted",
    ),
    ("release", RELEASE_SAYS, "a release is never changed: take it back", "a release is never deleted"),
)
"""Table, the columns that say something, and the refusals where there are words for them."""


def install_sql(dialect: str) -> list[str]:
    """Give the statements for ``sqlite`` or ``postgresql``; each may be run again."""
    if dialect == "sqlite":
        statements = [
            f"CREATE TRIGGER IF NOT EXISTS {table}_is_never_{done} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            for table in APPEND_ONLY
            for deed, done in (("UPDATE", "changed"), ("DELETE", "deleted"))
        ]
        for table, says, changed, deleted in SAYS:
            statements += [
                (
                    f"CREATE TRIGGER IF NOT EXISTS {table}_says_the_same BEFORE UPDATE OF {_columns(says)} "
                    f"ON {_name(table)} BEGIN SELECT RAISE(ABORT, '{changed}'); END"
                ),
                (
                    f"CREATE TRIGGER IF NOT EXISTS {table}_is_never_deleted BEFORE DELETE ON {_name(table)} "
                    f"BEGIN SELECT RAISE(ABORT, '{deleted}'); END"
                ),
            ]
        return statements
    statements = [
        (
            "CREATE OR REPLACE FUNCTION sjt_results_only_added() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$"
        ),
        *(
            f"CREATE OR REPLACE TRIGGER {table}_is_only_added_to BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()"
            for table in APPEND_ONLY
        ),
    ]
    for table, says, _, _ in SAYS:
        statements += [
            (
                f"CREATE OR REPLACE TRIGGER {table}_says_the_same BEFORE UPDATE OF {_columns(says)} "
                f"ON {_name(table)} FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()"
            ),
            (
                f"CREATE OR REPLACE TRIGGER {table}_is_never_deleted BEFORE DELETE ON {_name(table)} "
                "FOR EACH ROW EXECUTE FUNCTION sjt_results_only_added()"
            ),
        ]
    return statements


def _columns(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _name(table: str) -> str:
    return f'"{table}"' if table == "release" else table  # a word of SQL's own
