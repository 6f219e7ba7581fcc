"""corrections of keys and re-awards

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

import sjt.db
from sjt.migrations.runner import run_file

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "key_correction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.String(length=80), nullable=False),
        sa.Column("replaces", sa.String(length=64), nullable=False),
        sa.Column("base_version", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("key", "credit", name="correction_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("key", sa.JSON(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("key_version", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counted", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "adopted",
                "taken_back",
                "superseded",
                name="correction_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("adopted_by", sa.String(length=80), nullable=True),
        sa.Column("adopted_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("seconded_by", sa.String(length=80), nullable=True),
        sa.Column("seconded_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sjt.db.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state <> 'adopted' OR (adopted_by IS NOT NULL AND seconded_by IS NOT NULL)",
            name=op.f("ck_key_correction_stands_when_signed"),
        ),
        sa.CheckConstraint(
            "adopted_by IS NULL OR adopted_by <> proposed_by", name=op.f("ck_key_correction_first_is_another")
        ),
        sa.CheckConstraint(
            "adopted_by IS NULL OR seconded_by IS NULL OR adopted_by <> seconded_by",
            name=op.f("ck_key_correction_two_people"),
        ),
        sa.CheckConstraint(
            "seconded_by IS NULL OR seconded_by <> proposed_by", name=op.f("ck_key_correction_second_is_another")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_correction")),
    )
    op.create_index("ix_key_correction_item_replaces", "key_correction", ["item", "replaces"], unique=False)
    op.create_index(op.f("ix_key_correction_state"), "key_correction", ["state"], unique=False)
    op.add_column("release", sa.Column("again", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("release", sa.Column("reason", sa.String(length=1000), server_default="", nullable=False))
    op.add_column("release", sa.Column("spare", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("release", sa.Column("lines", sa.JSON(), server_default="[]", nullable=False))
    run_file(op.get_bind(), revision)


def downgrade() -> None:
    where = ' ON "release"' if op.get_bind().dialect.name == "postgresql" else ""
    for name in ("release_says_the_same", "release_is_never_deleted"):
        op.execute(f"DROP TRIGGER {name}{where}")
    for column in ("lines", "spare", "reason", "again"):
        op.drop_column("release", column)
    op.drop_table("key_correction")
