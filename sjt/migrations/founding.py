"""``sjt init``: an empty installation."""

from __future__ import annotations

import click

from sjt.access import SYSTEM, Role
from sjt.errors import Conflict
from sjt.times import utc_now


@click.command()
@click.option("--admin", default="admin", show_default=True, help="Log-in name of the first administrator.")
@click.option("--name", default="", help="The administrator's full name.")
@click.option("--organisation", default="Our assessment organisation", show_default=True)
def init(admin: str, name: str, organisation: str) -> None:
    """Make an empty installation: database, keys, first administrator by one-time link.

    Example: sjt init --admin kim --name "Kim Okafor" --organisation "Northern EPA"
    """
    from sjt import db
    from sjt.accounts import service
    from sjt.accounts.commands import link_of, open_database
    from sjt.accounts.model import LinkPurpose
    from sjt.audit import anchors
    from sjt.migrations import runner

    settings = open_database()
    database = db.current()
    if runner.revision_of(database) is not None:
        with db.session() as session:
            if service.organisation(session) is not None:
                raise Conflict(
                    "This installation was made before. Run `sjt db upgrade`, or name another SJT_DATA folder."
                )
    runner.upgrade(database)
    anchors.load_or_make_key(settings.anchor_key_path)
    now = utc_now()
    with db.transaction() as session:
        service.found_organisation(session, organisation, simulated=False, by=SYSTEM, now=now)
        roles = frozenset({Role.ADMINISTRATOR})
        user_id = service.add_person(
            session, login=admin, name=name or admin.title(), email="", roles=roles, by=SYSTEM, now=now
        )
        token = service.make_link(session, user_id, LinkPurpose.INVITATION, by=SYSTEM, now=now)
    click.echo(f"Installation made in {settings.data_dir}.")
    click.echo(f"First administrator: {admin}. Open this link once, within 7 days, to set the password:")
    click.echo(f"  {link_of(settings, token)}")
    click.echo("Then run `sjt serve`.")
