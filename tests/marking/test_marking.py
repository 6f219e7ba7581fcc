"""Marking as deeds and pages: blind, one queue, a reason for every level, second marks, ties."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.errors import Conflict, Forbidden, InputError, MoveRefused
from sjt.marking import service
from sjt.marking.model import CLAIM_LASTS, ScriptState
from tests.builders.clients import StrictClient
from tests.builders.forms import NINE, a_sat_session, put_form

ANN = Actor("ann", "Ann", frozenset({Role.ASSESSOR}))
BOB = Actor("bob", "Bob", frozenset({Role.ASSESSOR}))
CAT = Actor("cat", "Cat", frozenset({Role.ASSESSOR}))
MOD = Actor("mod", "Mo", frozenset({Role.MODERATOR}))
BOTH = Actor("both", "Bo", frozenset({Role.ASSESSOR, Role.MODERATOR}))
NAMES = ("issue", "principle", "voice", "act")
REASONS = dict.fromkeys(NAMES, "It names the child’s wish and acts on it.")


def levels(each: int) -> dict[str, int | None]:
    return dict.fromkeys(NAMES, each)


def a_queue(*texts: str) -> tuple[UUID, tuple[UUID, ...]]:
    """Close a session with these written answers; give it and its sittings."""
    with db.transaction() as session:
        put_form(session)
        sat = a_sat_session(session, [{"s3-a": "C", "s3-b": {"text": text}} for text in texts])
        service.open_queue(session, sat.id, by=SYSTEM, now=NINE)
    return sat.id, sat.sittings


def claim(by: Actor, after: timedelta = timedelta(0)) -> UUID | None:
    with db.transaction() as session:
        return service.claim_next(session, by=by, now=NINE + after)


def give(script: UUID, by: Actor, each: int = 2) -> ScriptState:
    with db.transaction() as session:
        return service.give_mark(session, script, levels(each), REASONS, "", by=by, now=NINE)


def mark_next(by: Actor, each: int = 2) -> UUID:
    script = claim(by)
    assert script is not None
    give(script, by, each)
    return script


def ask_second(script: UUID, by: Actor) -> None:
    with db.transaction() as session:
        service.ask_second_mark(session, script, "I am not sure of the voice.", by=by, now=NINE)


def declare(by: Actor, kind: str, name: str) -> None:
    with db.transaction() as session:
        service.declare_tie(session, kind, name, by=by, now=NINE)


def final(sitting: UUID) -> int | None:
    with db.session() as session:
        found = service.final_marks(session, sitting).get("s3-b")
        assert (found is not None) == service.is_complete(session, sitting)
    return found.total if found else None


def test_an_empty_answer_makes_no_script_and_opening_again_adds_none(either: db.Database) -> None:
    session_id, _ = a_queue("I would tell the lead.", "   ", "")
    with db.transaction() as session:
        assert service.open_queue(session, session_id, by=SYSTEM, now=NINE) == 0
    with db.session() as session:
        assert service.waiting_in(session, session_id) == 1


def test_a_marked_answer_counts_and_the_sitting_is_complete(either: db.Database) -> None:
    _, (sitting,) = a_queue("I would tell the lead.")
    assert final(sitting) is None
    mark_next(ANN)
    assert final(sitting) == 8
    assert claim(BOB) is None


def test_a_claimed_answer_is_not_offered_to_another_until_the_claim_runs_out(either: db.Database) -> None:
    a_queue("one answer")
    script = claim(ANN)
    assert claim(ANN) == script, "the same marker gets it again"
    assert claim(BOB) is None
    assert claim(BOB, CLAIM_LASTS) == script


@pytest.mark.postgresql
def test_markers_who_ask_in_the_same_moment_get_different_answers(postgresql_database: db.Database) -> None:
    a_queue(*(f"answer {n}" for n in range(6)))
    start = threading.Barrier(4)
    got: list[UUID | None] = []

    def work(n: int) -> None:
        start.wait()
        got.append(claim(Actor(f"marker-{n}", "M", frozenset({Role.ASSESSOR}))))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    given = [script for script in got if script is not None]
    assert len(given) >= 1 and len(given) == len(set(given))


def test_two_markers_on_one_answer_the_later_is_told(either: db.Database) -> None:
    a_queue("one answer")
    script = claim(ANN)
    assert script is not None
    give(script, ANN)
    with pytest.raises(Conflict, match="somebody else meanwhile"):
        give(script, BOB)
    with pytest.raises(Conflict, match="marked answer"):
        give(script, ANN)


def test_a_second_mark_confirms_or_goes_to_a_moderator_whose_mark_counts(either: db.Database) -> None:
    _, (near, apart) = a_queue("first answer", "second answer")
    for _ in range(2):
        ask_second(mark_next(ANN, 2), ANN)
    with db.session() as session:
        scripts = {sitting: service.scripts_of_sitting(session, sitting)[0].id for sitting in (near, apart)}
    assert give(scripts[near], BOB, 2) is ScriptState.DONE
    assert give(scripts[apart], BOB, 0) is ScriptState.ADJUDICATE
    assert (final(near), final(apart)) == (8, None)
    with pytest.raises(Forbidden, match="moderator or awarding officer decides"):
        give(scripts[apart], CAT, 1)
    assert give(scripts[apart], MOD, 1) is ScriptState.DONE
    assert final(apart) == 4


def test_a_second_mark_is_asked_with_a_reason_once_and_by_whom_it_concerns(either: db.Database) -> None:
    a_queue("an answer")
    script = mark_next(ANN)
    with pytest.raises(Forbidden):
        ask_second(script, BOB)
    with pytest.raises(InputError, match="No second mark"), db.transaction() as session:
        service.ask_second_mark(session, script, "  ", by=ANN, now=NINE)
    ask_second(script, ANN)
    with pytest.raises(MoveRefused, match="already"):
        ask_second(script, ANN)


def test_who_saw_the_first_mark_does_not_give_the_second(either: db.Database) -> None:
    a_queue("an answer")
    script = mark_next(ANN)
    ask_second(script, BOTH)
    with pytest.raises(Forbidden):
        give(script, BOTH)
    assert give(script, BOB) is ScriptState.DONE


def test_an_answer_of_a_declared_employer_is_never_offered(either: db.Database) -> None:
    a_queue("an answer")
    declare(ANN, "employer", " A HOME ")
    assert claim(ANN) is None
    script = claim(BOB)
    assert script is not None
    with pytest.raises(Forbidden, match="not yours to mark"):
        give(script, ANN)
    with db.session() as session, pytest.raises(Forbidden):
        service.view(session, script, by=ANN, now=NINE)


@pytest.mark.parametrize("asked", [False, True])
def test_a_tie_declared_later_sets_the_mark_aside_and_somebody_else_marks(either: db.Database, asked: bool) -> None:
    _, (sitting,) = a_queue("an answer")
    script = mark_next(ANN, 3)
    if asked:
        ask_second(script, ANN)
        give(script, BOB, 3)
    assert final(sitting) == 12
    declare(ANN, "provider", "a college")
    assert final(sitting) is None, "a mark under a tie counts for nothing, confirmed or not"
    give(script, CAT, 3 if asked else 1)
    assert final(sitting) == (12 if asked else 4)
    with pytest.raises((Conflict, Forbidden)):
        give(script, ANN, 0)


def test_declaring_twice_is_one_declaration(database: db.Database) -> None:
    declare(ANN, "employer", "A Home")
    declare(ANN, "employer", "a  home")
    with db.session() as session:
        assert len(service.ties(session, by=ANN)) == 1


@pytest.fixture
def marker(client_as: Callable[..., StrictClient]) -> StrictClient:
    return client_as(Role.ASSESSOR)


def fields(each: int = 2, reason: str = "It names the child’s wish and acts on it.") -> dict[str, Any]:
    return {f"level_{n}": str(each) for n in NAMES} | {f"reason_{n}": reason for n in NAMES} | {"unsafe": ""}


def test_a_marker_sees_question_rubric_and_answer_and_not_who_wrote_it(marker: StrictClient) -> None:
    a_queue("I would <b>tell</b> the lead.\nThen I would write it down.")
    assert "Mark next answer" in marker.get("/marking/").soup.get_text()
    answer = marker.post("/marking/next")
    page = marker.get(answer.location)
    text = page.soup.main.get_text()
    assert "I would <b>tell</b> the lead." in text and "Reasoned decision" in text and "Story 3" in text
    for secret in ("O'Neil", "Given1", "A home", "A college", "1000000043"):
        assert secret not in page.get_data(as_text=True)


def test_a_mark_without_levels_names_every_gap_and_keeps_what_was_typed(marker: StrictClient) -> None:
    a_queue("an answer")
    url = marker.post("/marking/next").location
    failed = marker.post(url, {"level_issue": "2", "reason_issue": "It names the child’s wish."})
    assert failed.status_code == 422
    links = [link["href"] for link in failed.soup.select(".error-summary a")]
    assert len(links) == 6 and all(failed.soup.select_one(link) is not None for link in links)
    assert failed.soup.select_one("input[name=level_issue][value='2']").has_attr("checked")
    assert "It names the child’s wish." in failed.soup.select_one("[name=reason_issue]").get_text()
    assert marker.post(url, fields() | {"level_act": "9"}).status_code == 422
    assert marker.post(url, fields(reason="yes")).status_code == 422


def test_saving_opens_the_next_and_the_last_leads_to_the_queue(marker: StrictClient) -> None:
    a_queue("one answer", "another answer")
    url = marker.post("/marking/next").location
    following = marker.post(url, fields())
    assert following.status_code == 303 and following.location not in (url, "/marking/")
    assert marker.post(following.location, fields()).location == "/marking/"
    page = marker.get("/marking/")
    assert "Nothing waits" in page.soup.get_text() and len(page.soup.select("tbody tr")) == 2
    own = marker.get(url)
    assert "You gave 8 of 12" in own.soup.get_text()
    assert marker.post(url, fields()).status_code == 409


def test_a_marker_asks_for_a_second_mark_on_a_page(marker: StrictClient) -> None:
    a_queue("one answer")
    url = marker.post("/marking/next").location
    marker.post(url, fields())
    assert marker.get(f"{url}/second").status_code == 200
    assert marker.post(f"{url}/second", {"reason_text": ""}).status_code == 422
    assert marker.post(f"{url}/second", {"reason_text": "I am not sure."}).status_code == 303
    assert "Second mark asked" in marker.get("/marking/").soup.get_text()


def test_ties_are_declared_on_a_page(marker: StrictClient) -> None:
    assert marker.get("/marking/ties").status_code == 200
    assert marker.post("/marking/ties", {"kind": "candidate", "name": "x"}).status_code == 422
    assert marker.post("/marking/ties", {"kind": "employer", "name": ""}).status_code == 422
    assert marker.post("/marking/ties", {"kind": "employer", "name": "A home"}).status_code == 303
    assert "A home" in marker.get("/marking/ties").soup.get_text()


def test_a_moderator_sees_both_marks_when_they_differ(client_as: Callable[..., StrictClient]) -> None:
    a_queue("one answer")
    script = mark_next(ANN, 3)
    ask_second(script, ANN)
    moderator = client_as(Role.MODERATOR)
    assert "Mark next answer" not in moderator.get("/marking/").soup.get_text()
    give(script, BOB, 0)
    page = moderator.get(f"/marking/script/{script}")
    assert "Marks given so far" in page.soup.get_text() and "Decide between two marks" in page.soup.get_text()
    assert moderator.post(f"/marking/script/{script}", fields(1)).status_code == 303
