"""panels of experts

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa

from alembic import op

import sjt.db
from sjt.migrations.runner import run_file

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.create_table('expert_panel',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('bank_id', sa.String(length=80), nullable=False),
    sa.Column('purpose', sa.Enum('key', 'content', name='purpose', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('state', sa.Enum('open', 'closed', name='panel_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('closed_by', sa.String(length=80), nullable=False),
    sa.Column('closed_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('answers_sha256', sa.String(length=64), nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('summary', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_expert_panel_bank_id_bank')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert_panel'))
    )
    op.create_table('expert_answer',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('panel_id', sa.Uuid(), nullable=False),
    sa.Column('person', sa.String(length=80), nullable=False),
    sa.Column('subject', sa.String(length=60), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('response', sa.JSON(), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['panel_id'], ['expert_panel.id'], name=op.f('fk_expert_answer_panel_id_expert_panel')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert_answer')),
    sa.UniqueConstraint('panel_id', 'person', 'subject', 'version', name=op.f('uq_expert_answer_panel_id_person_subject_version'))
    )
    op.create_index(op.f('ix_expert_answer_panel_id'), 'expert_answer', ['panel_id'], unique=False)
    op.create_table('expert_finding',
    sa.Column('panel_id', sa.Uuid(), nullable=False),
    sa.Column('subject', sa.String(length=60), nullable=False),
    sa.Column('found', sa.JSON(), nullable=False),
    sa.Column('drawn', sa.JSON(), nullable=False),
    sa.Column('computed_at', sjt.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['panel_id'], ['expert_panel.id'], name=op.f('fk_expert_finding_panel_id_expert_panel')),
    sa.PrimaryKeyConstraint('panel_id', 'subject', name=op.f('pk_expert_finding'))
    )
    op.create_table('expert_panel_member',
    sa.Column('panel_id', sa.Uuid(), nullable=False),
    sa.Column('person', sa.String(length=80), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('invited', 'refused', 'withdrawn', 'left_out', name='member_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('invited_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('left_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.ForeignKeyConstraint(['panel_id'], ['expert_panel.id'], name=op.f('fk_expert_panel_member_panel_id_expert_panel')),
    sa.PrimaryKeyConstraint('panel_id', 'person', name=op.f('pk_expert_panel_member')),
    sa.UniqueConstraint('panel_id', 'number', name=op.f('uq_expert_panel_member_panel_id_number'))
    )
    op.create_table('expert_panel_scenario',
    sa.Column('panel_id', sa.Uuid(), nullable=False),
    sa.Column('scenario_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['panel_id'], ['expert_panel.id'], name=op.f('fk_expert_panel_scenario_panel_id_expert_panel')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_expert_panel_scenario_scenario_id_scenario')),
    sa.PrimaryKeyConstraint('panel_id', 'scenario_id', name=op.f('pk_expert_panel_scenario'))
    )
    op.create_table('key_doubt',
    sa.Column('panel_id', sa.Uuid(), nullable=False),
    sa.Column('counted', sa.JSON(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['panel_id'], ['expert_panel.id'], name=op.f('fk_key_doubt_panel_id_expert_panel')),
    sa.PrimaryKeyConstraint('panel_id', name=op.f('pk_key_doubt'))
    )
    op.create_table('key_meeting',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('panel_id', sa.Uuid(), nullable=False),
    sa.Column('held_on', sa.Date(), nullable=False),
    sa.Column('present', sa.Text(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['panel_id'], ['expert_panel.id'], name=op.f('fk_key_meeting_panel_id_expert_panel')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_key_meeting'))
    )
    op.create_index(op.f('ix_key_meeting_panel_id'), 'key_meeting', ['panel_id'], unique=False)
    op.create_table('key_settlement',
    sa.Column('panel_id', sa.Uuid(), nullable=False),
    sa.Column('scenario_id', sa.String(length=40), nullable=False),
    sa.Column('passed', sa.Boolean(), nullable=False),
    sa.Column('became', sa.Integer(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['panel_id'], ['expert_panel.id'], name=op.f('fk_key_settlement_panel_id_expert_panel')),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_key_settlement_scenario_id_scenario')),
    sa.PrimaryKeyConstraint('panel_id', 'scenario_id', name=op.f('pk_key_settlement'))
    )
    op.create_table('think_aloud',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('scenario_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('held_on', sa.Date(), nullable=False),
    sa.Column('who', sa.String(length=200), nullable=False),
    sa.Column('finding', sa.Text(), nullable=False),
    sa.Column('changed', sa.Text(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_think_aloud_scenario_id_scenario')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_think_aloud'))
    )
    op.create_index('ix_think_aloud_scenario_id', 'think_aloud', ['scenario_id'], unique=False)
    op.create_table('key_decision',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('meeting_id', sa.Uuid(), nullable=False),
    sa.Column('panel_id', sa.Uuid(), nullable=False),
    sa.Column('item', sa.String(length=60), nullable=False),
    sa.Column('outcome', sa.Enum('stands', 'panel', 'reword', 'drop', name='outcome', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('key_before', sa.JSON(), nullable=False),
    sa.Column('key_after', sa.JSON(), nullable=False),
    sa.Column('why', sa.JSON(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['meeting_id'], ['key_meeting.id'], name=op.f('fk_key_decision_meeting_id_key_meeting')),
    sa.ForeignKeyConstraint(['panel_id'], ['expert_panel.id'], name=op.f('fk_key_decision_panel_id_expert_panel')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_key_decision'))
    )
    op.create_index(op.f('ix_key_decision_meeting_id'), 'key_decision', ['meeting_id'], unique=False)
    op.create_index(op.f('ix_key_decision_panel_id'), 'key_decision', ['panel_id'], unique=False)
    run_file(op.get_bind(), revision)


TABLES = (
    "key_decision",
    "think_aloud",
    "key_settlement",
    "key_meeting",
    "key_doubt",
    "expert_panel_scenario",
    "expert_panel_member",
    "expert_finding",
    "expert_answer",
    "expert_panel",
)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION sjt_panels_only_added()")
