"""the evidence behind adjustments lies apart; an organisation's own words of content and support

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

import sjt.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OLD = (
    "writer", "reviewer", "fairness", "expert", "test-developer", "centre-admin", "invigilator", "candidate",
    "psychometrician", "judge", "assessor", "moderator", "awarding-officer", "auditor", "employer", "administrator",
)  # fmt: skip
NEW = (*OLD[:7], "access-officer", *OLD[7:])


def _roles(allowed: tuple[str, ...], before: tuple[str, ...]) -> None:
    """Say anew which roles a person may hold."""

    def kind(names: tuple[str, ...]) -> sa.Enum:
        return sa.Enum(*names, name="role", native_enum=False, create_constraint=False, length=40)

    with op.batch_alter_table("user_role", schema=None) as batch:
        batch.drop_constraint(op.f("ck_user_role_role"), type_="check")
        batch.alter_column("role", existing_type=kind(before), type_=kind(allowed), existing_nullable=False)
        batch.create_check_constraint(op.f("ck_user_role_role"), sa.column("role").in_(allowed))


def upgrade() -> None:
    _roles(NEW, OLD)
    op.create_table(
        "adjustment_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("candidate_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.Column("recorded_at", sjt.db.UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("erased_at", sjt.db.UtcDateTime(), nullable=True),
        sa.Column("erased_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"], ["candidate.id"], name=op.f("fk_adjustment_evidence_candidate_id_candidate")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment_evidence")),
    )
    op.create_index(
        op.f("ix_adjustment_evidence_candidate_id"), "adjustment_evidence", ["candidate_id"], unique=False
    )
    op.create_index(op.f("ix_adjustment_evidence_keep_until"), "adjustment_evidence", ["keep_until"], unique=False)
    for name in ("content_words", "support_words"):
        op.add_column("organisation", sa.Column(name, sa.String(length=2000), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("organisation", schema=None) as batch:
        batch.drop_column("support_words")
        batch.drop_column("content_words")
    op.drop_table("adjustment_evidence")
    op.execute("DELETE FROM user_role WHERE role = 'access-officer'")
    _roles(OLD, NEW)
