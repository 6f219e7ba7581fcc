"""The list of jobs and a job's page in each state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.jobs import service
from sjt.jobs.model import JobState
from tests.builders.clients import StrictClient

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


def a_job(state: JobState | None = None, *, error: str = "", goes_to: str = "") -> UUID:
    with db.transaction() as session:
        job_id = service.enqueue(
            session, "jobs.rehearse", {}, by=SYSTEM, now=NOW, title="Rehearse the <worker>", goes_to=goes_to
        )
        if state is not None:
            service.claim(session, now=NOW)
        if state is not None and state is not JobState.RUNNING:
            service.finish(session, job_id, state, attempt=1, now=NOW + timedelta(seconds=95), error=error)
    return job_id


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "Waits for the worker"),
        (JobState.RUNNING, "so far"),
        (JobState.DONE, "Done in 1 min 35 s"),
        (JobState.FAILED, "No form fits"),
        (JobState.CANCELLED, "Stopped, as asked"),
    ],
)
def test_a_job_page_says_where_it_stands(
    client_as: Callable[..., StrictClient], state: JobState | None, said: str
) -> None:
    job_id = a_job(state, error="No form fits" if state is JobState.FAILED else "")
    client = client_as(Role.TEST_DEVELOPER)
    page = client.get(f"/jobs/{job_id}")
    assert page.status_code == 200 and said in page.soup.get_text()
    assert ("Stop this job" in page.soup.get_text()) == (state in (None, JobState.RUNNING))
    assert "Refresh" not in page.headers, "nobody is sent on by the clock"
    waits = state in (None, JobState.RUNNING)
    assert (page.soup.select_one("[data-poll]") is not None) == waits
    assert ("Look again" in page.soup.get_text()) == waits
    listed = client.get("/jobs/")
    assert "Rehearse the <worker>" in listed.soup.get_text()


def test_a_done_job_leads_to_what_came_of_it(client_as: Callable[..., StrictClient]) -> None:
    job_id = a_job(JobState.DONE, goes_to=f"/forms/{UUID(int=7)}")
    page = client_as(Role.TEST_DEVELOPER).get(f"/jobs/{job_id}")
    assert page.soup.select_one(f'a[href="/forms/{UUID(int=7)}"]') is not None
    page = client_as(Role.ADMINISTRATOR).get(f"/jobs/{job_id}")
    assert page.soup.select_one(f'a[href="/forms/{UUID(int=7)}"]') is None, "forms are not theirs to see"


def test_stopping_a_job_needs_a_post_and_answers_twice_in_words(client_as: Callable[..., StrictClient]) -> None:
    job_id = a_job()
    client = client_as(Role.PSYCHOMETRICIAN)
    assert client.get(f"/jobs/{job_id}/cancel").status_code == 405
    assert client.post(f"/jobs/{job_id}/cancel").status_code == 303
    assert client.post(f"/jobs/{job_id}/cancel").status_code == 409


def test_no_job_and_no_right(client_as: Callable[..., StrictClient]) -> None:
    assert client_as(Role.TEST_DEVELOPER).get(f"/jobs/{UUID(int=1)}").status_code == 404
    assert client_as(Role.WRITER).get("/jobs/").status_code == 403
    assert "No jobs yet" in client_as(Role.ADMINISTRATOR).get("/jobs/").soup.get_text()
