"""Candidates' pages as the server sees them: a queue that an event leaves only when an acknowledgement names it."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sjt.times import iso
from tests.delivery.breaking.cohort import Ticket

ITEMS: Final[dict[str, Callable[[random.Random], Any]]] = {
    "s1-a": lambda chance: dict(zip("ABCDE", chance.sample(range(1, 6), 5))),
    "s1-b": lambda chance: sorted(chance.sample("ABCDEFGH", 3)),
    "s2-a": lambda chance: {letter: chance.randint(1, 4) for letter in "ABCDE"},
    "s2-b": lambda chance: dict(zip(("most", "least"), chance.sample("ABCD", 2))),
    "s3-a": lambda chance: chance.choice("ABCD"),
    "s3-b": lambda chance: {"text": " ".join(["word"] * chance.randint(1, 120))},
}
MOST: Final = 40
"""Events in one request of a page (the server takes 256)."""
UNHEARD: Final = "no answer"


@dataclass
class Page:
    """One candidate: what was given, what is still kept here, what the server named as stored."""

    ticket: Ticket
    ports: Sequence[int]
    chance: random.Random
    seq: int = 0
    queue: list[dict[str, Any]] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    saw: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    receipt: str | None = None
    timeout: float = 30.0
    _line: http.client.HTTPConnection | None = None
    _at: int = 0

    @property
    def sitting_id(self) -> UUID:
        return self.ticket.sitting_id

    def answer(self, item: str | None = None, *, at: datetime | None = None) -> Any:
        """Answer a question: the event is kept here until the server names it."""
        name = item or self.chance.choice(list(ITEMS))
        response = ITEMS[name](self.chance)
        self.given[name] = response
        return self.keep("answer", name, response, at=at)

    def keep(self, kind: str, item: str | None = None, response: Any = None, *, at: datetime | None = None) -> Any:
        self.seq += 1
        event = {
            "id": str(UUID(int=self.chance.getrandbits(128), version=4)),
            "seq": self.seq,
            "kind": kind,
            "item": item,
            "response": response,
            "client_time": iso(at or datetime.now(UTC)),
            "prev": None,
        }
        self.queue.append(event)
        return event

    def send(self) -> bool:
        """Send what is kept, now and then with events that were named before; tell whether an answer came."""
        events = self.queue[:MOST]
        if self.sent and self.chance.random() < 0.2:  # a page that never heard the last answer repeats itself
            events = [*self.chance.sample(self.sent, min(3, len(self.sent))), *events]
            self.chance.shuffle(events)
        began = time.monotonic()
        status, body = self.ask(
            "POST", f"/sit/{self.sitting_id}/events", {"events": events, "unsaved": len(self.queue)}
        )
        if status == 200:
            self.waits.append(time.monotonic() - began)
            self.hear(body)
        elif status == 0:
            self.saw[UNHEARD] += 1
        else:
            self.saw[f"{status}: {body.get('message', '')}"] += 1
        return status == 200

    def hear(self, body: dict[str, Any]) -> None:
        self.saw["saved"] += 1
        self.last = body
        self.receipt = body.get("receipt") or self.receipt
        acked = set(body["acked"])
        refused = {one["id"]: one["code"] for one in body["refused"]}
        self.told |= acked
        self.refused |= refused
        done = [event for event in self.queue if event["id"] in acked or event["id"] in refused]
        self.sent += [event for event in done if event["id"] in acked]
        self.queue = [event for event in self.queue if event["id"] not in acked and event["id"] not in refused]

    def state(self) -> dict[str, Any] | None:
        status, body = self.ask("GET", f"/sit/{self.sitting_id}/state")
        return body if status == 200 else None

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Ask over a kept connection; 0 when no whole answer came, and the next try goes to the next server."""
        headers = {
            "Cookie": f"sjt={self.ticket.cookie}",
            "X-CSRFToken": self.ticket.csrf,
            "X-Lease": str(self.ticket.lease),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        try:
            if self._line is None:
                port = self.ports[self._at % len(self.ports)]
                self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=self.timeout)
            self._line.request(method, path, None if body is None else json.dumps(body), headers)
            reply = self._line.getresponse()
            raw = reply.read()
            kind = reply.headers.get("Content-Type", "")
            return reply.status, json.loads(raw) if "json" in kind else {"message": raw.decode(errors="replace")}
        except (OSError, http.client.HTTPException):
            self.hang_up()
            self._at += 1
            return 0, {}

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def send_all(self, seconds: float = 60.0) -> None:
        """Send until nothing is kept."""
        until = time.monotonic() + seconds
        while self.queue:
            if not self.send():
                time.sleep(0.05)
            assert time.monotonic() < until, f"a page still keeps {len(self.queue)} events; it saw {self.saw}"


def pages_of(tickets: Sequence[Ticket], *ports: int, seed: int = 1, timeout: float = 30.0) -> list[Page]:
    return [
        Page(ticket, ports, random.Random(f"{seed}:{n}"), timeout=timeout, _at=n) for n, ticket in enumerate(tickets)
    ]


@contextlib.contextmanager
def answering(pages: Sequence[Page], *, threads: int = 24, pause: float = 0.0) -> Iterator[threading.Event]:
    """Let all pages answer and send, from threads, until the block ends; the event tells them to stop at once."""
    stop = threading.Event()
    faults: list[BaseException] = []

    def work(mine: Sequence[Page]) -> None:
        try:
            while not stop.is_set():
                for page in mine:
                    if stop.is_set():
                        return
                    if len(page.queue) < MOST:
                        for _ in range(page.chance.randint(1, 3)):
                            page.answer()
                    if not page.send():
                        stop.wait(0.02)
                    if pause:
                        stop.wait(pause)
        except BaseException as error:
            faults.append(error)
            raise

    crowd = [threading.Thread(target=work, args=(pages[n::threads],)) for n in range(min(threads, len(pages)))]
    for one in crowd:
        one.start()
    try:
        yield stop
    finally:
        stop.set()
        for one in crowd:
            one.join()
    if faults:
        raise faults[0]


def send_everything(pages: Sequence[Page], *, threads: int = 16, seconds: float = 120.0) -> None:
    """Let every page send what it keeps."""
    faults: list[BaseException] = []

    def work(mine: Sequence[Page]) -> None:
        try:
            for page in mine:
                page.send_all(seconds)
        except BaseException as error:
            faults.append(error)

    crowd = [threading.Thread(target=work, args=(pages[n::threads],)) for n in range(min(threads, len(pages)))]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    if faults:
        raise faults[0]


def seen(pages: Sequence[Page]) -> Counter[str]:
    total: Counter[str] = Counter()
    for page in pages:
        total.update(page.saw)
    return total


def hang_up(pages: Sequence[Page]) -> None:
    for page in pages:
        page.hang_up()
