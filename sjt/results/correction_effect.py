"""Whom the correction of a key touches: every mark of its item under both keys, and what becomes of the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlmodel import Session

from sjt.authoring.snapshot import SecretItem
from sjt.authoring.uses import KeyedItem
from sjt.psychometrics import scoring
from sjt.results import store
from sjt.results.forms import Correction, Frozen, Shelf
from sjt.results.marking_run import parsed
from sjt.results.model import CorrectionKind, Verdict
from sjt.results.tables import KeyCorrection

Says = tuple[CorrectionKind, Mapping[str, Any], Mapping[str, str], str]
"""Kind, table, reasons and version of a corrected key."""


@dataclass(frozen=True, slots=True)
class Touched:
    """One sitting that met the item: its mark and its total under the key before and under the corrected one."""

    sitting_id: UUID
    session_id: UUID
    candidate_id: UUID
    form_id: str
    live: bool
    marks: tuple[Fraction, Fraction]
    totals: tuple[Fraction, Fraction]
    cut: Fraction | None
    complete: bool
    key_version: str
    """Of the marks that stand now."""

    @property
    def moves(self) -> bool:
        return self.marks[0] != self.marks[1]

    @property
    def verdicts(self) -> tuple[Verdict, Verdict] | None:
        """Give the outcome before and after; None while there is no pass mark, or a mark is missing."""
        if self.cut is None or not self.complete or not self.live:
            return None
        before, after = (Verdict.PASS if total >= self.cut else Verdict.FAIL for total in self.totals)
        return before, after


def touched(session: Session, keyed: KeyedItem, base: str, says: Says) -> list[Touched]:
    """Count a corrected key against the key version before it, over every marked sitting that met the item."""
    shelf = Shelf(session)
    cuts = {form: store.standing_cut(session, form) for form in keyed.forms}
    bound: dict[str, tuple[_Bound, _Bound]] = {}
    found = []
    for sitting_id, (run, row) in store.marks_of_item(session, keyed.item, keyed.forms).items():
        if run.form_id not in bound:
            bound[run.form_id] = _both(shelf[run.form_id], keyed.item, base, says)
        before, after = (one.mark(parsed(row)) for one in bound[run.form_id])
        standing = row.marks or Fraction(0)
        shift = (before - standing, after - standing) if row.live else (Fraction(0), Fraction(0))
        cut = cuts[run.form_id]
        found.append(
            Touched(
                sitting_id,
                run.session_id,
                run.candidate_id,
                run.form_id,
                row.live,
                (before, after),
                (run.raw + shift[0], run.raw + shift[1]),
                cut.applied if cut is not None else None,
                run.complete,
                row.key_version,
            )
        )
    return found


def touched_by(session: Session, keyed: KeyedItem, row: KeyCorrection) -> list[Touched]:
    """Count for a correction as it was proposed, whatever stands now."""
    return touched(session, keyed, row.base_version, (row.kind, row.key, row.why, row.key_version))


class _Bound:
    """An item's rule bound to one key, with the mark on the form's scale."""

    def __init__(self, form: Frozen, item: SecretItem) -> None:
        self._rule = scoring.bind(item.rule, item.key, options=form.options(item.id), settings=form.settings(item))
        self._worth = item.worth

    def mark(self, response: Any) -> Fraction:
        score = self._rule.mark(response)
        return scoring.item_mark(score, self._worth) if score.total is not None else Fraction(0)


def _both(form: Frozen, item: str, base: str, says: Says) -> tuple[_Bound, _Bound]:
    held, before = form.secret.item(item), form.keyed(item, base)
    assert held is not None and before is not None, "the key before is the published one or a signed one"
    kind, key, why, version = says
    wanted = Correction(form.line.set_id, item, held.key_version, kind, key, why, version, None, stands=True)
    return _Bound(form, before), _Bound(form, wanted.of(held, form.options(item)))


def summed(found: Sequence[Touched]) -> dict[str, Any]:
    """Sum up by session and together: sittings, marks that move, and outcomes that would turn."""
    sessions: dict[str, list[Touched]] = {}
    for one in found:
        sessions.setdefault(str(one.session_id), []).append(one)
    return {
        "all": _numbers(found),
        "sessions": [{"session": session, **_numbers(own)} for session, own in sorted(sessions.items())],
    }


def _numbers(found: Sequence[Touched]) -> dict[str, Any]:
    turned = [one.verdicts for one in found if one.verdicts is not None]
    mean = sum((one.marks[1] - one.marks[0] for one in found), Fraction(0)) / len(found) if found else Fraction(0)
    return {
        "sittings": len(found),
        "moved": sum(one.moves for one in found),
        "mean": float(mean),
        "decided": len(turned),
        "fail_pass": sum(one == (Verdict.FAIL, Verdict.PASS) for one in turned),
        "pass_fail": sum(one == (Verdict.PASS, Verdict.FAIL) for one in turned),
    }
