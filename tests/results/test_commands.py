"""``sjt passmark adopt``, ``sjt results release`` and ``export``: what they write, and every refusal in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result
from sqlmodel import Session

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.accounts import service as accounts
from sjt.errors import InputError, MoveRefused, NotFound, SjtError
from sjt.results import commands, service
from sjt.results.model import CutState
from tests.builders.forms import NINE, a_sat_session, put_form, random_answers

ANGOFF = {
    "method": "angoff",
    "cut": 56.0,
    "max": 84,
    "se_cut": 0.9,
    "rounds": [
        {
            "items": [
                {"item": name, "max": top, "mean": 2 * top / 3, "n": 3}
                for name, top in (("s1-a", 20), ("s1-b", 12), ("s2-a", 20), ("s2-b", 8), ("s3-a", 4), ("other", 20))
            ]
        }
    ],
}


def person(session: Session, login: str, role: Role) -> None:
    accounts.add_person(
        session, login=login, name=login.title(), email="", roles=frozenset({role}), by=SYSTEM, now=NINE
    )


@pytest.fixture
def bound(database: db.Database, monkeypatch: pytest.MonkeyPatch) -> db.Database:
    """The commands' own binding would open another database; here they get the test's."""
    monkeypatch.setattr(commands, "_bind", lambda: None)
    with database.transaction() as session:
        for login in ("ann", "ben"):
            person(session, login, Role.AWARDING_OFFICER)
        person(session, "judy", Role.JUDGE)
        put_form(session, written=False)
    return database


def run(command: click.Command, *arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])


def refused(command: click.Command, *arguments: str | Path) -> SjtError:
    error = run(command, *arguments).exception
    assert isinstance(error, SjtError), error
    return error


def officers(*logins: str) -> Sequence[str]:
    return [part for login in logins for part in ("--by", login)]


def test_a_pass_mark_is_adopted_from_a_file_by_two(bound: db.Database, tmp_path: Path) -> None:
    path = tmp_path / "angoff.json"
    path.write_text(json.dumps(ANGOFF))
    result = run(commands.passmark_adopt, path, "--form", "form-1", *officers("ann", "ben"))
    assert result.exit_code == 0, result.exception
    said = json.loads(result.output)
    assert (said["exact"], said["applied"], said["max"], said["se"]) == ("128/3", 43, 64, 0.9)
    assert said["adopted_by"] == ["ann", "ben"]


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "cannot be read"), ("{", "cannot be read"), ("[]", "not an object"), ('{"method": "hofstee"}', "")],
)
def test_a_file_that_is_no_pass_mark_is_refused(
    bound: db.Database, tmp_path: Path, text: str | None, words: str
) -> None:
    path = tmp_path / "result.json"
    if text is not None:
        path.write_text(text)
    error = refused(commands.passmark_adopt, path, "--form", "form-1", *officers("ann", "ben"))
    assert isinstance(error, InputError)
    assert words in str([error.message, *map(str, error.faults)])


def test_officers_must_be_two_different_awarding_officers(bound: db.Database, tmp_path: Path) -> None:
    path = tmp_path / "angoff.json"
    path.write_text(json.dumps(ANGOFF))
    assert run(commands.passmark_adopt, path, "--form", "form-1", *officers("ann")).exit_code == 2
    assert isinstance(refused(commands.passmark_adopt, path, "--form", "form-1", *officers("ann", "ann")), MoveRefused)
    assert isinstance(refused(commands.passmark_adopt, path, "--form", "form-1", *officers("ann", "judy")), MoveRefused)
    refused(commands.passmark_adopt, path, "--form", "form-1", *officers("ann", "nobody"))
    with bound.session() as session:
        standing = service.standing_cut(session, "form-1")
        assert standing is None or standing.state is not CutState.ADOPTED


def test_results_are_released_by_two_and_exported(bound: db.Database, tmp_path: Path) -> None:
    path = tmp_path / "angoff.json"
    path.write_text(json.dumps(ANGOFF))
    assert run(commands.passmark_adopt, path, "--form", "form-1", *officers("ann", "ben")).exit_code == 0
    with bound.transaction() as session:
        sat = a_sat_session(session, random_answers(12))
    result = run(commands.release, "--session", str(sat.id), *officers("ann", "ben"))
    assert result.exit_code == 0, result.exception
    assert json.loads(result.output)["released"] == 12
    wide = run(commands.export, "--session", str(sat.id), "--wide")
    assert wide.output.splitlines()[0].startswith("candidate,form,raw,max,cut,sem,outcome,released_at")
    assert len(wide.output.splitlines()) == 13
    long = run(commands.export, "--session", str(sat.id))
    assert long.output.splitlines()[0].startswith(
        "session,form,candidate,attempt,item_version,format,rule,status,marks"
    )
    assert run(commands.export, "--session", str(sat.id), "--wide", "--out", str(tmp_path)).exit_code == 0
    assert list(tmp_path.glob("*.csv"))


def test_what_is_no_session_or_not_ready_is_refused(bound: db.Database) -> None:
    assert isinstance(refused(commands.release, "--session", "seven", *officers("ann", "ben")), InputError)
    assert isinstance(refused(commands.export, "--session", "seven"), InputError)
    assert isinstance(refused(commands.export, "--session", str(UUID(int=7))), NotFound)
    with bound.transaction() as session:
        sat = a_sat_session(session, random_answers(3))
    refused(commands.release, "--session", str(sat.id), *officers("ann", "ben"))  # no adopted pass mark
    assert run(commands.release, "--session", str(sat.id), *officers("ann")).exit_code == 2
