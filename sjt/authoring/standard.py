"""The occupational standard a bank serves: statements, practice outcomes, option areas (standard.json)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass

CORE = "core"
CAMEL = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)

KIND_LETTER: Mapping[str, str] = {"knowledge": "K", "skill": "S", "behaviour": "B"}


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class Statement:
    """One knowledge, skill or behaviour; a code that is not official must never be sent outside as if it were."""

    code: str
    kind: Literal["knowledge", "skill", "behaviour"]
    scope: str
    text: str
    seed: str = ""
    code_official: bool = True

    @property
    def letter(self) -> str:
        return KIND_LETTER[self.kind]


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class Outcome:
    """What a child or family would say if the work was done well, with the codes that stand under it."""

    id: str
    statement: str
    scope: str = CORE
    slug: str = ""
    theme: str = ""
    knowledge: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()
    guidance_examples: JsonValue = None


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class OptionArea:
    """A part of the standard that only one option asks for."""

    id: str
    option: str
    title: str
    source_label: str = ""
    knowledge: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class StandardOption:
    """A route through the standard that an apprentice takes."""

    id: str
    title: str
    areas: tuple[str, ...] = ()
    mandatory_qualification: str = ""


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class Standard:
    """The occupational standard; facts that no rule uses are kept as they stand."""

    schema: Literal["sjt.occupational-standard/1"]
    id: str
    title: str
    level: int
    options: tuple[StandardOption, ...]
    statements: tuple[Statement, ...]
    practice_outcomes: tuple[Outcome, ...]
    option_areas: tuple[OptionArea, ...] = ()
    required_by_option: Mapping[str, tuple[str, ...]]
    route: str = ""
    option_rule: str = ""
    identifiers: JsonValue = None
    sources: JsonValue = None
    code_scheme: JsonValue = None
    entry_requirements: JsonValue = None
    behaviour_mapping: str = ""
    counts: Mapping[str, int] = Field(default_factory=dict)

    @property
    def option_ids(self) -> tuple[str, ...]:
        return tuple(option.id for option in self.options)

    @property
    def codes(self) -> Mapping[str, Statement]:
        return {statement.code: statement for statement in self.statements}

    @property
    def outcome_ids(self) -> tuple[str, ...]:
        return tuple(outcome.id for outcome in self.practice_outcomes)

    def areas_of(self, option: str) -> tuple[str, ...]:
        return tuple(area.id for area in self.option_areas if area.option == option)

    def allowed_codes(self, option: str) -> frozenset[str]:
        """Return the codes a scenario of this option may be tagged with; a core scenario only those of the core."""
        if option == CORE:
            return frozenset(statement.code for statement in self.statements if statement.scope == CORE)
        return frozenset(self.required_by_option.get(option, ()))


def standard_faults(standard: Standard) -> list[str]:
    """Return what does not hold together inside a standard: codes twice, or named and not defined."""
    faults = []
    codes = [statement.code for statement in standard.statements]
    faults += [f"code {code} is defined twice" for code in sorted({c for c in codes if codes.count(c) > 1})]
    known = set(codes)
    places = [
        (outcome.id, outcome.knowledge + outcome.skills + outcome.behaviours) for outcome in standard.practice_outcomes
    ]
    places += [(area.id, area.knowledge + area.skills + area.behaviours) for area in standard.option_areas]
    places += [(f"requiredByOption.{option}", named) for option, named in standard.required_by_option.items()]
    for place, named in places:
        faults += [f"{place} names {code}, which no statement defines" for code in named if code not in known]
    for option in standard.options:
        if option.id not in standard.required_by_option:
            faults.append(f"option {option.id} has no list under requiredByOption")
        missing = sorted(set(option.areas) - set(standard.areas_of(option.id)))
        faults += [f"option {option.id} names area {area}, which optionAreas does not give it" for area in missing]
    return faults
