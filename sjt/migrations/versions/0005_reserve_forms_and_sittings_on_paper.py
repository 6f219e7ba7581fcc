"""reserve forms and sittings on paper

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

import sjt.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("form_set", sa.Column("reserve", sa.Integer(), server_default="0", nullable=False))
    op.add_column("form_set", sa.Column("excluded", sa.JSON(), server_default="[]", nullable=False))
    op.create_table(
        "session_reserve",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("forms", sa.JSON(), nullable=False),
        sa.Column("withheld", sa.JSON(), nullable=False),
        sa.Column("used_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("used_by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["test_session.id"], name=op.f("fk_session_reserve_session_id_test_session")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_reserve")),
    )
    op.create_table(
        "paper_sitting",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("asked_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("prints", sa.Integer(), nullable=False),
        sa.Column("printed_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("printed_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", sjt.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_paper_sitting_sitting_id_sitting")),
        sa.PrimaryKeyConstraint("sitting_id", name=op.f("pk_paper_sitting")),
    )
    op.create_table(
        "paper_keying",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("keyer", sa.String(length=80), nullable=False),
        sa.Column("mark", sa.String(length=10), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("responses", sa.JSON(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.CheckConstraint("nth IN (1, 2)", name=op.f("ck_paper_keying_twice")),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["paper_sitting.sitting_id"], name=op.f("fk_paper_keying_sitting_id_paper_sitting")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_keying")),
        sa.UniqueConstraint("sitting_id", "keyer", name=op.f("uq_paper_keying_sitting_id_keyer")),
        sa.UniqueConstraint("sitting_id", "nth", name=op.f("uq_paper_keying_sitting_id_nth")),
    )
    op.create_table(
        "paper_settlement",
        sa.Column("sitting_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("beside", sa.String(length=80), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["paper_sitting.sitting_id"], name=op.f("fk_paper_settlement_sitting_id_paper_sitting")
        ),
        sa.PrimaryKeyConstraint("sitting_id", "item", name=op.f("pk_paper_settlement")),
    )


def downgrade() -> None:
    for table in ("paper_settlement", "paper_keying", "paper_sitting", "session_reserve"):
        op.drop_table(table)
    op.drop_column("form_set", "excluded")
    op.drop_column("form_set", "reserve")
