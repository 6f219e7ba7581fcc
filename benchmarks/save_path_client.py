"""The load generator of save_path.py: one process, one thread, epoll, requests put together by hand.

A candidate of it costs some 30 µs of processor a save, a tenth of what the server needs, so that on two cores the
server can be saturated without any other tool. A request's delay counts from the moment at which it was *due*, not from
the moment at which a slow client came to send it: nothing slow hides by keeping the next request back.

Reads one order as JSON on stdin, writes one report as JSON on stdout.
"""

from __future__ import annotations

import heapq
import json
import random
import resource
import select
import socket
import sys
import time
from typing import Any

ANSWERS = (
    ("s1-a", '{"A":%d,"B":%d,"C":%d,"D":%d,"E":%d}', 5),
    ("s2-a", '{"A":%d,"B":%d,"C":%d,"D":%d,"E":%d}', 4),
)
READ = 262_144


class Candidate:
    """One browser: its cookie, its counter, and what it has on the line."""

    __slots__ = ("at", "body", "due", "head", "id", "line", "need", "seq")

    def __init__(self, ticket: dict[str, Any], base: int) -> None:
        self.id: str = ticket["sitting"]
        self.seq = base
        self.head = (
            f"POST /sit/{self.id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sjt={ticket['cookie']}\r\n"
            f"X-CSRFToken: {ticket['csrf']}\r\nX-Lease: {ticket['lease']}\r\nContent-Type: application/json\r\n"
            "Accept: application/json\r\nContent-Length: "
        )
        self.line: socket.socket | None = None
        self.due = self.at = 0.0
        self.need = ""
        self.body = b""

    def save(self) -> bytes:
        """Put one answer together, as the page sends it."""
        self.seq += 1
        item, shape, top = ANSWERS[self.seq % 2]
        places = random.sample(range(1, 6), 5) if top == 5 else [random.randint(1, 4) for _ in range(5)]
        high, middle, low = self.seq >> 16 & 0xFFFF, self.seq >> 4 & 0xFFF, self.seq & 0xF
        name = f"{self.id[:8]}-{high:04x}-4{middle:03x}-8{low:01x}00-{self.id[-12:]}"
        self.need = name
        text = (
            f'{{"events":[{{"id":"{name}","seq":{self.seq},"kind":"answer","item":"{item}",'
            f'"response":{shape % tuple(places)},"client_time":"2026-03-14T09:00:00.000Z","prev":null}}],"unsaved":1}}'
        )
        return f"{self.head}{len(text)}\r\n\r\n{text}".encode()


def connect(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setblocking(False)
    return line


def whole(body: bytes) -> bool:
    """Tell whether a reply is all there."""
    end = body.find(b"\r\n\r\n")
    if end < 0:
        return False
    low = body[:end].lower()
    at = low.find(b"content-length: ")
    return at >= 0 and len(body) >= end + 4 + int(low[at + 16 :].split(b"\r\n", 1)[0])


class Load:
    """Runs one order: how many, for how long, paced or as fast as the server answers."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.port: int = order["port"]
        self.kind: str = order.get("kind", "save")
        self.candidates = [Candidate(ticket, order["base"]) for ticket in order["tickets"]]
        self.waits: list[float] = []
        self.lags: list[float] = []
        self.bad: dict[str, int] = {}
        self.poll = select.epoll()
        self.of: dict[int, Candidate] = {}

    def request(self, one: Candidate) -> bytes:
        if self.kind == "save":
            return one.save()
        path = self.order["path"].replace("SITTING", one.id)
        one.need = ""
        accept = "application/json" if self.kind == "state" else "text/html"
        cookie = one.head.partition("Cookie: ")[2].partition("\r\n")[0]
        return (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nAccept: {accept}\r\n"
            "Accept-Encoding: gzip, deflate, br\r\n\r\n"  # as every browser says
        ).encode()

    def send(self, one: Candidate, line: socket.socket, due: float) -> None:
        data = self.request(one)
        one.due, one.at, one.body = due, time.perf_counter(), b""
        self.lags.append(one.at - due)
        self.of[line.fileno()] = one
        try:
            sent = line.send(data)
        except OSError:
            sent = 0
        if sent != len(data):
            self.wrong("not sent")

    def wrong(self, why: str) -> None:
        self.bad[why] = self.bad.get(why, 0) + 1

    def take(self, one: Candidate, now: float) -> None:
        """Judge a whole reply: a save counts only when the reply names its event as stored."""
        status = one.body[9:12]
        if status != b"200":
            self.wrong(status.decode(errors="replace"))
        elif one.need and f'"{one.need}"'.encode() not in one.body.partition(b'"refused"')[0]:
            self.wrong("not acknowledged")
        else:
            self.waits.append(now - one.due)

    def receive(self, number: int) -> Candidate | None:
        one = self.of[number]
        assert one.line is not None
        try:
            data = one.line.recv(READ)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            self.wrong("cut")
            return one
        one.body += data
        return one if whole(one.body) else None

    def closed(self) -> None:
        """Ask again as soon as an answer is there, over so many connections; each goes through its candidates."""
        number = min(self.order["connections"], len(self.candidates))
        groups = [self.candidates[n::number] for n in range(number)]
        turns = [0] * number
        lines = [connect(self.port) for _ in range(number)]
        group_of = {line.fileno(): n for n, line in enumerate(lines)}
        for line in lines:
            self.poll.register(line.fileno(), select.EPOLLIN)
        until = time.perf_counter() + self.order["seconds"]
        once: bool = self.order.get("once", False)

        def next_of(n: int) -> None:
            one = groups[n][turns[n] % len(groups[n])]
            turns[n] += 1
            one.line = lines[n]
            self.send(one, lines[n], time.perf_counter())

        for n in range(number):
            next_of(n)
        open_now = number
        give_up = until + 20
        while open_now and time.perf_counter() < give_up:
            for number_of_line, _ in self.poll.poll(1.0):
                one = self.receive(number_of_line)
                if one is None:
                    continue
                now = time.perf_counter()
                self.take(one, now)
                n = group_of[number_of_line]
                if now < until and not (once and turns[n] >= len(groups[n])):
                    next_of(n)
                else:
                    open_now -= 1

    def paced(self) -> None:
        """Let every candidate save at its own beat; one that still waits sends when it may: the delay counts."""
        every, seconds = self.order["every"], self.order["seconds"]
        for one in self.candidates:
            one.line = connect(self.port)
            self.poll.register(one.line.fileno(), select.EPOLLIN)
        chance = random.Random(self.order["base"])
        begin = time.perf_counter() + 0.2
        agenda = [(begin + chance.uniform(0, every), n) for n in range(len(self.candidates))]
        heapq.heapify(agenda)
        until = begin + seconds
        busy: set[int] = set()
        owed: dict[int, float] = {}
        while True:
            now = time.perf_counter()
            while agenda and agenda[0][0] <= now:
                due, n = heapq.heappop(agenda)
                one = self.candidates[n]
                if due + every < until:
                    heapq.heappush(agenda, (due + every, n))
                if n in busy:
                    owed.setdefault(n, due)
                else:
                    busy.add(n)
                    assert one.line is not None
                    self.send(one, one.line, due)
            if (not agenda and not busy) or now > until + 20:
                break
            wait = max(0.0, min(0.5, agenda[0][0] - now)) if agenda else 0.5
            for number, _ in self.poll.poll(wait):
                found = self.receive(number)
                if found is None:
                    continue
                self.take(found, time.perf_counter())
                n = self.index[found.id]
                busy.discard(n)
                if n in owed:
                    busy.add(n)
                    assert found.line is not None
                    self.send(found, found.line, owed.pop(n))

    def run(self) -> dict[str, Any]:
        self.index = {one.id: n for n, one in enumerate(self.candidates)}
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(self.order.get("silent", 0))]
        began, used = time.perf_counter(), time.process_time()
        (self.paced if self.order["mode"] == "paced" else self.closed)()
        took, used = time.perf_counter() - began, time.process_time() - used
        for one in silent:
            one.close()
        found = sorted(self.waits)
        self.lags.sort()
        return {
            "done": len(found),
            "bad": self.bad,
            "seconds": took,
            "client_cpu": used,
            "p50": quantile(found, 0.5),
            "p95": quantile(found, 0.95),
            "p99": quantile(found, 0.99),
            "worst": found[-1] if found else None,
            "lag_p99": quantile(self.lags, 0.99),
        }


def quantile(found: list[float], share: float) -> float | None:
    return found[min(len(found) - 1, int(share * len(found)))] if found else None


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    order = json.load(sys.stdin)
    print(json.dumps(Load(order).run()))


if __name__ == "__main__":
    main()
