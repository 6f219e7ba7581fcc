"""Pass marks: composed of a form's own items' judgements, proposed, and adopted by two awarding officers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.access import SYSTEM, Actor, Permission, may
from sjt.audit import service as audit
from sjt.authoring.states import FormUse
from sjt.errors import Fault, Forbidden, InputError, MoveRefused, NotFound
from sjt.psychometrics.scoring import cut_applied, plain
from sjt.results import judging, store
from sjt.results.forms import Frozen, frozen
from sjt.results.model import CutState, PanelState
from sjt.results.tables import Cut


@dataclass(frozen=True, slots=True)
class Composed:
    """A pass mark as judgements give it, not yet proposed."""

    form_id: str
    exact: Fraction
    applied: Fraction
    unit: Fraction
    max: Fraction
    se: float | None
    method: str
    source: str
    simulated: bool
    parts: Mapping[str, Fraction]
    """Item → expected mark of the borderline candidate."""
    judges: Mapping[str, Fraction] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def compose(session: Session, form_id: str, panel_id: UUID | None = None) -> Composed:
    """Add up the judgements of a form's own live items: a panel's, or those banked when it was published."""
    form = frozen(session, form_id)
    return _from_bank(form) if panel_id is None else _from_panel(session, form, panel_id)


def _composed(form: Frozen, parts: Mapping[str, Fraction], **rest: Any) -> Composed:
    missing = [item.id for item in form.secret.live_items() if item.id not in parts]
    if missing:
        raise InputError(
            f"Form {form.line.form_id} has no pass mark: {len(missing)} of its items are not judged.",
            [Fault("", form.line.form_id, item, "has no judgement.", "Have it judged.") for item in missing],
        )
    own = {item.id: parts[item.id] for item in form.secret.live_items()}
    exact = sum(own.values(), Fraction(0))
    unit = form.secret.mark_unit
    return Composed(
        form_id=form.line.form_id,
        exact=exact,
        applied=cut_applied(exact, unit),
        unit=unit,
        max=form.secret.max_marks,
        parts=own,
        **rest,
    )


def _from_bank(form: Frozen) -> Composed:
    parts = {item.id: item.angoff_mean for item in form.secret.live_items() if item.angoff_mean is not None}
    said = form.secret.cut or {}
    source = str(said.get("source") or "judgements banked at publication")
    simulated = "simulated" in source.lower() or form.line.simulated
    se = said.get("se")
    notes = () if se is not None else ("No standard error was banked with the judgements.",)
    return _composed(
        form,
        parts,
        se=None if se is None else float(se),
        method="angoff",
        source=f"banked: {source}"[:300],
        simulated=simulated,
        notes=notes,
    )


def _from_panel(session: Session, form: Frozen, panel_id: UUID) -> Composed:
    panel = judging.panel(session, panel_id)
    if form.line.form_id not in panel.forms:
        raise InputError(f"Panel “{panel.title}” did not judge form {form.line.form_id}.")
    said = judging.standing(session, panel)
    parts = {item: sum(given.values(), Fraction(0)) / len(given) for item, given in said.items() if given}
    items = [item.id for item in form.secret.live_items()]
    cuts = judging.judge_cuts(said, items)
    notes = []
    if len(panel.judges) < judging.WANTED_JUDGES:
        notes.append(
            f"{len(panel.judges)} judges; {judging.WANTED_JUDGES} to 15 are recommended, so the standard error is wide."
        )
    if len(cuts) < 2:
        notes.append("No standard error: it needs at least two judges who rated every item.")
    return _composed(
        form,
        parts,
        se=judging.se_of(list(cuts.values())),
        method="angoff",
        source=f"panel: {panel.title}, round {panel.round}"[:300],
        simulated=panel.simulated,
        judges=cuts,
        notes=tuple(notes),
    )


def propose(
    session: Session, form_id: str, *, by: Actor, now: datetime, panel_id: UUID | None = None, reason: str = ""
) -> UUID:
    """Propose a form's pass mark from judgements; it binds nobody until two awarding officers adopt it."""
    _may_propose(by)
    if panel_id is not None and judging.panel(session, panel_id).state is not PanelState.CLOSED:
        raise MoveRefused("The panel is still open. Close it before a pass mark rests on it.")
    return _put(session, compose(session, form_id, panel_id), by=by, now=now, reason=reason)


def propose_result(
    session: Session, form_id: str, result: Mapping[str, Any], *, source: str, by: Actor, now: datetime
) -> UUID:
    """Propose a pass mark that ``sjt passmark`` computed; an Angoff result is composed of the form's own items."""
    _may_propose(by)
    form = frozen(session, form_id)
    method = str(result.get("method", ""))
    se = result.get("se_cut")
    rest: dict[str, Any] = {
        "se": float(se) if isinstance(se, int | float) else None,
        "method": method,
        "source": source[:300],
        "simulated": "simulated" in source.lower(),
        "notes": tuple(str(note) for note in result.get("notes") or ()),
    }
    faults = [] if method else [Fault(source, "", "method", "is missing.", "Give the JSON of `sjt passmark`.")]
    rounds = result.get("rounds")
    if not faults and isinstance(rounds, list) and rounds:
        return _put(session, _composed(form, _means(rounds[-1], form, source), **rest), by=by, now=now)
    exact = _cut_of(result)
    if exact is None:
        faults.append(Fault(source, "", "cut", "is not a number.", "Give the JSON of `sjt passmark`."))
    maximum = result.get("max")
    if isinstance(maximum, int | float) and Fraction(repr(maximum)) != form.secret.max_marks:
        what = f"is {maximum:g}, but form {form_id} has {plain(form.secret.max_marks)} marks."
        faults.append(Fault(source, "", "max", what, "Use a result on this form's marks."))
    if exact is not None and not 0 <= exact <= form.secret.max_marks:
        faults.append(Fault(source, "", "cut", f"{float(exact):g} lies outside the form's marks.", "Correct it."))
    if faults or exact is None:
        raise InputError("The pass mark was not proposed.", faults)
    unit = form.secret.mark_unit
    made = Composed(form_id, exact, cut_applied(exact, unit), unit, form.secret.max_marks, parts={}, **rest)
    return _put(session, made, by=by, now=now)


def _cut_of(result: Mapping[str, Any]) -> Fraction | None:
    written, value = result.get("cut_exact"), result.get("cut")
    if isinstance(written, str):
        try:
            return Fraction(written)
        except ValueError:
            return None
    return Fraction(repr(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _means(round_: Mapping[str, Any], form: Frozen, source: str) -> dict[str, Fraction]:
    """Read item means back as the fractions they are: half marks over n judges."""
    found, faults = {}, []
    worth = {item.id: item.worth for item in form.secret.live_items()}
    for entry in round_.get("items") or ():
        item, mean, n = str(entry.get("item")), entry.get("mean"), entry.get("n")
        if item not in worth:
            continue
        top = Fraction(repr(entry.get("max")))
        if top != worth[item]:
            what = f"was judged out of {plain(top)}, but is worth {plain(worth[item])} on the form."
            faults.append(Fault(source, "", item, what, "Judge it on the form's marks."))
        exact = Fraction(repr(mean))
        if isinstance(n, int) and n > 0:
            near = Fraction(round(exact * 2 * n), 2 * n)
            exact = near if abs(near - exact) < Fraction(1, 10**9) else exact
        found[item] = exact
    if faults:
        raise InputError("The pass mark was not proposed.", faults)
    return found


def _put(session: Session, made: Composed, *, by: Actor, now: datetime, reason: str = "") -> UUID:
    earlier = store.cuts_of_form(session, made.form_id)
    for row in earlier:
        if row.state is CutState.PROPOSED:
            row.state, row.superseded_at = CutState.SUPERSEDED, now
            session.add(row)
    cut = Cut(
        form_id=made.form_id,
        version=earlier[0].version + 1 if earlier else 1,
        exact=made.exact,
        applied=made.applied,
        unit=made.unit,
        max=made.max,
        se=made.se,
        method=made.method,
        source=made.source,
        simulated=made.simulated,
        parts={
            "items": {item: str(mean) for item, mean in made.parts.items()},
            "judges": {judge: str(value) for judge, value in made.judges.items()},
        },
        notes=list(made.notes),
        proposed_by=by.id,
        proposed_at=now,
        reason=reason,
    )
    session.add(cut)
    session.flush()
    body = {"form": made.form_id, "version": cut.version, "exact": str(made.exact), "applied": str(made.applied)}
    audit.record(session, by=by, did="cut.proposed", on=cut.id, at=now, body=body)
    return cut.id


def adopt(session: Session, cut_id: UUID, *, by: Actor, now: datetime) -> CutState:
    """Sign a proposed pass mark; it stands with the second officer's signature, and never moves a result released."""
    if not may(by, Permission.ADOPT_PASS_MARK):
        raise Forbidden("Awarding officers adopt pass marks.")
    cut = get(session, cut_id, lock=True)
    if cut.state is not CutState.PROPOSED:
        raise MoveRefused(f"This pass mark is {cut.state.value} already.")
    if by.id == cut.proposed_by:
        raise MoveRefused("You proposed this pass mark. Two other people adopt it.")
    if by.id == cut.adopted_by:
        raise MoveRefused("You have signed this pass mark. A second awarding officer signs next.")
    if cut.adopted_by is None:
        cut.adopted_by, cut.adopted_at = by.id, now
        audit.record(session, by=by, did="cut.signed", on=cut.id, at=now, body={"applied": str(cut.applied)})
    else:
        for row in store.cuts_of_form(session, cut.form_id):
            if row.state is CutState.ADOPTED:
                row.state, row.superseded_at = CutState.SUPERSEDED, now
                session.add(row)
        cut.seconded_by, cut.seconded_at, cut.state = by.id, now, CutState.ADOPTED
        body = {"form": cut.form_id, "version": cut.version, "applied": str(cut.applied), "first": cut.adopted_by}
        audit.record(session, by=by, did="cut.adopted", on=cut.id, at=now, body=body)
    session.add(cut)
    session.flush()
    return cut.state


def get(session: Session, cut_id: UUID, *, lock: bool = False) -> Cut:
    found = store.cut(session, cut_id, lock=lock)
    if found is None:
        raise NotFound("There is no such pass mark.")
    return found


def may_be_used(form: Frozen) -> bool:
    """Tell whether a form decides anything; a trial form does not."""
    return form.line.use is FormUse.LIVE


def _may_propose(by: Actor) -> None:
    if by is not SYSTEM and not may(by, Permission.PROPOSE_PASS_MARK):
        raise Forbidden("A psychometrician proposes pass marks.")
