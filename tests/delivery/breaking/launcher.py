"""Starts `sjt serve` again and again without importing it each time: a process that holds the imports and forks.

What is forked is the whole server as `sjt serve` makes it (granian's process and its worker), in a process group of
its own, so that one SIGKILL ends all of it. Only the import of the modules is saved; nothing was opened before.

Lines in: ``{"arguments": […], "environ": {…}, "log": "…"}``; lines out: the process group's number.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, Final

from tests.delivery.breaking.disk import watched

PR_SET_CHILD_SUBREAPER: Final = 36


def imports() -> None:
    """Import what a server imports, and give it the tests' papers."""
    import granian.server  # noqa: F401
    import psycopg  # noqa: F401

    import sjt.app
    import sjt.migrations.runner
    import sjt.serving
    from sjt.config import Settings
    from sjt.delivery import sources
    from sjt.web.compiled import warm
    from tests.delivery.breaking.cohort import Papers

    for name in sjt.app.BLUEPRINTS:
        importlib.import_module(name)
    for room in sjt.joining.ROOMS_THAT_REGISTER:
        importlib.import_module(room)
    sources.use(Papers())
    here = Path("/nowhere")
    settings = Settings("sqlite://", here, "x" * 32, here / "anchor.pem")
    warm(sjt.app.create_app(settings), sjt.serving.ROOM_PAGES)  # every server that is forked has them


def serve(order: dict[str, Any]) -> None:
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    for name in [name for name in os.environ if name.startswith("SJT_")]:
        del os.environ[name]
    os.environ.update(order["environ"])
    if order.get("file_limit"):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_limit"], resource.RLIM_INFINITY))
    from sjt.cli import main

    with contextlib.ExitStack() as stack:
        if order.get("sync_delay"):
            disk = stack.enter_context(watched(Path(order["environ"]["SJT_DATA"]), only_syncs=True))
            disk.sync_delay = order["sync_delay"]
        main(order["arguments"])


def main() -> None:
    # orphans of a killed group come to this process, which lets them go at once
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    imports()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                serve(json.loads(line))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        os.setpgid(pid, pid)  # here too: whoever comes first, the group stands before its number is told
        print(pid, flush=True)


if __name__ == "__main__":
    main()
