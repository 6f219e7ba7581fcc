"""The Config Key of Safe Exam Browser: published keys, the rule's cases, files of our own, files that are refused."""

from __future__ import annotations

import gzip
import json
import plistlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sjt.delivery import locked_file, locked_settings
from sjt.delivery.locked_settings import config_key, doubts, holds, read, seb_json, shown_hash
from sjt.errors import InputError

ONE = {
    "startURL": "https://e.org/",
    "b": True,
    "Alpha": 2,
    "originatorVersion": "x",
    "d": {},
    "e": [],
    "z": {"q": -0.0},
}


@pytest.fixture(scope="module")
def seb(shared: Path) -> Path:
    return shared / "reference" / "seb"


def test_every_published_key_follows(seb: Path) -> None:
    expected = json.loads((seb / "expected.json").read_text())
    for name, found in expected["config_keys"].items():
        assert config_key(read((seb / name).read_bytes(), name)) == found["config_key"], name
    for one, other in expected["same_key_pairs"]:
        assert config_key(read((seb / one).read_bytes())) == config_key(read((seb / other).read_bytes()))
    for name, text in expected["seb_json"].items():
        assert seb_json(read((seb / name).read_bytes())) == (seb / text).read_text().rstrip("\n")
    for case in expected["url_hashes"]:
        assert shown_hash(case["url"], case["config_key"]) == case["header_value"]
    assert config_key({}) == expected["empty_config"]["json_object"]
    for name in expected["must_be_refused"]:
        with pytest.raises(InputError, match="sealed with a password"):
            read((seb / name).read_bytes(), name)


def test_every_case_of_the_rule_holds(seb: Path) -> None:
    rules = json.loads((seb / "rules.json").read_text())
    for case in rules["cases"]:
        settings = case.get("plist") or {name: float(value) for name, value in case["plist_real"].items()}
        assert seb_json(settings) == case["seb_json"], case["rule"]
    for number, text in rules["reals"]:
        assert seb_json({"r": float(number)}) == f'{{"r":{text}}}', number


def test_a_file_gives_one_key_however_it_is_packed() -> None:
    xml, binary = plistlib.dumps(ONE), plistlib.dumps(ONE, fmt=plistlib.FMT_BINARY)
    forms = (xml, binary, gzip.compress(xml), gzip.compress(b"plnd" + gzip.compress(xml)))
    assert {config_key(read(form)) for form in forms} == {config_key(ONE)}
    assert seb_json(ONE) == '{"Alpha":2,"b":true,"e":[],"startURL":"https://e.org/","z":{"q":0}}'


_PACKED_BOMB = gzip.compress(b"0" * (locked_settings.MOST_BYTES + 10))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no settings"),
        (b"<plist><array/></plist>", "no dictionary"),
        (b"<?xml version='1.0'?><!DOCTYPE d [<!ENTITY a 'b'>]><plist><dict/></plist>", "no settings"),
        (gzip.compress(b"pkhs" + b"\x00" * 40), "sealed for a certificate"),
        (gzip.compress(b"<plist><dict/></plist>")[:-6], "cut off"),
        (b"\x1f\x8bnothing", "damaged"),
        (_PACKED_BOMB, "unpacks to far more"),
        (b"x" * (locked_settings.MOST_BYTES + 1), "larger than 4 MB"),
    ],
)
def test_what_is_no_settings_file_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read(data, "room.seb")
    assert words in str(refused.value) and "room.seb" in str(refused.value)


_NAMES = st.text("abcXYZ", min_size=1, max_size=4)
_VALUES = st.recursive(
    st.booleans() | st.integers(-(2**31), 2**31) | st.text("abcXYZ019 -/ü", max_size=8) | st.binary(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abcdeXYZ", min_size=1, max_size=6), _VALUES, max_size=6))
def test_any_settings_come_back_from_their_file_with_the_same_key(settings: dict[str, object]) -> None:
    assert config_key(read(plistlib.dumps(settings))) == config_key(settings)
    turned = dict(reversed(settings.items()))
    assert config_key(turned) == config_key(settings), "the order in the file does not matter"
    assert config_key({**settings, "added": 1}) != config_key(settings)


def test_a_file_of_ours_holds_only_values_on_which_all_programs_agree() -> None:
    for password, assistive in (("", False), ("ABCD23456789", True)):
        wanted = locked_file.Wanted(
            "https://exam.example.org/sit/link#tok-en_1",
            "https://exam.example.org/sit/quit/0f",
            password,
            assistive,
            [("authority", b"\x30\x82")],
            "0.1",
        )
        settings = locked_file.settings_of(wanted)
        assert doubts(settings) == []
        assert config_key(read(locked_file.write(settings))) == config_key(settings)
        assert settings["allowQuit"] is bool(password)
        assert not password or password.encode() not in locked_file.write(settings)
        assert settings["URLFilterRules"][0]["expression"] == "exam.example.org/sit/*"
    assert doubts({"a": 0.5, "b": [{"c": 'say "x"'}], "allowWLAN": 1, "allowWlan": 2}) == [
        "a is a number with a fraction",
        "b[0].c holds a quotation mark or a backslash",
        "allowWlan differs from allowWLAN in case only",
    ]
    with pytest.raises(InputError, match="SJT_BASE_URL"):
        locked_file.settings_of(locked_file.Wanted("ftp://x/", "https://x/"))


def test_what_is_shown_belongs_to_one_address_and_one_key() -> None:
    keys = [config_key(ONE), config_key({})]
    url = "https://e.org/sit/test?a=%C3%BC"
    assert holds(shown_hash(url, keys[1]), url + "#question-3", keys)
    assert holds(shown_hash(url, keys[0]).upper(), url, keys)
    for wrong in ("", "0" * 64, keys[0], shown_hash(url + "x", keys[0]), "ä"):
        assert not holds(wrong, url, keys)
    assert not holds(shown_hash(url, keys[0]), url, [])
