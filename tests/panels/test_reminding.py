"""Reminders by mail: whom, when, what they say, and that nobody is mailed twice on a day."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.accounts import service as accounts
from sjt.authoring import service as authoring
from sjt.authoring import tasking
from sjt.authoring.states import TaskKind
from sjt.config import Settings
from sjt.jobs import service as jobs
from sjt.jobs.context import JobContext
from sjt.panels.reminding import Due, remind, wanted
from sjt.times import utc_now
from tests.accounts.test_mail import Sink, sink

__all__ = ["sink"]

TODAY = date(2026, 3, 14)


def due(days: int) -> Due:
    return Due("Review this: x-0001", TODAY + timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "last", "is_wanted"),
    [
        ((4,), None, False),
        ((3,), None, True),
        ((-5,), None, True),
        ((), None, False),
        ((2,), 1, False),
        ((2,), 3, True),
        ((0, 2), 1, True),
        ((-9,), 0, False),
        ((0,), 0, False),
    ],
)
def test_a_mail_goes_three_days_ahead_on_the_day_and_every_third_day_after(
    days: tuple[int, ...], last: int | None, is_wanted: bool
) -> None:
    before = None if last is None else TODAY - timedelta(days=last)
    assert wanted([due(n) for n in days], before, TODAY) is is_wanted


def test_the_worker_mails_each_person_once_a_day_and_logs_nobody(
    few: db.Database, sink: Sink, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    now = utc_now()
    today = now.date()
    with db.transaction() as session:
        accounts.found_organisation(session, "Northern Assessment", simulated=False, by=SYSTEM, now=now)
        people = {
            name: str(
                accounts.add_person(
                    session, login=name.lower(), name=f"{name} Bell", email=email, roles=frozenset({Role.REVIEWER}),
                    by=SYSTEM, now=now,
                )
            )
            for name, email in (("Ruth", "ruth@example.org"), ("Rashid", ""), ("Rosa", "rosa@example.org"))
        }  # fmt: skip
        scenario = authoring.bank(session).scenarios[0]
        for name, days in (("Ruth", 0), ("Rashid", 0), ("Rosa", 30)):
            tasking.ask(
                session, scenario.id, TaskKind.REVIEW, people[name], today + timedelta(days=days), "It says much.",
                by=SYSTEM, now=now,
            )  # fmt: skip
    settings = replace(
        Settings("", tmp_path, "x" * 40, tmp_path / "a.pem", base_url="https://sjt.example"), mail_url=sink.url
    )

    def run() -> Any:
        with db.transaction() as session:
            jobs.enqueue(session, "people.remind", {"day": today.isoformat()}, by=SYSTEM, now=utc_now())
            job = jobs.claim(session, now=utc_now())
            assert job is not None
            context = JobContext(job.id, job.by, settings, job.attempts)
        return remind({"day": today.isoformat()}, context)

    sink.rejects = True
    assert run() == {"mails": 0, "not_taken": 1}
    sink.rejects = False
    assert run() == {"mails": 1, "not_taken": 0}
    assert run() == {"mails": 0, "not_taken": 0}, "once a day"
    (mail,) = sink.taken
    said = mail.get_content()
    assert mail["To"] == "ruth@example.org" and "Northern Assessment" in mail["Subject"]
    assert f"Review this: {scenario.id}, due {today:%-d %B %Y}" in said and "https://sjt.example/desk" in said
    assert scenario.title not in said and "It says much" not in said
    assert not any(word in caplog.text for word in ("ruth@", "Ruth", "Bell"))
    with db.transaction() as session:
        made = jobs.enqueue_daily(session, today + timedelta(days=1), now=now)
        assert len(made) == 1 and jobs.enqueue_daily(session, today + timedelta(days=1), now=now) == []
