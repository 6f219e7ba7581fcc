"""``sjt serve`` (granian, TLS built in) and ``sjt tls make`` (a local certificate authority)."""

from __future__ import annotations

import atexit
import logging
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click

from sjt.errors import ConfigError, Fault
from sjt.times import SystemClock, utc_now

if TYPE_CHECKING:
    from flask import Flask

    from sjt.config import Settings

log = logging.getLogger("sjt.serving")
ANCHOR_EVERY: Final = timedelta(seconds=60)
BLOCKING_THREADS: Final = 48
"""A save waits for its commit in a thread, and one commit takes all that wait: more threads, larger groups."""


class ThreadsAreMeant(logging.Filter):
    """Drops the server's one remark that more threads than processors is unusual: here they wait for commits."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "Configuration allows spawning up to" not in record.getMessage()


def logging_of_server() -> dict[str, Any]:
    """Give the server's logging: warnings and worse, on stderr."""
    return {
        "filters": {"threads": {"()": "sjt.serving.ThreadsAreMeant"}},
        "formatters": {"sjt": {"format": "%(asctime)s %(name)s %(levelname)s %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "sjt", "filters": ["threads"]}},
        "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
    }


ROOM_PAGES: Final = (
    "frames/base.html",
    "frames/candidate.html",
    "delivery/enter.html",
    "delivery/you.html",
    "delivery/display.html",
    "delivery/instructions.html",
    "delivery/waiting.html",
    "delivery/_item.html",
    "delivery/_questions.html",
    "delivery/sitting.html",
)
"""What sixty candidates ask for in one moment."""


def make_wsgi() -> Flask:
    """Make the application of a server process with all that runs beside it: ledger, closing of sittings, anchors."""
    from sjt import db
    from sjt.app import create_app
    from sjt.config import Settings
    from sjt.delivery import serving as delivery
    from sjt.web.compiled import warm

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = Settings.from_env()
    clock = SystemClock()
    app = create_app(settings, clock=clock)
    warm(app, ROOM_PAGES)
    running = delivery.start(db.current(), settings, clock)
    stop = threading.Event()
    anchoring = threading.Thread(target=_anchor_for_ever, args=(settings, stop), name="anchors", daemon=True)
    anchoring.start()

    def end() -> None:
        stop.set()
        running.stop()

    atexit.register(end)
    return app


def _anchor_for_ever(settings: Settings, stop: threading.Event) -> None:
    from sjt import db
    from sjt.audit import service

    while not stop.wait(ANCHOR_EVERY.total_seconds()):
        try:
            with db.transaction() as session:
                service.anchor(session, key_path=settings.anchor_key_path, at=utc_now())
        except Exception:  # an anchor that fails is tried again in a minute; sittings go on
            log.exception("the heads could not be anchored")


class _WorkerBeside:
    """Keeps one ``sjt worker`` alive beside the server."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="worker-beside", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _keep(self) -> None:
        while not self._stop.is_set():
            self._child = subprocess.Popen([sys.executable, "-c", "from sjt.cli import main; main(['worker'])"])
            while self._child.poll() is None and not self._stop.is_set():
                self._stop.wait(0.5)
            self._stop.wait(2)

    def stop(self) -> None:
        self._stop.set()
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._child.kill()


def run_server(
    settings: Settings, host: str, port: int, *, workers: int = 1, cert: Path | None = None, key: Path | None = None
) -> None:
    """Serve until stopped."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    if settings.database_url.startswith("sqlite") and workers > 1:
        what = f"asks for {workers} server processes on one SQLite file."
        remedy = (
            "Use one: a second writer makes saves 4 to 12 times slower. More processes need PostgreSQL (SJT_DATABASE)."
        )
        raise ConfigError("sjt cannot serve so.", [Fault("", "", "--workers", what, remedy)])
    beside = _WorkerBeside() if settings.worker_in_server else None
    server: Any = Server(
        "sjt.serving:make_wsgi",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=BLOCKING_THREADS,
        backlog=2048,
        respawn_failed_workers=True,
        ssl_cert=cert,
        ssl_key=key,
        log_access=False,
        log_level=LogLevels.warning,
        log_dictconfig=logging_of_server(),
    )
    if beside is not None:
        beside.start()
    try:
        server.serve()
    finally:
        if beside is not None:
            beside.stop()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def serve(host: str, port: int, workers: int, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Serve the pages, with one background worker beside.

    Example: sjt serve --host 0.0.0.0 --port 8443 --tls-cert var/tls/centre.pem --tls-key var/tls/centre.key
    """
    from sjt import db
    from sjt.config import Settings
    from sjt.migrations import runner

    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together.")
    settings = Settings.from_env()
    database = db.bind(db.Database(settings.database_url))
    at, newest = runner.revision_of(database), runner.newest()
    database.dispose()
    if at != newest:
        what = f"is at revision {at or 'none'}; this version needs {newest}."
        remedy = "Run `sjt init` for a new installation, `sjt db upgrade` for an old one."
        raise ConfigError("sjt cannot serve yet.", [Fault("database", "", "", what, remedy)])
    plain = tls_cert is None
    if plain and settings.secure_cookies and host not in ("127.0.0.1", "localhost", "::1"):
        click.echo(
            "Without TLS, browsers elsewhere will not keep the session's cookie: use --tls-cert, or a proxy.", err=True
        )

    def told(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, told)
    click.echo(f"Serving on http{'' if plain else 's'}://{host}:{port}")
    run_server(settings, host, port, workers=workers, cert=tls_cert, key=tls_key)


@click.command(name="make")
@click.argument("hosts", nargs=-1, required=True, metavar="HOST…")
@click.option("--dir", "directory", type=click.Path(file_okay=False, path_type=Path), default=None)
def tls_make(hosts: tuple[str, ...], directory: Path | None) -> None:
    """Make a local certificate authority (once) and a certificate for HOST….

    Give ca.pem to the room's machines; sittings need HTTPS for offline work anywhere but on localhost.

    Example: sjt tls make exam.local 192.168.1.10
    """
    from sjt.config import Settings
    from sjt.tls import make_authority, make_certificate

    folder = directory or Settings.from_env().data_dir / "tls"
    folder.mkdir(parents=True, exist_ok=True)
    authority = make_authority(folder)
    cert, key = make_certificate(folder, authority, list(hosts))
    click.echo(f"Certificate: {cert}\nKey:         {key}\nAuthority:   {folder / 'ca.pem'} (install on each machine)")
    click.echo(f"Serve with: sjt serve --host 0.0.0.0 --tls-cert {cert} --tls-key {key}")
