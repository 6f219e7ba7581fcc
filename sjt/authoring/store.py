"""Every question the authoring room asks its database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from sjt.authoring.bank import key_file, scenario_file
from sjt.authoring.states import FormState, FormUse
from sjt.authoring.tables import (
    BankedStatistic,
    BankFile,
    BankRow,
    Form,
    FormSet,
    KeyPanelVerdict,
    ScenarioDraft,
    ScenarioDraftAside,
    ScenarioDraftStep,
    ScenarioRow,
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


def scenario(session: Session, scenario_id: str) -> ScenarioRow | None:
    return session.get(ScenarioRow, scenario_id)


def scenario_rows(session: Session, bank_id: str) -> Sequence[ScenarioRow]:
    """Give every scenario of a bank, those an import left out too."""
    return session.exec(select(ScenarioRow).where(ScenarioRow.bank_id == bank_id).order_by(col(ScenarioRow.id))).all()


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
    for version in current_versions(session, row.id).values():
        files[scenario_file(version.folder)] = bytes(version.scenario_bytes)
        if version.key_bytes is not None:
            files[key_file(version.key_folder)] = bytes(version.key_bytes)
    return dict(sorted(files.items()))


def recorded_statistics(session: Session, bank_id: str) -> Sequence[BankedStatistic]:
    return session.exec(
        select(BankedStatistic)
        .where(BankedStatistic.bank_id == bank_id)
        .order_by(col(BankedStatistic.recorded_at), col(BankedStatistic.id))
    ).all()


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
    """Give every set, newest first."""
    return session.exec(select(FormSet).order_by(col(FormSet.number).desc())).all()


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
    session: Session, state: FormState, *, option: str | None = None, use: FormUse | None = None
) -> Sequence[tuple[Form, FormSet]]:
    query = (
        select(Form, FormSet)
        .join(FormSet, col(FormSet.id) == col(Form.set_id))
        .where(Form.state == state)
        .order_by(col(FormSet.number), col(Form.position))
    )
    if option is not None:
        query = query.where(FormSet.option == option)
    if use is not None:
        query = query.where(Form.use == use)
    return list(session.exec(query))


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
