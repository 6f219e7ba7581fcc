"""Every question the authoring room asks its database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from sjt.authoring.bank import key_file, scenario_file
from sjt.authoring.states import FormState, FormUse, ScenarioState
from sjt.authoring.tables import (
    BankedStatistic,
    BankFile,
    BankRow,
    BlueprintVersion,
    Form,
    FormSet,
    KeyPanelVerdict,
    ScenarioDraft,
    ScenarioDraftAside,
    ScenarioDraftStep,
    ScenarioMove,
    ScenarioRemark,
    ScenarioReview,
    ScenarioRow,
    ScenarioSuspension,
    ScenarioTask,
    ScenarioThread,
    ScenarioVersion,
)

_LATER = tuple(defer(getattr(table, name)) for table, name in ((Form, "paper"), (Form, "secret"), (FormSet, "proof")))
"""What a list of forms does not need: read when somebody asks for it, inside the session."""


def bank(session: Session, bank_id: str | None = None) -> BankRow | None:
    """Give a bank by its id; without one, the bank imported first."""
    if bank_id is not None:
        return session.get(BankRow, bank_id)
    return session.exec(select(BankRow).order_by(col(BankRow.imported_at), col(BankRow.id)).limit(1)).first()


def banks(session: Session) -> Sequence[BankRow]:
    return session.exec(select(BankRow).order_by(col(BankRow.id))).all()


def loose_files(session: Session, bank_id: str, version: int) -> dict[str, bytes]:
    """Give every file of a bank's version but its scenarios and keys."""
    rows = session.exec(select(BankFile).where(BankFile.bank_id == bank_id, BankFile.version == version))
    return {row.path: bytes(row.content) for row in rows}


def loose_file(session: Session, bank_id: str, version: int, path: str) -> BankFile | None:
    return session.get(BankFile, (bank_id, version, path))


def blueprint_versions(session: Session, bank_id: str, path: str) -> Sequence[BlueprintVersion]:
    """Give every version of a blueprint's file, newest first."""
    return session.exec(
        select(BlueprintVersion)
        .where(BlueprintVersion.bank_id == bank_id, BlueprintVersion.path == path)
        .order_by(col(BlueprintVersion.n).desc())
    ).all()


def statistics_mark(session: Session, bank_id: str) -> tuple[int, str]:
    """Tell recorded statistics apart from what they were before: how many, and when the last came."""
    found = session.exec(
        select(sa.func.count(), sa.func.max(BankedStatistic.recorded_at)).where(BankedStatistic.bank_id == bank_id)
    ).one()
    return int(found[0]), str(found[1])


def scenario(session: Session, scenario_id: str) -> ScenarioRow | None:
    return session.get(ScenarioRow, scenario_id)


def scenario_rows(session: Session, bank_id: str) -> Sequence[ScenarioRow]:
    """Give every scenario of a bank, those an import left out too."""
    return session.exec(select(ScenarioRow).where(ScenarioRow.bank_id == bank_id).order_by(col(ScenarioRow.id))).all()


NO_STATE = ScenarioState.DRAFT


def standings(session: Session, bank_id: str) -> dict[str, tuple[ScenarioState, datetime]]:
    """Tell where each scenario of a bank stands and since when it has its current version; no bytes are read."""
    rows = session.execute(
        sa.select(col(ScenarioRow.id), col(ScenarioRow.state), col(ScenarioVersion.created_at))
        .join(
            ScenarioVersion,
            sa.and_(
                col(ScenarioRow.id) == col(ScenarioVersion.scenario_id),
                col(ScenarioRow.version) == col(ScenarioVersion.n),
            ),
        )
        .where(col(ScenarioRow.bank_id) == bank_id, col(ScenarioRow.in_bank))
    )
    return {scenario_id: (state, at) for scenario_id, state, at in rows}


def owners(session: Session, scenario_ids: Iterable[str]) -> dict[str, str]:
    """Tell which bank each of these scenarios belongs to."""
    rows = session.exec(select(ScenarioRow).where(col(ScenarioRow.id).in_(list(scenario_ids))))
    return {row.id: row.bank_id for row in rows}


def current_versions(session: Session, bank_id: str) -> dict[str, ScenarioVersion]:
    """Give the current version of each scenario that is in the bank."""
    rows = session.exec(
        select(ScenarioVersion)
        .join(
            ScenarioRow,
            sa.and_(
                col(ScenarioRow.id) == col(ScenarioVersion.scenario_id),
                col(ScenarioRow.version) == col(ScenarioVersion.n),
            ),
        )
        .where(ScenarioRow.bank_id == bank_id, col(ScenarioRow.in_bank))
        .order_by(col(ScenarioRow.id))
    )
    return {row.scenario_id: row for row in rows}


def versions(session: Session, scenario_id: str) -> Sequence[ScenarioVersion]:
    """Give every version of a scenario, newest first."""
    return session.exec(
        select(ScenarioVersion)
        .where(ScenarioVersion.scenario_id == scenario_id)
        .order_by(col(ScenarioVersion.n).desc())
    ).all()


def current_files(session: Session, row: BankRow) -> dict[str, bytes]:
    """Give every file of a bank as it now stands, by path."""
    files = loose_files(session, row.id, row.version)
    names = (ScenarioVersion.folder, ScenarioVersion.scenario_bytes, ScenarioVersion.key_folder)
    for folder, text, key_folder, key in session.execute(_current(row.id, *names, ScenarioVersion.key_bytes)):
        files[scenario_file(folder)] = bytes(text)
        if key is not None:
            files[key_file(key_folder)] = bytes(key)
    return dict(sorted(files.items()))


def current_hashes(session: Session, row: BankRow) -> dict[str, str]:
    """Give the hash of every file of a bank as it now stands, by path; no bytes are read."""
    loose = select(BankFile.path, BankFile.sha256).where(BankFile.bank_id == row.id, BankFile.version == row.version)
    found = dict(session.exec(loose).all())
    names = (ScenarioVersion.folder, ScenarioVersion.scenario_sha256, ScenarioVersion.key_folder)
    for folder, text, key_folder, key in session.execute(_current(row.id, *names, ScenarioVersion.key_sha256)):
        found[scenario_file(folder)] = text
        if key:
            found[key_file(key_folder)] = key
    return found


def _current(bank_id: str, *columns: Any) -> sa.Select[Any]:
    """Ask for columns of the current version of each scenario that is in the bank."""
    return (
        sa.select(*(col(one) for one in columns))
        .join(
            ScenarioRow,
            sa.and_(
                col(ScenarioRow.id) == col(ScenarioVersion.scenario_id),
                col(ScenarioRow.version) == col(ScenarioVersion.n),
            ),
        )
        .where(col(ScenarioRow.bank_id) == bank_id, col(ScenarioRow.in_bank))
    )


def recorded_statistics(session: Session, bank_id: str) -> Sequence[BankedStatistic]:
    return session.exec(
        select(BankedStatistic)
        .where(BankedStatistic.bank_id == bank_id)
        .order_by(col(BankedStatistic.recorded_at), col(BankedStatistic.id))
    ).all()


def statistics_recorded(session: Session, bank_id: str) -> int:
    """Count what rooms recorded."""
    query = select(sa.func.count()).select_from(BankedStatistic).where(BankedStatistic.bank_id == bank_id)
    return session.exec(query).one()


def statistics_of_item(session: Session, item: str) -> Sequence[BankedStatistic]:
    return session.exec(
        select(BankedStatistic)
        .where(BankedStatistic.item == item)
        .order_by(col(BankedStatistic.recorded_at), col(BankedStatistic.id))
    ).all()


def next_set_number(session: Session) -> int:
    last = session.exec(select(sa.func.max(col(FormSet.number)))).first()
    return (last or 0) + 1


def form_set(session: Session, set_id: UUID) -> FormSet | None:
    return session.get(FormSet, set_id)


def form_sets(session: Session) -> Sequence[FormSet]:
    """Give every set, newest first, its proof only when it is asked for."""
    return session.exec(select(FormSet).options(_LATER[2]).order_by(col(FormSet.number).desc())).all()


def forms_of(session: Session, set_id: UUID) -> Sequence[Form]:
    return session.exec(select(Form).where(Form.set_id == set_id).order_by(col(Form.position))).all()


def form(session: Session, form_id: str) -> Form | None:
    return session.get(Form, form_id)


def form_counts(session: Session) -> dict[UUID, tuple[int, int]]:
    """Tell for each set how many forms it has and how many are published."""
    published = sa.func.sum(sa.case((col(Form.state) == FormState.PUBLISHED, 1), else_=0))
    rows = session.exec(select(Form.set_id, sa.func.count(), published).group_by(col(Form.set_id)))
    return {set_id: (int(count), int(done)) for set_id, count, done in rows}


def forms_in_state(
    session: Session,
    state: FormState,
    *,
    option: str | None = None,
    use: FormUse | None = None,
    pools: bool = True,
) -> Sequence[tuple[Form, FormSet]]:
    """Give the forms in a state with their sets, in order; what a form says is read only when it is asked for.

    Without ``pools`` the forms that are dealt once each, one to a candidate, are left out.
    """
    query = (
        select(Form, FormSet)
        .join(FormSet, col(FormSet.id) == col(Form.set_id))
        .where(Form.state == state)
        .options(*_LATER)
        .order_by(col(FormSet.number), col(Form.position))
    )
    if option is not None:
        query = query.where(FormSet.option == option)
    if use is not None:
        query = query.where(Form.use == use)
    if not pools:
        query = query.where(FormSet.pool == 0)
    return list(session.exec(query))


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A form of a pool without its text."""

    form_id: str
    position: int
    state: FormState
    use: FormUse | None
    minutes: int
    snapshot_sha256: str
    numbers: dict[str, Any]
    keys: str


def pool_rows(session: Session, set_id: UUID) -> list[PoolRow]:
    """Give the forms of a pool in its order, without their text."""
    query = sa.select(
        col(Form.id), col(Form.position), col(Form.state), col(Form.use), col(Form.minutes),
        col(Form.snapshot_sha256), col(Form.numbers), col(Form.keys),
    ).where(col(Form.set_id) == set_id)  # fmt: skip
    return [PoolRow(*row) for row in session.execute(query.order_by(col(Form.position)))]


def pools(session: Session) -> Sequence[FormSet]:
    """Give the sets that are pools, newest first, without their proofs."""
    query = select(FormSet).where(FormSet.pool == 1).options(_LATER[2])
    return session.exec(query.order_by(col(FormSet.number).desc())).all()


def drop_drafts(session: Session, set_id: UUID) -> None:
    """Forget the forms that a job which was broken off had written of a set."""
    session.execute(sa.delete(Form).where(col(Form.set_id) == set_id, col(Form.state) == FormState.DRAFT))


def version(session: Session, scenario_id: str, n: int) -> ScenarioVersion | None:
    return session.get(ScenarioVersion, (scenario_id, n))


def hold_bank(session: Session, bank_id: str) -> BankRow:
    """Give a bank's row, held until the transaction ends: one deed at a time gives out ids or changes versions."""
    return session.exec(select(BankRow).where(BankRow.id == bank_id).with_for_update()).one()


def draft(session: Session, draft_id: UUID, *, hold: bool = False) -> ScenarioDraft | None:
    """Give a draft; with ``hold`` nobody else changes it until the transaction ends."""
    query = select(ScenarioDraft).where(ScenarioDraft.id == draft_id)
    return session.exec(query.with_for_update() if hold else query).first()


def open_draft_of(session: Session, scenario_id: str) -> ScenarioDraft | None:
    return session.exec(select(ScenarioDraft).where(ScenarioDraft.open_for == scenario_id)).first()


def open_drafts(session: Session) -> Sequence[ScenarioDraft]:
    """Give the open drafts, the one changed last first."""
    return session.exec(
        select(ScenarioDraft)
        .where(col(ScenarioDraft.open_for).is_not(None))
        .order_by(col(ScenarioDraft.changed_at).desc(), col(ScenarioDraft.id))
    ).all()


def drafts_put_away(session: Session, most: int) -> Sequence[ScenarioDraft]:
    """Give the drafts that were put away and became nothing, the last first."""
    return session.exec(
        select(ScenarioDraft)
        .where(col(ScenarioDraft.open_for).is_(None), col(ScenarioDraft.became).is_(None))
        .order_by(col(ScenarioDraft.closed_at).desc(), col(ScenarioDraft.id))
        .limit(most)
    ).all()


def ids_given(session: Session) -> set[str]:
    """Give every scenario id that a scenario or a draft has."""
    return set(session.exec(select(ScenarioRow.id))) | set(session.exec(select(ScenarioDraft.scenario_id)))


def step(session: Session, draft_id: UUID, n: int) -> ScenarioDraftStep | None:
    return session.get(ScenarioDraftStep, (draft_id, n))


def steps(session: Session, draft_id: UUID, *, before: int, most: int) -> Sequence[ScenarioDraftStep]:
    """Give the steps of a draft up to one, the newest first."""
    return session.exec(
        select(ScenarioDraftStep)
        .where(ScenarioDraftStep.draft_id == draft_id, col(ScenarioDraftStep.n) <= before)
        .order_by(col(ScenarioDraftStep.n).desc())
        .limit(most)
    ).all()


def aside(session: Session, aside_id: UUID) -> ScenarioDraftAside | None:
    return session.get(ScenarioDraftAside, aside_id)


def asides(session: Session, draft_id: UUID) -> Sequence[ScenarioDraftAside]:
    """Give the saves of a draft that wait to be brought together, the oldest first."""
    return session.exec(
        select(ScenarioDraftAside)
        .where(ScenarioDraftAside.draft_id == draft_id, col(ScenarioDraftAside.settled_at).is_(None))
        .order_by(col(ScenarioDraftAside.at), col(ScenarioDraftAside.id))
    ).all()


def panel_verdict(session: Session, scenario_id: str, n: int) -> KeyPanelVerdict | None:
    """Give the last verdict of a key panel on a version."""
    return session.exec(
        select(KeyPanelVerdict)
        .where(KeyPanelVerdict.scenario_id == scenario_id, KeyPanelVerdict.version == n)
        .order_by(col(KeyPanelVerdict.at).desc(), col(KeyPanelVerdict.id).desc())
        .limit(1)
    ).first()


def writers_of(session: Session, scenario_id: str) -> set[str]:
    """Give everybody who saved a step of a draft that became a version of this scenario."""
    drafts = select(ScenarioDraft.id).where(
        ScenarioDraft.scenario_id == scenario_id, col(ScenarioDraft.became).is_not(None)
    )
    saved = select(ScenarioDraftStep.by).where(col(ScenarioDraftStep.draft_id).in_(drafts)).distinct()
    closed = select(ScenarioDraft.closed_by).where(
        ScenarioDraft.scenario_id == scenario_id, col(ScenarioDraft.became).is_not(None)
    )
    return set(session.exec(saved)) | set(session.exec(closed))


def drafts_that_became(session: Session, scenario_id: str) -> Sequence[ScenarioDraft]:
    return session.exec(
        select(ScenarioDraft)
        .where(ScenarioDraft.scenario_id == scenario_id, col(ScenarioDraft.became).is_not(None))
        .order_by(col(ScenarioDraft.became))
    ).all()


def steps_of(session: Session, draft_id: UUID) -> list[tuple[int, str, datetime, str]]:
    """Give number, deed, time and person of each step of a draft, without what it holds."""
    rows = session.exec(
        select(ScenarioDraftStep.n, ScenarioDraftStep.did, ScenarioDraftStep.at, ScenarioDraftStep.by)
        .where(ScenarioDraftStep.draft_id == draft_id)
        .order_by(col(ScenarioDraftStep.n))
    )
    return [(n, did, at, by) for n, did, at, by in rows]


def moves(session: Session, scenario_id: str) -> Sequence[ScenarioMove]:
    """Give every move of a scenario, oldest first."""
    return session.exec(
        select(ScenarioMove)
        .where(ScenarioMove.scenario_id == scenario_id)
        .order_by(col(ScenarioMove.at), col(ScenarioMove.id))
    ).all()


def worked_on(session: Session, but: Iterable[str]) -> set[str]:
    """Give the scenarios that have a move other than those named."""
    query = select(ScenarioMove.scenario_id).where(col(ScenarioMove.did).not_in(list(but))).distinct()
    return set(session.exec(query))


def ways_to_live(session: Session, bank_id: str) -> dict[str, str]:
    """Give for each live scenario of a bank the move that last made it live."""
    rows = session.exec(
        select(ScenarioMove.scenario_id, ScenarioMove.did)
        .join(ScenarioRow, col(ScenarioRow.id) == col(ScenarioMove.scenario_id))
        .where(
            ScenarioRow.bank_id == bank_id,
            ScenarioRow.state == ScenarioState.LIVE,
            ScenarioMove.became == ScenarioState.LIVE,
            col(ScenarioMove.did) != "lift",
        )
        .order_by(col(ScenarioMove.at), col(ScenarioMove.id))
    )
    return dict(rows.all())


def scenarios_in(session: Session, bank_id: str, states: Iterable[ScenarioState]) -> Sequence[ScenarioRow]:
    return session.exec(
        select(ScenarioRow)
        .where(ScenarioRow.bank_id == bank_id, col(ScenarioRow.state).in_(list(states)))
        .order_by(col(ScenarioRow.id))
    ).all()


def reviews(session: Session, scenario_id: str, n: int | None = None) -> Sequence[ScenarioReview]:
    """Give the reviews of a version, or of every version, oldest first."""
    query = select(ScenarioReview).where(ScenarioReview.scenario_id == scenario_id)
    if n is not None:
        query = query.where(ScenarioReview.version == n)
    return session.exec(query.order_by(col(ScenarioReview.at), col(ScenarioReview.id))).all()


def panel_verdicts(session: Session, scenario_id: str) -> Sequence[KeyPanelVerdict]:
    return session.exec(
        select(KeyPanelVerdict)
        .where(KeyPanelVerdict.scenario_id == scenario_id)
        .order_by(col(KeyPanelVerdict.at), col(KeyPanelVerdict.id))
    ).all()


def hold_scenario(session: Session, scenario_id: str) -> ScenarioRow | None:
    """Give a scenario's row, held until the transaction ends."""
    return session.exec(select(ScenarioRow).where(ScenarioRow.id == scenario_id).with_for_update()).first()


def threads(session: Session, scenario_id: str) -> Sequence[ScenarioThread]:
    """Give the comment threads of a scenario, those that are open first, then by time."""
    return session.exec(
        select(ScenarioThread)
        .where(ScenarioThread.scenario_id == scenario_id)
        .order_by(col(ScenarioThread.resolved_at).is_not(None), col(ScenarioThread.opened_at), col(ScenarioThread.id))
    ).all()


def thread(session: Session, thread_id: UUID, *, hold: bool = False) -> ScenarioThread | None:
    query = select(ScenarioThread).where(ScenarioThread.id == thread_id)
    return session.exec(query.with_for_update() if hold else query).first()


def remarks(session: Session, thread_ids: Iterable[UUID]) -> Sequence[ScenarioRemark]:
    return session.exec(
        select(ScenarioRemark)
        .where(col(ScenarioRemark.thread_id).in_(list(thread_ids)))
        .order_by(col(ScenarioRemark.thread_id), col(ScenarioRemark.n))
    ).all()


def task(session: Session, task_id: UUID, *, hold: bool = False) -> ScenarioTask | None:
    query = select(ScenarioTask).where(ScenarioTask.id == task_id)
    return session.exec(query.with_for_update() if hold else query).first()


def tasks(
    session: Session, *, assignee: str = "", scenario_id: str = "", is_open: bool | None = True, most: int = 2_000
) -> Sequence[ScenarioTask]:
    """Give tasks by the day they are due, narrowed to a person or a scenario."""
    query = select(ScenarioTask)
    if assignee:
        query = query.where(ScenarioTask.assignee == assignee)
    if scenario_id:
        query = query.where(ScenarioTask.scenario_id == scenario_id)
    if is_open is not None:
        done = col(ScenarioTask.done_at)
        query = query.where(done.is_(None) if is_open else done.is_not(None))
    return session.exec(query.order_by(col(ScenarioTask.due), col(ScenarioTask.id)).limit(most)).all()


def suspension(session: Session, suspension_id: UUID) -> ScenarioSuspension | None:
    return session.get(ScenarioSuspension, suspension_id)


def suspensions(session: Session) -> Sequence[ScenarioSuspension]:
    """Give the signed acts of suspension, newest first."""
    return session.exec(select(ScenarioSuspension).order_by(col(ScenarioSuspension.at).desc())).all()
