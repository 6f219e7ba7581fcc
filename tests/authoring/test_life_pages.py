"""A scenario's whole life through the pages, each person in their own role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.accounts import passwords
from sjt.accounts import service as accounts
from sjt.authoring import discussion, gates, history, lifecycle, service, store
from sjt.authoring.states import ScenarioState, TaskKind
from tests.authoring.conftest import NOW
from tests.authoring.test_draft_pages import begun, held

Clients = Callable[..., Any]
SCENARIO = "cypf-0001"
SURFACE = {
    "Amara": "Bea",
    "review": "hearing",
    "meeting": "hearing",
    "stairs": "porch",
    "chair": "clerk",
    "three": "two",
}
"""Words of the surface that a new item made from SCENARIO changes."""
HISTORY = f"/bank/scenarios/{SCENARIO}/history"


def person(login: str) -> Actor:
    with db.session() as session:
        found = accounts.find_by_login(session, login)
        assert found is not None
        return Actor(str(found.id), found.name, frozenset())


def state() -> ScenarioState:
    with db.session() as session:
        return service.scenario_line(session, SCENARIO).state


def words(reply: Any) -> str:
    return " ".join(reply.soup.get_text(" ").split())


def written(writer: Any, title: str) -> str:
    """Change the title in the editor; give the draft's address."""
    address = begun(writer)
    assert writer.post(address, held(writer, address) | {"title": title, "do": "save"}).status_code == 303
    return address


def sent(writer: Any, address: str, *people: str, fairness: str) -> None:
    form = {
        "reviewers": [person(one).id for one in people],
        "fairness": [person(fairness).id],
        "due": (NOW + timedelta(days=7)).date().isoformat(),
        "words": "Look at the second response.",
    }
    reply = writer.post(f"{address}/send-to-review", form)
    assert reply.status_code == 303, words(reply)


def judged(reader: Any, kind: str, verdict: str, said: str = "", version: int = 2) -> Any:
    return reader.post(
        f"/bank/scenarios/{SCENARIO}/review?kind={kind}",
        {"version": version, "kind": kind, "verdict": verdict, "words": said},
    )


def test_a_scenario_goes_its_whole_way_and_every_refusal_says_what_is_missing(
    few: db.Database, client_as: Clients
) -> None:
    writer = client_as(Role.WRITER, login="writer")
    both = client_as(Role.WRITER, Role.REVIEWER, login="both")
    first, second = (client_as(Role.REVIEWER, login=one) for one in ("first", "second"))
    fairness = client_as(Role.FAIRNESS, login="fairness")
    developer = client_as(Role.TEST_DEVELOPER, login="developer")
    # somebody who wrote one word of it may not review it, whatever their role
    address = written(both, "Three small things")
    address = written(writer, "Three things, on paper")
    offered = words(writer.get(f"{address}/send-to-review"))
    assert "First" in offered and "Fairness" in offered and "Both" not in offered
    assert writer.post(f"{address}/send-to-review", {"due": "2026-03-20"}).status_code == 422, "nobody is chosen"
    sent(writer, address, "first", "second", fairness="fairness")
    assert state() is ScenarioState.REVIEW
    assert "nobody approves their own work" in words(both.get(f"/bank/scenarios/{SCENARIO}/review"))
    assert judged(both, "review", "yes").status_code == 409
    # the queue, and the deed that ends the task
    assert "Review this" in words(first.get("/bank/tasks")) and "/bank/tasks" in str(first.get("/desk").soup)
    blind = words(first.get(f"/bank/scenarios/{SCENARIO}/review"))
    assert "Answer for yourself" in blind and "Why:" not in blind and "Give the review" not in blind
    own = {f"own-{SCENARIO}-{letter}": "C A E B D" for letter in "ab"}
    first.post(f"/bank/scenarios/{SCENARIO}/review/own", {f"own-{SCENARIO}-a": "C A E B D"})
    assert "Why:" not in words(first.get(f"/bank/scenarios/{SCENARIO}/review")), "every item is answered first"
    first.post(f"/bank/scenarios/{SCENARIO}/review/own", own)
    shown = words(first.get(f"/bank/scenarios/{SCENARIO}/review"))
    assert "Why:" in shown and "You answered before the key:" in shown
    assert judged(first, "review", "yes").status_code == 303
    assert "Own answer before the key" in words(developer.get(f"/bank/scenarios/{SCENARIO}/history"))
    assert "Own answer" not in words(fairness.get(f"/bank/scenarios/{SCENARIO}/history"))
    assert "Nothing is asked" in words(first.get("/bank/tasks"))
    everybody = words(fairness.get("/bank/tasks?show=all"))
    assert "Review this" in everybody, "who may not see keys reads that something is asked, not what of whom else"
    assert everybody.count("Look at the second response") == 1
    refused = developer.post(f"/bank/scenarios/{SCENARIO}/move", {"move": "approve"})
    assert refused.status_code == 409
    for said in ("1 review of this version is missing", "Second", "The fairness sign-off is missing", "Fairness."):
        assert said in words(refused)
    # a reviewer returns it: back to the writer, who is asked to revise; the others' tasks are over
    assert judged(second, "review", "no", "no").status_code == 422, "a return needs reasons"
    assert judged(second, "review", "no", "The best answer is not kept apart.").status_code == 303
    assert state() is ScenarioState.DRAFT
    assert "Revise" in words(writer.get("/bank/tasks")) and "Nothing is asked" in words(fairness.get("/bank/tasks"))
    address = written(writer, "Three things, written down")
    sent(writer, address, "first", "second", fairness="fairness")
    assert "Nothing is asked" in words(writer.get("/bank/tasks")), "a new version is the revision asked for"
    assert judged(first, "review", "yes").status_code == 409, "version 2 is not the one that stands"
    for reader in (first, second):
        assert judged(reader, "review", "yes", version=3).status_code == 303
    page = fairness.get(f"/bank/scenarios/{SCENARIO}/review")
    assert "You see nothing of the key" in words(page) and "Why:" not in words(page)
    assert judged(fairness, "fairness", "yes", version=3).status_code == 303
    assert "Approve for trial" in words(developer.get("/desk"))
    assert developer.post(f"/bank/scenarios/{SCENARIO}/move", {"move": "approve"}).status_code == 303
    assert state() is ScenarioState.APPROVED_FOR_TRIAL
    # live: the panel and the trial, or a reason under a name
    go = {"move": "live"}
    refused = developer.post(f"/bank/scenarios/{SCENARIO}/move", go)
    assert refused.status_code == 409 and "No key panel has judged" in words(refused)
    assert "There are no trial statistics" in words(refused)
    with db.transaction() as session:
        row = lifecycle.row_of(session, SCENARIO)
        gates.record_panel_verdict(session, SCENARIO, row.version, passed=True, detail="ICC 0.62", by=SYSTEM, now=NOW)
    refused = developer.post(f"/bank/scenarios/{SCENARIO}/move", go | {"waive": ["statistics", "reviews"]})
    assert refused.status_code == 422 and "three words or more" in words(refused)
    passed = developer.post(
        f"/bank/scenarios/{SCENARIO}/move", go | {"waive": "statistics", "reason": "Used live since 2019 on paper."}
    )
    assert passed.status_code == 303 and state() is ScenarioState.LIVE
    told = words(developer.get(HISTORY))
    for said in (
        "Passed over: trial statistics",
        "Used live since 2019 on paper.",
        "Key panel: passed",
        "Review: returned",
    ):
        assert said in told, said
    assert "ICC 0.62" in told and "ICC 0.62" not in words(fairness.get(HISTORY))
    # editing what is live begins a draft and moves nothing until it is put
    address = written(writer, "Three more things")
    assert state() is ScenarioState.LIVE
    retire = {"move": "retire", "reason": "Too well known by now."}
    assert developer.post(f"/bank/scenarios/{SCENARIO}/move", retire).status_code == 303
    assert "is retired" in writer.post(f"/bank/scenarios/{SCENARIO}/edit").get_data(as_text=True)
    with db.session() as session:
        (third, second_) = history.writings(session, SCENARIO)
        assert (third.version, second_.version) == (3, 2) and third.sent_at is not None
        assert second_.edits == 2 and second_.who == ("Both", "Writer")
        deeds = {one.did for one in store.moves(session, SCENARIO)}
    assert deeds == {"illustration", "write", "send", "return", "approve", "live", "retire"}


def test_comments_stay_open_over_versions_and_those_of_the_key_are_not_for_fairness(
    few: db.Database, client_as: Clients
) -> None:
    writer, reviewer = client_as(Role.WRITER, login="writer"), client_as(Role.REVIEWER, login="first")
    fairness = client_as(Role.FAIRNESS, login="fairness")
    page = f"/bank/scenarios/{SCENARIO}/comments"
    key_field = "i.a.o.A.why"
    assert key_field in str(reviewer.get(page).soup) and key_field not in str(fairness.get(page).soup)
    assert fairness.client.get(f"{page}?field={key_field}").status_code == 404
    for said in (
        {"words": "The reason for A restates it.", "field": key_field, "for_all": "y"},
        {"words": "Is D not as good?", "field": "story"},
        {"words": "The name is unusual here.", "field": "story", "for_all": "y"},
    ):
        assert reviewer.post(page, said).status_code == 303
    assert fairness.post(page, {"words": "The accent is a stereotype.", "field": "story"}).status_code == 303
    assert fairness.post(page, {"words": ""}).status_code == 422
    seen = words(fairness.get(page))
    assert "unusual here" in seen and "stereotype" in seen
    assert "restates" not in seen and "as good" not in seen
    with db.session() as session:
        by = Actor("x", "x", frozenset({Role.REVIEWER}))
        hidden = next(one for one in discussion.threads(session, SCENARIO, by=by) if one.field == key_field)
        own = next(one for one in discussion.threads(session, SCENARIO, by=by) if "stereotype" in one.remarks[0].words)
    assert fairness.client.get(f"{page}").status_code == 200
    assert fairness.post(f"/bank/comments/{hidden.id}", {"words": "Hm", "do": "said"}).status_code == 404
    address = written(writer, "Three things, on paper")
    assert writer.post(address, held(writer, address) | {"do": "put"}).status_code == 303
    assert "Carried from version 1" in words(writer.get(page))
    for deed, then in (("resolved", "Resolved (1)"), ("reopened", "Open (4)"), ("resolved", "Resolved (1)")):
        assert writer.post(f"/bank/comments/{own.id}", {"words": "Changed.", "do": deed}).status_code == 303
        assert then in words(writer.get(page))


def test_a_new_item_made_from_one_keeps_its_parent_as_enemy_through_export_and_import(
    few: db.Database, client_as: Clients, tmp_path: Any
) -> None:
    writer = client_as(Role.WRITER, login="writer")
    address = writer.post(f"/bank/scenarios/{SCENARIO}/reskin").headers["Location"]
    fields = held(writer, address)
    for name, value in fields.items():
        if name == "story" or name.endswith(".text"):
            for old, new in SURFACE.items():
                value = value.replace(old, new)
            fields[name] = value if value != fields[name] else value.rstrip(".") + ", today."
    fields |= {"enemies": "", "reskin_of": "", "title": "Another child, another morning"}
    reply = writer.post(address, fields | {"do": "put"})
    assert "whole" not in reply.headers["Location"], words(writer.get(reply.headers["Location"].partition("#")[0]))
    child = reply.headers["Location"].rpartition("/")[2]
    folder = tmp_path / "bank"
    with db.session() as session:
        service.export_bank(session, service.bank(session).settings.id, folder)
        parent_before = store.versions(session, SCENARIO)
    with db.transaction() as session:
        assert service.import_bank(session, folder, by=SYSTEM, now=NOW)
    with db.session() as session:
        made = service.scenario(session, child)
        assert made.reskin_of == SCENARIO and SCENARIO in made.enemies and child != SCENARIO
        assert service.enemies_of(session, [SCENARIO]) >= {child} and service.enemies_of(session, [child]) >= {SCENARIO}
        assert service.bank(session).keys[child].status == "illustrative", "it inherits no panel"
        assert store.versions(session, SCENARIO) == parent_before, "the parent's file stays as it was"
    assert child in str(writer.get(f"/bank/scenarios/{SCENARIO}").soup.find("aside"))


def test_a_change_of_law_lists_what_leans_on_it_and_one_signature_takes_it_out_of_use(
    few: db.Database, client_as: Clients
) -> None:
    developer = client_as(Role.TEST_DEVELOPER, login="developer")
    password = "three plain words to sign"
    with db.transaction() as session:
        found = accounts.find_by_login(session, "developer")
        assert found is not None
        accounts.set_password_hash(session, found.id, passwords.hashed(password), by=SYSTEM, now=NOW)
    developer = client_as(Role.TEST_DEVELOPER, login="developer")
    with db.session() as session:
        laws = {one.title: one for scenario in service.bank(session).scenarios for one in scenario.law}
    assert laws, "the few scenarios lean on some law"
    title = next(iter(laws))
    page = developer.get(f"/bank/suspend?law={title.split()[0]}&all_states=yes")
    ids = [box["value"] for box in page.soup.select("input[name=scenario]")]
    assert ids and title in words(page)
    sign = {"scenario": ids, "law": title, "reason": "The guidance changed in March.", "password": "not this one"}
    assert developer.post("/bank/suspend", sign).status_code == 422
    assert developer.post("/bank/suspend", sign | {"password": password, "reason": "no"}).status_code == 422
    done = developer.post("/bank/suspend", sign | {"password": password})
    assert done.status_code == 303, words(done)
    assert "The guidance changed in March." in words(developer.get(done.headers["Location"]))
    with db.session() as session:
        states = {one.id: one.state for one in service.scenarios(session)}
        assert all(states[one] is ScenarioState.SUSPENDED for one in ids)
        assert lifecycle.barred(session, service.bank(session).settings.id) == set(ids)
    lifted = developer.post(
        f"/bank/scenarios/{ids[0]}/move", {"move": "lift", "reason": "The part it leans on stands as it was."}
    )
    assert lifted.status_code == 303
    with db.session() as session:
        assert service.scenario_line(session, ids[0]).state is ScenarioState.LIVE, "where it stood before"


def test_a_task_by_hand_goes_only_to_somebody_who_may_do_it_and_shows_when_it_is_late(
    few: db.Database, client_as: Clients, clock: Any
) -> None:
    developer, writer = client_as(Role.TEST_DEVELOPER, login="developer"), client_as(Role.WRITER, login="writer")
    psychometrician = client_as(Role.PSYCHOMETRICIAN, login="petra")
    page = f"/bank/scenarios/{SCENARIO}/tasks"
    ask = {"kind": "statistics", "due": "2026-03-20", "words": "Is item b too easy?"}
    assert "may not" in words(developer.post(page, ask | {"assignee": person("writer").id}))
    assert developer.post(page, ask | {"assignee": person("petra").id}).status_code == 303
    assert developer.post(page, ask | {"assignee": person("petra").id, "due": "2026-03-01"}).status_code == 422
    clock.advance(timedelta(days=12))
    assert "overdue" in words(psychometrician.get("/bank/tasks")) and "overdue" in words(psychometrician.get("/desk"))
    with db.session() as session:
        (task,) = store.tasks(session, assignee=person("petra").id)
        assert task.kind is TaskKind.STATISTICS
    assert writer.post(f"/bank/tasks/{task.id}/end").status_code == 409, "somebody else's task"
    assert psychometrician.post(f"/bank/tasks/{task.id}/end").status_code == 303
    assert "Done" in words(psychometrician.get("/bank/tasks?show=done"))
