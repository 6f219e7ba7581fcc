"""preflight, outage decisions, latecomers, networks, a second sitting of a booking

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa

from alembic import op

import sjt.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preflight_probe",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preflight_probe")),
    )
    op.create_table(
        "preflight",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("machine", sa.String(length=40), nullable=False),
        sa.Column("seat", sa.String(length=40), nullable=False),
        sa.Column("at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("serves", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_preflight_room_id_room")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preflight")),
        sa.UniqueConstraint("room_id", "machine", "at", name=op.f("uq_preflight_room_id_machine_at")),
    )
    with op.batch_alter_table("preflight", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_preflight_room_id"), ["room_id"], unique=False)

    op.create_table(
        "outage_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("from_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("to_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("span", sa.JSON(), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["test_session.id"], name=op.f("fk_outage_case_session_id_test_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_case")),
        sa.UniqueConstraint("session_id", "key", name=op.f("uq_outage_case_session_id_key")),
    )
    with op.batch_alter_table("centre", schema=None) as batch_op:
        batch_op.add_column(sa.Column("networks", sa.JSON(), server_default="[]", nullable=False))

    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retired", sa.String(length=20), server_default="", nullable=False))
        batch_op.drop_constraint(batch_op.f("uq_sitting_booking_id"), type_="unique")
        batch_op.create_index(batch_op.f("ix_sitting_booking_id"), ["booking_id"], unique=False)
        batch_op.create_index(
            "ix_sitting_booking_id_current",
            ["booking_id"],
            unique=True,
            sqlite_where=sa.text("retired = ''"),
            postgresql_where=sa.text("retired = ''"),
        )

    with op.batch_alter_table("test_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("late_minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("late_time", sa.String(length=10), server_default="full", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("test_session", schema=None) as batch_op:
        batch_op.drop_column("late_time")
        batch_op.drop_column("late_minutes")

    with op.batch_alter_table("sitting", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_sitting_booking_id_current",
            sqlite_where=sa.text("retired = ''"),
            postgresql_where=sa.text("retired = ''"),
        )
        batch_op.drop_index(batch_op.f("ix_sitting_booking_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_sitting_booking_id"), ["booking_id"])
        batch_op.drop_column("retired")

    with op.batch_alter_table("centre", schema=None) as batch_op:
        batch_op.drop_column("networks")

    op.drop_table("outage_case")
    with op.batch_alter_table("preflight", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_preflight_room_id"))

    op.drop_table("preflight")
    op.drop_table("preflight_probe")
