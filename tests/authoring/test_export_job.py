"""A large bank goes out by the worker: asked for on a page, made beside the data, fetched by who may, gone in a day."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from sjt import db
from sjt.access import Role
from sjt.authoring import export_job
from sjt.authoring.import_export import Prepared
from sjt.config import Settings
from sjt.jobs import service as jobs
from sjt.jobs.context import JobContext
from sjt.times import utc_now


def test_a_large_bank_is_packed_by_the_worker_and_fetched_from_its_job(
    few: db.Database,
    few_files: Prepared,
    app: Flask,
    settings: Settings,
    client_as: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writer = client_as(Role.WRITER)
    assert writer.get("/bank/export.zip").mimetype == "application/zip", "a small one goes out at once"
    monkeypatch.setattr(export_job, "AT_ONCE", {"zip": 2, "xlsx": 2})
    for kind in ("zip", "xlsx"):
        assert f"Export as .{kind}" in writer.get(f"/bank/export.{kind}").soup.main.get_text()
    assert writer.post("/bank/export", {"kind": "exe"}).status_code == 422
    assert "/jobs/" in writer.post("/bank/export", {"kind": "zip"}).headers["Location"]
    with db.transaction() as session:
        job = jobs.claim(session, now=utc_now())
        assert job is not None and job.kind == "bank.export"
        context, args = JobContext(job.id, job.by, settings, job.attempts), dict(job.args)
    place = export_job.export(args, context)["goes_to"]
    with zipfile.ZipFile(io.BytesIO(writer.get(place).get_data())) as held:
        files: Mapping[str, bytes] = {name.removeprefix("cypf/"): held.read(name) for name in held.namelist()}
    assert files == few_files.files
    assert client_as(Role.REVIEWER).get(place).status_code == 403
    (made,) = (settings.data_dir / "exports").iterdir()
    assert made.stat().st_mode & 0o077 == 0, "keys are in it"
    old = made.with_name("of-last-week.zip")
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    export_job.export(args, context)
    assert list((settings.data_dir / "exports").iterdir()) == [made], "what is older than a day goes"
