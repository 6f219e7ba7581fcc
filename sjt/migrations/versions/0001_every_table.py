"""every table

Revision ID: 0001
Revises: 
"""

import sqlalchemy as sa

from alembic import op

import sjt.db
from sjt.migrations.runner import run_file

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

def upgrade() -> None:
    op.create_table('audit_anchor',
    sa.Column('anchor', sa.Integer(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('heads', sa.JSON(), nullable=False),
    sa.Column('prev', sa.String(length=64), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('signature', sa.String(length=128), nullable=False),
    sa.PrimaryKeyConstraint('anchor', name=op.f('pk_audit_anchor'))
    )
    op.create_table('audit_body',
    sa.Column('chain', sa.String(length=120), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('salt', sa.LargeBinary(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('chain', 'n', name=op.f('pk_audit_body'))
    )
    op.create_table('audit_entry',
    sa.Column('chain', sa.String(length=120), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('at', sa.String(length=30), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('did', sa.String(length=80), nullable=False),
    sa.Column('body_sha256', sa.String(length=64), nullable=False),
    sa.Column('prev', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('chain', 'n', name=op.f('pk_audit_entry'))
    )
    op.create_table('audit_head',
    sa.Column('chain', sa.String(length=120), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('anchored_n', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('chain', name=op.f('pk_audit_head'))
    )
    op.create_table('award_signature',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('candidate_id', sa.Uuid(), nullable=False),
    sa.Column('award_version', sa.Integer(), nullable=False),
    sa.Column('signed_as', sa.Enum('assessor', 'awarding-officer', name='signed_as', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('grade', sa.String(length=40), nullable=False),
    sa.Column('plan', sa.String(length=100), nullable=False),
    sa.Column('outcomes', sa.JSON(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_award_signature')),
    sa.UniqueConstraint('candidate_id', 'award_version', 'signed_as', name=op.f('uq_award_signature_candidate_id_award_version_signed_as'))
    )
    with op.batch_alter_table('award_signature', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_award_signature_candidate_id'), ['candidate_id'], unique=False)

    op.create_table('bank',
    sa.Column('id', sa.String(length=80), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('imported_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('imported_by', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank'))
    )
    op.create_table('candidate',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('uln', sa.String(length=10), nullable=False),
    sa.Column('given_name', sa.String(length=200), nullable=False),
    sa.Column('family_name', sa.String(length=200), nullable=False),
    sa.Column('date_of_birth', sa.Date(), nullable=False),
    sa.Column('employer', sa.String(length=200), nullable=False),
    sa.Column('provider', sa.String(length=200), nullable=False),
    sa.Column('option', sa.String(length=40), nullable=False),
    sa.Column('start_date', sa.Date(), nullable=False),
    sa.Column('plan', sa.String(length=100), nullable=False),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_candidate'))
    )
    with op.batch_alter_table('candidate', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_candidate_employer'), ['employer'], unique=False)
        batch_op.create_index(batch_op.f('ix_candidate_uln'), ['uln'], unique=False)

    op.create_table('centre',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_centre')),
    sa.UniqueConstraint('name', name=op.f('uq_centre_name'))
    )
    op.create_table('code_try',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('address', sa.String(length=80), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_code_try'))
    )
    with op.batch_alter_table('code_try', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_code_try_address'), ['address'], unique=False)

    op.create_table('component_result',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('candidate_id', sa.Uuid(), nullable=False),
    sa.Column('component', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_component_result')),
    sa.UniqueConstraint('candidate_id', 'component', 'version', name=op.f('uq_component_result_candidate_id_component_version'))
    )
    with op.batch_alter_table('component_result', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_component_result_candidate_id'), ['candidate_id'], unique=False)

    op.create_table('cut',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('form_id', sa.String(length=80), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('exact', sjt.db.FractionText(), nullable=False),
    sa.Column('applied', sjt.db.FractionText(), nullable=False),
    sa.Column('unit', sjt.db.FractionText(), nullable=False),
    sa.Column('max', sjt.db.FractionText(), nullable=False),
    sa.Column('se', sa.Float(), nullable=True),
    sa.Column('method', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=300), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('parts', sa.JSON(), nullable=False),
    sa.Column('notes', sa.JSON(), nullable=False),
    sa.Column('state', sa.Enum('proposed', 'adopted', 'superseded', name='cut_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('proposed_by', sa.String(length=80), nullable=False),
    sa.Column('proposed_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('reason', sa.String(length=2000), nullable=False),
    sa.Column('adopted_by', sa.String(length=80), nullable=True),
    sa.Column('adopted_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('seconded_by', sa.String(length=80), nullable=True),
    sa.Column('seconded_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('superseded_at', sjt.db.UtcDateTime(), nullable=True),
    sa.CheckConstraint('adopted_by IS NULL OR seconded_by IS NULL OR adopted_by <> seconded_by', name=op.f('ck_cut_two_people')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cut')),
    sa.UniqueConstraint('form_id', 'version', name=op.f('uq_cut_form_id_version'))
    )
    with op.batch_alter_table('cut', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cut_form_id'), ['form_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cut_state'), ['state'], unique=False)

    op.create_table('declared_tie',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('marker', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('declared_at', sjt.db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_declared_tie')),
    sa.UniqueConstraint('marker', 'kind', 'name', name=op.f('uq_declared_tie_marker_kind_name'))
    )
    op.create_table('employer_contact',
    sa.Column('user_id', sa.String(length=80), nullable=False),
    sa.Column('employer', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_employer_contact'))
    )
    op.create_table('heartbeat',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('boot', sa.String(length=64), nullable=False),
    sa.Column('mono_ms', sa.BigInteger(), nullable=False),
    sa.Column('process', sa.Uuid(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_heartbeat'))
    )
    with op.batch_alter_table('heartbeat', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_heartbeat_at'), ['at'], unique=False)

    op.create_table('interview',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('candidate_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('assessor', sa.String(length=80), nullable=False),
    sa.Column('booked_by', sa.String(length=80), nullable=False),
    sa.Column('booked_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('opened_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('notes', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_interview')),
    sa.UniqueConstraint('candidate_id', name=op.f('uq_interview_candidate_id'))
    )
    op.create_table('job',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('args', sa.JSON(), nullable=False),
    sa.Column('state', sa.Enum('queued', 'running', 'done', 'failed', 'cancelled', name='job_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('started_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('heartbeat_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('ended_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('message', sa.String(length=300), nullable=False),
    sa.Column('cancel_asked_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('result', sa.JSON(), nullable=True),
    sa.Column('error', sa.Text(), nullable=False),
    sa.Column('goes_to', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job'))
    )
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_job_state'), ['state'], unique=False)

    op.create_table('judge_panel',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('forms', sa.JSON(), nullable=False),
    sa.Column('judges', sa.JSON(), nullable=False),
    sa.Column('state', sa.Enum('open', 'closed', name='panel_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('closed_at', sjt.db.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_judge_panel'))
    )
    op.create_table('organisation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('epao_id', sa.String(length=7), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_organisation_one_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation'))
    )
    op.create_table('outage',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('last_beat', sa.Integer(), nullable=False),
    sa.Column('from_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('to_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('ms', sa.BigInteger(), nullable=False),
    sa.Column('credited', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outage')),
    sa.UniqueConstraint('last_beat', name=op.f('uq_outage_last_beat'))
    )
    op.create_table('portfolio_hand_in',
    sa.Column('candidate_id', sa.Uuid(), nullable=False),
    sa.Column('handed_in', sa.Date(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('candidate_id', name=op.f('pk_portfolio_hand_in'))
    )
    op.create_table('script',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=8), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('form_id', sa.String(length=40), nullable=False),
    sa.Column('item', sa.String(length=80), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('candidate', sa.String(length=40), nullable=False),
    sa.Column('employer', sa.String(length=200), nullable=False),
    sa.Column('provider', sa.String(length=200), nullable=False),
    sa.Column('state', sa.Enum('open', 'second_asked', 'adjudicate', 'done', name='script_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('second_asked', sa.Boolean(), nullable=False),
    sa.Column('claimed_by', sa.String(length=80), nullable=True),
    sa.Column('claimed_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_script')),
    sa.UniqueConstraint('number', name=op.f('uq_script_number')),
    sa.UniqueConstraint('sitting_id', 'item', name=op.f('uq_script_sitting_id_item'))
    )
    with op.batch_alter_table('script', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_script_item'), ['item'], unique=False)
        batch_op.create_index(batch_op.f('ix_script_session_id'), ['session_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_script_state'), ['state'], unique=False)

    op.create_table('user_account',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('login', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=True),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('disabled_at', sjt.db.UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_account')),
    sa.UniqueConstraint('login', name=op.f('uq_user_account_login'))
    )
    op.create_table('angoff_rating',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('panel_id', sa.Uuid(), nullable=False),
    sa.Column('judge', sa.String(length=80), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('item', sa.String(length=80), nullable=False),
    sa.Column('scenario_version', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('rating', sjt.db.FractionText(), nullable=False),
    sa.Column('max', sjt.db.FractionText(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['panel_id'], ['judge_panel.id'], name=op.f('fk_angoff_rating_panel_id_judge_panel')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_angoff_rating')),
    sa.UniqueConstraint('panel_id', 'judge', 'round', 'item', 'version', name=op.f('uq_angoff_rating_panel_id_judge_round_item_version'))
    )
    with op.batch_alter_table('angoff_rating', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_angoff_rating_panel_id'), ['panel_id'], unique=False)

    op.create_table('bank_file',
    sa.Column('bank_id', sa.String(length=80), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=300), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_bank_file_bank_id_bank')),
    sa.PrimaryKeyConstraint('bank_id', 'version', 'path', name=op.f('pk_bank_file'))
    )
    op.create_table('banked_statistic',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('bank_id', sa.String(length=80), nullable=False),
    sa.Column('item', sa.String(length=60), nullable=False),
    sa.Column('scenario_sha256', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('value', sa.Float(), nullable=False),
    sa.Column('se', sa.Float(), nullable=True),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('date', sa.String(length=10), nullable=False),
    sa.Column('recorded_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('recorded_by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_banked_statistic_bank_id_bank')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_banked_statistic'))
    )
    with op.batch_alter_table('banked_statistic', schema=None) as batch_op:
        batch_op.create_index('ix_banked_statistic_item_name', ['item', 'name'], unique=False)

    op.create_table('form_set',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('bank_id', sa.String(length=80), nullable=False),
    sa.Column('bank_sha256', sa.String(length=64), nullable=False),
    sa.Column('blueprint', sa.String(length=80), nullable=False),
    sa.Column('blueprint_path', sa.String(length=300), nullable=False),
    sa.Column('blueprint_json', sa.JSON(), nullable=True),
    sa.Column('option', sa.String(length=40), nullable=False),
    sa.Column('forms', sa.Integer(), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('building', 'built', 'infeasible', 'failed', name='set_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('proof', sa.Text(), nullable=False),
    sa.Column('proof_sha256', sa.String(length=64), nullable=False),
    sa.Column('shortfall', sa.JSON(), nullable=True),
    sa.Column('verification', sa.JSON(), nullable=True),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('built_at', sjt.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_form_set_bank_id_bank')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form_set')),
    sa.UniqueConstraint('number', name=op.f('uq_form_set_number'))
    )
    op.create_table('gateway_evidence',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('candidate_id', sa.Uuid(), nullable=False),
    sa.Column('evidence', sa.String(length=60), nullable=False),
    sa.Column('recorded_by', sa.String(length=80), nullable=False),
    sa.Column('recorded_at', sjt.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['candidate_id'], ['candidate.id'], name=op.f('fk_gateway_evidence_candidate_id_candidate')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gateway_evidence')),
    sa.UniqueConstraint('candidate_id', 'evidence', name=op.f('uq_gateway_evidence_candidate_id_evidence'))
    )
    op.create_table('login',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('token_sha256', sa.String(length=64), nullable=False),
    sa.Column('opened_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('ended_at', sjt.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_login_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login')),
    sa.UniqueConstraint('token_sha256', name=op.f('uq_login_token_sha256'))
    )
    with op.batch_alter_table('login', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_login_user_id'), ['user_id'], unique=False)

    op.create_table('mark',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('script_id', sa.Uuid(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('marker', sa.String(length=80), nullable=False),
    sa.Column('levels', sa.JSON(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.Column('unsafe', sa.String(length=1000), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['script_id'], ['script.id'], name=op.f('fk_mark_script_id_script')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mark')),
    sa.UniqueConstraint('script_id', 'marker', name=op.f('uq_mark_script_id_marker'))
    )
    with op.batch_alter_table('mark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mark_marker'), ['marker'], unique=False)
        batch_op.create_index(batch_op.f('ix_mark_script_id'), ['script_id'], unique=False)

    op.create_table('one_time_link',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.Enum('invitation', 'reset', name='link_purpose', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('token_sha256', sa.String(length=64), nullable=False),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('expires_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('used_at', sjt.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_one_time_link_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_one_time_link')),
    sa.UniqueConstraint('token_sha256', name=op.f('uq_one_time_link_token_sha256'))
    )
    with op.batch_alter_table('one_time_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_one_time_link_user_id'), ['user_id'], unique=False)

    op.create_table('room',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('centre_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['centre_id'], ['centre.id'], name=op.f('fk_room_centre_id_centre')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_room')),
    sa.UniqueConstraint('centre_id', 'name', name=op.f('uq_room_centre_id_name'))
    )
    op.create_table('scenario',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('bank_id', sa.String(length=80), nullable=False),
    sa.Column('state', sa.Enum('draft', 'review', 'approved_for_trial', 'on_trial', 'live', 'suspended', 'retired', name='scenario_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('author', sa.String(length=80), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('in_bank', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], name=op.f('fk_scenario_bank_id_bank')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scenario'))
    )
    with op.batch_alter_table('scenario', schema=None) as batch_op:
        batch_op.create_index('ix_scenario_bank_id_state', ['bank_id', 'state'], unique=False)

    op.create_table('user_role',
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Enum('writer', 'reviewer', 'fairness', 'expert', 'test-developer', 'centre-admin', 'invigilator', 'candidate', 'psychometrician', 'judge', 'assessor', 'moderator', 'awarding-officer', 'auditor', 'employer', 'administrator', name='role', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_user_role_user_id_user_account')),
    sa.PrimaryKeyConstraint('user_id', 'role', name=op.f('pk_user_role'))
    )
    op.create_table('form',
    sa.Column('id', sa.String(length=80), nullable=False),
    sa.Column('set_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=10), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('use', sa.Enum('live', 'trial', name='form_use', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('state', sa.Enum('draft', 'published', 'withdrawn', name='form_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('paper', sa.Text(), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('snapshot_sha256', sa.String(length=64), nullable=False),
    sa.Column('scenarios', sa.Integer(), nullable=False),
    sa.Column('live_items', sa.Integer(), nullable=False),
    sa.Column('max_marks', sa.String(length=80), nullable=False),
    sa.Column('mark_unit', sa.String(length=80), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('cut_exact', sa.String(length=80), nullable=False),
    sa.Column('cut_applied', sa.String(length=80), nullable=False),
    sa.Column('cut_se', sa.Float(), nullable=True),
    sa.Column('plan', sa.String(length=100), nullable=False),
    sa.Column('numbers', sa.JSON(), nullable=False),
    sa.Column('keys', sa.String(length=20), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('published_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('published_by', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['set_id'], ['form_set.id'], name=op.f('fk_form_set_id_form_set')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form'))
    )
    with op.batch_alter_table('form', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_form_set_id'), ['set_id'], unique=False)

    op.create_table('scenario_version',
    sa.Column('scenario_id', sa.String(length=40), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('folder', sa.String(length=200), nullable=False),
    sa.Column('scenario_bytes', sa.LargeBinary(), nullable=False),
    sa.Column('scenario_sha256', sa.String(length=64), nullable=False),
    sa.Column('key_folder', sa.String(length=200), nullable=False),
    sa.Column('key_bytes', sa.LargeBinary(), nullable=True),
    sa.Column('key_sha256', sa.String(length=64), nullable=False),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['scenario_id'], ['scenario.id'], name=op.f('fk_scenario_version_scenario_id_scenario')),
    sa.PrimaryKeyConstraint('scenario_id', 'n', name=op.f('pk_scenario_version'))
    )
    with op.batch_alter_table('scenario_version', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_scenario_version_scenario_sha256'), ['scenario_sha256'], unique=False)

    op.create_table('test_session',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('room_id', sa.Uuid(), nullable=False),
    sa.Column('starts', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('forms', sa.JSON(), nullable=False),
    sa.Column('plan', sa.String(length=100), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('scheduled', 'running', 'closed', name='session_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('pin_hmac', sa.String(length=64), nullable=False),
    sa.Column('started_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('closed_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.CheckConstraint('seats > 0', name=op.f('ck_test_session_seats_positive')),
    sa.ForeignKeyConstraint(['room_id'], ['room.id'], name=op.f('fk_test_session_room_id_room')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_test_session'))
    )
    with op.batch_alter_table('test_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_test_session_starts'), ['starts'], unique=False)

    op.create_table('analysis_run',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=True),
    sa.Column('form_id', sa.String(length=80), nullable=True),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('data_sha256', sa.String(length=64), nullable=False),
    sa.Column('result', sa.Text(), nullable=False),
    sa.Column('profile', sa.String(length=80), nullable=False),
    sa.Column('version', sa.String(length=40), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.CheckConstraint('(session_id IS NULL) <> (form_id IS NULL)', name=op.f('ck_analysis_run_session_or_form')),
    sa.ForeignKeyConstraint(['session_id'], ['test_session.id'], name=op.f('fk_analysis_run_session_id_test_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_analysis_run'))
    )
    with op.batch_alter_table('analysis_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_analysis_run_form_id'), ['form_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_analysis_run_session_id'), ['session_id'], unique=False)

    op.create_table('booking',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('candidate_id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('seat', sa.Integer(), nullable=True),
    sa.Column('state', sa.Enum('pending', 'booked', 'checked_in', 'absent', 'withdrawn', 'moved', name='booking_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('adjustment', sa.JSON(), nullable=False),
    sa.Column('notes', sa.String(length=1000), nullable=False),
    sa.Column('code_hmac', sa.String(length=64), nullable=True),
    sa.Column('code_issued_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('resit_of', sa.Uuid(), nullable=True),
    sa.Column('moved_to', sa.Uuid(), nullable=True),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('late', sa.Boolean(), nullable=False),
    sa.Column('checked_in_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('checked_in_by', sa.String(length=80), nullable=True),
    sa.Column('created_at', sjt.db.UtcDateTime(), nullable=False),
    sa.CheckConstraint('attempt > 0', name=op.f('ck_booking_attempt_positive')),
    sa.CheckConstraint('seat IS NULL OR seat > 0', name=op.f('ck_booking_seat_positive')),
    sa.ForeignKeyConstraint(['candidate_id'], ['candidate.id'], name=op.f('fk_booking_candidate_id_candidate')),
    sa.ForeignKeyConstraint(['moved_to'], ['booking.id'], name=op.f('fk_booking_moved_to_booking')),
    sa.ForeignKeyConstraint(['resit_of'], ['booking.id'], name=op.f('fk_booking_resit_of_booking')),
    sa.ForeignKeyConstraint(['session_id'], ['test_session.id'], name=op.f('fk_booking_session_id_test_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_booking')),
    sa.UniqueConstraint('code_hmac', name=op.f('uq_booking_code_hmac')),
    sa.UniqueConstraint('session_id', 'candidate_id', name=op.f('uq_booking_session_id_candidate_id')),
    sa.UniqueConstraint('session_id', 'seat', name=op.f('uq_booking_session_id_seat'))
    )
    with op.batch_alter_table('booking', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_booking_candidate_id'), ['candidate_id'], unique=False)

    op.create_table('release',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('proposed_by', sa.String(length=80), nullable=False),
    sa.Column('proposed_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('released_by', sa.String(length=80), nullable=True),
    sa.Column('released_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('withdrawn_by', sa.String(length=80), nullable=True),
    sa.Column('withdrawn_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('sittings', sa.Integer(), nullable=False),
    sa.Column('content_sha256', sa.String(length=64), nullable=False),
    sa.CheckConstraint('released_by IS NULL OR released_by <> proposed_by', name=op.f('ck_release_two_people')),
    sa.ForeignKeyConstraint(['session_id'], ['test_session.id'], name=op.f('fk_release_session_id_test_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_release'))
    )
    with op.batch_alter_table('release', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_release_session_id'), ['session_id'], unique=False)

    op.create_table('analysis_picture',
    sa.Column('run_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('svg', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['analysis_run.id'], name=op.f('fk_analysis_picture_run_id_analysis_run')),
    sa.PrimaryKeyConstraint('run_id', 'name', name=op.f('pk_analysis_picture'))
    )
    op.create_table('item_decision',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('run_id', sa.Uuid(), nullable=False),
    sa.Column('item', sa.String(length=80), nullable=False),
    sa.Column('decision', sa.Enum('keep', 'key_panel', 'revise', 'retire', name='decision', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('reason', sa.String(length=4000), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('by_name', sa.String(length=200), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['analysis_run.id'], name=op.f('fk_item_decision_run_id_analysis_run')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item_decision'))
    )
    with op.batch_alter_table('item_decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_item_decision_item'), ['item'], unique=False)
        batch_op.create_index(batch_op.f('ix_item_decision_run_id'), ['run_id'], unique=False)

    op.create_table('sitting',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('booking_id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('candidate_id', sa.Uuid(), nullable=False),
    sa.Column('form_id', sa.String(length=80), nullable=False),
    sa.Column('snapshot_sha256', sa.String(length=64), nullable=False),
    sa.Column('deal_seed', sa.String(length=80), nullable=False),
    sa.Column('deal', sa.Text(), nullable=False),
    sa.Column('opened_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'running', 'paused', 'break', 'closed', 'submitted', 'void', name='sitting_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('lease', sa.Integer(), nullable=False),
    sa.Column('lease_hmac', sa.String(length=64), nullable=True),
    sa.Column('device', sa.String(length=300), nullable=False),
    sa.Column('head_n', sa.Integer(), nullable=False),
    sa.Column('head_hash', sa.String(length=64), nullable=False),
    sa.Column('content_head', sa.String(length=64), nullable=False),
    sa.Column('content_lease', sa.Integer(), nullable=False),
    sa.Column('content_seq', sa.Integer(), nullable=False),
    sa.Column('total_ms', sa.BigInteger(), nullable=False),
    sa.Column('left_ms', sa.BigInteger(), nullable=False),
    sa.Column('ends_boot', sa.String(length=64), nullable=True),
    sa.Column('ends_mono_ms', sa.BigInteger(), nullable=True),
    sa.Column('ends_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('started_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('finished_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('receipt', sa.String(length=20), nullable=True),
    sa.Column('last_event_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('unsaved', sa.Integer(), nullable=False),
    sa.Column('anchored_n', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['booking_id'], ['booking.id'], name=op.f('fk_sitting_booking_id_booking')),
    sa.ForeignKeyConstraint(['candidate_id'], ['candidate.id'], name=op.f('fk_sitting_candidate_id_candidate')),
    sa.ForeignKeyConstraint(['session_id'], ['test_session.id'], name=op.f('fk_sitting_session_id_test_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sitting')),
    sa.UniqueConstraint('booking_id', name=op.f('uq_sitting_booking_id'))
    )
    with op.batch_alter_table('sitting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sitting_candidate_id'), ['candidate_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sitting_ends_at'), ['ends_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_sitting_form_id'), ['form_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sitting_session_id'), ['session_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sitting_state'), ['state'], unique=False)

    op.create_table('answer',
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('item', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('response', sa.Text(), nullable=True),
    sa.Column('lease', sa.Integer(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('first_at', sa.String(length=24), nullable=False),
    sa.Column('last_at', sa.String(length=24), nullable=False),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_answer_sitting_id_sitting')),
    sa.PrimaryKeyConstraint('sitting_id', 'item', 'kind', name=op.f('pk_answer')),
    sqlite_with_rowid=False
    )
    op.create_table('held_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('item', sa.String(length=80), nullable=True),
    sa.Column('arrived_at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('decision', sa.String(length=20), nullable=True),
    sa.Column('decided_by', sa.String(length=80), nullable=True),
    sa.Column('decided_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_held_event_sitting_id_sitting')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_held_event')),
    sa.UniqueConstraint('sitting_id', 'event_id', name=op.f('uq_held_event_sitting_id_event_id'))
    )
    op.create_table('incident',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('sitting_id', sa.Uuid(), nullable=True),
    sa.Column('category', sa.Enum('candidate', 'environment', 'staff', 'technical', 'other', name='incident_category', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('text', sa.String(length=4000), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('resolved_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('resolved_by', sa.String(length=80), nullable=True),
    sa.Column('resolution', sa.String(length=4000), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['test_session.id'], name=op.f('fk_incident_session_id_test_session')),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_incident_sitting_id_sitting')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident'))
    )
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_incident_session_id'), ['session_id'], unique=False)

    op.create_table('ledger_entry',
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', sa.String(length=24), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('did', sa.String(length=60), nullable=False),
    sa.Column('body_sha256', sa.String(length=64), nullable=False),
    sa.Column('prev', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_ledger_entry_sitting_id_sitting')),
    sa.PrimaryKeyConstraint('sitting_id', 'n', name=op.f('pk_ledger_entry')),
    sqlite_with_rowid=False
    )
    op.create_table('mark_run',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('candidate_id', sa.Uuid(), nullable=False),
    sa.Column('form_id', sa.String(length=80), nullable=False),
    sa.Column('snapshot_sha256', sa.String(length=64), nullable=False),
    sa.Column('n', sa.Integer(), nullable=False),
    sa.Column('input_sha256', sa.String(length=64), nullable=False),
    sa.Column('complete', sa.Boolean(), nullable=False),
    sa.Column('raw', sjt.db.FractionText(), nullable=False),
    sa.Column('max', sjt.db.FractionText(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.ForeignKeyConstraint(['candidate_id'], ['candidate.id'], name=op.f('fk_mark_run_candidate_id_candidate')),
    sa.ForeignKeyConstraint(['session_id'], ['test_session.id'], name=op.f('fk_mark_run_session_id_test_session')),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_mark_run_sitting_id_sitting')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mark_run')),
    sa.UniqueConstraint('sitting_id', 'n', name=op.f('uq_mark_run_sitting_id_n'))
    )
    with op.batch_alter_table('mark_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mark_run_form_id'), ['form_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_mark_run_session_id'), ['session_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_mark_run_sitting_id'), ['sitting_id'], unique=False)

    op.create_table('sitting_page',
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('display', sa.JSON(), nullable=False),
    sa.Column('ready_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('help_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('help_words', sa.String(length=200), nullable=False),
    sa.Column('help_seen_at', sjt.db.UtcDateTime(), nullable=True),
    sa.Column('help_seen_by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_sitting_page_sitting_id_sitting')),
    sa.PrimaryKeyConstraint('sitting_id', name=op.f('pk_sitting_page'))
    )
    op.create_table('item_mark',
    sa.Column('run_id', sa.Uuid(), nullable=False),
    sa.Column('item', sa.String(length=80), nullable=False),
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('scenario', sa.String(length=80), nullable=False),
    sa.Column('scenario_version', sa.String(length=64), nullable=False),
    sa.Column('key_version', sa.String(length=64), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('rule', sa.String(length=60), nullable=False),
    sa.Column('live', sa.Boolean(), nullable=False),
    sa.Column('response', sa.Text(), nullable=False),
    sa.Column('response_sha256', sa.String(length=64), nullable=False),
    sa.Column('status', sa.String(length=30), nullable=False),
    sa.Column('raw', sjt.db.FractionText(), nullable=True),
    sa.Column('marks', sjt.db.FractionText(), nullable=True),
    sa.Column('max', sjt.db.FractionText(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['mark_run.id'], name=op.f('fk_item_mark_run_id_mark_run')),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_item_mark_sitting_id_sitting')),
    sa.PrimaryKeyConstraint('run_id', 'item', name=op.f('pk_item_mark'))
    )
    with op.batch_alter_table('item_mark', schema=None) as batch_op:
        batch_op.create_index('ix_item_mark_item', ['item'], unique=False)
        batch_op.create_index(batch_op.f('ix_item_mark_sitting_id'), ['sitting_id'], unique=False)

    op.create_table('ledger_body',
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('n', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('salt', sa.LargeBinary(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=True),
    sa.Column('lease', sa.Integer(), nullable=True),
    sa.Column('seq', sa.BigInteger(), nullable=True),
    sa.Column('content_sha256', sa.String(length=64), nullable=True),
    sa.Column('counts', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['sitting_id', 'n'], ['ledger_entry.sitting_id', 'ledger_entry.n'], name=op.f('fk_ledger_body_sitting_id_n_ledger_entry')),
    sa.PrimaryKeyConstraint('sitting_id', 'n', name=op.f('pk_ledger_body')),
    sqlite_with_rowid=False
    )
    with op.batch_alter_table('ledger_body', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_body_sitting_id_event_id'), ['sitting_id', 'event_id'], unique=True)

    op.create_table('outcome',
    sa.Column('sitting_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('candidate_id', sa.Uuid(), nullable=False),
    sa.Column('form_id', sa.String(length=80), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Uuid(), nullable=False),
    sa.Column('raw', sjt.db.FractionText(), nullable=False),
    sa.Column('max', sjt.db.FractionText(), nullable=False),
    sa.Column('cut_id', sa.Uuid(), nullable=True),
    sa.Column('sem', sa.Float(), nullable=True),
    sa.Column('sem_n', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.Enum('pass', 'fail', name='verdict', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('state', sa.Enum('awaiting_marking', 'provisional', 'released', 'withdrawn', name='outcome_state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('release_id', sa.Uuid(), nullable=True),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('at', sjt.db.UtcDateTime(), nullable=False),
    sa.Column('by', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.CheckConstraint("state <> 'released' OR outcome IS NOT NULL", name=op.f('ck_outcome_released_says_what')),
    sa.ForeignKeyConstraint(['candidate_id'], ['candidate.id'], name=op.f('fk_outcome_candidate_id_candidate')),
    sa.ForeignKeyConstraint(['cut_id'], ['cut.id'], name=op.f('fk_outcome_cut_id_cut')),
    sa.ForeignKeyConstraint(['release_id'], ['release.id'], name=op.f('fk_outcome_release_id_release')),
    sa.ForeignKeyConstraint(['run_id'], ['mark_run.id'], name=op.f('fk_outcome_run_id_mark_run')),
    sa.ForeignKeyConstraint(['session_id'], ['test_session.id'], name=op.f('fk_outcome_session_id_test_session')),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_outcome_sitting_id_sitting')),
    sa.PrimaryKeyConstraint('sitting_id', 'version', name=op.f('pk_outcome'))
    )
    with op.batch_alter_table('outcome', schema=None) as batch_op:
        batch_op.create_index('ix_outcome_candidate_id', ['candidate_id'], unique=False)
        batch_op.create_index('ix_outcome_session_id', ['session_id'], unique=False)
    run_file(op.get_bind(), revision)


def downgrade() -> None:
    raise RuntimeError("The first revision is where an installation begins: restore a backup instead.")
