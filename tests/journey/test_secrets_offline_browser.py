"""What a browser keeps for half an hour without a line holds no secret: databases, caches, headers, answer file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from sjt import db
from sjt.config import Settings
from sjt.delivery import emergency, emergency_import, ledger
from sjt.delivery.tables_candidate import SessionKey
from tests.builders.forms import put_form
from tests.builders.published import Published
from tests.builders.rooms import INVIGILATOR, ARoom, a_room, delivery_app, ledger_on, papers_from, served
from tests.builders.seat import Seat, ShiftedClock, until
from tests.builders.sittings import a_paper
from tests.journey.test_secrets_crawl import TRIAL_WORDS, baited, leaks, twins

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser


@pytest.fixture
def shifted() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
def keeper(database: db.Database, shifted: ShiftedClock) -> Iterator[ledger.Ledger]:
    with papers_from(Published()), ledger_on(database, shifted) as running:
        yield running


@pytest.fixture
def baited_app(settings: Settings, database: db.Database, shifted: ShiftedClock, keeper: ledger.Ledger) -> Flask:
    base = a_paper()
    with db.transaction() as session:
        put_form(session, "form-1", paper=twins(base), secret=baited(base))
    return delivery_app(settings, database, shifted)


@pytest.fixture
def room(settings: Settings, baited_app: Flask, shifted: ShiftedClock) -> ARoom:
    return a_room(settings.secret_key, candidates=1, now=shifted.now())


def test_the_offline_store_the_caches_and_the_answer_file_hold_no_secret(
    player: Any, chromium: str, tmp_path: Path, settings: Settings, baited_app: Flask, room: ARoom
) -> None:
    told: list[str] = []
    with served(baited_app) as address:
        seat = Seat(player, chromium, tmp_path / "profile", address)
        seat.page.on("response", lambda reply: told.extend(f"{name}: {value}" for name, value in reply.headers.items()))
        try:
            seat.begin(room)
            seat.saved()
            seat.page.reload()
            seat.ready()
            seat.go("single").locator("input").nth(1).click()
            seat.saved()
            seat.context.set_offline(True)
            for kind in ("choose", "rate", "most_least"):
                seat.go(kind).locator("input").nth(1).click()
            seat.go("written").locator("textarea").fill("I would listen.")
            until(lambda: seat.page.wait_for_timeout(50) or seat.kept_events() >= 8)
            kept = seat.dump()
            text = seat.page.evaluate(
                """async () => {
                  const page = document.querySelector('script[src*="/sitting/test.js"]').src;
                  const { answerFile } = await import(new URL('./emergency.js', page).href);
                  const data = JSON.parse(document.getElementById('sitting-data').textContent);
                  const asked = indexedDB.open('sjt-sitting');
                  const base = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
                  const read = base.transaction('events').objectStore('events').getAll();
                  const events = await new Promise((done) => { read.onsuccess = () => done(read.result); });
                  return answerFile(data.emergency, data.sitting, data.lease, events, new Date());
                }"""
            )
        finally:
            seat.context.close()
    assert seat.faults == []
    places = json.loads(kept)
    assert any(name.startswith("cache ") and name.endswith("/test") for name in places), "the page is on the shelf"
    assert any(name.startswith("cache ") and "/static/" in name for name in places)
    assert places["sjt-sitting/events"][1] and places["sjt-sitting/answers"][1]
    assert {name.split()[0] for name in places} == {
        "cache",
        "local",
        "session",
        "sjt-sitting/answers",
        "sjt-sitting/events",
        "sjt-sitting/meta",
    }
    assert told and leaks(kept) == [] and leaks("\n".join(told)) == []
    pages = [value[1] for name, value in places.items() if name.startswith("cache ") and name.endswith("/test")]
    assert not any(TRIAL_WORDS.findall(page) for page in pages)
    assert leaks(text) == []
    envelope = emergency.read(text.encode())
    with db.session() as session:
        key = session.get(SessionKey, room.id)
        assert key is not None
        private = emergency.unsealed(settings.secret_key, room.id, key.sealed)
    lease_key = emergency.lease_key(settings.secret_key, envelope.sitting_id, envelope.lease)
    inside = json.dumps(emergency.opened(envelope, private, lease_key))
    assert leaks(inside) == [] and "I would listen." in inside and "live" not in inside
    assert settings.secret_key not in kept and private.hex() not in kept
    done = emergency_import.import_file(
        room.id, text.encode(), by=INVIGILATOR, secret_key=settings.secret_key, now=ledger.current().now().at
    )
    assert (done.added, done.held, done.refused) == (4, 0, 0)
