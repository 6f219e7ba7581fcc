"""``sjt bank`` from outside: exit codes, streams, JSON as agreed."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from sjt.cli import cli
from sjt.errors import InputError, NotFound

BANKS = Path(__file__).parents[1] / "banks"


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    result = CliRunner(env=env).invoke(cli, ["bank", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(BANKS / "sound", tmp_path / "bank")
    return tmp_path / "bank"


def test_check_exits_0_on_a_sound_bank() -> None:
    assert run("check", BANKS / "sound") == (0, "1 scenarios: 0 errors, 0 warnings, 0 accepted.\n", "")


def test_check_prints_errors_on_stderr_and_exits_1() -> None:
    code, out, err = run("check", BANKS / "L16-stigma")
    assert code == 1
    assert "1 errors" in out
    assert "scenario.md:" in err
    assert "attention-seeking" in err
    assert "Write instead" in err


def test_warnings_alone_exit_0() -> None:
    code, out, _ = run("check", BANKS / "L25-too-short")
    assert code == 0
    assert "warning L25" in out


def test_json_alone_is_all_of_stdout() -> None:
    code, out, err = run("check", BANKS / "L16-stigma", "--json")
    told = json.loads(out)
    assert code == 1
    assert told["scenarios"] == 1
    assert told["accepted"] == []
    finding = told["findings"][0]
    assert {"rule", "severity", "file", "line", "message", "remedy"} <= set(finding)
    assert (finding["rule"], finding["severity"]) == ("L16", "error")
    assert "L16" in err


def test_json_goes_to_a_file_when_named(tmp_path: Path) -> None:
    code, out, _ = run("check", BANKS / "sound", "--json", tmp_path / "found.json")
    assert code == 0
    assert "1 scenarios" in out
    assert json.loads((tmp_path / "found.json").read_text())["findings"] == []


def test_the_bank_is_where_the_setting_points() -> None:
    code, out, _ = run("check", env={"SJT_BANK": str(BANKS / "sound")})
    assert (code, out) == (0, "1 scenarios: 0 errors, 0 warnings, 0 accepted.\n")


def test_a_folder_without_a_bank_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        run("check", tmp_path / "nowhere")
    code, _, err = run("check", tmp_path)
    assert code == 1
    assert "bank.toml:1: error F01" in err


def test_coverage_json_has_the_agreed_keys() -> None:
    code, out, _ = run("coverage", BANKS / "sound", "--option", "day", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["codes"]["S1"] == {"primary": 1, "secondary": 0}
    assert {"outcomes", "formats", "gaps"} <= set(told)
    code, out, _ = run("coverage", BANKS / "sound", "--option", "day")
    assert "gap: No scenario has K1 as a primary code" in out


def test_coverage_of_a_broken_bank_lists_its_faults() -> None:
    with pytest.raises(InputError) as caught:
        run("coverage", BANKS / "F02-not-toml", "--option", "day")
    assert "line 4" in str(caught.value)


def test_stamp_writes_empty_marks_and_nothing_else(copy: Path) -> None:
    key = copy / "scenarios" / "tn-0001-scene" / "key.toml"
    full = key.read_text()
    mark = tomllib.loads(full)["set_on"]
    key.write_text(full.replace(mark, ""))
    assert run("stamp", copy)[1].endswith("1 keys stamped.\n")
    assert key.read_text() == full
    assert run("stamp", copy)[1] == "0 keys stamped.\n"


def test_format_twice_changes_nothing_more(copy: Path) -> None:
    assert run("format", copy)[0] == 0
    assert run("format", copy)[1] == "0 files rewritten.\n"
    assert run("check", copy)[0] == 0
