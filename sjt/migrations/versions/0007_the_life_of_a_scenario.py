"""the life of a scenario

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa

from alembic import op

import sjt.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scenario_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "review",
                "fairness",
                "revise",
                "panel",
                "statistics",
                "law",
                "other",
                name="task_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("assignee", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("asked_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("done_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=False),
        sa.Column("done_how", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario_task")),
    )
    op.create_index("ix_scenario_task_assignee_done_at", "scenario_task", ["assignee", "done_at"], unique=False)
    op.create_index("ix_scenario_task_scenario_id", "scenario_task", ["scenario_id"], unique=False)
    op.create_table(
        "scenario_thread",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("for_all", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("resolved_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("resolved_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario_thread")),
    )
    op.create_index("ix_scenario_thread_scenario_id", "scenario_thread", ["scenario_id"], unique=False)
    op.create_table(
        "scenario_remark",
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("did", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["scenario_thread.id"], name=op.f("fk_scenario_remark_thread_id_scenario_thread")
        ),
        sa.PrimaryKeyConstraint("thread_id", "n", name=op.f("pk_scenario_remark")),
    )
    op.create_table(
        "scenario_suspension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("scenarios", sa.JSON(), nullable=False),
        sa.Column("forms", sa.JSON(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_scenario_suspension_bank_id_bank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario_suspension")),
    )
    op.create_table(
        "key_panel_verdict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenario.id"], name=op.f("fk_key_panel_verdict_scenario_id_scenario")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_panel_verdict")),
    )
    op.create_index(
        "ix_key_panel_verdict_scenario_id_version", "key_panel_verdict", ["scenario_id", "version"], unique=False
    )
    op.create_table(
        "scenario_move",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("did", sa.String(length=40), nullable=False),
        sa.Column("was", sa.String(length=40), nullable=False),
        sa.Column(
            "became",
            sa.Enum(
                "draft",
                "review",
                "approved_for_trial",
                "on_trial",
                "live",
                "suspended",
                "retired",
                name="scenario_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("waived", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("suspension_id", sa.Uuid(), nullable=True),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenario.id"], name=op.f("fk_scenario_move_scenario_id_scenario")),
        sa.ForeignKeyConstraint(
            ["suspension_id"],
            ["scenario_suspension.id"],
            name=op.f("fk_scenario_move_suspension_id_scenario_suspension"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario_move")),
    )
    op.create_index("ix_scenario_move_scenario_id_at", "scenario_move", ["scenario_id", "at"], unique=False)
    op.create_index(op.f("ix_scenario_move_suspension_id"), "scenario_move", ["suspension_id"], unique=False)
    op.create_table(
        "scenario_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("review", "fairness", name="review_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("approves", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenario.id"], name=op.f("fk_scenario_review_scenario_id_scenario")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario_review")),
    )
    op.create_index(
        "ix_scenario_review_scenario_id_version", "scenario_review", ["scenario_id", "version"], unique=False
    )


def downgrade() -> None:
    for table in (
        "scenario_move",
        "scenario_suspension",
        "scenario_review",
        "scenario_remark",
        "scenario_thread",
        "scenario_task",
        "key_panel_verdict",
    ):
        op.drop_table(table)
