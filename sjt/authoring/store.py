"""What the authoring room asks its database about banks, scenarios and their life.

Forms have ``store_forms``, drafts ``store_drafts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.authoring.bank import key_file, scenario_file
from sjt.authoring.states import ScenarioState
from sjt.authoring.tables import (
    BankedStatistic,
    BankFile,
    BankRow,
    BlueprintVersion,
    KeyPanelVerdict,
    ScenarioDraft,
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


def version(session: Session, scenario_id: str, n: int) -> ScenarioVersion | None:
    return session.get(ScenarioVersion, (scenario_id, n))


def hold_bank(session: Session, bank_id: str) -> BankRow:
    """Give a bank's row, held until the transaction ends: one deed at a time gives out ids or changes versions."""
    return session.exec(select(BankRow).where(BankRow.id == bank_id).with_for_update()).one()


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
