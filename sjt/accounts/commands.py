"""``sjt user``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sjt.access import SYSTEM, Role

if TYPE_CHECKING:
    from sjt.config import Settings

ROLES = [role.value for role in Role if role is not Role.CANDIDATE]


def open_database() -> Settings:
    from sjt import db
    from sjt.config import Settings

    settings = Settings.from_env()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    db.bind(db.Database(settings.database_url))
    return settings


def link_of(settings: Settings, token: str) -> str:
    return f"{settings.base_url or 'http://127.0.0.1:8000'}/link/{token}"


@click.command(name="add")
@click.argument("login")
@click.option("--name", required=True, help="Full name.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given often.")
@click.option("--email", default="")
@click.option("--employer", default="", help="For an employer's contact: the employer, as in the candidates' file.")
@click.option("--by", default="", help="Log-in name of the administrator who does this.")
def user_add(login: str, name: str, roles: tuple[str, ...], email: str, employer: str, by: str) -> None:
    """Add somebody and print their one-time link.

    Example: sjt user add priya --name "Priya Nair" --role writer --role reviewer
    """
    from sjt import db
    from sjt.accounts import employers, service
    from sjt.accounts.model import LinkPurpose
    from sjt.times import utc_now

    if employer and Role.EMPLOYER.value not in roles:
        raise click.UsageError("--employer goes with --role employer.")
    settings = open_database()
    now = utc_now()
    with db.transaction() as session:
        actor = service.actor_for(session, by, needs=Role.ADMINISTRATOR) if by else SYSTEM
        held = frozenset(Role(role) for role in roles)
        user_id = service.add_person(session, login=login, name=name, email=email, roles=held, by=actor, now=now)
        if employer:
            employers.keeper().name_employer_contact(session, str(user_id), employer, by=actor, now=now)
        token = service.make_link(session, user_id, LinkPurpose.INVITATION, by=actor, now=now)
    click.echo(f"Added {login}. One-time link, good for 7 days:\n  {link_of(settings, token)}")


@click.command(name="list")
def user_list() -> None:
    """List who signs in, with their roles.

    Example: sjt user list
    """
    from sjt import db
    from sjt.accounts import service

    open_database()
    with db.session() as session:
        for person, roles in service.people(session):
            state = "disabled" if person.disabled_at else ("active" if person.password_hash else "invited")
            click.echo(f"{person.login}\t{person.name}\t{','.join(sorted(roles))}\t{state}")
