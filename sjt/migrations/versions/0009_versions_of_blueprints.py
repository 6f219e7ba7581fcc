"""versions of blueprints

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

import sjt.db

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blueprint_version",
        sa.Column("bank_id", sa.String(length=80), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_blueprint_version_bank_id_bank")),
        sa.PrimaryKeyConstraint("bank_id", "path", "n", name=op.f("pk_blueprint_version")),
    )


def downgrade() -> None:
    op.drop_table("blueprint_version")
