"""What delivery asks of authoring: the frozen paper of a form, the form's facts, an assessment plan."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, cast

from sqlmodel import Session

from sjt.authoring.snapshot import Paper
from sjt.delivery.gateway import EvidenceAsked


@dataclass(frozen=True, slots=True)
class FormFacts:
    """What booking must know of a published form."""

    form_id: str
    title: str
    option: str
    snapshot_sha256: str


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
    return _source or cast("Source", importlib.import_module("sjt.authoring.service"))
