"""Run by ``test_ledger_crash.py``: forks writers of one SQLite file, lets them be killed, and says what they were told.

Each round forks a child that answers from several threads; every acknowledged id goes through a pipe the moment it is
known. After a random time the child is killed with SIGKILL. The parent here never opens the file, so nothing of it can
outlive a child.
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


def answer_for_ever(keeper: ledger.Ledger, sitting_id: UUID, base: int, pipe: int) -> None:
    seq = base
    while True:
        seq += 1
        events = tuple(
            ClientEvent(uuid4(), seq * 4 + n, EventKind.ANSWER, f"item-{n}", "ABCD"[seq % 4])
            for n in range(1 + seq % 3)
        )
        batch = Batch(sitting_id, 1, events, "candidate", keeper.now())
        try:
            reply = keeper.save(batch)
            if seq % 5 == 0:
                reply = keeper.save(batch)  # a repeat, as a browser without its answer would send
        except Unavailable:
            continue
        text = "".join(f"{sitting_id.hex} {name}\n" for name in reply.acked)
        os.write(pipe, text.encode())  # below PIPE_BUF, hence whole


def child(url: str, sittings: list[UUID], base: int, pipe: int) -> None:
    keeper = ledger.Ledger(db.bind(db.Database(url)), SystemClock()).start()
    for sitting_id in sittings:
        threading.Thread(target=answer_for_ever, args=(keeper, sitting_id, base, pipe), daemon=True).start()
    time.sleep(60)
    os._exit(1)


def main(arguments: dict[str, Any]) -> None:
    chance = random.Random(arguments["seed"])
    sittings = [UUID(text) for text in arguments["sittings"]]
    told: list[str] = []
    kills = 0
    for number in range(arguments["rounds"]):
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reader)
            child(arguments["url"], sittings, (number + 1) * 1_000_000, writer)
        os.close(writer)
        got = b""
        # the first acknowledgement shows that the child is at work; from there on, a random moment
        while not got:
            got += os.read(reader, 65536)
        end = time.monotonic() + chance.uniform(0.0, arguments["longest"])
        while (left := end - time.monotonic()) > 0:
            if select.select([reader], [], [], left)[0]:
                got += os.read(reader, 65536)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        while more := os.read(reader, 65536):
            got += more
        os.close(reader)
        kills += 1
        told += got.decode().splitlines()
    json.dump({"kills": kills, "told": told}, sys.stdout)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
