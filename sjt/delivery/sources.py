"""What delivery asks of authoring: the frozen paper of a form, the form's facts, an assessment plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sqlmodel import Session

from sjt.authoring import service
from sjt.authoring.snapshot import Paper
from sjt.delivery.gateway import EvidenceAsked


class FormFacts(Protocol):
    """What booking must know of a published form."""

    @property
    def form_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def option(self) -> str: ...
    @property
    def snapshot_sha256(self) -> str: ...


class Plan(Protocol):
    """An assessment plan, as far as booking needs it (``authoring.plan.Plan`` is one)."""

    def evidence_required(self, option: str) -> Iterable[EvidenceAsked]: ...


class Source(Protocol):
    """Whoever can answer: ``authoring.service``, or a test."""

    def paper(self, session: Session, form_id: str) -> Paper: ...
    def form_facts(self, session: Session, form_id: str) -> FormFacts: ...
    def plan(self, session: Session, plan_id: str) -> Plan: ...


_source: Source | None = None


def use(source: Source | None) -> None:
    """Ask this source from now on; None: authoring's service."""
    global _source
    _source = source


def source() -> Source:
    return _source or service
