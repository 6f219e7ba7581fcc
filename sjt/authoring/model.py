"""What a scenario bank holds, as frozen values; unknown keys are refused.

The same types read the files (``bank.py``), write them (``writer.py``) and make the JSON Schemas (``schema.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, Strict, StringConstraints
from pydantic.dataclasses import dataclass

from sjt.authoring.plan import Plan
from sjt.authoring.snapshot import Format as Format
from sjt.authoring.standard import CORE, Standard

REFUSE_UNKNOWN = ConfigDict(extra="forbid")

Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
ScenarioId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*-[0-9]{4,}$")]
ItemId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*-[0-9]{4,}-[a-z]$")]
OptionId = Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Whole = Annotated[int, Strict()]
Day = Annotated[date, Strict()]
Effectiveness = Annotated[int, Strict(), Field(ge=0, le=4)]


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class KsbTag:
    """A knowledge, skill or behaviour that the scenario calls on, and where it shows."""

    code: Text
    role: Literal["primary", "secondary"]
    shows: Text


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Person:
    """Somebody named in the story; what is said of them here is used to balance the bank, never shown."""

    name: Text
    role: Literal["child", "client", "family", "colleague", "manager", "antagonist"]
    gender: Literal["", "female", "male", "other"] = ""
    heritage: str = ""
    age: str = ""
    disability: str = ""
    faith: str = ""
    relevant_because: str = ""


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Law:
    """Law or guidance the scenario leans on, with the edition that was read and the day to look again."""

    title: Text
    edition: Text
    review_by: Day


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Features:
    """The surface of a scenario: what a reskin would change and a balanced bank varies."""

    setting: str = ""
    age: str = ""
    relation: str = ""
    pressure: str = ""
    dilemma: str = ""
    law: str = ""


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Option:
    """One thing the candidate could do; a pinned option keeps its place when options are shuffled."""

    id: OptionId
    text: Text
    pinned: Annotated[bool, Strict()] = False


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Item:
    """One question on a scenario."""

    id: ItemId
    format: Format
    ask: Text
    minutes: Annotated[float, Strict(), Field(gt=0, le=60)]
    options: tuple[Option, ...] = ()
    choose: Annotated[int, Strict(), Field(ge=1)] | None = None
    scale: Slug | None = None
    max_words: Annotated[int, Strict(), Field(ge=1)] | None = None

    @property
    def option_ids(self) -> tuple[str, ...]:
        return tuple(option.id for option in self.options)

    def option(self, option_id: str) -> Option:
        return next(option for option in self.options if option.id == option_id)


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class FrontMatter:
    """What stands between the ``+++`` lines of scenario.md."""

    schema: Literal["sjt.scenario/1"] = "sjt.scenario/1"
    id: ScenarioId
    title: Text
    option: Text
    outcomes: tuple[Text, ...]
    areas: tuple[Text, ...] = ()
    demand: Text
    ksbs: tuple[KsbTag, ...]
    topics: tuple[Text, ...] = ()
    content_note: str = ""
    people: tuple[Person, ...] = ()
    law: tuple[Law, ...] = ()
    enemies: tuple[ScenarioId, ...] = ()
    family: str = ""
    reskin_of: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9]*-[0-9]{4,})?$")] = ""
    capabilities: tuple[Text, ...] = ()
    features: Features = Features()
    author: Text
    source: Text
    items: Annotated[tuple[Item, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Scenario(FrontMatter):
    """A story with its items; ``sha256`` is of the bytes of scenario.md and names this version for ever."""

    story: str
    folder: str
    sha256: str

    def item(self, item_id: str) -> Item:
        return next(item for item in self.items if item.id == item_id)

    def primary_codes(self) -> tuple[str, ...]:
        return tuple(tag.code for tag in self.ksbs if tag.role == "primary")

    def secondary_codes(self) -> tuple[str, ...]:
        return tuple(tag.code for tag in self.ksbs if tag.role == "secondary")


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class RankKey:
    """Best to worst; options in one inner list are tied."""

    rule: Literal["rank_distance@1"]
    order: tuple[tuple[OptionId, ...], ...]
    effectiveness: Mapping[OptionId, Effectiveness] = Field(default_factory=dict)
    why: Mapping[OptionId, str] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class ChooseKey:
    """The options to choose, as a set."""

    rule: Literal["choose_k@1"]
    key: tuple[OptionId, ...]
    effectiveness: Mapping[OptionId, Effectiveness] = Field(default_factory=dict)
    why: Mapping[OptionId, str] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class RateKey:
    """The agreed rating of each option, marked through a matrix of bank.toml."""

    rule: Literal["rate_matrix@1"]
    matrix: Slug
    key: Mapping[OptionId, Whole]
    effectiveness: Mapping[OptionId, Effectiveness] = Field(default_factory=dict)
    why: Mapping[OptionId, str] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class MostLeastKey:
    """Effectiveness of the most pick plus four less that of the least pick."""

    rule: Literal["most_least_graded@1"]
    effectiveness: Mapping[OptionId, Effectiveness]
    why: Mapping[OptionId, str] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class SingleKey:
    """The effectiveness of the option picked is the mark."""

    rule: Literal["single_graded@1"]
    effectiveness: Mapping[OptionId, Effectiveness]
    why: Mapping[OptionId, str] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Exemplar:
    """A short answer of a known level."""

    level: Annotated[int, Strict(), Field(ge=0)]
    text: Text


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class RubricKey:
    """A written answer is marked by people: which rubric, what to look for here, and answers of each level."""

    rule: Literal["rubric@1"]
    rubric: Slug
    look_for: Mapping[str, str] = Field(default_factory=dict)
    exemplars: tuple[Exemplar, ...] = ()


OptionKey = RankKey | ChooseKey | RateKey | MostLeastKey | SingleKey
ItemKey = Annotated[OptionKey | RubricKey, Field(discriminator="rule")]

RULE_OF_FORMAT: Mapping[Format, str] = {
    Format.RANK: "rank_distance@1",
    Format.CHOOSE: "choose_k@1",
    Format.RATE: "rate_matrix@1",
    Format.MOST_LEAST: "most_least_graded@1",
    Format.SINGLE: "single_graded@1",
    Format.WRITTEN: "rubric@1",
}


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class KeySet:
    """Everything in key.toml: one key for each item of a scenario, and the version it was set on."""

    schema: Literal["sjt.key/1"] = "sjt.key/1"
    scenario: ScenarioId
    status: Literal["illustrative", "panelled"]
    set_on: Annotated[str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    items: Mapping[ItemId, ItemKey]


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Criterion:
    """One thing a marker looks for; ``anchors[n]`` describes level n."""

    id: Slug
    title: Text
    anchors: Annotated[tuple[Text, ...], Field(min_length=2)]


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Rubric:
    """How a written answer is marked."""

    schema: Literal["sjt.rubric/1"] = "sjt.rubric/1"
    id: Slug
    title: Text
    unsafe_flag: str = ""
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]

    @property
    def max_mark(self) -> int:
        return sum(len(criterion.anchors) - 1 for criterion in self.criteria)


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Scale:
    """A rating scale; the first point has the value 1."""

    points: Annotated[tuple[Text, ...], Field(min_length=2)]


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Matrix:
    """The mark of a rating by its distance from the key."""

    by_distance: Annotated[tuple[Whole, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Accepted:
    """A warning that somebody looked at and let stand, with the reason."""

    rule: Text
    scenario: str = ""
    item: str = ""
    reason: Text


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Limits:
    """Where this bank asks something else than the general rule does."""

    alike: Annotated[float, Strict(), Field(gt=0, le=1)] = 0.85
    items_of_format: Annotated[int, Strict(), Field(ge=0)] = 6
    """How many items of each format the bank should have; 0 asks for none."""


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class BankSettings:
    """Everything in bank.toml."""

    schema: Literal["sjt.bank/1"] = "sjt.bank/1"
    id: Slug
    title: Text
    standard: Text = "standard.json"
    framework: str = ""
    plan: Slug
    keys: Literal["illustrative", "panelled"]
    practice: bool = False
    """A bank to try the test with: it is never imported, so that none of its scenarios can enter a form."""
    note: str = ""
    sensitive_topics: tuple[Text, ...] = ()
    scales: Mapping[Slug, Scale] = Field(default_factory=dict)
    matrices: Mapping[Slug, Matrix] = Field(default_factory=dict)
    acronyms: Mapping[str, Text] = Field(default_factory=dict)
    limits: Limits = Limits()
    accepted: tuple[Accepted, ...] = ()


@dataclass(frozen=True, slots=True)
class Capability:
    """One statement of the capability framework: what somebody working at a level does in a domain."""

    id: str
    text: str
    domain: str
    domain_title: str
    level: str


@dataclass(frozen=True, kw_only=True, config=REFUSE_UNKNOWN)
class Bank:
    """A whole bank: settings, the standard it serves, and every scenario with its key."""

    settings: BankSettings
    standard: Standard
    plans: Mapping[str, Plan] = Field(default_factory=dict)
    rubrics: Mapping[str, Rubric] = Field(default_factory=dict)
    scenarios: tuple[Scenario, ...] = ()
    keys: Mapping[str, KeySet] = Field(default_factory=dict)
    capabilities: Mapping[str, Capability] = Field(default_factory=dict)
    """The framework's statements by id, in its order."""
    levels: Mapping[str, str] = Field(default_factory=dict)
    """The framework's levels of demand, lowest first, with their titles."""

    apart: frozenset[tuple[str, str]] = frozenset()
    """Pairs that somebody looked at and found no enemies (``likeness/not-enemies.csv``), the lower id first."""

    def are_apart(self, first: str, second: str) -> bool:
        """Tell whether somebody found that two scenarios may stand in one form though they are alike."""
        return (min(first, second), max(first, second)) in self.apart

    def scenario(self, scenario_id: str) -> Scenario:
        return next(scenario for scenario in self.scenarios if scenario.id == scenario_id)

    def key_of(self, scenario: Scenario, item: Item) -> OptionKey | RubricKey | None:
        keys = self.keys.get(scenario.id)
        return None if keys is None else keys.items.get(item.id)

    def for_option(self, option: str) -> Iterator[Scenario]:
        """Yield the scenarios a candidate of this option can meet: the core and the option's own."""
        return (scenario for scenario in self.scenarios if scenario.option in (CORE, option))
