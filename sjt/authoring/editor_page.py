"""What the editor's page shows: the fields of a draft, what may be chosen for each, and the findings beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from sjt.accounts import service as accounts
from sjt.authoring import drafting, store_drafts
from sjt.authoring.draft import PERSON_PARTS, Fields, format_of, listed, option_list
from sjt.authoring.draft_checks import FieldFinding, by_field, look
from sjt.authoring.draft_files import GENDERS, ROLES, Built, build
from sjt.authoring.draft_merge import label, order
from sjt.authoring.model import Bank
from sjt.authoring.scenario_page import EFFECTIVENESS, READ_WORDS_A_SECOND, ordinal
from sjt.authoring.snapshot import Format
from sjt.authoring.story_marks import lines
from sjt.authoring.tables import ScenarioDraft
from sjt.authoring.the_bank import bank as current_bank
from sjt.authoring.the_bank import reading
from sjt.errors import Fault

Choice = tuple[str, str]

PARTS: Final = ("write", "mapping", "background")
"""The parts of the editor that a draft's fields stand in; one form holds them all."""
_IN_MAPPING: Final = (
    *("ksb", "outcomes", "option", "areas", "demand", "capabilities", "topics"),
    *("features", "family", "enemies"),
)
_IN_BACKGROUND: Final = ("source", "author", "law", "person", "people")
CODES_IN_TAB: Final = 4
MOST_LISTED: Final = 300
"""Scenarios of a bank that a page can list to choose from; of a larger one it shows what words find."""
MOST_FOUND: Final = 30


@dataclass(frozen=True, slots=True)
class Pick:
    """One entry of a list to tick, with the words that it is found by."""

    value: str
    words: str
    group: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class EditorItem:
    """One item of a draft."""

    letter: str
    number: int
    kind: Format
    options: tuple[str, ...]
    examples: tuple[str, ...]
    criteria: tuple[Choice, ...]
    places: tuple[Choice, ...]
    ratings: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """A draft as it stands, with what the checks say of it."""

    row: ScenarioDraft
    fields: Mapping[str, str]
    built: Built
    found: Sequence[FieldFinding]
    bank: Bank

    @property
    def errors(self) -> list[FieldFinding]:
        return [one for one in self.found if one.severity == "error"]

    @property
    def warnings(self) -> list[FieldFinding]:
        return [one for one in self.found if one.severity != "error"]

    def faults(self) -> list[Fault]:
        """Give the errors as a deed tells them."""
        name = self.built.scenario.title
        return [Fault(name, label(one.field) if one.field else "", one.rule, one.message, one.remedy)
                for one in self.errors]  # fmt: skip


def looked(session: Session, draft_id: UUID, *, today: date, whole: bool = False) -> Looked:
    """Read a draft and check it."""
    row = drafting.draft(session, draft_id)
    fields = drafting.fields_of(session, row)
    bank = current_bank(session)
    built = built_of(session, row, fields, bank)
    return Looked(row, fields, built, look(reading(session), built, fields, today=today, whole=whole), bank)


def built_of(session: Session, row: ScenarioDraft, fields: Fields, bank: Bank) -> Built:
    """Make the files of a draft."""
    folder = drafting.folder_of(session, row, fields.get("title", ""))
    before = bank.keys.get(row.scenario_id)
    return build(fields, bank, scenario_id=row.scenario_id, folder=folder, before=before)


def editor_view(session: Session, seen: Looked, find: str = "") -> SimpleNamespace:
    """Put everything together that the page shows; ``find`` looks for enemies in a bank too long to list."""
    row, fields, bank = seen.row, seen.fields, seen.bank
    undo, redo = drafting.ways(session, row)
    words = len(fields.get("story", "").split())
    about_story = [one for one in seen.found if one.field == "story"]
    story = sorted(about_story, key=lambda one: (one.line is None, one.line or 0))
    return SimpleNamespace(
        draft=row,
        f=fields,
        bank=bank,
        items=[_item(bank, fields, letter, n) for n, letter in enumerate(listed(fields, "items"), start=1)],
        codes=_codes(bank, fields),
        outcomes=_picks(fields, "outcomes", [(one.id, one.statement, "") for one in bank.standard.practice_outcomes]),
        areas=_picks(
            fields,
            "areas",
            [
                (one.id, one.title, "")
                for one in bank.standard.option_areas
                if one.option == fields.get("option") or one.id in listed(fields, "areas")
            ],
        ),
        enemies=_enemies(bank, fields, row.scenario_id, find),
        finds_enemies=len(bank.scenarios) > MOST_LISTED,
        find=find,
        people=listed(fields, "people"),
        laws=listed(fields, "laws"),
        formats=formats(bank),
        demands=demands(bank),
        capabilities=_picks(
            fields,
            "capabilities",
            [(one.id, f"{one.text} ({one.domain_title}, level {one.level})", "") for one in bank.capabilities.values()],
        ),
        scales=[(name, ", ".join(scale.points)) for name, scale in bank.settings.scales.items()],
        matrices=[(name, f"{name}: {_marks(matrix.by_distance)}") for name, matrix in bank.settings.matrices.items()],
        rubrics=[(name, rubric.title) for name, rubric in bank.rubrics.items()],
        roles=[(role, role.capitalize()) for role in ROLES],
        genders=[(gender, gender.capitalize() or "Not said") for gender in GENDERS],
        said_of=lambda row: any(f"person.{row}.{part}" in fields for part in PERSON_PARTS[4:]),
        anchor=anchor,
        part_of=part_of,
        mapped=_few(listed(fields, "ksbs")),
        story=story,
        story_lines=lines(fields.get("story", ""), [(one.spot, one.severity) for one in story if one.spot]),
        levels=[(level, f"{level}, {EFFECTIVENESS[int(level)]}") for level in "43210"],
        found=seen.found,
        at=by_field(seen.found),
        to_do=sum(one.tone == "todo" for one in seen.found),
        errors=sum(one.tone == "error" for one in seen.found),
        warnings=len(seen.warnings),
        words=words,
        seconds=round(words / READ_WORDS_A_SECOND),
        undo=undo,
        redo=redo,
        asides=[(one, accounts.name_of(session, one.by)) for one in store_drafts.asides(session, row.id)],
        behind=drafting.behind(session, row) if row.open_for else 0,
        changed_by=accounts.name_of(session, row.changed_by),
    )


def demands(bank: Bank) -> list[Choice]:
    """Give the levels of demand in words; a bank without a framework knows its standard's level alone."""
    if not bank.levels:
        return [(str(bank.standard.level), f"Level {bank.standard.level}")]
    return [(level, f"Level {level}, {title}" if title else f"Level {level}") for level, title in bank.levels.items()]


def part_of(field: str) -> str:
    """Tell which part of the editor a field stands in."""
    if field.startswith(_IN_MAPPING):
        return "mapping"
    return "background" if field.startswith(_IN_BACKGROUND) else "write"


def _few(codes: Sequence[str]) -> str:
    more = len(codes) - CODES_IN_TAB
    return " ".join(codes[:CODES_IN_TAB]) + (f" +{more}" if more > 0 else "") if codes else "none yet"


def formats(bank: Bank) -> list[str]:
    """Give the formats a bank can hold: rating needs a scale and a marking table, a written answer a rubric."""
    lacking = set()
    if not (bank.settings.scales and bank.settings.matrices):
        lacking.add(Format.RATE)
    if not bank.rubrics:
        lacking.add(Format.WRITTEN)
    return [kind.value for kind in Format if kind not in lacking]


def _marks(by_distance: Sequence[int]) -> str:
    return ", ".join(f"{mark} at distance {distance}" for distance, mark in enumerate(by_distance))


def anchor(field: str) -> str:
    """Give the id on the page for a field: the control itself, or the place of findings where there is none."""
    if field.startswith("i.") and field.endswith((".key", ".examples")):
        return f"{field}-found"
    return {"laws": "law", "items": "items-found", "features": "features.setting"}.get(field, field)


def _codes(bank: Bank, fields: Fields) -> list[Pick]:
    ticked = listed(fields, "ksbs")
    allowed = bank.standard.allowed_codes(fields.get("option", "core"))
    found = [s for s in bank.standard.statements if s.code in allowed or s.code in ticked]
    return _picks(fields, "ksbs", [(one.code, one.text, one.kind) for one in found])


def _enemies(bank: Bank, fields: Fields, own: str, find: str) -> list[Pick]:
    """Give the scenarios to choose enemies from: all of a small bank, else those chosen and those that words find."""
    others = [(one.id, one.title, "") for one in bank.scenarios if one.id != own]
    if len(bank.scenarios) > MOST_LISTED:
        ticked, words = set(listed(fields, "enemies")), find.casefold().split()
        found = [one for one in others if words and all(word in f"{one[0]} {one[1]}".casefold() for word in words)]
        others = [one for one in others if one[0] in ticked] + [one for one in found if one[0] not in ticked][
            :MOST_FOUND
        ]
    return _picks(fields, "enemies", others)


def _picks(fields: Fields, name: str, entries: Sequence[tuple[str, str, str]]) -> list[Pick]:
    """Put what is ticked first, in the order it was ticked: a save that changes nothing then changes no order."""
    ticked = listed(fields, name)
    known = {value: (value, words, group) for value, words, group in entries}
    unknown = {value: (value, "not known here", "") for value in ticked if value not in known}
    held = known | unknown
    order = [*ticked, *(value for value in known if value not in ticked)]
    return [Pick(*held[value], ticked=value in ticked) for value in order]


def _item(bank: Bank, fields: Fields, letter: str, number: int) -> EditorItem:
    options = tuple(listed(fields, option_list(letter)))
    scale = bank.settings.scales.get(fields.get(f"i.{letter}.scale", ""))
    rubric = bank.rubrics.get(fields.get(f"i.{letter}.rubric", ""))
    return EditorItem(
        letter,
        number,
        format_of(fields, letter),
        options,
        tuple(listed(fields, f"i.{letter}.examples")),
        tuple((one.id, one.title) for one in rubric.criteria) if rubric else (),
        tuple((str(place), ordinal(place)) for place in range(1, len(options) + 1)),
        tuple((str(n), words) for n, words in enumerate(scale.points, start=1)) if scale else (),
    )


def name(session: Session, actor_id: str) -> str:
    """Name who did something."""
    return accounts.name_of(session, actor_id)


_DEEDS: Final = {
    "begun": "Begun",
    "saved": "Saved",
    "beside": "Saved beside another",
    "merged": "Brought together",
    "restored": "Version restored",
    "undone": "Undone",
    "redone": "Done again",
    "back": "Gone back",
    "enemies": "Made enemies",
}


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a draft, with the fields it changed."""

    n: int
    did: str
    changed: tuple[str, ...]
    at: datetime
    by: str


def steps(session: Session, row: ScenarioDraft, *, before: int, most: int) -> list[StepLine]:
    """Give the steps of a draft up to one, newest first."""
    rows = store_drafts.steps(session, row.id, before=before, most=most + 1)
    names = {one.by: accounts.name_of(session, one.by) for one in rows}
    earlier: list[Mapping[str, str]] = [*(one.held for one in rows[1:]), {}]
    lines_of = [
        StepLine(
            one.n,
            _DEEDS.get(one.did, one.did.replace("-", " ").capitalize()),
            tuple(dict.fromkeys(label(name) for name in sorted(set(one.held) | set(held), key=order)
                                if one.held.get(name) != held.get(name))) if one.n > 1 else (),
            one.at,
            names[one.by],
        )
        for one, held in zip(rows, earlier, strict=True)
    ]  # fmt: skip
    return lines_of[:most]


@dataclass(frozen=True, slots=True)
class DraftLine:
    """What the list says of a draft."""

    id: UUID
    scenario_id: str
    title: str
    base_n: int
    begun_by: str
    changed_at: datetime
    changed_by: str
    waiting: int


def draft_lines(session: Session, rows: Sequence[Any]) -> list[DraftLine]:
    """Say of each draft whose it is and when it changed."""
    return [
        DraftLine(
            row.id,
            row.scenario_id,
            row.title,
            row.base_n,
            accounts.name_of(session, row.created_by),
            row.changed_at,
            accounts.name_of(session, row.changed_by),
            len(store_drafts.asides(session, row.id)),
        )
        for row in rows
    ]


def lists(session: Session) -> tuple[list[DraftLine], list[DraftLine]]:
    """Give the open drafts, and those put away last."""
    away = store_drafts.drafts_put_away(session, 20)
    return draft_lines(session, store_drafts.open_drafts(session)), draft_lines(session, away)
