"""emergency files comments and the survey

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

import sjt.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_key",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sjt.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["test_session.id"], name=op.f("fk_session_key_session_id_test_session")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_key")),
    )
    op.create_table(
        "emergency_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.String(length=40), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["test_session.id"], name=op.f("fk_emergency_import_session_id_test_session")
        ),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_emergency_import_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_import")),
    )
    with op.batch_alter_table("emergency_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_emergency_import_session_id"), ["session_id"], unique=False)

    op.create_table(
        "item_comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.String(length=80), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_item_comment_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_comment")),
        sa.UniqueConstraint("sitting_id", "item", name=op.f("uq_item_comment_sitting_id_item")),
    )
    with op.batch_alter_table("item_comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_comment_item"), ["item"], unique=False)

    op.create_table(
        "survey_answer",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.String(length=80), nullable=False),
        sa.Column("relevance", sa.Integer(), nullable=True),
        sa.Column("fairness", sa.Integer(), nullable=True),
        sa.Column("clarity", sa.Integer(), nullable=True),
        sa.Column("time", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("clarity BETWEEN 1 AND 5", name=op.f("ck_survey_answer_clarity_in_range")),
        sa.CheckConstraint("fairness BETWEEN 1 AND 5", name=op.f("ck_survey_answer_fairness_in_range")),
        sa.CheckConstraint("relevance BETWEEN 1 AND 5", name=op.f("ck_survey_answer_relevance_in_range")),
        sa.CheckConstraint("time BETWEEN 1 AND 5", name=op.f("ck_survey_answer_time_in_range")),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_survey_answer_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_survey_answer")),
    )
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_answer_form_id"), ["form_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_answer_form_id"))

    op.drop_table("survey_answer")
    with op.batch_alter_table("item_comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_item_comment_item"))

    op.drop_table("item_comment")
    with op.batch_alter_table("emergency_import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_emergency_import_session_id"))

    op.drop_table("emergency_import")
    op.drop_table("session_key")
