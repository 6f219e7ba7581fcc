"""Judges' panels: which mark a borderline candidate gets on each item, round by round, blind to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import sqrt
from statistics import mean, stdev
from typing import Final
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor, Permission, may
from sjt.audit import service as audit
from sjt.authoring.snapshot import Format, PaperItem
from sjt.errors import Fault, Forbidden, InputError, MoveRefused, NotFound
from sjt.psychometrics.cuts import rating_faults
from sjt.results import store
from sjt.results.forms import Shelf
from sjt.results.model import PanelState
from sjt.results.tables import AngoffRating, JudgePanel

STEP: Final = Fraction(1, 2)
"""Ratings are half marks."""
WANTED_JUDGES: Final = 10
"""Ten to fifteen judges are recommended (Hurtz and Hertz 1999); fewer are allowed and said on the page."""


@dataclass(frozen=True, slots=True)
class JudgedItem:
    """An item as a judge sees it: no key, but what it is worth and what guessing earns."""

    item: str
    scenario: str
    scenario_title: str
    story: str
    scenario_version: str
    shown: PaperItem
    format: Format
    max: Fraction
    chance: Fraction | None
    """None: a written answer, which nobody gets right by chance."""


@dataclass(frozen=True, slots=True)
class ItemJudgement:
    """What a panel says of one item."""

    item: str
    max: Fraction
    n: int
    mean: Fraction | None
    sd: float | None
    ratings: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class JudgeLine:
    """How far one judge is."""

    judge: str
    rated: int
    items: int


@dataclass(frozen=True, slots=True)
class PanelView:
    """A panel with what it has said so far."""

    panel: JudgePanel
    items: Sequence[JudgedItem]
    judgements: Sequence[ItemJudgement]
    judges: Sequence[JudgeLine]

    @property
    def is_complete(self) -> bool:
        return bool(self.judges) and all(line.rated == line.items for line in self.judges)


def create_panel(
    session: Session,
    title: str,
    forms: Sequence[str],
    judges: Sequence[str],
    *,
    by: Actor,
    now: datetime,
    simulated: bool = False,
) -> UUID:
    """Ask people to judge the live items of some forms."""
    _may_lead(by)
    faults = []
    if not title.strip():
        faults.append(Fault("", "", "Title", "is empty.", "Say what the panel is for."))
    if not forms:
        faults.append(Fault("", "", "Forms", "none is chosen.", "Choose at least one form."))
    if not judges:
        faults.append(Fault("", "", "Judges", "nobody is chosen.", "Choose at least one judge."))
    if faults:
        raise InputError("The panel was not made.", faults)
    panel = JudgePanel(
        title=title.strip(),
        forms=list(dict.fromkeys(forms)),
        judges=list(dict.fromkeys(judges)),
        simulated=simulated,
        created_by=by.id,
        created_at=now,
    )
    items_of(session, panel)  # refuses forms that disagree about an item
    session.add(panel)
    session.flush()
    audit.record(session, by=by, did="panel.created", on=panel.id, at=now, body={"forms": panel.forms})
    return panel.id


def items_of(session: Session, panel: JudgePanel) -> list[JudgedItem]:
    """Give the live items of the panel's forms, each once, in the order of the forms."""
    found: dict[str, JudgedItem] = {}
    shelf, faults = Shelf(session), []
    for form_id in panel.forms:
        form = shelf[form_id]
        for scenario in form.paper.scenarios:
            for shown in scenario.items:
                item = form.secret.item(shown.id)
                if item is None or not item.live:
                    continue
                known = found.get(shown.id)
                if known is not None:
                    if (known.max, known.scenario_version) != (item.worth, item.scenario_version):
                        what = f"is another version, or worth other marks, on {form_id} than on the forms before it."
                        faults.append(Fault("", form_id, shown.id, what, "Judge these forms in two panels."))
                    continue
                found[shown.id] = JudgedItem(
                    item=shown.id,
                    scenario=scenario.id,
                    scenario_title=scenario.title,
                    story=scenario.story,
                    scenario_version=item.scenario_version,
                    shown=shown,
                    format=item.format,
                    max=item.worth,
                    chance=None if item.format is Format.WRITTEN else item.chance,
                )
    if faults:
        raise InputError("These forms cannot be judged together.", faults)
    return list(found.values())


def rate(session: Session, panel_id: UUID, item_id: str, rating: Fraction, *, by: Actor, now: datetime) -> None:
    """Write one judge's mark for the borderline candidate; a rating below chance is refused with the chance mark."""
    panel = _panel(session, panel_id)
    if panel.state is not PanelState.OPEN:
        raise MoveRefused("This panel is closed; its ratings stand.")
    if by.id not in panel.judges:
        raise Forbidden("You are not a judge of this panel.")
    item = next((one for one in items_of(session, panel) if one.item == item_id), None)
    if item is None:
        raise NotFound("The panel does not judge this item.")
    check_rating(item, rating)
    before = store.ratings(session, panel_id, panel.round).get((by.id, panel.round, item_id))
    if before is not None and before.rating == rating:
        return
    session.add(
        AngoffRating(
            panel_id=panel_id,
            judge=by.id,
            round=panel.round,
            item=item_id,
            scenario_version=item.scenario_version,
            version=before.version + 1 if before else 1,
            rating=rating,
            max=item.max,
            at=now,
        )
    )
    session.flush()
    body = {"item": item_id, "round": panel.round, "rating": str(rating)}
    audit.record(session, by=by, did="panel.rated", on=panel_id, at=now, body=body)


def check_rating(item: JudgedItem, rating: Fraction) -> None:
    """Refuse a rating outside 0 to the item's marks, below its chance mark, or not in half marks."""
    chances = {} if item.chance is None else {item.item: item.chance}
    faults = rating_faults([("", item.item, rating)], maxima={item.item: item.max}, chances=chances, step=STEP)
    if faults:
        raise InputError(
            "The rating was not saved.",
            [Fault("", "", "Rating", fault.what, fault.remedy) for fault in faults],
        )


def standing(session: Session, panel: JudgePanel) -> dict[str, dict[str, Fraction]]:
    """Give item → judge → rating: the last round counts; a rating kept from the round before stands."""
    found: dict[str, dict[str, Fraction]] = {}
    for (judge, round_, item), row in sorted(store.ratings(session, panel.id).items(), key=lambda pair: pair[0][1]):
        if round_ <= panel.round:
            found.setdefault(item, {})[judge] = row.rating
    return found


def view(session: Session, panel_id: UUID) -> PanelView:
    """Give a panel, live: what each item got, and how far each judge is."""
    panel = _panel(session, panel_id)
    items, said = items_of(session, panel), standing(session, panel)
    judgements = []
    for item in items:
        given = said.get(item.item, {})
        values = list(given.values())
        judgements.append(
            ItemJudgement(
                item.item,
                item.max,
                len(values),
                sum(values, Fraction(0)) / len(values) if values else None,
                stdev([float(value) for value in values]) if len(values) > 1 else None,
                given,
            )
        )
    judges = [
        JudgeLine(judge, sum(judge in said.get(item.item, {}) for item in items), len(items)) for judge in panel.judges
    ]
    return PanelView(panel, items, judgements, judges)


def next_round(session: Session, panel_id: UUID, *, by: Actor, now: datetime) -> None:
    """Open the next round, in which judges see the spread; the ratings of the round before are kept."""
    _may_lead(by)
    panel = _panel(session, panel_id, lock=True)
    if panel.state is not PanelState.OPEN:
        raise MoveRefused("This panel is closed.")
    _require_all(view(session, panel_id), f"round {panel.round + 1} can open")
    panel.round += 1
    session.add(panel)
    audit.record(session, by=by, did="panel.round_opened", on=panel_id, at=now, body={"round": panel.round})


def close_panel(session: Session, panel_id: UUID, *, by: Actor, now: datetime) -> None:
    """End the panel; pass marks may rest on it from now on."""
    _may_lead(by)
    panel = _panel(session, panel_id, lock=True)
    if panel.state is PanelState.CLOSED:
        return
    _require_all(view(session, panel_id), "it can close")
    panel.state, panel.closed_at = PanelState.CLOSED, now
    session.add(panel)
    audit.record(session, by=by, did="panel.closed", on=panel_id, at=now, body={"round": panel.round})


def judge_cuts(said: Mapping[str, Mapping[str, Fraction]], items: Sequence[str]) -> dict[str, Fraction]:
    """Give the pass mark each judge's own ratings make; judges who left an item out have none."""
    judges = set.intersection(*(set(said.get(item, {})) for item in items)) if items else set()
    return {judge: sum((said[item][judge] for item in items), Fraction(0)) for judge in sorted(judges)}


def se_of(cuts: Sequence[Fraction]) -> float | None:
    """Standard error of a panel's cut: SD of the judges' cuts ÷ √judges."""
    if len(cuts) < 2:
        return None
    values = [float(value) for value in cuts]
    return stdev(values, mean(values)) / sqrt(len(values))


def panel(session: Session, panel_id: UUID) -> JudgePanel:
    return _panel(session, panel_id)


def panels(session: Session) -> Sequence[JudgePanel]:
    return store.panels(session)


def _panel(session: Session, panel_id: UUID, *, lock: bool = False) -> JudgePanel:
    found = store.panel(session, panel_id, lock=lock)
    if found is None:
        raise NotFound("There is no such panel.")
    return found


def _may_lead(by: Actor) -> None:
    if not may(by, Permission.PROPOSE_PASS_MARK):
        raise Forbidden("A psychometrician leads a panel.")


def _require_all(seen: PanelView, what: str) -> None:
    left = [line for line in seen.judges if line.rated < line.items]
    if left:
        missing = sum(line.items - line.rated for line in left)
        raise MoveRefused(
            f"{len(left)} of {len(seen.judges)} judges have {missing} ratings to give before {what}. "
            "Ask them to finish."
        )
