"""People at the door and twenty thousand who sat before, for save_path.py."""

from __future__ import annotations

import http.client
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from sjt import db
from sjt.access import Actor, Role
from sjt.delivery import service
from sjt.delivery.ledger import Ledger
from sjt.times import utc_now
from tests.delivery.breaking.cohort import a_cohort, csrf_pair, sealed
from tests.delivery.breaking.servers import SECRET

STAFF = Actor("invigilator", "J. Whitfield", frozenset({Role.INVIGILATOR}))
ROOM = 50
ENTRIES = 25
"""Entries in the ledger of one who sat before."""


def arriving(database: db.Database, number: int) -> list[tuple[str, str]]:
    """Check so many people in who have not entered yet, in rooms of fifty; give their codes with their room's PIN."""
    shown = []
    for first in range(0, number, ROOM):
        keeper = Ledger(db.bind(database)).start()
        cohort = a_cohort(keeper, min(ROOM, number - first), started=False, entered=False)
        keeper.stop()
        with db.transaction() as session:
            pin = service.issue_pin(session, cohort.session_id, by=STAFF, now=utc_now(), secret_key=SECRET)
            slips = service.issue_codes(session, cohort.session_id, by=STAFF, now=utc_now(), secret_key=SECRET)
        shown.append([(slip.code, pin) for slip in slips])
    database.dispose()
    # rooms open at one time: their candidates come in turn
    return [one for together in itertools.zip_longest(*shown) for one in together if one is not None]


def enter_all(port: int, arrivals: list[tuple[str, str]], seconds: float, took: list[float], wrong: list[str]) -> None:
    """Let each show code and PIN at its moment, evenly over the time."""
    began = time.monotonic()

    def enter(n: int) -> None:
        time.sleep(max(0.0, began + n * seconds / len(arrivals) - time.monotonic()))
        code, pin = arrivals[n]
        raw, token = csrf_pair()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        started = time.monotonic()
        line.request("GET", "/sit/")
        line.getresponse().read()
        headers = {
            "Cookie": f"sjt={sealed({'csrf_token': raw, 'seat': f'seat-{n}'})}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        line.request("POST", "/sit/", urlencode({"csrf_token": token, "code": code, "pin": pin}), headers)
        reply = line.getresponse()
        reply.read()
        line.close()
        if reply.status == 303:
            took.append(time.monotonic() - started)
        else:
            wrong.append(f"{reply.status}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(enter, range(len(arrivals))))


def past(database: db.Database, number: int) -> None:
    """Copy one ended sitting so many times, with person, booking, ledger and answers, by SQL alone.

    The copies' chains would not verify, their hashes being another's: for the speed of reading and writing beside them
    only their number and size count.
    """
    keeper = Ledger(db.bind(database)).start()
    cohort = a_cohort(keeper, 1)
    keeper.stop()
    sitting = cohort.sitting_ids[0]
    with database.engine.connect() as connection:
        one = sitting.hex if database.is_sqlite else sitting
        row = connection.execute(
            sa.text("SELECT booking_id, candidate_id FROM sitting WHERE id = :s"), {"s": one}
        ).one()
        connection.rollback()
        connection = connection.execution_options(sjt_write=True)
        new = "lower(hex(randomblob(16)))" if database.is_sqlite else "gen_random_uuid()"
        series = (
            f"WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {number}) SELECT n FROM k"
            if database.is_sqlite
            else f"SELECT n FROM generate_series(1, {number}) AS n"
        )
        run = connection.exec_driver_sql
        run(f"CREATE TEMP TABLE copies AS SELECT n, {new} AS c, {new} AS b, {new} AS s FROM ({series}) AS k")
        steps: tuple[tuple[str, Any, dict[str, str]], ...] = (
            ("candidate", row.candidate_id, {"id": "copies.c", "uln": "'9' || (100000000 + copies.n)"}),
            (
                "booking",
                row.booking_id,
                {"id": "copies.b", "candidate_id": "copies.c", "code_hmac": "NULL", "seat": "copies.n + 10"},
            ),
            (
                "sitting",
                one,
                {"id": "copies.s", "booking_id": "copies.b", "candidate_id": "copies.c", "state": "'submitted'",
                 "head_n": str(ENTRIES), "ends_boot": "NULL", "ends_mono_ms": "NULL", "lease_hmac": "NULL"},
            ),
        )  # fmt: skip
        for table, source, changed in steps:
            names = [column["name"] for column in sa.inspect(connection).get_columns(table)]
            values = ", ".join(changed.get(name, f't."{name}"') for name in names)
            columns = ", ".join(f'"{name}"' for name in names)
            text = f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, copies WHERE t.id = :source"
            connection.execute(sa.text(text), {"source": source})
        chain = f"({series.replace(str(number), str(ENTRIES))})"
        zeros = "0" * 64
        run(
            "INSERT INTO ledger_entry (sitting_id, n, at, by, did, body_sha256, prev, hash) SELECT copies.s, e.n, "
            f"'2026-01-01T09:00:00.000Z', 'candidate', 'sitting.answer', '{zeros}', '{zeros}', '{zeros}' "
            f"FROM copies, {chain} AS e"
        )
        salt, flag = ("zeroblob(16)", "1") if database.is_sqlite else (r"'\x00'::bytea", "true")
        body = "x" * 350
        run(
            "INSERT INTO ledger_body (sitting_id, n, salt, body, event_id, lease, seq, content_sha256, counts) "
            f"SELECT copies.s, e.n, {salt}, '{body}', {new}, 1, e.n, '{zeros}', {flag} FROM copies, {chain} AS e"
        )
        run(
            "INSERT INTO answer (sitting_id, item, kind, response, lease, seq, first_at, last_at) SELECT copies.s, "
            "'q' || e.n, 'answer', '{\"A\":1}', 1, e.n, '2026-01-01T09:00:00.000Z', '2026-01-01T09:00:00.000Z' "
            f"FROM copies, {chain} AS e"
        )
        connection.commit()
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
    database.dispose()
