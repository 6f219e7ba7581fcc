"""The writer is killed twenty times with SIGKILL under load: what was acknowledged is there, once, in a whole chain."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select

from sjt import db
from sjt.delivery import folding, ledger, store
from sjt.delivery.model import EventKind
from sjt.delivery.tables import LedgerBody
from tests.builders.sittings import a_session, a_sitting

ROUNDS = int(os.environ.get("SJT_CRASH_ROUNDS", "20"))


@pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")
def test_twenty_kills_lose_nothing_that_was_acknowledged_and_double_nothing(sqlite_file: db.Database) -> None:
    keeper = ledger.Ledger(sqlite_file).start()
    session_id = a_session(sqlite_file)
    sittings = [a_sitting(keeper, session_id=session_id, minutes=600).id for _ in range(6)]
    keeper.stop()
    sqlite_file.dispose()
    arguments = {
        "url": sqlite_file.url.render_as_string(hide_password=False),
        "sittings": [str(sitting_id) for sitting_id in sittings],
        "rounds": ROUNDS,
        "longest": 0.35,
        "seed": 20261122,
    }
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.delivery.crash_child", json.dumps(arguments)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=30 + 5 * ROUNDS,
    )
    report = json.loads(ran.stdout)
    assert report["kills"] == ROUNDS
    told = {tuple(line.split()) for line in report["told"]}
    assert len(told) > ROUNDS * 5
    with sqlite_file.session() as session:
        bodies = session.exec(select(LedgerBody)).all()
        stored = Counter((body.sitting_id.hex, str(body.event_id)) for body in bodies if body.event_id is not None)
        assert max(stored.values()) == 1
        assert told <= set(stored)
        for sitting_id in sittings:
            assert store.chain_breaks(session, sitting_id) == []
            entries = store.entries(session, sitting_id)
            assert store.answers(session, sitting_id) == folding.fold(entries)
            hashes = [
                (body.lease, body.seq, body.content_sha256)
                for body in bodies
                if body.sitting_id == sitting_id and body.content_sha256 is not None
            ]
            in_order = sorted((lease or 0, seq or 0, text or "") for lease, seq, text in hashes)
            head = folding.head_of(text for _, _, text in in_order)
            assert store.sitting(session, sitting_id).content_head == head
            assert [entry.n for entry in entries] == list(range(1, len(entries) + 1))
            assert sum(entry.kind is EventKind.ANSWER for entry in entries) == len(hashes)
        assert UUID(next(iter(told))[0]) in sittings
