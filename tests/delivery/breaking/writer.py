"""Forks processes that write one SQLite file through the ledger and lets them be killed; says what they were told.

Lines in: ``{"url": …, "sittings": […], "seconds": …, "base": …}``, one for each life; lines out: what was acknowledged
in it. The process itself never opens the file, so that nothing of it can outlive a child.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import threading
import time
from typing import Any
from uuid import UUID, uuid4

import sjt.delivery.tables  # noqa: F401 - the tables must be known before the fork
from sjt import db
from sjt.delivery import ledger
from sjt.delivery.model import ClientEvent, EventKind
from sjt.delivery.writing import Batch
from sjt.errors import Unavailable
from sjt.times import SystemClock

THREADS = 24


def answer_for_ever(keeper: ledger.Ledger, mine: list[UUID], base: int, pipe: int) -> None:
    chance = random.Random(f"{base}:{mine[0]}")
    seq = base
    while True:
        seq += 4
        for sitting_id in mine:
            events = tuple(
                ClientEvent(uuid4(), seq + n, EventKind.ANSWER, f"item-{n}", chance.choice("ABCD"))
                for n in range(chance.randint(1, 3))
            )
            batch = Batch(sitting_id, 1, events, "candidate", keeper.now())
            try:
                reply = keeper.save(batch)
                if chance.random() < 0.2:
                    reply = keeper.save(batch)  # a repeat, as a browser without its answer would send
            except Unavailable:
                continue
            os.write(pipe, "".join(f"{sitting_id} {name}\n" for name in reply.acked).encode())  # below PIPE_BUF: whole


def life(order: dict[str, Any], pipe: int) -> None:
    sittings = [UUID(text) for text in order["sittings"]]
    keeper = ledger.Ledger(db.bind(db.Database(order["url"])), SystemClock()).start()
    for n in range(min(THREADS, len(sittings))):
        arguments = (keeper, sittings[n::THREADS], order["base"], pipe)
        threading.Thread(target=answer_for_ever, args=arguments, daemon=True).start()
    time.sleep(600)


def killed(order: dict[str, Any]) -> list[str]:
    """Run one life and kill it; its first acknowledgement shows that it is at work, from there on a random moment."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        try:
            life(order, writer)
        finally:
            os._exit(1)
    os.close(writer)
    got = b""
    while not got:
        got += os.read(reader, 65536)
    end = time.monotonic() + order["seconds"]
    while (left := end - time.monotonic()) > 0:
        if select.select([reader], [], [], left)[0]:
            got += os.read(reader, 65536)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    while more := os.read(reader, 65536):
        got += more
    os.close(reader)
    return got.decode().splitlines()


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(killed(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
