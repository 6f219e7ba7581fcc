"""No bytes whatever make the loader or a check fail: a bank is read as far as it goes, and its faults are told."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.authoring import checks
from sjt.authoring.bank import load_files, read_files
from sjt.authoring.formatting import canonical
from sjt.authoring.places import find_places
from sjt.authoring.stamping import stamped

SOUND = read_files(Path(__file__).parents[1] / "banks" / "sound")
NAMES = sorted(name for name in SOUND if name != "expected.json")
CUTS = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 40),
        st.sampled_from([b"", b'"', b"[", b"{", b"}\n", b"\n", b"=", b"\xff", b"#", b"+++"]),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip
VALUES = st.sampled_from(
    [b"1", b"-3", b"true", b'""', b'"x"', b"[]", b"{}", b"[[1]]", b"1.5", b"nan", b"2020-01-01", b'[{id = "A"}]']
)


def told(files: dict[str, bytes]) -> None:
    reading = load_files(files)
    report = checks.check(reading, today=date(2026, 3, 1))
    for finding in (*report.findings, *(accepted for accepted, _ in report.accepted)):
        assert finding.line >= 1
        assert finding.message
        assert finding.remedy
    stamped(reading)
    canonical(reading, drop_comments=True)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), CUTS)
def test_damaged_files_are_told_not_raised(name: str, cuts: list[tuple[float, int, bytes]]) -> None:
    content = SOUND[name]
    for where, length, instead in cuts:
        start = int(where * len(content))
        content = content[:start] + instead + content[start + length :]
    told({**SOUND, name: content})


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([name for name in NAMES if not name.endswith(".json")]), st.integers(0, 200), VALUES)
def test_any_value_in_any_place_is_told_not_raised(name: str, place: int, value: bytes) -> None:
    lines = SOUND[name].split(b"\n")
    at = [n for n, line in enumerate(lines) if b" = " in line and not line.startswith(b" ")]
    chosen = at[place % len(at)]
    lines[chosen] = lines[chosen].split(b" = ")[0] + b" = " + value
    told({**SOUND, name: b"\n".join(lines)})


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(NAMES), max_size=5))
def test_missing_files_are_told_not_raised(missing: set[str]) -> None:
    told({name: content for name, content in SOUND.items() if name not in missing})


toml_values = st.recursive(
    st.integers(-9, 9)
    | st.booleans()
    | st.text(max_size=12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.text(max_size=6), toml_values, max_size=5))
def test_every_path_of_any_toml_text_has_a_line(values: dict[str, object]) -> None:
    text = tomlkit.dumps(values)
    places = find_places(text)
    count = text.count("\n") + 1

    def walk(value: object, path: tuple[str | int, ...]) -> None:
        if path:
            assert 1 <= places.lines.get(path, 0) <= count, path
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, (*path, name))
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                walk(inner, (*path, number))

    walk(tomllib.loads(text), ())
