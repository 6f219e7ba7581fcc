"""A small generated bank, eight times as long as a form, with a pool that is prepared and published in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from sjt import db
from sjt.access import SYSTEM
from sjt.authoring import pools, service
from sjt.authoring.bank import read_files
from tests.builders.banks import blueprint_text, unchecked, write_bank

PATH = "blueprints/own-8.toml"
MIX = {"rank": 3, "choose": 2, "rate": 3}


def put_bank(folder: Path, now: datetime, *, trial: int = 1) -> None:
    """Put a bank of 64 scenarios and a blueprint of eight into the bound database."""
    where = write_bank(folder, core=46, residential=18, seed=1, mix=MIX).folder
    (where / "blueprints").mkdir()
    text = blueprint_text(name="own-8", scenarios=8, formats=MIX, minutes=(20, 28), extra=f"trial = {trial}\n")
    (where / PATH).write_text(text, encoding="utf-8")
    with db.transaction() as session:
        service.import_prepared(session, unchecked(read_files(where)), by=SYSTEM, now=now)


def put_pool(forms: int, now: datetime, *, seed: int = 1, use: str = "live") -> UUID:
    """Prepare and publish a pool, as its two jobs do."""
    from sjt.authoring.pool_job import prepare_now, publish_now

    with db.transaction() as session:
        made = pools.start_pool(session, PATH, forms=forms, seed=seed, by=SYSTEM, now=now)
    assert prepare_now(made)
    done, refused = publish_now(made, use=use, reason="illustrative bank of a test")
    assert (done, refused) == (forms, [])
    return made
