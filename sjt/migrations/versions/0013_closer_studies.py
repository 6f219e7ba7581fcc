"""closer studies of a session or a form

Revision ID: 0013
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

import sjt.db

revision = "0013"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analysis_study",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("form_id", sa.String(length=80), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("data_sha256", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("(session_id IS NULL) <> (form_id IS NULL)", name=op.f("ck_analysis_study_session_or_form")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["test_session.id"], name=op.f("fk_analysis_study_session_id_test_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_study")),
    )
    op.create_index(op.f("ix_analysis_study_form_id"), "analysis_study", ["form_id"], unique=False)
    op.create_index(op.f("ix_analysis_study_session_id"), "analysis_study", ["session_id"], unique=False)


def downgrade() -> None:
    op.drop_table("analysis_study")
