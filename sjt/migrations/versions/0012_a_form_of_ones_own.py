"""a pool of forms, each dealt to one candidate

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

import sjt.db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("form_set", sa.Column("pool", sa.Integer(), server_default="0", nullable=False))
    op.add_column("test_session", sa.Column("pools", sa.JSON(), server_default="[]", nullable=False))
    op.create_table(
        "form_deal",
        sa.Column("form_id", sa.String(length=80), nullable=False),
        sa.Column("pool", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("seed", sa.String(length=120), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("dealt_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("dealt_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_form_deal_booking_id_booking")),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_form_deal_candidate_id_candidate")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["test_session.id"], name=op.f("fk_form_deal_session_id_test_session")
        ),
        sa.PrimaryKeyConstraint("form_id", name=op.f("pk_form_deal")),
    )
    op.create_index(op.f("ix_form_deal_booking_id"), "form_deal", ["booking_id"], unique=False)
    op.create_index(op.f("ix_form_deal_pool"), "form_deal", ["pool"], unique=False)
    op.create_index(op.f("ix_form_deal_session_id"), "form_deal", ["session_id"], unique=False)


def downgrade() -> None:
    op.drop_table("form_deal")
    with op.batch_alter_table("test_session") as batch_op:
        batch_op.drop_column("pools")
    with op.batch_alter_table("form_set") as batch_op:
        batch_op.drop_column("pool")
