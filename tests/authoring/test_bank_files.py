"""Files to model: every fault at once, bytes kept, keys stamped and files formatted without changing a value."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sjt.authoring import checks
from sjt.authoring.bank import load, load_files, read_files, reread, write_files
from sjt.authoring.formatting import canonical
from sjt.authoring.places import find_places
from sjt.authoring.scenario_files import split_scenario
from sjt.authoring.stamping import stamped
from sjt.errors import InputError, NotFound

BANKS = Path(__file__).parents[1] / "banks"
STORY = "scenarios/tn-0001-scene/scenario.md"
KEY = "scenarios/tn-0001-scene/key.toml"
TODAY = date(2026, 3, 1)


@pytest.fixture
def sound() -> dict[str, bytes]:
    files = read_files(BANKS / "sound")
    files.pop("expected.json")
    return files


def test_version_of_a_scenario_is_the_hash_of_its_bytes(sound: dict[str, bytes]) -> None:
    bank = load_files(sound).bank
    assert bank is not None
    assert bank.scenarios[0].sha256 == hashlib.sha256(sound[STORY]).hexdigest()


def test_files_read_and_written_again_have_the_same_bytes(sound: dict[str, bytes], tmp_path: Path) -> None:
    sound["notes.txt"] = b"\xff\x00 not text\r\n"
    write_files(tmp_path, load_files(sound).files)
    assert read_files(tmp_path) == sound


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    for name in ("../evil", "/etc/evil", "a/../../evil"):
        with pytest.raises(InputError, match="leads out of the bank"):
            write_files(tmp_path / "bank", {name: b""})
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(NotFound, match="There is no bank at"):
        load(Path("no/such/folder"))


def test_faults_of_every_file_are_told_in_one_run(sound: dict[str, bytes]) -> None:
    sound["bank.toml"] = sound["bank.toml"].replace(b"keys =", b"kyes =")
    sound["rubrics/two.toml"] = b"id = \n"
    sound[STORY] = sound[STORY].replace(b"demand", b"demnad").replace(b"minutes = 2.2", b"minutes = 0")
    sound["plans/tiny-plan.json"] = b"{"
    sound[KEY] = b"\xff" + sound[KEY]
    found = {(f.file, f.rule) for f in load_files(sound).findings}
    assert found == {
        ("bank.toml", "F03"),
        ("rubrics/two.toml", "F02"),
        (STORY, "F03"),
        ("plans/tiny-plan.json", "F08"),
        (KEY, "F02"),
    }
    story = [f for f in load_files(sound).findings if f.file == STORY]
    assert sorted("demnad" in f.message or "demand" in f.message or "minutes" in f.message for f in story) == [True] * 3
    misspelt = next(f for f in story if "demnad" in f.message)
    assert "write demand" in misspelt.remedy


def test_windows_line_ends_read_the_same_story(sound: dict[str, bytes]) -> None:
    bank = load_files(sound).bank
    sound[STORY] = sound[STORY].replace(b"\n", b"\r\n")
    other = load_files(sound).bank
    assert bank is not None
    assert other is not None
    assert replace(other.scenarios[0], sha256="") == replace(bank.scenarios[0], sha256="")


def test_story_may_hold_a_fence_line() -> None:
    front, story, line = split_scenario("+++\na = 1\n+++\n\n\nOne.\n+++\nTwo.\n") or ("", "", 0)
    assert (front, story, line) == ("a = 1\n", "One.\n+++\nTwo.", 6)


def test_a_bank_with_other_blueprints_is_the_same_bank_and_is_not_read_again(sound: dict[str, bytes]) -> None:
    earlier = load_files(sound | {"blueprints/a.toml": b"x = [", "blueprints/b.toml": b"y = 1\n"})
    for change in ({"blueprints/a.toml": b"x = 1\n"}, {"blueprints/c.toml": b"\xff"}, {"statistics/s.csv": b"item\n"}):
        files = sound | {"blueprints/a.toml": b"x = ["} | change  # b is taken out
        again, anew = reread(earlier, files), load_files(files)
        assert again is not None and again.bank is earlier.bank
        assert again.bank == anew.bank and again.files == anew.files and again.key_files == anew.key_files
        assert sorted(map(str, again.findings)) == sorted(map(str, anew.findings))
        assert set(again.places) == set(anew.places)
    assert reread(earlier, earlier.files | {STORY: sound[STORY] + b"\nMore.\n"}) is None


def test_stamp_fills_empty_marks_only(sound: dict[str, bytes]) -> None:
    mark = hashlib.sha256(sound[STORY]).hexdigest().encode()
    full = sound[KEY]
    assert stamped(load_files(sound)) == {}
    sound[KEY] = full.replace(b"sha256:" + mark, b"")
    assert stamped(load_files(sound)) == {KEY: full}
    sound[KEY] = full.replace(mark, b"0" * 64)
    assert stamped(load_files(sound)) == {}


def test_format_changes_no_value_and_keeps_a_current_key_current(sound: dict[str, bytes]) -> None:
    before = load_files(sound)
    changed, held = canonical(before)
    assert held == []
    after = load_files({**sound, **changed})
    assert before.bank is not None
    assert after.bank is not None
    assert replace(after.bank.scenarios[0], sha256="") == replace(before.bank.scenarios[0], sha256="")
    assert checks.check(after, today=TODAY).findings == ()
    assert canonical(after) == ({}, [])


def test_format_leaves_files_with_comments_alone(sound: dict[str, bytes]) -> None:
    sound[KEY] = sound[KEY] + b"# talked over with the night team\n"
    changed, held = canonical(load_files(sound))
    assert held == [KEY]
    assert changed == {}  # rewriting the scenario alone would leave its key behind
    changed, held = canonical(load_files(sound), drop_comments=True)
    assert held == []
    assert KEY in changed
    assert b"#" not in changed[KEY]


def test_format_leaves_a_stale_key_stale(sound: dict[str, bytes]) -> None:
    sound[STORY] = sound[STORY].replace(b"one bag", b"two bags")
    changed, _ = canonical(load_files(sound))
    rules = [f.rule for f in checks.check(load_files({**sound, **changed}), today=TODAY).findings]
    assert rules == ["L32"]


def test_accepted_warnings_stand_apart_with_their_reason(sound: dict[str, bytes]) -> None:
    sound[STORY] = sound[STORY].replace(b"minutes = 2.2", b"minutes = 1")
    sound[KEY] = sound[KEY].replace(load_files(sound).bank.keys["tn-0001"].set_on.encode(), b"")  # type: ignore[union-attr]  # the bank is sound
    sound |= stamped(load_files(sound))
    sound["bank.toml"] += b'\n[[accepted]]\nrule = "L25"\nscenario = "tn-0001"\nreason = "timed with readers"\n'
    report = checks.check(load_files(sound), today=TODAY)
    assert report.findings == ()
    assert [(finding.rule, reason) for finding, reason in report.accepted] == [("L25", "timed with readers")]


def test_an_error_cannot_be_accepted(sound: dict[str, bytes]) -> None:
    sound[STORY] = sound[STORY].replace(b"one bag", b"two bags")
    sound["bank.toml"] += b'\n[[accepted]]\nrule = "L32"\nscenario = "tn-0001"\nreason = "surely fine"\n'
    assert [f.rule for f in checks.check(load_files(sound), today=TODAY).findings] == ["F07", "L32"]


def test_single_scenario_can_be_checked_while_it_is_written(sound: dict[str, bytes]) -> None:
    sound[STORY] = sound[STORY].replace(b"new boy", b"attention-seeking boy")
    reading = load_files(sound)
    assert {f.rule for f in checks.check(reading, today=TODAY, only=["tn-0001"]).findings} == {"L16", "L32"}
    assert checks.check(reading, today=TODAY, only=[]).findings == ()


def test_places_name_the_line_of_nested_values() -> None:
    places = find_places(
        "# top\na = 1\n\"b.c\" = [\n  {x = \"}\", y = [1, 2]},  # note\n  {x = '''\ntwo\n''', y = []},\n]\n"
        "[t.u]\nv.w = 1979-05-27 07:32:00\n[[r]]\nn = 1\n[[r]]\n[r.s]\nn = 2\n"
    )
    line = places.line
    assert (line("a"), line("b.c"), line("b.c", 0, "y", 1), line("b.c", 1, "x"), line("b.c", 1, "y")) == (2, 3, 4, 5, 7)
    assert (line("t", "u", "v", "w"), line("r", 0, "n"), line("r", 1), line("r", 1, "s", "n")) == (10, 12, 13, 15)
    assert line("t", "nothing") == 9
    assert line("nothing") == 1
    assert line("r", 1, "nothing") == 13
    assert places.comments == (1, 4)
