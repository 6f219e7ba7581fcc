"""``sjt worker``."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from types import FrameType

import click


@click.command()
@click.option("--once", is_flag=True, help="Do what waits, then stop.")
def worker(once: bool) -> None:
    """Run background jobs: assembling forms, analysing sessions.

    Example: sjt worker
    """
    from sjt import db
    from sjt.config import Settings
    from sjt.jobs.worker import Worker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = Settings.from_env()
    db.bind(db.Database(settings.database_url))
    with contextlib.suppress(OSError):
        os.nice(10)  # pages and saves go first
    stop = threading.Event()

    def told(signum: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    running = Worker(stop, mails=bool(settings.mail_url))
    if once:
        running.ask_for_the_day()
        while running.run_one() and not stop.is_set():
            pass
        return
    running.run_forever()
