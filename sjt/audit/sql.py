"""Triggers that keep the audit record append-only, on both databases."""

from __future__ import annotations

from typing import Final

APPEND_ONLY: Final = ("audit_entry", "audit_anchor")


def install_sql(dialect: str) -> list[str]:
    """Give the statements that install the triggers; a body may be erased, an entry and an anchor may not."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in APPEND_ONLY
            for deed in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE FUNCTION sjt_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    return [
        function,
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION sjt_append_only()"
            for table in APPEND_ONLY
        ),
    ]


def remove_sql(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [f"DROP TRIGGER {table}_no_{deed}" for table in APPEND_ONLY for deed in ("update", "delete")]
    return [
        *(f"DROP TRIGGER {table}_append_only ON {table}" for table in APPEND_ONLY),
        "DROP FUNCTION sjt_append_only()",
    ]
