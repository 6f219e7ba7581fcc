"""The pages of forms as each role meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sjt import db
from sjt.access import Role
from sjt.authoring import service
from sjt.authoring.states import FormState
from sjt.jobs import service as jobs

Clients = Callable[..., Any]
FORM = "residential-14-s1-a"


def test_without_forms_the_page_says_how_to_get_them(imported: db.Database, client_as: Clients) -> None:
    page = client_as(Role.TEST_DEVELOPER).get("/forms/")
    assert "No forms yet. Build two from a blueprint." in page.soup.main.get_text(" ", strip=True)


def test_without_a_bank_the_page_says_so(database: db.Database, client_as: Clients) -> None:
    assert "there is none yet" in client_as(Role.TEST_DEVELOPER).get("/forms/").get_data(as_text=True)


def test_a_writer_may_neither_see_nor_build_forms(built_set: UUID, client_as: Clients) -> None:
    writer = client_as(Role.WRITER)
    for url in ("/forms/", "/forms/new", f"/forms/{built_set}", f"/forms/form/{FORM}"):
        assert writer.get(url).status_code == 403, url
    assert writer.post("/forms/new", {"forms": "2"}).status_code == 403
    assert writer.post(f"/forms/form/{FORM}/publish", {"use": "live"}).status_code == 403


def test_an_auditor_sees_forms_and_changes_nothing(built_set: UUID, client_as: Clients) -> None:
    auditor = client_as(Role.AUDITOR)
    page = auditor.get(f"/forms/{built_set}")
    assert page.status_code == 200 and "Publish form" not in page.get_data(as_text=True)
    assert auditor.get("/forms/new").status_code == 403
    assert auditor.post(f"/forms/form/{FORM}/publish", {"use": "live"}).status_code == 403


def test_asking_for_a_set_puts_a_job_in_the_queue(imported: db.Database, client_as: Clients) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    assert developer.get("/forms/new").status_code == 200
    reply = developer.post("/forms/new", {"blueprint": "blueprints/residential-14.toml", "forms": "2", "seed": "7"})
    assert reply.status_code == 303 and "/jobs/" in reply.location
    with db.session() as session:
        line = service.set_lines(session)[0]
        made = service.form_set(session, line.id)
        assert made.job_id is not None
        job = jobs.job(session, made.job_id)
        assert job.kind == "forms.build" and job.goes_to == f"/forms/{line.id}"
    page = developer.get(f"/forms/{line.id}")
    assert "Refresh" not in page.headers, "nobody is sent on by the clock"
    assert f'data-poll="/forms/{line.id}"' in page.get_data(as_text=True)
    assert "Being built" in page.get_data(as_text=True)


def test_a_wrong_number_of_forms_is_said_beside_its_field(imported: db.Database, client_as: Clients) -> None:
    fields = {"blueprint": "blueprints/residential-14.toml", "forms": "61", "seed": "1"}
    page = client_as(Role.TEST_DEVELOPER).post("/forms/new", fields)
    assert page.status_code == 422
    assert page.soup.title.get_text().startswith("Error:")
    assert page.soup.find(id="forms")["aria-invalid"] == "true"


def test_the_forms_of_a_set_stand_side_by_side(built_set: UUID, client_as: Clients) -> None:
    text = client_as(Role.PSYCHOMETRICIAN).get(f"/forms/{built_set}").soup.main.get_text(" ", strip=True)
    for words in (
        "Answers at random",
        "Spots only the worst",
        "Reliability by length",
        "Facility sum",
        "A borderline candidate passes",
        "Simulated data",
        "Illustrative keys",
        "all",
    ):
        assert words in text


def test_the_proof_comes_down_byte_for_byte(built_set: UUID, client_as: Clients) -> None:
    with db.session() as session:
        made = service.form_set(session, built_set)
    reply = client_as(Role.AUDITOR).get(f"/forms/{built_set}/PROOF.json")
    assert reply.get_data(as_text=True) == made.proof
    assert json.loads(made.proof)["sha256"] == made.proof_sha256


def test_the_proof_is_verified_by_a_job_and_the_page_says_what_came_of_it(built_set: UUID, client_as: Clients) -> None:
    from sjt.authoring.forms_job import verify_now

    auditor = client_as(Role.AUDITOR)
    assert auditor.post(f"/forms/{built_set}/verify").status_code == 303
    assert "being computed again" in auditor.get(f"/forms/{built_set}").get_data(as_text=True)
    assert verify_now(built_set) == []
    assert "The proof holds" in auditor.get(f"/forms/{built_set}").get_data(as_text=True)


def test_a_form_s_page_lists_its_scenarios_and_nothing_of_their_keys(built_set: UUID, client_as: Clients) -> None:
    page = client_as(Role.AWARDING_OFFICER).get(f"/forms/form/{FORM}")
    with db.session() as session:
        held = service.held_form(session, FORM)
    text = page.get_data(as_text=True)
    assert page.soup.main.get_text().count("counts") == 14
    for item in held.secret.items:
        assert item.id in text
        for why in item.why.values():
            assert why[:40] not in text


def test_publishing_asks_what_for_and_then_freezes(built_set: UUID, client_as: Clients) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    assert developer.get(f"/forms/form/{FORM}/publish").status_code == 200
    refused = developer.post(f"/forms/form/{FORM}/publish", {})
    assert refused.status_code == 422 and "Choose what the form is for." in refused.get_data(as_text=True)
    assert developer.post(f"/forms/form/{FORM}/publish", {"use": "live"}).status_code == 303
    page = developer.get(f"/forms/{built_set}")
    assert "is published for live use" in page.get_data(as_text=True)
    assert "Its bytes are those that were hashed" in developer.get(f"/forms/form/{FORM}").get_data(as_text=True)
    assert developer.post(f"/forms/form/{FORM}/publish", {"use": "trial"}).status_code == 409
    assert developer.get(f"/forms/form/{FORM}/publish").status_code == 303


def test_a_withdrawal_needs_a_reason(built_set: UUID, client_as: Clients) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    developer.post(f"/forms/form/{FORM}/publish", {"use": "live"})
    assert developer.post(f"/forms/form/{FORM}/withdraw", {"reason_text": "no"}).status_code == 422
    assert developer.post(f"/forms/form/{FORM}/withdraw", {"reason_text": "a key was wrong"}).status_code == 303
    with db.session() as session:
        assert service.form_line(session, FORM).state is FormState.WITHDRAWN


def test_a_set_that_cannot_be_built_says_what_is_short(imported: db.Database, client_as: Clients) -> None:
    from sjt.access import SYSTEM
    from sjt.authoring import sets
    from tests.authoring.conftest import NOW

    rows = [
        {
            "constraint": "format=rank",
            "message": "Write 2 more rank items.",
            "or": [[{"constraint": "format=rank", "message": "Lower rank to 5."}]],
        }
    ]
    with db.transaction() as session:
        made = service.put_set(session, "blueprints/residential-14.toml", forms=2, seed=1, by=SYSTEM, now=NOW)
        sets.keep_shortfall(session, made.id, "No form can be built.", rows, by=SYSTEM, now=NOW)
    text = client_as(Role.TEST_DEVELOPER).get(f"/forms/{made.id}").soup.main.get_text(" ", strip=True)
    assert "Write 2 more rank items." in text and "Lower rank to 5." in text


def test_all_drafts_of_a_set_are_published_together_or_none(built_set: UUID, client_as: Clients) -> None:
    developer = client_as(Role.TEST_DEVELOPER)
    address = f"/forms/{built_set}/publish"
    assert "Publish all 2" in developer.get(f"/forms/{built_set}").get_data(as_text=True)
    assert developer.get(address).status_code == 200
    assert developer.post(address, {}).status_code == 422
    short = developer.post(address, {"use": "live", "reason_text": ""})
    assert short.status_code in (303, 422)
    if short.status_code == 422:
        assert "three words" in short.get_data(as_text=True)
        words = {"use": "live", "reason_text": "Accepted by the panel."}
        assert developer.post(address, words).status_code == 303
    with db.session() as session:
        states = {line.state for line in service.forms_of_set(session, built_set)}
    assert states == {FormState.PUBLISHED}
    assert developer.get(address).status_code == 303, "nothing is left to publish"


def test_forms_are_named_on_after_z() -> None:
    from sjt.authoring.sets import letters_of

    assert [letters_of(n) for n in (0, 25, 26, 51, 52, 60)] == ["A", "Z", "AA", "AZ", "BA", "BI"]
