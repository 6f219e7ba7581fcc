"""How often each scenario was met, where and when last, beside the cap and the rest that its blueprint sets."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col

from sjt.authoring import service as authoring
from sjt.delivery.tables import Centre, Room, Sitting, TestSession

FEW_FORMS: Final = 3
"""Up to this many forms a cap says nothing, as when they are built: a third of three forms is one."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """One version of a scenario."""

    scenario: str
    title: str
    version: str
    option: str
    forms: tuple[str, ...]
    """Published forms that hold it, withdrawn ones too."""
    share: Fraction
    """Of the forms of the set in which it serves most."""
    cap: float | None
    """What the blueprint of that set allows; None: it sets no cap."""
    dealt: int
    """Sittings that have begun on a form with it."""
    last: datetime | None
    centres: tuple[tuple[str, int], ...]
    rests_until: datetime | None

    @property
    def is_over(self) -> bool:
        return self.cap is not None and self.share > Fraction(repr(self.cap))


def exposures(session: Session) -> list[Exposure]:
    """Give every scenario version that stands on a published form, the most often met first."""
    uses = authoring.form_uses(session)
    met = _begun_by_form(session)
    holders: dict[tuple[str, str], list[authoring.FormUses]] = defaultdict(list)
    titles: dict[tuple[str, str], str] = {}
    for form in uses:
        for scenario, version, title in form.scenarios:
            holders[scenario, version].append(form)
            titles[scenario, version] = title
    lines = []
    for (scenario, version), forms in holders.items():
        centres: Counter[str] = Counter()
        last: datetime | None = None
        for form in forms:
            for centre, count, at in met.get(form.form_id, ()):
                centres[centre] += count
                last = at if last is None else max(last, at)
        share, cap = _fullest(forms)
        rest = max(form.rest_days for form in forms)
        lines.append(
            Exposure(
                scenario=scenario,
                title=titles[scenario, version],
                version=version,
                option=" and ".join(sorted({form.option for form in forms})),
                forms=tuple(form.form_id for form in forms),
                share=share,
                cap=cap,
                dealt=sum(centres.values()),
                last=last,
                centres=tuple(sorted(centres.items())),
                rests_until=last + timedelta(days=rest) if last is not None and rest else None,
            )
        )
    return sorted(lines, key=lambda line: (-line.dealt, -len(line.forms), line.scenario, line.version))


def met_by_scenario(session: Session) -> dict[str, int]:
    """Count the candidates that began a form with each scenario, whatever its version."""
    found: Counter[str] = Counter()
    begun = {form: sum(count for _, count, _ in rows) for form, rows in _begun_by_form(session).items()}
    for form in authoring.form_uses(session):
        for scenario, _, _ in form.scenarios:
            found[scenario] += begun.get(form.form_id, 0)
    return dict(found)


def _fullest(forms: list[authoring.FormUses]) -> tuple[Fraction, float | None]:
    """Give the largest share of one set's forms, and that set's cap: a reserve form counts in no share."""
    counted: Counter[int] = Counter(form.set_number for form in forms if not form.is_reserve)
    whole = {form.set_number: form.set_forms for form in forms}
    caps = {form.set_number: form.exposure_max for form in forms}
    if not counted:
        return Fraction(0), None
    most = max(counted, key=lambda one: (Fraction(counted[one], max(1, whole[one])), one))
    cap = caps[most] if whole[most] > FEW_FORMS else None
    return Fraction(counted[most], max(1, whole[most])), cap


def _begun_by_form(session: Session) -> dict[str, list[tuple[str, int, datetime]]]:
    """Give, for each form that candidates have met, how many began it at each centre, and when the last did."""
    began = sa.func.max(col(Sitting.started_at))
    query = (
        sa.select(col(Sitting.form_id), col(Centre.name), sa.func.count(), began)
        .join(TestSession, col(TestSession.id) == col(Sitting.session_id))
        .join(Room, col(Room.id) == col(TestSession.room_id))
        .join(Centre, col(Centre.id) == col(Room.centre_id))
        .where(col(Sitting.started_at).is_not(None))
        .group_by(col(Sitting.form_id), col(Centre.name))
    )
    found: dict[str, list[tuple[str, int, datetime]]] = {}
    for form_id, centre, count, last in session.execute(query):
        found.setdefault(form_id, []).append((centre, count, last))
    return found
