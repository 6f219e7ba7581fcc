"""A candidate's browser with its own profile on disk: it can be killed, cut off and come back."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sjt import db
from sjt.delivery import ledger, service
from sjt.delivery.model import ActKind, EventKind
from sjt.delivery.writing import Act
from sjt.times import SystemClock
from tests.builders.rooms import INVIGILATOR, ARoom
from tests.builders.server import CHROMIUM_ARGUMENTS


class ShiftedClock:
    """The machine's clock, moved on when told: an hour of a sitting passes at once and time then runs as it does."""

    def __init__(self) -> None:
        self._true = SystemClock()
        self._shift = timedelta()

    @property
    def boot_id(self) -> str:
        return self._true.boot_id

    def now(self) -> datetime:
        return self._true.now() + self._shift

    def monotonic_ms(self) -> int:
        return self._true.monotonic_ms() + round(self._shift / timedelta(milliseconds=1))

    def advance(self, by: timedelta) -> None:
        self._shift += by


class Seat:
    """What a candidate has in front of them."""

    def __init__(self, player: Any, chromium: str, profile: Path, address: str, *, script: str = "") -> None:
        self.player, self.chromium, self.profile, self.address, self.script = player, chromium, profile, address, script
        self.faults: list[str] = []
        self.cookies: list[Any] = []
        self.axe_at_work = False
        self.open()

    def open(self) -> None:
        self.context = self.player.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=self.chromium,
            args=list(CHROMIUM_ARGUMENTS),
            viewport={"width": 1280, "height": 900},
            accept_downloads=True,
        )
        if self.script:
            self.context.add_init_script(self.script)
        self.page = self.context.pages[0]
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self.hear)

    def hear(self, said: Any) -> None:
        """Keep what the policy stopped; axe itself tries inline style, which is not the page's doing."""
        if "Content Security" in said.text and not (self.axe_at_work and "inline style" in said.text):
            self.faults.append(said.text)

    def kill(self) -> None:
        """End the browser in an instant, as a power cut or the task manager does: nothing is tidied up."""
        # Chromium writes cookies to its disk within half a minute, and a sitting lasts longer than a test
        self.cookies = self.context.cookies()
        session = self.context.new_cdp_session(self.page)
        with contextlib.suppress(Exception):  # the answer never comes: the browser is gone
            session.send("Browser.crash")
        with contextlib.suppress(Exception):
            self.context.close()

    def reopen(self) -> None:
        with contextlib.suppress(Exception):  # it may have been killed
            self.context.close()
        self.open()
        if self.cookies:
            self.context.add_cookies(self.cookies)
        self.page.goto(f"{self.address}/")
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector("html[data-ready]", timeout=60_000)

    def waits(self, room: ARoom) -> None:
        page = self.page
        page.goto(f"{self.address}/sit/")
        page.fill("#code", room.code(1))
        page.fill("#pin", room.pin)
        page.keyboard.press("Enter")
        page.click("text=Yes, this is me")
        page.click("text=Keep these settings")
        page.click("text=I am ready")
        page.wait_for_selector("[data-waiting]")

    def begin(self, room: ARoom) -> UUID:
        self.waits(room)
        (sitting,) = service.start_room(room.id, by=INVIGILATOR)
        self.page.wait_for_url("**/test#question-*", timeout=60_000)
        self.ready()
        return sitting

    def saved(self) -> None:
        self.page.wait_for_selector("[data-save][data-state=saved]", timeout=60_000)

    def go(self, item_format: str) -> Any:
        """Open the first question of a format and give it."""
        page = self.page
        n = page.locator(f"article:has([data-format='{item_format}'])").first.get_attribute("data-question")
        page.evaluate(f"location.hash = '#question-{n}'")
        page.wait_for_selector(f"#question-{n}:not([hidden])")
        return page.locator(f"#question-{n}")

    def item(self, item_format: str) -> str:
        found = self.page.locator(f".item[data-format='{item_format}']").first.get_attribute("data-item")
        return str(found)

    def kept_events(self) -> int:
        """Count the events that the browser has on disk and has not given up."""
        return int(
            self.page.evaluate(
                "new Promise(done => { const o = indexedDB.open('sjt-sitting'); o.onsuccess = () => {"
                " const g = o.result.transaction('events').objectStore('events').count();"
                " g.onsuccess = () => { o.result.close(); done(g.result) } } })"
            )
        )

    def dump(self) -> str:
        """Give everything that the browser keeps for this address: databases, caches, storages."""
        return str(
            self.page.evaluate(
                """async () => {
                  const all = {};
                  for (const { name } of await indexedDB.databases()) {
                    const base = await new Promise((done) => {
                      const asked = indexedDB.open(name); asked.onsuccess = () => done(asked.result); });
                    for (const store of base.objectStoreNames) {
                      const read = base.transaction(store).objectStore(store);
                      const get = (r) => new Promise((done) => { r.onsuccess = () => done(r.result); });
                      all[`${name}/${store}`] = [await get(read.getAllKeys()), await get(read.getAll())];
                    }
                    base.close();
                  }
                  for (const name of await caches.keys()) {
                    const shelf = await caches.open(name);
                    for (const request of await shelf.keys()) {
                      const answer = await shelf.match(request);
                      all[`cache ${request.url}`] = [[...answer.headers], await answer.text()];
                    }
                  }
                  all.local = { ...localStorage }; all.session = { ...sessionStorage };
                  return JSON.stringify(all);
                }"""
            )
        )


def answers(sitting: UUID) -> dict[str, Any]:
    with db.session() as session:
        (found,) = service.responses(session, sitting_id=sitting)
    return {item: one.response for item, one in found.answers.items()}


def answer_events(sitting: UUID) -> Counter[str]:
    """Count each answer's event in the ledger by its id: none may stand there twice."""
    with db.session() as session:
        entries = service.entries(session, sitting)
    return Counter(str(one.body["event"]["id"]) for one in entries if one.kind is EventKind.ANSWER)


def close_for_time(sitting: UUID) -> None:
    keeper = ledger.current()
    keeper.act(Act(sitting, ActKind.CLOSED, "system", keeper.now(), {"cause": "time"}))


def until(claim: Callable[[], Any], seconds: float = 60.0) -> float:
    """Wait until a claim holds and give how long that took."""
    start = time.monotonic()
    while not claim():
        assert time.monotonic() - start < seconds, "it did not come about in time"
        time.sleep(0.05)
    return time.monotonic() - start
