"""People, their roles, their log-ins, one-time links, and the organisation."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.access import Role
from sjt.accounts.model import LinkPurpose
from sjt.db import UtcDateTime, new_id, stored_as_value


class Organisation(SQLModel, table=True):
    """The one organisation of this installation."""

    __tablename__ = "organisation"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_organisation"),)

    id: int = Field(default=1, primary_key=True)
    name: str = Field(max_length=200)
    epao_id: str = Field(default="", max_length=7)
    simulated: bool = False
    """True: a demonstration; its data are simulated, said on every page."""
    content_words: str = Field(default="", max_length=2000, sa_column_kwargs={"server_default": ""})
    """Said to candidates before the questions about what they hold; empty: sjt's own words."""
    support_words: str = Field(default="", max_length=2000, sa_column_kwargs={"server_default": ""})
    """Who listens to a candidate afterwards, on the receipt and the way out; empty: sjt's own words."""


class User(SQLModel, table=True):
    """Somebody who signs in."""

    __tablename__ = "user_account"
    __table_args__ = (sa.UniqueConstraint("login"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    login: str = Field(max_length=80)
    name: str = Field(max_length=200)
    email: str = Field(default="", max_length=200)
    password_hash: str | None = Field(default=None, max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class UserRole(SQLModel, table=True):
    __tablename__ = "user_role"

    user_id: UUID = Field(primary_key=True, foreign_key="user_account.id")
    role: Role = Field(primary_key=True, sa_type=stored_as_value(Role))


class OneTimeLink(SQLModel, table=True):
    """An invitation or a reset: only the token's hash is kept."""

    __tablename__ = "one_time_link"
    __table_args__ = (sa.UniqueConstraint("token_sha256"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    purpose: LinkPurpose = Field(sa_type=stored_as_value(LinkPurpose))
    token_sha256: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Login(SQLModel, table=True):
    """One signed-in browser; ending the row signs it out."""

    __tablename__ = "login"
    __table_args__ = (sa.UniqueConstraint("token_sha256"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    token_sha256: str = Field(max_length=64)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MailReminder(SQLModel, table=True):
    """That somebody was reminded by mail on a day; what the mail said is not kept."""

    __tablename__ = "mail_reminder"

    user_id: UUID = Field(primary_key=True, foreign_key="user_account.id")
    day: date = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
