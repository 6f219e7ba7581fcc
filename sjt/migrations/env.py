"""Alembic's environment: always on a connection that ``runner`` hands over."""

from alembic import context

from sjt import db
from sjt.migrations import runner

runner.load_tables()
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=db.metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
context.run_migrations()
