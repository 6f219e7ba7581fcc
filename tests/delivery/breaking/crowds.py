"""Many at once: a hall that starts, a hall that ends, two browsers on one code, a line cut for half an hour."""

from __future__ import annotations

import http.client
import logging
import random
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from sjt import db
from sjt.access import Actor, Role
from sjt.app import create_app
from sjt.config import Settings
from sjt.delivery import service, sources, store
from sjt.delivery.ledger import Ledger
from sjt.delivery.model import Instant
from sjt.delivery.serving import Running
from sjt.times import ManualClock, SystemClock, utc_now
from tests.builders.rooms import cookie_for, served
from tests.delivery.breaking.cohort import Cohort, Papers, a_cohort, csrf_pair, sealed, start, tickets
from tests.delivery.breaking.judging import given_and_stored, judge
from tests.delivery.breaking.kills import SLOW
from tests.delivery.breaking.outcome import Outcome
from tests.delivery.breaking.pages import Page, answering, hang_up, pages_of, seen, send_everything
from tests.delivery.breaking.servers import SECRET, Launcher

EVERY: Final = 3.5
"""Seconds between two questions of a page that waits (``waiting.js``), each page at its own time."""
INVIGILATOR: Final = Actor("invigilator", "J. Whitfield", frozenset({Role.INVIGILATOR}))


def _app() -> Flask:
    app = Flask("cookies")
    app.secret_key = SECRET
    return app


def _cohort(database: db.Database, candidates: int, **how: Any) -> Cohort:
    keeper = Ledger(db.bind(database)).start()
    made = a_cohort(keeper, candidates, **how)
    keeper.stop()
    return made


def ask(port: int, method: str, path: str, cookie: str, fields: dict[str, str] | None = None) -> tuple[int, Any, str]:
    """Ask as a browser's form does; give the status, the headers and the text."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"sjt={cookie}", "Content-Type": "application/x-www-form-urlencoded"}
    line.request(method, path, urlencode(fields) if fields is not None else None, headers)
    reply = line.getresponse()
    text = reply.read().decode()
    line.close()
    return reply.status, reply.headers, text


def starts(
    launcher: Launcher, folder: Path, database: db.Database, *, candidates: int = 500, every: float = EVERY
) -> Outcome:
    """Start a hall with one press of the invigilator's, and let every page that waits open its questions."""
    began = time.monotonic()
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    outcome = Outcome("a hall started at once", kind, f"{candidates} starts", "Waiting, then the first question")
    cohort = _cohort(database, candidates, started=False)
    raw, token = csrf_pair()
    staff = cookie_for(_app(), Role.INVIGILATOR)
    invigilator = sealed({**_opened(staff), "csrf_token": raw})
    database.dispose()
    server = launcher.server(folder, database.url.render_as_string(hide_password=False)).start()
    pages = pages_of(tickets(cohort.sitting_ids), server.port)
    took: list[float] = []
    faults: list[str] = []
    here = threading.Barrier(candidates + 1)
    pressed = threading.Event()
    at: list[float] = []

    def wait_and_open(page: Page) -> None:
        page.state()  # the waiting page has asked before
        here.wait(300)
        pressed.wait(60)
        time.sleep(page.chance.uniform(0.0, every))
        for _ in range(600):
            found = page.state()
            if found is not None and found["state"] == "running":
                status, _, text = ask(server.port, "GET", "/sit/test", page.ticket.cookie)
                if status != 200 or "question-1" not in text:
                    faults.append(f"{status} instead of the questions")
                took.append(time.monotonic() - at[0])
                return
            time.sleep(every * page.chance.uniform(0.85, 1.0))
        faults.append("never started")

    with ThreadPoolExecutor(candidates) as pool:
        waiting = [pool.submit(wait_and_open, page) for page in pages]
        here.wait(300)
        used = server.cpu_seconds()
        at.append(time.monotonic())
        pressed.set()
        status, _, text = ask(
            server.port, "POST", f"/room/{cohort.session_id}/all/start", invigilator, {"csrf_token": token}
        )
        if status != 303:
            faults.append(f"the start was answered with {status}: {text[:300]}")
        for one in waiting:
            one.result()
        used = server.cpu_seconds() - used
    outcome.troubles += faults[:5] + server.troubles()
    outcome.told = len(took)
    if len(took) != candidates:
        outcome.troubles.append(f"{len(took)} of {candidates} opened")
    outcome.take(judge(database))
    outcome.notes.append(
        f"the last page had its questions {max(took, default=0):.1f} s after the press, pages and other work on the "
        f"same machine; the server itself used {used:.1f} s of one processor"
    )
    hang_up(pages)
    server.kill()
    database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def _opened(cookie: str) -> dict[str, Any]:
    sealing = _app().session_interface.get_signing_serializer(_app())  # type: ignore[attr-defined] # Flask's default has it
    found: dict[str, Any] = sealing.loads(cookie)
    return found


def closings(
    launcher: Launcher,
    folder: Path,
    database: db.Database,
    *,
    candidates: int = 500,
    load: int = 60,
    seconds: int = 20,
    within: float = 5.0,
) -> Outcome:
    """Let many sittings end in one moment with no browser open, while others answer."""
    began = time.monotonic()
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    words = "no page is open; on coming back: the receipt"
    outcome = Outcome("all sittings of a hall end at once, no browser open", kind, f"{candidates} ends", words)
    busy = _cohort(database, load)
    ending = _cohort(database, candidates, minutes=f"{seconds}/60")
    database.dispose()
    url = database.url.render_as_string(hide_password=False)
    pages = pages_of(tickets(busy.sitting_ids), 0)
    server = launcher.server(folder, url).start()
    for page in pages:
        page.ports = (server.port,)
    session_id = ending.session_id if database.is_sqlite is False else ending.session_id.hex
    ends = sa.text("SELECT max(ends_mono_ms), count(*) FROM sitting WHERE session_id = :s AND state = 'running'")
    with database.engine.connect() as connection:
        last, open_now = connection.execute(ends, {"s": session_id}).one()
        connection.rollback()
        if open_now != candidates:
            outcome.troubles.append(f"{open_now} of {candidates} ran at the begin")
        with answering(pages, threads=12):
            while open_now and time.monotonic() * 1000 < last + 60_000:
                time.sleep(0.1)
                open_now = connection.execute(ends, {"s": session_id}).one()[1]
                connection.rollback()
            late = time.monotonic() - last / 1000
        facts = sa.text("SELECT finished_at, ends_at, receipt FROM sitting WHERE session_id = :s AND state = 'closed'")
        closed = connection.execute(facts, {"s": session_id}).all()
        connection.rollback()
    exact = sum(bool(receipt) and _apart(finish, end) < 0.01 for finish, end, receipt in closed)
    if late > within:
        outcome.troubles.append(f"the last was closed {late:.1f} s after its end")
    if exact != candidates:
        outcome.troubles.append(f"{exact} of {candidates} have a receipt and a finish that is their end")
    outcome.notes.append(
        f"the last was closed {late:.1f} s after its end, under the load of {load} candidates who answer"
    )
    send_everything(pages)
    outcome.take(judge(database, pages))
    outcome.told = sum(len(page.told) for page in pages)
    outcome.troubles += given_and_stored(database, pages) + server.troubles()
    outcome.check_words(seen(pages), SLOW)
    hang_up(pages)
    server.kill()
    database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def _apart(one: Any, other: Any) -> float:
    """Give the seconds between two stored times."""
    first, second = (datetime.fromisoformat(str(value)) for value in (one, other))
    return abs((first - second).total_seconds())


def two_browsers(launcher: Launcher, folder: Path, database: db.Database, *, candidates: int = 40) -> Outcome:
    """Let three browsers show each code at once, then send one page's events from four tabs, then submit from all."""
    began = time.monotonic()
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    words = "second browser: This code is in use on another device. Ask the invigilator to move the sitting here."
    case = "two browsers on one code, overlapping replays, double submits"
    outcome = Outcome(case, kind, f"{candidates} candidates", words)
    cohort = _cohort(database, candidates, started=False, entered=False)
    now = utc_now()
    with db.transaction() as session:
        pin = service.issue_pin(session, cohort.session_id, by=INVIGILATOR, now=now, secret_key=SECRET)
        slips = service.issue_codes(session, cohort.session_id, by=INVIGILATOR, now=now, secret_key=SECRET)
    database.dispose()
    server = launcher.server(folder, database.url.render_as_string(hide_password=False)).start()

    def enter(code: str, n: int) -> tuple[int, str, str]:
        raw, token = csrf_pair()
        cookie = sealed({"csrf_token": raw, "seat": f"{code}{n}"})
        status, headers, text = ask(
            server.port, "POST", "/sit/", cookie, {"csrf_token": token, "code": code, "pin": pin}
        )
        found = re.search(r"sjt=([^;]+)", headers.get("Set-Cookie", ""))
        return status, found[1] if found else "", text

    with ThreadPoolExecutor(24) as pool:
        tried = list(pool.map(lambda pair: enter(*pair), [(slip.code, n) for slip in slips for n in range(3)]))
    held = []
    for n in range(candidates):
        three = tried[3 * n : 3 * n + 3]
        won = [cookie for status, cookie, _ in three if status == 303]
        if len(won) != 1:
            outcome.troubles.append(f"{len(won)} browsers hold one sitting: {[status for status, _, _ in three]}")
        if not all("in use on another device" in text for status, _, text in three if status != 303):
            outcome.troubles.append(f"a second browser was not told why: {[status for status, _, _ in three]}")
        held += [_opened(cookie) for cookie in won[:1]]
    server.kill()
    ids = [UUID(one["sitting"]) for one in held]
    keeper = Ledger(db.bind(database)).start()
    start(keeper, ids)
    keeper.stop()
    database.dispose()
    server.start()
    pages = pages_of(tickets(ids), server.port)
    for page in pages:
        for _ in range(30):
            page.answer()
    receipts: list[set[str]] = []

    def tabs(page: Page) -> None:
        events = list(page.queue)
        parts = [events[:15], events[8:25], events[20:], events, list(reversed(events))]
        twins = [Page(page.ticket, page.ports, random.Random(n), queue=list(part)) for n, part in enumerate(parts)]
        with ThreadPoolExecutor(len(twins)) as inner:
            list(inner.map(lambda twin: twin.send_all(), twins))
        for twin in twins:
            page.told |= twin.told
            page.refused |= twin.refused
            page.saw.update(twin.saw)
        page.queue = [event for event in page.queue if event["id"] not in page.told]
        last = page.keep("submit", None)
        ends = [Page(page.ticket, page.ports, random.Random(n), queue=[last]) for n in range(3)]
        with ThreadPoolExecutor(3) as inner:
            list(inner.map(lambda twin: twin.send_all(), ends))
        page.told |= {name for twin in ends for name in twin.told}
        page.refused |= {name: code for twin in ends for name, code in twin.refused.items()}
        page.queue.clear()
        receipts.append({str(twin.receipt) for twin in ends})
        for twin in (*twins, *ends):
            twin.hang_up()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tabs, pages))
    if any(len(found) != 1 or "None" in found for found in receipts):
        outcome.troubles.append("a double submit did not give one receipt")
    if any(page.refused for page in pages):
        outcome.troubles.append(f"refused: {[page.refused for page in pages if page.refused][:2]}")
    verdict = judge(database, pages)
    outcome.take(verdict)
    outcome.told = verdict.events
    outcome.troubles += given_and_stored(database, pages) + server.troubles()
    outcome.check_words(seen(pages), SLOW)
    outcome.notes.append("three browsers show each code at once; five tabs send overlapping events; three submit")
    hang_up(pages)
    server.kill()
    database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


@contextmanager
def papers() -> Iterator[None]:
    """Let this process, too, know the form that the servers serve."""
    sources.use(Papers())
    try:
        yield
    finally:
        sources.use(None)


@contextmanager
def a_simulated_day(database: db.Database, folder: Path, clock: ManualClock) -> Iterator[tuple[int, Running]]:
    """Serve in this process by a clock that moves when told."""
    running = Running(db.bind(database), clock=clock, grace_seconds=0)
    running.start(keep=False)
    url = database.url.render_as_string(hide_password=False)
    settings = Settings(url, folder, SECRET, folder / "anchor.pem", secure_cookies=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    try:
        with papers(), served(create_app(settings, database=database, clock=clock)) as address:
            yield int(address.rpartition(":")[2]), running
    finally:
        running.stop()


def line_cut(folder: Path, database: db.Database, *, candidates: int = 200, minutes: int = 30) -> Outcome:
    """Cut every page off for half an hour of a simulated day; half of the sittings end meanwhile."""
    began = time.monotonic()
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    words = "No connection since 09:10. Keep working: your answers are kept on this computer. Then: All answers saved"
    outcome = Outcome(f"the line cut for {minutes} simulated minutes", kind, f"{candidates} candidates", words)
    clock = ManualClock(utc_now())
    with a_simulated_day(database, folder, clock) as (port, running):
        long = a_cohort(running.ledger, candidates // 2, minutes=60)
        short = a_cohort(running.ledger, candidates - candidates // 2, minutes=10 + minutes * 2 // 3)
        pages = pages_of(tickets([*long.sitting_ids, *short.sitting_ids]), port)
        short_ones = {*short.sitting_ids}

        def pass_by(duration: timedelta) -> None:
            for _ in range(round(duration / timedelta(seconds=5))):
                clock.advance(timedelta(seconds=5))
                running.tick()

        pass_by(timedelta(minutes=10))
        for page in pages:
            page.answer(at=clock.now())
        send_everything(pages, threads=8)
        entered_late: set[str] = set()
        for minute in range(minutes):
            pass_by(timedelta(minutes=1))
            for page in pages:
                event = page.answer(at=clock.now())
                if page.sitting_id in short_ones and minute >= minutes * 2 // 3:
                    entered_late.add(event["id"])
        send_everything(pages, threads=8)
        verdict = judge(database, [page for page in pages if page.sitting_id not in short_ones])
        outcome.take(verdict)
        outcome.told = verdict.events
        outcome.troubles += given_and_stored(database, [page for page in pages if page.sitting_id not in short_ones])
        if any(page.refused for page in pages if page.sitting_id not in short_ones):
            outcome.troubles.append("an answer of a sitting that still ran was refused")
        with db.session() as session:
            kept = {str(line.event_id) for line in store.held(session)}
        every = {event["id"] for page in pages if page.sitting_id in short_ones for event in page.sent} | {
            name for page in pages if page.sitting_id in short_ones for name in page.refused
        }
        counted = {name for page in pages if page.sitting_id in short_ones for name in page.told}
        outcome.lost += len(every - kept - counted)
        outcome.notes.append(
            f"{len(pages) // 2} sittings ended meanwhile: of their answers {len(counted & every):,} count and "
            f"{len(kept & every):,} are held for a decision, none is dropped"
        )
        if counted & entered_late:
            outcome.troubles.append("an answer given after the end counts")
        hang_up(pages)
    database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def screens_agree(
    launcher: Launcher, folder: Path, database: db.Database, *, down: float = 12.0, candidates: int = 60
) -> Outcome:
    """Kill the server for a while: on its return every page and the room's list tell the same time, less nothing."""
    began = time.monotonic()
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    words = "the time that was left when the server went, to the second"
    outcome = Outcome("the server away: time given back, screens agree", kind, f"{down:g} s away", words)
    cohort = _cohort(database, candidates)
    database.dispose()
    server = launcher.server(folder, database.url.render_as_string(hide_password=False)).start()
    pages = pages_of(tickets(cohort.sitting_ids), server.port)
    with answering(pages, threads=12) as stop:
        time.sleep(2.0)
        stop.set()
    before: dict[Any, tuple[int, float]] = {}
    for page in pages:
        page.answer()
        page.send_all()
        before[page.sitting_id] = (page.last["remaining_ms"], time.monotonic())
    gone = time.monotonic()
    server.kill()
    hang_up(pages)
    time.sleep(down)
    server.start()
    back = time.monotonic()
    worst = 0.0
    lefts: dict[Any, tuple[int, float]] = {}
    for page in pages:
        found = page.state()
        assert found is not None
        now = time.monotonic()
        lefts[page.sitting_id] = (found["remaining_ms"], now)
    asked = time.monotonic() - back
    with papers(), db.bind(database).session() as session:
        at = Instant.of(SystemClock())
        mono = time.monotonic()
        room = service.room(session, cohort.session_id, at=at)
        console = {seat.sitting_id: seat.clock.left_ms for seat in room.seats if seat.clock is not None}
    with database.engine.connect() as connection:
        ended = connection.execute(sa.text("SELECT to_at FROM outage ORDER BY last_beat DESC LIMIT 1")).scalar()
    until = datetime.fromisoformat(str(ended))
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    given = time.monotonic() - (utc_now() - until).total_seconds()
    for sitting_id, (left, when) in lefts.items():
        first, then = before[sitting_id]
        # from the last answer to the kill, and from the credit's end to now, the clock ran; between them it stood
        shown = first - (gone - then) * 1000 - (when - given) * 1000
        worst = max(worst, abs(left - shown) / 1000)
        apart = abs((left - (mono - when) * 1000) - console[sitting_id]) / 1000
        if apart > 1:
            outcome.troubles.append(f"page and room differ by {apart:.1f} s")
    if worst > 1:
        outcome.troubles.append(f"a clock is off by {worst:.1f} s")
    outcome.notes.append(
        f"{candidates} pages asked within {asked:.1f} s of the return; the largest difference is {worst:.2f} s; "
        f"the first answer came {back - given:.1f} s after the end of what is given back"
    )
    outcome.take(judge(database, pages))
    outcome.told = sum(len(page.told) for page in pages)
    outcome.troubles += server.troubles()
    hang_up(pages)
    server.kill()
    database.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome
