"""locked browser

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

import sjt.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_lock",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("base", sa.String(length=500), nullable=False),
        sa.Column("quit_token", sa.String(length=40), nullable=False),
        sa.Column("quit_hash", sa.String(length=64), nullable=False),
        sa.Column("assistive", sa.Boolean(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("config_key", sa.String(length=64), nullable=False),
        sa.Column("other_keys", sa.JSON(), nullable=False),
        sa.Column("set_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["test_session.id"], name=op.f("fk_session_lock_session_id_test_session")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_lock")),
    )
    op.create_table(
        "start_link",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("token_hmac", sa.String(length=64), nullable=False),
        sa.Column("config_key", sa.String(length=64), nullable=False),
        sa.Column("made_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("used_at", sjt.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_start_link_booking_id_booking")),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_start_link")),
        sa.UniqueConstraint("token_hmac", name=op.f("uq_start_link_token_hmac")),
    )
    op.create_table(
        "lock_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("lease", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("released_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("exempt", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_lock_hold_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lock_hold")),
    )
    with op.batch_alter_table("lock_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lock_hold_sitting_id"), ["sitting_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("lock_hold", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lock_hold_sitting_id"))

    op.drop_table("lock_hold")
    op.drop_table("start_link")
    op.drop_table("session_lock")
