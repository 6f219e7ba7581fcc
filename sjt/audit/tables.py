"""Rows of the audit record; append-only, which triggers enforce on both databases."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from sjt.db import UtcDateTime


class AuditEntry(SQLModel, table=True):
    """One link of one chain."""

    __tablename__ = "audit_entry"

    chain: str = Field(primary_key=True, max_length=120)
    n: int = Field(primary_key=True)
    at: str = Field(max_length=30, index=True)
    by: str = Field(max_length=80)
    did: str = Field(max_length=80)
    body_sha256: str = Field(max_length=64)
    prev: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class AuditBody(SQLModel, table=True):
    """What an entry says, with its salt; may be erased while the chain stays whole."""

    __tablename__ = "audit_body"

    chain: str = Field(primary_key=True, max_length=120)
    n: int = Field(primary_key=True)
    salt: bytes
    body: dict[str, Any] = Field(sa_type=sa.JSON)


class AuditHead(SQLModel, table=True):
    """Where each chain ends; locked while an entry is added."""

    __tablename__ = "audit_head"

    chain: str = Field(primary_key=True, max_length=120)
    n: int
    hash: str = Field(max_length=64)
    anchored_n: int = 0


class AuditAnchor(SQLModel, table=True):
    """A signed list of the heads of all chains that changed since the anchor before."""

    __tablename__ = "audit_anchor"

    anchor: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    heads: list[Any] = Field(sa_type=sa.JSON)
    prev: str = Field(max_length=64)
    sha256: str = Field(max_length=64)
    signature: str = Field(max_length=128)
