"""Whatever a bank holds, model to files to model is equal, and the canonical text of that is the same text."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from sjt.authoring.bank import load_files, read_files
from sjt.authoring.model import (
    Accepted,
    Bank,
    ChooseKey,
    Criterion,
    Exemplar,
    Features,
    Item,
    KeySet,
    KsbTag,
    Law,
    MostLeastKey,
    Option,
    Person,
    RankKey,
    RateKey,
    Rubric,
    RubricKey,
    Scenario,
    SingleKey,
)
from sjt.authoring.scenario_files import KEYS
from sjt.authoring.snapshot import Format
from sjt.authoring.workbook import bank_workbook, made_of, read_workbook
from sjt.authoring.writer import bank_files, key_text

BANKS = Path(__file__).parents[1] / "banks"
SOUND = {name: content for name, content in read_files(BANKS / "sound").items() if not name.startswith("scenarios/")}

prose = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=40)
text = prose.filter(lambda value: bool(value.strip()))
slug = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
option_id = st.sampled_from("ABCDEFGH")
scenario_id = st.integers(1, 9999).map(lambda n: f"tn-{n:04}")
effectiveness = st.dictionaries(option_id, st.integers(0, 4), max_size=8)
why = st.dictionaries(option_id, prose, max_size=8)
days = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def few(values: st.SearchStrategy[object], least: int = 0) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(values, min_size=least, max_size=3).map(tuple)


keys = st.one_of(
    st.builds(
        RankKey, rule=st.just("rank_distance@1"), order=few(few(option_id)), effectiveness=effectiveness, why=why
    ),
    st.builds(ChooseKey, rule=st.just("choose_k@1"), key=few(option_id), effectiveness=effectiveness, why=why),
    st.builds(
        RateKey,
        rule=st.just("rate_matrix@1"),
        matrix=slug,
        key=st.dictionaries(option_id, st.integers(-3, 9), max_size=8),
        effectiveness=effectiveness,
        why=why,
    ),
    st.builds(MostLeastKey, rule=st.just("most_least_graded@1"), effectiveness=effectiveness, why=why),
    st.builds(SingleKey, rule=st.just("single_graded@1"), effectiveness=effectiveness, why=why),
    st.builds(
        RubricKey,
        rule=st.just("rubric@1"),
        rubric=slug,
        look_for=st.dictionaries(slug, prose, max_size=3),
        exemplars=few(st.builds(Exemplar, level=st.integers(0, 3), text=text)),
    ),
)
items = st.builds(
    Item,
    id=st.builds(lambda s, letter: f"{s}-{letter}", scenario_id, st.sampled_from(string.ascii_lowercase)),
    format=st.sampled_from(Format),
    ask=text,
    minutes=st.floats(0.01, 60, allow_nan=False),
    options=few(st.builds(Option, id=option_id, text=text, pinned=st.booleans())),
    choose=st.none() | st.integers(1, 8),
    scale=st.none() | slug,
    max_words=st.none() | st.integers(1, 900),
)
scenarios = st.builds(
    Scenario,
    id=scenario_id,
    title=text,
    option=text,
    outcomes=few(text),
    areas=few(text),
    demand=text,
    ksbs=few(st.builds(KsbTag, code=text, role=st.sampled_from(["primary", "secondary"]), shows=text)),
    topics=few(text),
    content_note=prose,
    people=few(st.builds(Person, name=text, role=st.sampled_from(["child", "family", "manager"]), heritage=prose)),
    law=few(st.builds(Law, title=text, edition=text, review_by=days)),
    enemies=few(scenario_id),
    family=prose,
    capabilities=few(text),
    features=st.builds(Features, setting=prose, dilemma=prose),
    author=text,
    source=text,
    items=few(items, 1),
    story=st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=200).map(str.strip),
    folder=st.just("scene"),
    sha256=st.just(""),
)


def bank_of(scenario: Scenario, found: KeySet | None) -> Bank:
    base = load_files(SOUND).bank
    assert base is not None
    keyed = {} if found is None else {scenario.id: found}
    return replace(base, scenarios=(scenario,), keys=keyed)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    scenarios,
    st.dictionaries(items.map(lambda item: item.id), keys, max_size=3),
    st.sampled_from(["", "sha256:" + "a" * 64]),
)
def test_model_to_files_to_model_is_equal(scenario: Scenario, found: dict[str, object], set_on: str) -> None:
    keyset = KeySet(scenario=scenario.id, status="illustrative", set_on=set_on, items=found)  # type: ignore[arg-type]  # a dict of the union
    bank = bank_of(scenario, keyset)
    files = {**SOUND, **bank_files(bank)}
    reading = load_files(files)
    assert reading.findings == ()
    assert reading.bank is not None
    assert replace(reading.bank, scenarios=(replace(reading.bank.scenarios[0], sha256=""),)) == bank
    assert bank_files(reading.bank) == bank_files(bank)
    assert dict(reading.files) == files


def in_cells(value: object) -> bool:
    """Tell whether a workbook can hold it: a text of control signs alone would leave its cell empty."""
    if isinstance(value, str):
        return not value or not re.search(r"\S", value) or bool(re.search(r"[^\s\x00-\x1f\ufffe\uffff]", value))
    if isinstance(value, Mapping):
        return all(in_cells(part) for part in value.values())
    if isinstance(value, tuple):
        return all(in_cells(part) for part in value)
    return not is_dataclass(value) or all(in_cells(getattr(value, one.name)) for one in fields(value))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(scenarios, st.dictionaries(items.map(lambda item: item.id), keys, max_size=2))
def test_a_workbook_brings_every_file_back(scenario: Scenario, found: dict[str, object]) -> None:
    assume(in_cells(scenario) and in_cells(found) and len({item.id for item in scenario.items}) == len(scenario.items))
    keyset = KeySet(scenario=scenario.id, status="panelled", items=found)  # type: ignore[arg-type]  # a dict of the union
    bank = bank_of(scenario, keyset)
    files = {name: content for name, content in {**SOUND, **bank_files(bank)}.items() if name != "expected.json"}
    made = made_of(read_workbook(bank_workbook(bank, files, {}), "bank.xlsx"), None)
    assert made.faults == []
    assert (made.files, made.changed) == (files, [])


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.from_regex(r"[A-Z]{2,5}", fullmatch=True), text, max_size=3),
    few(st.builds(Accepted, rule=text, scenario=prose, item=prose, reason=text)),
    few(st.builds(Criterion, id=slug, title=text, anchors=few(text, 2)), 1),
)
def test_settings_and_rubrics_come_back_equal(
    acronyms: dict[str, str], accepted: tuple[Accepted, ...], criteria: tuple[Criterion, ...]
) -> None:
    base = load_files(SOUND).bank
    assert base is not None
    rubric = Rubric(id="two", title="Two things", criteria=criteria)
    bank = replace(base, settings=replace(base.settings, acronyms=acronyms, accepted=accepted), rubrics={"two": rubric})
    reading = load_files({**SOUND, **bank_files(bank)})
    assert reading.bank == bank


@given(st.dictionaries(st.from_regex(r"tn-[0-9]{4}-[a-z]", fullmatch=True), keys, max_size=2))
@settings(max_examples=40, deadline=None)
def test_canonical_key_text_does_not_depend_on_the_order_options_were_written_in(found: dict[str, object]) -> None:
    values = KEYS.dump_python(KeySet(scenario="tn-0001", status="panelled", items=found))  # type: ignore[arg-type]  # a dict of the union
    turned = {
        item: {
            part: dict(reversed(v.items())) if isinstance(v, dict) and part != "look_for" else v
            for part, v in key.items()
        }
        for item, key in values["items"].items()
    }
    again = KEYS.validate_python({**values, "items": turned})
    assert key_text(again) == key_text(KEYS.validate_python(values))
