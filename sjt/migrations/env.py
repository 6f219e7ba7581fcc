"""Alembic's environment: always on a connection that ``runner`` hands over."""

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from sjt import db
from sjt.migrations import runner


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Write our column types so that a migration stays readable and needs no SQLModel."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if kind == "type" and isinstance(item, db.UtcDateTime | db.FractionText):
        return f"sjt.db.{type(item).__name__}()"
    return False


runner.load_tables()
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=db.metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
    transactional_ddl=True,
)
context.run_migrations()
