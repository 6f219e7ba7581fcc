"""``sjt demo``: build the demonstration once, say who may log in, serve it."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import click

from sjt.config import Settings
from sjt.errors import Conflict


@click.command()
@click.option("--data", default="var/demo", show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--candidates", default=120, show_default=True, type=click.IntRange(8, 2000), help="In the finished cohort."
)
@click.option("--seed", default=1, show_default=True, type=int)
@click.option("--no-serve", is_flag=True, help="Build only.")
def demo(data: Path, host: str, port: int, candidates: int, seed: int, no_serve: bool) -> None:
    """Build a demonstration organisation and serve it; run again on the same folder, it is kept.

    All people, answers, ratings and results are simulated, and every page says so.

    Example: sjt demo --data var/demo --port 8000
    """
    from sjt.demo.building import Built, build

    os.environ.pop("SJT_DATABASE", None)
    os.environ["SJT_DATA"] = str(data.resolve())
    os.environ["SJT_SECURE_COOKIES"] = "no"  # plain http on this machine alone
    told = data / "demonstration.json"
    settings = Settings.from_env()
    if told.is_file():
        built = Built.load(told)
        click.echo(f"The demonstration in {data} is kept as it is. Remove the folder to build it anew.")
    else:
        database = data / "sjt.sqlite"
        if database.exists() and not (data / "building").exists():
            raise Conflict(f"{data} holds another installation. Name an empty folder with --data.")
        if data.exists():
            shutil.rmtree(data)  # a build that was broken off: nothing in it is anybody's
        data.mkdir(parents=True)
        (data / "building").touch()
        settings = Settings.from_env()
        started = time.monotonic()

        def tell(what: str) -> None:
            click.echo(f"[{time.monotonic() - started:5.0f} s] {what}", err=True)

        built = build(settings, candidates=candidates, seed=seed, tell=tell)
        built.save(told)
        (data / "building").unlink()
        tell("Done")
    _say(built, host, port)
    if no_serve:
        return
    from sjt.serving import run_server

    sys.stdout.flush()
    run_server(settings, host, port)


def _say(built: object, host: str, port: int) -> None:
    from sjt.demo.building import ROLE_LINES, Built, others
    from sjt.demo.people import PASSWORD

    assert isinstance(built, Built)
    click.echo(f"\nThe demonstration (all simulated): http://{host}:{port}/sign-in")
    click.echo(f'Password for everybody: "{PASSWORD}"')
    for login, what in ROLE_LINES:
        click.echo(f"  {login:<16} {what}")
    click.echo(f"  also: {', '.join(others())}")
    click.echo(f"\nA candidate: http://{host}:{port}/sit  (room PIN {built.pin}; the invigilator checks in and starts)")
    for slip in built.codes:
        click.echo(f"  seat {slip['seat']:<3} {slip['name']:<24} code {slip['code']}")
    click.echo("")
