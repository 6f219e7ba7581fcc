"""drafts of scenarios

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

import sjt.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scenario_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.String(length=80), nullable=False),
        sa.Column("scenario_id", sa.String(length=40), nullable=False),
        sa.Column("open_for", sa.String(length=40), nullable=True),
        sa.Column("base_n", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("created_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("closed_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=False),
        sa.Column("became", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_scenario_draft_bank_id_bank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario_draft")),
        sa.UniqueConstraint("open_for", name=op.f("uq_scenario_draft_open_for")),
    )
    op.create_index(op.f("ix_scenario_draft_scenario_id"), "scenario_draft", ["scenario_id"], unique=False)
    op.create_table(
        "scenario_draft_aside",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("base", sa.JSON(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("settled_at", sjt.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["scenario_draft.id"], name=op.f("fk_scenario_draft_aside_draft_id_scenario_draft")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario_draft_aside")),
    )
    op.create_index(op.f("ix_scenario_draft_aside_draft_id"), "scenario_draft_aside", ["draft_id"], unique=False)
    op.create_table(
        "scenario_draft_step",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("did", sa.String(length=20), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("undo_to", sa.Integer(), nullable=False),
        sa.Column("redo_to", sa.Integer(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["scenario_draft.id"], name=op.f("fk_scenario_draft_step_draft_id_scenario_draft")
        ),
        sa.PrimaryKeyConstraint("draft_id", "n", name=op.f("pk_scenario_draft_step")),
    )


def downgrade() -> None:
    for table in ("scenario_draft_step", "scenario_draft_aside", "scenario_draft"):
        op.drop_table(table)
