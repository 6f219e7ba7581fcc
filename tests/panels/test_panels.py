"""A panel from the asking to the settled key: blind, counted as `sjt panel` counts, and void when words change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy.exc import DatabaseError
from sqlmodel import text

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.accounts import service as accounts
from sjt.authoring import drafting, editor_page, gates
from sjt.authoring import service as authoring
from sjt.authoring.validity_views import validity_of
from sjt.authoring.versions import held_version
from sjt.errors import Forbidden, InputError, MoveRefused, NotFound
from sjt.panels import asking, evidence, jobs, joining, questions, service, views
from sjt.panels.model import MemberState, Outcome, Purpose, shuffled
from sjt.psychometrics.commands.panel import panel as panel_command
from tests.authoring.conftest import NOW
from tests.panels.conftest import CHAIR, DUE, SCENARIOS, Asked, Worker, answer_all, closed, csv_of, experts, finding

TODAY = NOW.date()
WHY = "It tells the nurse first, so that the child is safe while the rest is asked in good time."


def person(login: str, *roles: Role) -> Actor:
    with db.transaction() as session:
        made = accounts.add_person(
            session, login=login, name=login.title(), email="", roles=frozenset(roles), by=SYSTEM, now=NOW
        )
    return Actor(str(made), login.title(), frozenset(roles))


def test_the_stored_numbers_are_the_command_s_on_the_panel_s_own_file(
    asked: Asked, worker: Worker, tmp_path: Path
) -> None:
    answer_all(asked)
    closed(asked, worker)
    path = tmp_path / "panel.csv"
    path.write_text(csv_of(asked))
    assert "Expert" not in path.read_text() and "E12" in path.read_text()
    said = CliRunner().invoke(panel_command, [str(path), "--scale", "1,4", "--json"])
    assert said.exit_code == 0, said.output
    whole = json.loads(said.output)
    assert [one["item"] for one in whole["items"]] == list(asked.best)
    for one in whole["items"]:
        assert finding(asked, one["item"]) == one
        assert one["n_complete"] == 12
    with db.session() as session:
        page = views.panel_page(session, asked.id, TODAY)
        assert page.panel.summary is not None and page.panel.summary["drop"] == whole["drop"]
        assert page.panel.answers_sha256
        drawn = service.drawn_keys(session, asked.id)
    assert all(len(one.drawn) == 1000 and sum(share for _, share in one.keys) == pytest.approx(1) for one in drawn)


def test_who_may_look_keys_up_or_wrote_the_text_is_not_asked(asked: Asked) -> None:
    both = person("both", Role.EXPERT, Role.REVIEWER)
    none = person("judge", Role.JUDGE)
    with db.transaction() as session:
        with pytest.raises(InputError) as refused:
            service.invite(session, asked.id, [both.id, none.id, "nobody"], by=CHAIR, now=NOW)
        said = [fault.what for fault in refused.value.faults]
        assert [word in what for word, what in zip(("keys", "no expert", "no log-in"), said, strict=True)] == [True] * 3
        author = authoring.scenario(session, SCENARIOS[0]).author
    with db.transaction() as session:
        wrote = accounts.add_person(
            session, login="wrote", name=author, email="", roles=frozenset({Role.EXPERT}), by=SYSTEM, now=NOW
        )
        with pytest.raises(InputError, match="Nobody was asked"):
            service.invite(session, asked.id, [str(wrote)], by=CHAIR, now=NOW)
        with pytest.raises(Forbidden):
            service.invite(session, asked.id, [], by=both, now=NOW)


def test_an_expert_is_given_own_answers_alone_and_the_chair_none_before_the_end(asked: Asked) -> None:
    first, second = asked.experts[:2]
    item = "cypf-0001-a"
    with db.transaction() as session:
        assert not service.save(session, asked.id, item, {"A": 1}, "", by=first, now=NOW)
        assert service.save(session, asked.id, item, asked.best[item], "Which shift?", by=first, now=NOW)
    with db.session() as session:
        own, other = (questions.question(session, asked.id, item, one) for one in (first, second))
        assert own is not None and own.answer is not None and own.answer.response == asked.best[item]
        assert other is not None and other.answer is None
        assert sorted(own.order) == sorted(other.order) == list("ABCDE")
        with pytest.raises(NotFound):
            questions.question(session, asked.id, item, CHAIR)
        page = views.panel_page(session, asked.id, TODAY)
        assert [line.done for line in page.members[:2]] == [1, 0]
        with pytest.raises(NotFound):
            views.item_page(session, asked.id, item)
    turned = replace(first, roles=frozenset({Role.EXPERT, Role.WRITER}))
    with db.transaction() as session:
        with pytest.raises(Forbidden):
            service.save(session, asked.id, item, asked.best[item], "", by=turned, now=NOW)
        for unreadable in ({"A": 1, "B": 1}, {"Z": 1}, ["A"], {"A": True}, "A"):
            with pytest.raises(InputError):
                service.save(session, asked.id, item, unreadable, "", by=first, now=NOW)
    with db.session() as session:
        rows = session.connection().execute(text("SELECT body FROM audit_body WHERE chain LIKE 'expert_panel:%'"))
        bodies = [str(row[0]) for row in rows]
    assert bodies and not any("Number1" in body or "shift" in body or "'B': 2" in body for body in bodies)


def test_declining_and_withdrawing_stay_on_record_and_do_not_count(asked: Asked, worker: Worker) -> None:
    answer_all(asked, but=2)
    first, second, third = asked.experts[:3]
    with db.transaction() as session:
        service.save(session, asked.id, "cypf-0001-a", asked.best["cypf-0001-a"], "", by=second, now=NOW)
        assert service.leave(session, asked.id, "No time", by=first, now=NOW) is MemberState.REFUSED
        assert service.leave(session, asked.id, "Ill", by=second, now=NOW) is MemberState.WITHDRAWN
        service.leave_out(session, asked.id, third.id, "Works for the writer", by=CHAIR, now=NOW)
        with pytest.raises(MoveRefused):
            service.save(session, asked.id, "cypf-0001-a", None, "", by=first, now=NOW)
        last = asked.experts[3]
        soon = list(joining.tasks(session, first, NOW)), list(joining.tasks(session, last, NOW))
    assert soon == ([], [])  # one has left, one has finished
    closed(asked, worker)
    assert finding(asked, "cypf-0001-a")["n_raters"] == 9
    assert "E02" not in csv_of(asked)
    with db.session() as session:
        states = [line.member.state.value for line in views.panel_page(session, asked.id, TODAY).members[:3]]
        assert states == ["refused", "withdrawn", "left_out"]
    with pytest.raises(DatabaseError, match="only ever added"), db.transaction() as session:
        session.connection().execute(text("UPDATE expert_answer SET note = 'other'"))


def test_the_due_day_is_a_reminder_on_the_desk(asked: Asked) -> None:
    with db.session() as session:
        early = next(iter(joining.tasks(session, asked.experts[0], NOW)))
        late = next(iter(joining.tasks(session, asked.experts[0], NOW + timedelta(days=12))))
        over = next(iter(joining.tasks(session, CHAIR, NOW + timedelta(days=20))))
    assert (early.tone, early.count, early.detail) == ("neutral", len(asked.best), "due in 14 days")
    assert (late.tone, late.detail) == ("warn", "due in 2 days")
    assert over.detail == "6 days over its due date"


def decided(asked: Asked, item: str, outcome: Outcome, reason: str = "", **why: str) -> None:
    with db.transaction() as session:
        service.decide(session, asked.id, item, outcome, reason, why, by=CHAIR, now=NOW)


def test_a_settled_key_is_panelled_and_changed_words_void_it(asked: Asked, worker: Worker) -> None:
    joining.register()
    # the experts put E above A in the first item; elsewhere they agree with the writer
    swapped = {**asked.best["cypf-0001-a"], "A": 3, "E": 2}
    answer_all(asked, often=0.0, best=asked.best | {"cypf-0001-a": swapped})
    closed(asked, worker)
    with pytest.raises(MoveRefused, match="meeting"):
        decided(asked, "cypf-0001-a", Outcome.PANEL, "The experts agree")
    with db.transaction() as session:
        service.hold(session, asked.id, TODAY, "P. Lang, chair\nW. Price, writer", by=CHAIR, now=NOW)
    with pytest.raises(InputError) as refused:
        decided(asked, "cypf-0001-a", Outcome.STANDS, "We like ours better")
    assert "the panel puts E above A" in refused.value.faults[0].what
    with pytest.raises(InputError):
        decided(asked, "cypf-0001-a", Outcome.PANEL)  # without a reason
    decided(asked, "cypf-0001-a", Outcome.PANEL, "Eleven of twelve put E second", E=WHY)
    with db.session() as session:
        made = service.settlement(session, asked.id, "cypf-0001", today=TODAY)
    assert "cypf-0001-b" in made.hindrance
    decided(asked, "cypf-0001-b", Outcome.STANDS, "As it was written")
    with db.session() as session:
        before = held_version(session, "cypf-0001")
        made = service.settlement(session, asked.id, "cypf-0001", today=TODAY)
    assert not made.faults, made.faults
    with db.transaction() as session:
        n = service.settle(session, asked.id, made, by=CHAIR, now=NOW)
    with db.session() as session:
        after = held_version(session, "cypf-0001")
        assert (after.n, after.scenario_sha256) == (n, before.scenario_sha256)
        assert after.keys is not None and after.keys.status == "panelled"
        key: Any = after.keys.items["cypf-0001-a"]
        assert key.order == (("C",), ("E",), ("A",), ("B",), ("D",))
        assert (key.effectiveness["E"], key.effectiveness["A"]) == (3, 2)
        assert key.why["E"] == WHY
        assert gates.panel_passed(session, "cypf-0001", n) and not gates.panel_passed(session, "cypf-0001", before.n)
        assert {line.label: line.words for line in validity_of(session, "cypf-0001")}["Key panel"] == "passed"
    with db.transaction() as session, pytest.raises(MoveRefused, match="already"):
        service.settle(session, asked.id, made, by=CHAIR, now=NOW)
    # L32: a change of wording voids the key until a panel is asked again
    writer = person("writer", Role.WRITER)
    with db.transaction() as session:
        draft = drafting.edit(session, "cypf-0001", by=writer, now=NOW)
    with db.session() as session:
        row = drafting.draft(session, draft)
        fields = drafting.fields_of(session, row)
    with db.transaction() as session:
        saved = drafting.save(
            session, draft, row.revision, fields | {"title": "Three things, on paper"}, by=writer, now=NOW
        )
    with db.session() as session:
        seen = editor_page.looked(session, draft, today=TODAY, whole=False)
    with db.transaction() as session:
        drafting.put(session, draft, saved.revision, seen.built, seen.faults(), by=writer, now=NOW)
    with db.session() as session:
        now = held_version(session, "cypf-0001")
        assert now.keys is not None and now.keys.status == "illustrative"
        assert not gates.panel_passed(session, "cypf-0001", now.n)
        assert {line.label: line.words for line in validity_of(session, "cypf-0001")}["Key panel"].startswith("void")


def test_a_key_without_agreement_or_experts_or_with_new_words_is_not_settled(asked: Asked, worker: Worker) -> None:
    answer_all(asked, often=1.0, but=6)  # six experts, and none is sure
    closed(asked, worker)
    item = "cypf-0018-a"
    assert finding(asked, item)["verdict"] != "accept"
    with db.transaction() as session:
        service.hold(session, asked.id, TODAY, "P. Lang, chair", by=CHAIR, now=NOW)
        with pytest.raises(InputError):
            service.hold(session, asked.id, TODAY + timedelta(days=1), "", by=CHAIR, now=NOW)
    decided(asked, item, Outcome.REWORD, "B and D read alike")
    with db.session() as session:
        made = service.settlement(session, asked.id, "cypf-0018", today=TODAY)
    with db.transaction() as session:
        n = service.settle(session, asked.id, made, by=CHAIR, now=NOW)
        verdict = gates.panel_verdict(session, "cypf-0018", n)
    assert verdict is not None and not verdict.passed and "reword" in verdict.detail
    table = {"format": "rank", "verdict": "reject", "icc_2_1_low": 0.5}
    from sjt.panels.meeting import faults_of

    assert faults_of(table, [], True, Outcome.STANDS, "They were tired")
    if finding(asked, "cypf-0002-a")["verdict"] != "reject":
        decided(asked, "cypf-0002-a", Outcome.PANEL, "The experts say so")
        with db.session() as session:
            assert "ten" in service.settlement(session, asked.id, "cypf-0002", today=TODAY).hindrance


def test_relevance_and_mapping_are_rated_blind_and_pooled_over_panels(few: db.Database, worker: Worker) -> None:
    with db.transaction() as session:
        people = experts(session, 7)
        panel_id = service.create(
            session, Purpose.CONTENT, "Relevance", "", DUE, SCENARIOS, [one.id for one in people], by=CHAIR, now=NOW
        )
    with db.session() as session:
        seen = questions.question(session, panel_id, SCENARIOS[0], people[0])
        assert seen is not None and seen.item is None
        codes = [code for code, _ in seen.codes]
    for number, one in enumerate(people):
        with db.transaction() as session:
            for scenario in SCENARIOS:
                worth = 2 if number == 0 and scenario == SCENARIOS[0] else 4
                code = codes[0] if scenario == SCENARIOS[0] or number < 2 else codes[3]
                service.save(session, panel_id, scenario, {"relevance": worth, "code": code}, "", by=one, now=NOW)
            with pytest.raises(InputError):
                service.save(session, panel_id, scenario, {"relevance": 5, "code": code}, "", by=one, now=NOW)
    with db.transaction() as session:
        service.close(session, panel_id, by=CHAIR, now=NOW)
    jobs.compute({"panel": str(panel_id)}, worker)
    with db.session() as session:
        page = evidence.validity(session)
        found = {one.id: row for one, row, _ in page.rows if row}
        assert found[SCENARIOS[0]]["i_cvi"] == pytest.approx(6 / 7)
        assert found[SCENARIOS[0]]["verdict"] == "accept"
        assert 0 < page.bank["mapping"]["kappa"] < 1 and page.bank["s_cvi_ua"] == pytest.approx(2 / 3)
        assert evidence.evidence(session, SCENARIOS[0]).contents[0][3]
        assert csv_of(Asked(panel_id, [])).startswith("rater,scenario,relevance,code\nE01,")


def test_a_note_of_thinking_aloud_names_version_finding_and_change(few: db.Database) -> None:
    with db.transaction() as session:
        service.note_think_aloud(
            session, SCENARIOS[0], TODAY, "apprentice, year two", "Read D as a threat", "D reworded", by=CHAIR, now=NOW
        )
        with pytest.raises(InputError) as refused:
            service.note_think_aloud(session, SCENARIOS[0], TODAY + timedelta(days=1), " ", "", "", by=CHAIR, now=NOW)
    assert len(refused.value.faults) == 3
    with db.session() as session:
        note, _ = evidence.evidence(session, SCENARIOS[0]).notes[0]
        assert (note.version, note.changed) == (1, "D reworded")


def test_an_order_of_responses_is_the_expert_s_own_and_lasts() -> None:
    from sjt.authoring.model import Format, Item, Option

    item = Item(
        id="x-0001-a", format=Format.RANK, ask="Rank.", minutes=2.0,
        options=tuple(Option(id=letter, text=letter, pinned=letter == "C") for letter in "ABCDE"),
    )  # fmt: skip
    orders = {tuple(shuffled(item, "p", str(UUID(int=n)))) for n in range(40)}
    assert len(orders) > 8 and all(order[2] == "C" for order in orders)
    assert shuffled(item, "p", "q") == shuffled(item, "p", "q")
    assert asking.BLIND


def test_each_page_opens_for_whom_it_is_and_for_nobody_else(
    asked: Asked, worker: Worker, client_as: Any, clock: Any
) -> None:
    chair, auditor = client_as(Role.PSYCHOMETRICIAN), client_as(Role.AUDITOR)
    expert = client_as(Role.EXPERT, login="expert1")
    begun = expert.get(f"/panels/mine/{asked.id}")
    assert "Not answered" in begun.get_data(as_text=True)
    first = expert.get(f"/panels/mine/{asked.id}/answer/cypf-0001-a")
    section = first.soup.select_one(".item")
    assert section["data-order"].split(",") == shuffled_order(asked, "cypf-0001-a")
    preview = client_as(Role.WRITER).get("/bank/scenarios/cypf-0001/preview").soup.select_one(".story")
    assert str(first.soup.select_one(".story .prose, .story")).count("<p") == str(preview).count("<p") + 0
    said = {"response": json.dumps(asked.best["cypf-0001-a"]), "note": "", "go": "next"}
    reply = expert.post(f"/panels/mine/{asked.id}/answer/cypf-0001-a", said)
    assert reply.headers["Location"].endswith("/answer/cypf-0001-b")
    answer_all(asked, often=0.1)
    assert expert.get(f"/panels/mine/{asked.id}/next").status_code == 303
    assert expert.get("/panels/mine/").status_code == 200
    assert chair.get(f"/panels/{asked.id}/answers.csv").status_code == 409
    reply = chair.post(f"/panels/{asked.id}/ask-new", {"name": "Nia Bell", "email": "nia@example.org"})
    link = reply.soup.select_one("code.code-block").get_text()
    assert "/link/" in link or "/welcome" in link or link.startswith("http")
    assert chair.post(f"/panels/{asked.id}/close").status_code == 303
    jobs.compute({"panel": str(asked.id)}, worker)
    item = f"/panels/{asked.id}/items/cypf-0001-a"
    for page in ("/panels/", f"/panels/{asked.id}", item, "/panels/validity", "/panels/scenarios/cypf-0001"):
        for client in (chair, auditor):
            assert client.get(page).status_code == 200, page
        assert expert.get(page).status_code == 403, page
    assert "Expert Number3" in chair.get(f"/panels/{asked.id}").get_data(as_text=True)
    assert "Expert Number3" not in auditor.get(f"/panels/{asked.id}").get_data(as_text=True)
    assert chair.get(f"/panels/{asked.id}/answers.csv").status_code == 200
    meeting = {"held_on": clock.now().date().isoformat(), "present": "Petra, chair"}
    assert chair.post(f"/panels/{asked.id}/meetings", meeting).status_code == 303
    refused = chair.post(f"{item}/decide", {"outcome": "panel", "reason": ""})
    assert refused.status_code == 422 and "is missing" in refused.get_data(as_text=True)
    for one in ("a", "b"):
        address = f"/panels/{asked.id}/items/cypf-0001-{one}/decide"
        assert chair.post(address, {"outcome": "stands", "reason": "As it was written"}).status_code == 303
    settle = f"/panels/{asked.id}/scenarios/cypf-0001/settle"
    assert "Write the panel" in chair.get(settle).get_data(as_text=True)
    assert chair.post(settle).status_code == 303
    with db.session() as session:
        assert gates.panel_passed(session, "cypf-0001", 2)
    note = {"held_on": clock.now().date().isoformat(), "who": "apprentice", "finding": "Clear", "changed": ""}
    assert client_as(Role.WRITER).post("/panels/scenarios/cypf-0001/think-aloud", note).status_code == 303
    assert chair.get("/panels/new?scenario=cypf-0001").status_code == 200
    assert "passed" in client_as(Role.WRITER).get("/bank/scenarios/cypf-0001").get_data(as_text=True)
    for role in (Role.CENTRE_ADMIN, Role.FAIRNESS, Role.INVIGILATOR, Role.JUDGE):
        stranger = client_as(role)
        assert {stranger.get(page).status_code for page in ("/panels/", item, "/panels/mine/")} == {403}


def shuffled_order(asked: Asked, item_id: str) -> list[str]:
    with db.session() as session:
        return shuffled(service.items_of(session, asked.id)[item_id][1], str(asked.id), asked.experts[0].id)
