"""``sjt session`` and ``sjt candidates``: exit codes, faults on stderr, a replay through the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from sjt import db
from sjt.delivery import commands, ledger, service, sources, store
from sjt.delivery.candidates import COLUMNS
from sjt.delivery.model import SittingState
from sjt.errors import InputError
from sjt.times import utc_now
from tests.delivery.test_service import INVIGILATOR, Authoring, Facts

SESSION = """
centre = "Leeds"
room = "Room 2"
starts = 2026-03-14T09:00:00+00:00
forms = ["res-1"]
plan = "plan-1"
seats = 4
"""
ROWS = (
    ",".join(COLUMNS)
    + "\n1000000000,Ade,O'Neil,2001-02-03,H,C,residential,2024-09-01,,\n"
    + "1000000019,B,C,2001-02-03,H,C,residential,2024-09-01,25,\n"
)


@pytest.fixture
def cli(sqlite_file: db.Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SJT_DATA", str(tmp_path))
    monkeypatch.setattr("sjt.joining.register_rooms", lambda: None)  # delivery alone, whatever other tests loaded
    monkeypatch.setenv("SJT_DATABASE", sqlite_file.url.render_as_string(hide_password=False))
    sources.use(Authoring({"res-1": Facts("res-1", "residential")}))
    (tmp_path / "SESSION.toml").write_text(SESSION, encoding="utf-8")
    (tmp_path / "cohort.csv").write_text(ROWS, encoding="utf-8")
    yield tmp_path
    sources.use(None)
    db.current().dispose()


def call(command: str, *arguments: object) -> Result:
    found = getattr(commands, command)
    return CliRunner().invoke(found, [str(one) for one in arguments], catch_exceptions=False)


def test_a_session_is_created_filled_sat_replayed_twice_and_closed(cli: Path) -> None:
    made = json.loads(call("session_create", cli / "SESSION.toml", "--json").stdout)
    session_id = UUID(made["session"])
    assert "0 booked, 2 waiting" in call("candidates_import", cli / "cohort.csv", "--session", session_id).stdout
    now = utc_now()
    with db.transaction() as session:
        bookings = [booking.id for booking, _, _ in store.bookings(session, session_id)]
        for booking_id in bookings:
            person = store.booking(session, booking_id).candidate_id
            service.record_gateway(session, person, ["G6", "G7"], by=INVIGILATOR, now=now)
            service.check_in(session, booking_id, by=INVIGILATOR, now=now)
    secret_key = commands._open().secret_key
    keeper = ledger.bind(ledger.Ledger(db.current()).start())
    with db.transaction() as session:
        slips = service.issue_codes(session, session_id, by=INVIGILATOR, now=now, secret_key=secret_key)
    for slip in slips:
        service.enter(slip.code, made["pin"], address=slip.code, agent="", secret_key=secret_key, now=now)
    service.start_room(session_id, by=INVIGILATOR)
    keeper.stop()
    lines = [
        {"person": "p10", "item": "s3-a", "response": "A", "ms": 2000},
        {"person": "p10", "item": "s3-a", "response": "B", "ms": 9000},
        {"person": "1000000019", "item": "s1-b", "response": ["C", "A"], "ms": 100},
    ]
    answers = cli / "ANSWERS.jsonl"
    answers.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    for _ in range(2):
        replayed = call("session_replay", session_id, answers, "--json")
        assert json.loads(replayed.stdout) == {"sittings": 2, "acked": 3, "refused": []}
    with db.session() as session:
        found = service.responses(session, session_id=session_id)
        given = [{item: answer.response for item, answer in one.answers.items()} for one in found]
        assert given == [{"s1-b": ["A", "C"]}, {"s3-a": "B"}]
        assert all(store.chain_breaks(session, one.sitting_id) == [] for one in found)
        assert sum(len(store.entries(session, one.sitting_id)) for one in found) == 3 + 2 * 3
    assert "2 sittings ended" in call("session_close", session_id, "--reason", "end of the day").stdout
    with db.session() as session:
        assert {one.state for one in service.responses(session, session_id=session_id)} == {SittingState.CLOSED}


def test_a_replay_of_faulty_lines_names_each(cli: Path) -> None:
    session_id = json.loads(call("session_create", cli / "SESSION.toml", "--json").stdout)["session"]
    answers = cli / "ANSWERS.jsonl"
    answers.write_text('{"person": 1}\nnot json\n{"person":"1","item":"a","response":null,"ms":-1}\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        call("session_replay", session_id, answers)
    assert [fault.where for fault in caught.value.faults] == ["line 1", "line 2", "line 3"]
    answers.write_text('{"person":"7","item":"a","response":null,"ms":1}\n', encoding="utf-8")
    with pytest.raises(InputError, match="no ULNs of this session"):
        call("session_replay", session_id, answers)


def test_a_session_file_s_faults_come_all_at_once() -> None:
    with pytest.raises(InputError) as caught:
        commands.read_session('room = 5\nstarts = "soon"\nforms = [1]\nplan = "p"\nseats = true\nextra = 1\n', "S.toml")
    assert {fault.field for fault in caught.value.faults} == {"centre", "room", "starts", "forms", "seats", "extra"}
    with pytest.raises(InputError, match="not TOML"):
        commands.read_session("centre =", "S.toml")
    with pytest.raises(InputError, match="no time zone"):
        commands.read_session(SESSION.replace("+00:00", ""), "S.toml")


@pytest.mark.parametrize("command", ["session_create", "session_replay", "session_close", "candidates_import"])
def test_every_command_s_help_has_an_example(command: str) -> None:
    assert "Example: sjt " in call(command, "--help").stdout
