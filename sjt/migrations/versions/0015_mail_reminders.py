"""mail reminders

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

import sjt.db

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_reminder",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_mail_reminder_user_id_user_account")),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_mail_reminder")),
    )


def downgrade() -> None:
    op.drop_table("mail_reminder")
