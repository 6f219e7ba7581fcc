"""The deeds on drafts: begin, save, undo, bring together, put into the bank, restore, put away.

Every save is a step that stays; two saves that meet are merged field by field, and what clashes waits aside.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from sjt.access import Actor
from sjt.audit import service as audit
from sjt.authoring import import_export, store, store_drafts
from sjt.authoring.draft import Fields, tidy
from sjt.authoring.draft_beginning import bring_in as bring_in
from sjt.authoring.draft_beginning import edit as edit
from sjt.authoring.draft_beginning import free_id as free_id
from sjt.authoring.draft_beginning import parent_of as parent_of
from sjt.authoring.draft_beginning import refuse_retired
from sjt.authoring.draft_beginning import reskin as reskin
from sjt.authoring.draft_beginning import start as start
from sjt.authoring.draft_beginning import version_fields as version_fields
from sjt.authoring.draft_deeds import apply
from sjt.authoring.draft_files import Built
from sjt.authoring.draft_merge import Merge, merge, settled
from sjt.authoring.draft_steps import MOST_FIELDS, MOST_SIGNS, add_step, newest_step, opened
from sjt.authoring.draft_steps import draft as draft
from sjt.authoring.draft_steps import fields_of as fields_of
from sjt.authoring.moving import put_move
from sjt.authoring.states import ScenarioState
from sjt.authoring.tables import (
    ScenarioDraft,
    ScenarioDraftAside,
    ScenarioRow,
    ScenarioVersion,
)
from sjt.authoring.the_bank import bank as current_bank
from sjt.errors import Conflict, Fault, InputError, MoveRefused, NotFound


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did: the draft's newest revision, where to go on, and the merge that waits, if one does."""

    revision: int
    focus: str = ""
    aside: UUID | None = None
    merged: bool = False
    base: int = 0
    """After a merge, the step that holds just what was posted: what is typed meanwhile goes out from it."""


def save(
    session: Session, draft_id: UUID, revision: int, posted: Fields, deed: str = "", *, by: Actor, now: datetime
) -> Saved:
    """Keep what somebody typed on top of ``revision``, then do what the pressed button says."""
    if len(posted) > MOST_FIELDS or sum(map(len, posted.values())) > MOST_SIGNS:
        raise InputError(f"A draft holds at most {MOST_SIGNS:,} signs. Take some of the text out.")
    row = opened(session, draft_id)
    current = newest_step(session, row)
    yours = tidy({**posted, "reskin_of": current.held.get("reskin_of", "")})  # nobody types a parent
    base = 0
    if revision != row.revision and yours != current.held:
        found = _against(session, row, revision, yours)
        if found.clashes:
            return _set_aside(session, row, revision, yours, by=by, now=now)
        if found.fields != yours:
            last = row.revision
            add_step(session, row, yours, "beside", by=by, now=now, undo_to=last)
            base = row.revision
            add_step(session, row, found.fields, "merged", by=by, now=now, undo_to=last)
            yours = dict(found.fields)
    if yours != newest_step(session, row).held:
        add_step(session, row, yours, "saved", by=by, now=now)
    if deed in ("undo", "redo"):
        return Saved(_go(session, row, deed, by=by, now=now), merged=base > 0, base=base)
    focus = ""
    if deed:
        changed, focus = apply(yours, deed, current_bank(session))
        if changed != yours:
            add_step(session, row, changed, deed.partition(":")[0][:20], by=by, now=now)
    return Saved(row.revision, focus, merged=base > 0, base=base)


def _against(session: Session, row: ScenarioDraft, revision: int, yours: Fields) -> Merge:
    base = store_drafts.step(session, row.id, revision)
    return merge(base.held if base else {}, newest_step(session, row).held, yours)


def _set_aside(
    session: Session, row: ScenarioDraft, revision: int, yours: Fields, *, by: Actor, now: datetime
) -> Saved:
    base = store_drafts.step(session, row.id, revision)
    start = dict(base.held) if base else {}
    # the same save again, or the next one typed on top of it
    for waiting in store_drafts.asides(session, row.id):
        if waiting.by == by.id and waiting.base == start and not waiting.version:
            waiting.held, waiting.at = dict(yours), now
            session.add(waiting)
            session.flush()
            return Saved(row.revision, aside=waiting.id)
    made = ScenarioDraftAside(draft_id=row.id, base=start, held=dict(yours), version=0, at=now, by=by.id)
    session.add(made)
    session.flush()
    return Saved(row.revision, aside=made.id)


def _go(session: Session, row: ScenarioDraft, way: str, *, by: Actor, now: datetime) -> int:
    current = newest_step(session, row)
    target = store_drafts.step(session, row.id, current.undo_to if way == "undo" else current.redo_to)
    if target is None:
        return row.revision
    if way == "undo":
        undo_to, redo_to = target.undo_to, row.revision
    else:
        undo_to, redo_to = row.revision, target.redo_to
    add_step(session, row, target.held, f"{way}ne", by=by, now=now, undo_to=undo_to, redo_to=redo_to)
    return row.revision


def ways(session: Session, row: ScenarioDraft) -> tuple[bool, bool]:
    """Tell whether there is something to undo and something to do again."""
    current = newest_step(session, row)
    return current.undo_to > 0, current.redo_to > 0


def waiting(session: Session, aside_id: UUID) -> tuple[ScenarioDraftAside, ScenarioDraft, Merge]:
    """Give a save that waits, its draft, and how the two stand to each other now."""
    held = store_drafts.aside(session, aside_id)
    if held is None:
        raise NotFound("There is no such save. Open the draft from the list of drafts.")
    row = draft(session, held.draft_id)
    return held, row, merge(held.base, newest_step(session, row).held, held.held)


def settle(session: Session, aside_id: UUID, chosen: Mapping[str, str], *, by: Actor, now: datetime) -> UUID:
    """Bring a save that waits into its draft as somebody chose; every clash needs a choice."""
    held = store_drafts.aside(session, aside_id)
    if held is None:
        raise NotFound("There is no such save. Open the draft from the list of drafts.")
    row = opened(session, held.draft_id)
    if held.settled_at is not None:
        return row.id
    found = merge(held.base, newest_step(session, row).held, held.held)
    open_ones = [one for one in found.clashes if chosen.get(one.field) not in ("theirs", "yours")]
    if open_ones:
        raise InputError(f"{len(open_ones)} of {len(found.clashes)} fields have no choice yet. Choose for each.")
    add_step(session, row, settled(found, chosen), "merged", by=by, now=now)
    if held.version:
        row.base_n = held.version
        session.add(row)
    held.settled_at = now
    session.add(held)
    session.flush()
    return row.id


def behind(session: Session, row: ScenarioDraft) -> int:
    """Give the version of the bank that came in since the draft began; 0 when there is none."""
    known = store.scenario(session, row.scenario_id)
    return known.version if known is not None and known.version != row.base_n else 0


def held_up(session: Session, row: ScenarioDraft) -> str:
    """Say what must be settled before a draft can go into the bank; nothing, if nothing must."""
    if store_drafts.asides(session, row.id):
        return "A save of this draft waits to be brought together. Settle it first."
    if newer := behind(session, row):
        return f"Version {newer} came into the bank since this draft began. Bring it in first."
    return ""


def catch_up(session: Session, draft_id: UUID, *, by: Actor, now: datetime) -> Saved:
    """Bring the bank's newer version into a draft."""
    row = opened(session, draft_id)
    newer = behind(session, row)
    if not newer:
        return Saved(row.revision)
    base = version_fields(session, row.scenario_id, row.base_n) if row.base_n else {}
    theirs = version_fields(session, row.scenario_id, newer)
    found = merge(base, newest_step(session, row).held, theirs)
    if found.clashes:
        made = ScenarioDraftAside(draft_id=row.id, base=base, held=theirs, version=newer, at=now, by=by.id)
        session.add(made)
        session.flush()
        return Saved(row.revision, aside=made.id)
    row.base_n = newer
    add_step(session, row, found.fields, "merged", by=by, now=now)
    return Saved(row.revision, merged=True)


def restore(session: Session, scenario_id: str, n: int, *, by: Actor, now: datetime) -> UUID:
    """Make the open draft of a scenario say what one of its versions says; undoing brings back what it said."""
    held = version_fields(session, scenario_id, n)
    draft_id = edit(session, scenario_id, by=by, now=now)
    row = opened(session, draft_id)
    if newest_step(session, row).held != held:
        add_step(session, row, held, "restored", by=by, now=now)
    body = {"version": n, "draft": str(draft_id)}
    audit.record(session, by=by, did="scenario.version_restored", on=scenario_id, at=now, body=body)
    return draft_id


def back_to(session: Session, draft_id: UUID, n: int, *, by: Actor, now: datetime) -> None:
    """Make a draft say again what one of its steps said, as a step of its own."""
    row = opened(session, draft_id)
    found = store_drafts.step(session, row.id, n)
    if found is None:
        raise NotFound(f"This draft has no step {n}.")
    if found.held != newest_step(session, row).held:
        add_step(session, row, found.held, "back", by=by, now=now)


def add_enemy(session: Session, draft_id: UUID, enemy: str, *, by: Actor, now: datetime) -> None:
    """Add an enemy to what a draft says, as a step of its own."""
    row = opened(session, draft_id)
    held = newest_step(session, row).held
    named = held.get("enemies", "").split()
    if enemy not in named:
        add_step(session, row, tidy(held | {"enemies": " ".join([*named, enemy])}), "enemies", by=by, now=now)


def new_drafts(session: Session) -> list[dict[str, str]]:
    """Give what the open drafts of scenarios say that are not in the bank yet."""
    return [fields_of(session, row) for row in store_drafts.open_drafts(session) if not row.base_n]


def folder_of(session: Session, row: ScenarioDraft, title: str) -> str:
    """Give the folder a draft's files stand in: the scenario's own, or one named after the title."""
    known = store.scenario(session, row.scenario_id)
    found = store.version(session, row.scenario_id, known.version) if known else None
    if found is not None:
        return found.folder
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return f"{row.scenario_id}-{slug}" if slug else row.scenario_id


def put(
    session: Session, draft_id: UUID, revision: int, built: Built, faults: list[Fault], *, by: Actor, now: datetime
) -> int:
    """Make a draft the scenario's next version; earlier versions, forms and results stay as they are.

    ``built`` and ``faults`` come from a check made before the transaction, of just this revision.
    """
    row = opened(session, draft_id)
    if row.revision != revision:
        raise Conflict("Somebody saved this draft while it was checked. Nothing was put into the bank. Check it again.")
    if why := held_up(session, row):
        raise MoveRefused(why)
    if faults:
        raise InputError(f"The draft has {len(faults)} errors. Nothing was put into the bank.", faults)
    bank = store.hold_bank(session, row.bank_id)
    known = store.scenario(session, row.scenario_id)
    is_new = known is None
    if known is not None:
        refuse_retired(known)
    n = max((held.n for held in store.versions(session, row.scenario_id)), default=0) + 1
    if known is None:
        known = ScenarioRow(id=row.scenario_id, bank_id=bank.id, author=built.scenario.author[:80], version=n)
    known.version, known.in_bank = n, True
    session.add(known)
    session.flush()
    session.add(_version(row.scenario_id, n, built, by=by, now=now))
    session.flush()
    bank.sha256 = import_export.sha256_of(store.current_hashes(session, bank))
    session.add(bank)
    row.open_for, row.closed_at, row.closed_by, row.became = None, now, by.id, n
    session.add(row)
    session.flush()
    put_move(session, known, "write", ScenarioState.DRAFT, by=by, now=now, is_new=is_new)
    body = {"version": n, "sha256": built.scenario.sha256, "draft": str(row.id)}
    audit.record(session, by=by, did="scenario.version_saved", on=row.scenario_id, at=now, body=body)
    return n


def _version(scenario_id: str, n: int, built: Built, *, by: Actor, now: datetime) -> ScenarioVersion:
    return ScenarioVersion(
        scenario_id=scenario_id,
        n=n,
        folder=built.scenario.folder,
        scenario_bytes=built.scenario_bytes,
        scenario_sha256=built.scenario.sha256,
        key_folder=built.scenario.folder,
        key_bytes=built.key_bytes,
        key_sha256=hashlib.sha256(built.key_bytes).hexdigest(),
        created_at=now,
        created_by=by.id,
    )


def put_away(session: Session, draft_id: UUID, *, by: Actor, now: datetime) -> None:
    """Close a draft without a version; its steps stay, and it can be taken up again."""
    row = opened(session, draft_id)
    row.open_for, row.closed_at, row.closed_by = None, now, by.id
    session.add(row)
    session.flush()
    audit.record(session, by=by, did="scenario.draft_put_away", on=row.scenario_id, at=now, body={"draft": str(row.id)})


def take_up(session: Session, draft_id: UUID, *, by: Actor, now: datetime) -> None:
    """Open a draft again that was put away."""
    row = draft(session, draft_id)
    store.hold_bank(session, row.bank_id)
    if row.became is not None or row.open_for is not None:
        raise MoveRefused("Only a draft that was put away can be taken up again.")
    if store_drafts.open_draft_of(session, row.scenario_id) is not None:
        raise MoveRefused(f"{row.scenario_id} has another open draft. Put that one away first.")
    row.open_for, row.closed_at, row.closed_by = row.scenario_id, None, ""
    session.add(row)
    session.flush()
    audit.record(session, by=by, did="scenario.draft_taken_up", on=row.scenario_id, at=now, body={"draft": str(row.id)})
