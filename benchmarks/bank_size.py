"""A bank of thousands of scenarios in SQLite: how long its pages take, against one bare scan of the same rows.

    python benchmarks/bank_size.py [--scenarios 5000] [--rounds 5] [--seed 1] [--json FILE]

Goal: search, filter, coverage, the bank's health and the list each answer in under a second. The reference is one SQL
scan over the text of every current version (``instr`` in SQLite), timed in the same run; a page also draws its HTML,
checks the guard and writes what it must. The first look after a start reads every file of the bank once and is told
apart. Then one scenario is changed before each page is asked for: only its files are read anew, and that look has the
same goal. Seconds are CPU time, so that a busy machine tells the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.accounts import service as accounts
from sjt.app import create_app
from sjt.authoring import import_export, store
from sjt.authoring.bank import load_files, read_files
from sjt.authoring.checks import Report
from sjt.authoring.import_export import Prepared
from sjt.config import Settings
from sjt.migrations import runner
from sjt.times import utc_now

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
GOAL = 1.0
PAGES = {
    "the list": "/bank/",
    "search of words": "/bank/?q=story+made+4242",
    "filter": "/bank/?option=residential&outcome=PO4&format=rank",
    "filter by code": "/bank/?code=S19&role=primary",
    "coverage": "/bank/coverage",
    "health": "/bank/health/",
    "behind a figure": "/bank/health/behind/key.illustrative",
}
SCAN = (
    "SELECT count(*) FROM scenario_version v JOIN scenario s ON s.id = v.scenario_id AND s.version = v.n "
    "WHERE instr(v.scenario_bytes, CAST('4242' AS BLOB)) > 0"
)


def filled(folder: Path, scenarios: int, seed: int) -> tuple[db.Database, Settings]:
    """Generate a bank, a seventh of it for each option, and put it into a new database."""
    from tests.builders.banks import write_bank

    part = scenarios // 7
    core = scenarios - 2 * part
    written = write_bank(folder / "bank", core=core, residential=part, community=part, seed=seed, judges=0)
    files = read_files(written.folder)
    database = db.bind(db.Database(f"sqlite:///{folder / 'sjt.sqlite'}"))
    runner.upgrade(database)
    reading = load_files(files)
    assert reading.bank is not None, reading.findings[:3]
    # what is generated has no prose for the rules to read, so they are not run: this measures pages, not the check
    ready = Prepared(files, import_export.content_sha256(files), reading, Report((), (), scenarios))
    with db.transaction() as session:
        import_export.put(session, ready, by=SYSTEM, now=utc_now())
    settings = Settings("", folder, "x" * 40, folder / "anchor.pem", secure_cookies=False, testing=True)
    return database, settings


def change(number: int) -> None:
    """Put another version of one scenario into the bank, as the editor does."""
    with db.transaction() as session:
        row = store.bank(session)
        assert row is not None
        held = store.current_versions(session, row.id)
        last = held[sorted(held)[number]]
        text = bytes(last.scenario_bytes).replace(b'title = "', b'title = "Again: ', 1)
        sha256 = hashlib.sha256(text).hexdigest()
        known = store.scenario(session, last.scenario_id)
        assert known is not None
        known.version += 1
        fields = last.model_dump() | {"n": known.version, "scenario_bytes": text, "scenario_sha256": sha256}
        session.add(known)
        session.flush()
        session.add(type(last)(**fields))
        session.flush()
        row.sha256 = import_export.sha256_of(store.current_hashes(session, row))
        session.add(row)


def signed_in(database: db.Database, settings: Settings) -> Any:
    app = create_app(settings, database=database)
    with db.transaction() as session:
        roles = frozenset({Role.WRITER, Role.TEST_DEVELOPER})
        user = accounts.add_person(session, login="dev", name="Dev", email="", roles=roles, by=SYSTEM, now=utc_now())
        token = accounts.open_login(session, user, at=utc_now())
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["login"] = token
    return client


def timed(deed: Callable[[], Any]) -> float:
    start = time.process_time()
    deed()
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        database, settings = filled(Path(made), given.scenarios, given.seed)
        client = signed_in(database, settings)

        def page(url: str) -> None:
            answer = client.get(url)
            assert answer.status_code == 200, (url, answer.status_code)

        def scan() -> None:
            with database.engine.connect() as connection:
                connection.exec_driver_sql(SCAN).scalar_one()

        first = {name: timed(lambda url=url: page(url)) for name, url in PAGES.items()}  # type: ignore[misc]  # bound
        times: dict[str, list[float]] = {name: [] for name in ("scan", *PAGES)}
        for _ in range(given.rounds):  # interleaved, so that a busy machine is as hard on each
            times["scan"].append(timed(scan))
            for name, url in PAGES.items():
                times[name].append(timed(lambda url=url: page(url)))  # type: ignore[misc]  # bound
        changed = {}
        for number, (name, url) in enumerate(PAGES.items()):
            change(number)
            changed[name] = timed(lambda url=url: page(url))  # type: ignore[misc]  # bound
        database.dispose()
    middle = {name: statistics.median(rows) for name, rows in times.items()}
    print(f"{given.scenarios} scenarios in SQLite; medians of {given.rounds} rounds, CPU seconds")
    print(f"{'':18}{'first, s':>10}{'then, s':>10}{'× scan':>9}{'changed, s':>12}")
    print(f"{'bare SQL scan':18}{'':>10}{middle['scan']:>10.3f}{1:>9.1f}")
    for name in PAGES:
        times_scan = middle[name] / middle["scan"]
        print(f"{name:18}{first[name]:>10.3f}{middle[name]:>10.3f}{times_scan:>9.1f}{changed[name]:>12.3f}")
    slow = [name for name in PAGES if max(middle[name], changed[name]) >= GOAL]
    print("all under a second" if not slow else f"a second or more: {', '.join(slow)}")
    if given.json:
        result = {
            "scenarios": given.scenarios,
            "first": first,
            "median": middle,
            "changed": changed,
            "goal": GOAL,
            "met": not slow,
        }
        given.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
