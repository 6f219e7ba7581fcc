"""The pages of a leak, a session's forms, and paper, without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from sjt import db
from sjt.access import Actor, Role
from sjt.authoring.snapshot import Paper
from sjt.config import Settings
from sjt.delivery import fitting, joining, ledger, paper, service, store
from sjt.times import ManualClock
from tests.builders.clients import strict_client
from tests.builders.rooms import (
    INVIGILATOR,
    ARoom,
    BankSource,
    FormFacts,
    a_room,
    delivery_app,
    entered,
    ledger_on,
    papers_from,
)

OFFICER = Actor("officer", "M. Grant", frozenset({Role.AWARDING_OFFICER}))


@dataclass(frozen=True)
class Facts(FormFacts):
    role: str = ""


class TwoHalves(BankSource):
    """Gives form-1 and, sharing nothing with it, form-2."""

    def paper(self, session: Session, form_id: str) -> Paper:
        whole = super().paper(session, form_id)
        half = whole.scenarios[:7] if form_id == "form-1" else whole.scenarios[7:14]
        return Paper(form_id, whole.title, whole.subtitle, whole.minutes, half)


@pytest.fixture(scope="module")
def halves() -> BankSource:
    return TwoHalves()


@pytest.fixture
def keeper(database: db.Database, clock: ManualClock, halves: BankSource) -> Iterator[ledger.Ledger]:
    fitting._scenarios.clear()
    with papers_from(halves), ledger_on(database, clock) as running:
        yield running
    fitting._scenarios.clear()


@pytest.fixture
def delivery(settings: Settings, database: db.Database, clock: ManualClock, keeper: ledger.Ledger) -> Any:
    return delivery_app(settings, database, clock)


@pytest.fixture
def room(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> ARoom:
    return a_room(settings.secret_key, candidates=2, now=clock.now())


def test_a_leak_takes_one_page_and_one_press_more(
    delivery: Any, room: ARoom, settings: Settings, clock: ManualClock
) -> None:
    invigilator = strict_client(delivery, {Role.INVIGILATOR})
    one = entered(room, 1, settings.secret_key, clock.now())
    console = invigilator.get(f"/room/{room.id}")
    assert console.soup.find("a", href=f"/room/{room.id}/reserve") is not None
    page = invigilator.get(f"/room/{room.id}/reserve")
    text = page.soup.main.get_text(" ", strip=True)
    assert "2 candidates of the residential option get form-2" in text and "not named" in text
    leaked = page.soup.find("input", attrs={"name": "leaked"})["value"]
    assert leaked == "form-1"
    refused = invigilator.post(f"/room/{room.id}/reserve", {"reason": "Other", "leaked": leaked})
    assert refused.status_code == 422 and "Choose a reason" in refused.get_data(as_text=True)
    sent = {"reason": "Questions seen outside", "reason_text": "Message board", "leaked": leaked}
    assert invigilator.post(f"/room/{room.id}/reserve", sent).status_code == 303
    assert invigilator.post(f"/room/{room.id}/reserve", sent).status_code == 303
    with db.session() as session:
        assert store.sitting(session, one).form_id == "form-2"
        assert len(service.open_questions(session, room.id)) == 1
    after = invigilator.get(f"/room/{room.id}/reserve").soup.main.get_text(" ", strip=True)
    assert (
        "The reserve form was dealt" in after and "Message board" in after and "Deal the reserve form now" not in after
    )
    assert "Given the reserve form" in invigilator.get(f"/room/{room.id}?seat={room.booking(1)}").get_data(as_text=True)


def test_where_no_reserve_fits_the_page_says_why_and_what_next(
    delivery: Any, room: ARoom, halves: BankSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halves, "published_forms", lambda *_: [])
    page = strict_client(delivery, {Role.INVIGILATOR}).get(f"/room/{room.id}/reserve")
    text = page.soup.main.get_text(" ", strip=True)
    assert "No reserve form for the residential option" in text and "Do not start the room" in text
    assert page.soup.find("button", string="Deal the reserve form now") is None


def test_the_administrator_names_a_reserve_and_adds_a_form(delivery: Any, room: ARoom) -> None:
    admin = strict_client(delivery, {Role.CENTRE_ADMIN})
    assert "names no reserve form" in admin.get(f"/sessions/{room.id}").get_data(as_text=True)
    assert "form-2" in admin.get(f"/sessions/{room.id}/forms").get_data(as_text=True)
    assert admin.post(f"/sessions/{room.id}/forms", {"reserve": "form-2"}).status_code == 303
    text = admin.get(f"/sessions/{room.id}/forms").soup.main.get_text(" ", strip=True)
    assert "Named: form-2" in text
    assert "names no reserve form" not in admin.get(f"/sessions/{room.id}").get_data(as_text=True)
    refused = admin.post(f"/sessions/{room.id}/forms", {"add": "form-2"})
    assert refused.status_code == 409


def test_a_booking_that_no_form_fits_is_said_on_the_sessions_page(
    delivery: Any, room: ARoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = {f"cypf-{n:04d}" for n in range(1, 400)}
    monkeypatch.setattr(fitting, "seen_by", lambda session, ids: dict.fromkeys(ids, frozenset(everything)))
    admin = strict_client(delivery, {Role.CENTRE_ADMIN})
    assert "No form of this session fits 2" in admin.get(f"/sessions/{room.id}").get_data(as_text=True)
    text = admin.get(f"/sessions/{room.id}/forms").soup.main.get_text(" ", strip=True)
    assert "builds a resit form that leaves out" in text


def test_a_paper_goes_from_print_to_the_record_by_pages_alone(delivery: Any, room: ARoom, clock: ManualClock) -> None:
    admin, invigilator = strict_client(delivery, {Role.CENTRE_ADMIN}), strict_client(delivery, {Role.INVIGILATOR})
    officer = strict_client(delivery, {Role.AWARDING_OFFICER})
    where = f"/paper/{room.id}"
    assert "Nobody sits on paper" in admin.get(where).get_data(as_text=True)
    assert admin.post(where, {"booking": "", "reason": ""}).status_code == 422
    assert admin.post(where, {"booking": str(room.booking(1)), "reason": "Large print arranged"}).status_code == 303
    with db.session() as session:
        (at,) = paper.of_session(session, room.id)
    for size in ({}, {"size": "large"}):
        sheet = admin.post(f"/paper/sheets/{at.sitting.id}", size)
        text = sheet.get_data(as_text=True)
        assert at.mark in text and at.number in text and "Aisha" not in text and "Khan" not in text
        assert ("paper-large" in text) == bool(size)
    with db.session() as session:
        sheets = paper.sheets(session, at.sitting.id)
    for question in sheets.questions:
        assert question.item.ask in sheet.soup.get_text()
        for _, words in question.lettered:
            assert words in sheet.soup.get_text()
    service.start_room(room.id, by=INVIGILATOR)
    clock.advance(timedelta(minutes=40))
    assert waits(delivery, OFFICER, clock) == [], "nothing is keyed before the paper is handed in"
    service.force_submit(at.sitting.id, by=INVIGILATOR, reason="Handed in")
    assert waits(delivery, OFFICER, clock) == [("papers to key", 1)]
    typed = {f"item-{q.item.id}": _signs(q) for q in sheets.questions}
    page = admin.get(f"/paper/key/{at.sitting.id}")
    assert len(page.soup.select(".key-row")) == len(sheets.questions)
    assert "cypf" not in page.soup.main.get_text(), "a keyer never meets an id"
    first = sheets.questions[0]
    wrong = {**typed, "mark": at.mark, f"item-{first.item.id}": ""}
    refused = admin.post(f"/paper/key/{at.sitting.id}", wrong)
    assert refused.status_code == 422 and "Nothing was keyed" in refused.get_data(as_text=True)
    assert refused.soup.find(id=f"item-{sheets.questions[1].item.id}").get("value", "x") != ""
    assert admin.post(f"/paper/key/{at.sitting.id}", {**typed, "mark": at.mark}).status_code == 303
    assert "You have keyed this paper already" in admin.get(f"/paper/key/{at.sitting.id}").get_data(as_text=True)
    other = {**typed, "mark": at.mark, f"item-{first.item.id}": "-"}
    assert invigilator.post(f"/paper/key/{at.sitting.id}", other).status_code == 303
    assert admin.get(f"/paper/settle/{at.sitting.id}").status_code == 403
    assert waits(delivery, OFFICER, clock) == [("papers keyed differently", 1)]
    with db.session() as session:
        (now_at,) = paper.of_session(session, room.id)
    keyer = Actor(now_at.keyings[0].keyer, "", frozenset({Role.AWARDING_OFFICER}))
    assert waits(delivery, keyer, clock) == [], "who keyed it does not take the third look"
    page = officer.get(f"/paper/settle/{at.sitting.id}")
    keyers = [one["value"] for one in page.soup.select("#beside option") if one["value"]]
    said = {"beside": keyers[0], f"item-{first.item.id}": _signs(first)}
    assert officer.post(f"/paper/settle/{at.sitting.id}", {**said, "beside": ""}).status_code == 422
    assert officer.post(f"/paper/settle/{at.sitting.id}", said).status_code == 303
    with db.session() as session:
        (found,) = service.responses(session, sitting_id=at.sitting.id)
    assert set(found.answers) == {q.item.id for q in sheets.questions}
    assert "In the record" in officer.get(where).get_data(as_text=True)
    assert waits(delivery, OFFICER, clock) == []


def waits(app: Any, who: Actor, clock: ManualClock) -> list[tuple[str, int]]:
    """Give what stands on somebody's desk about papers, and follow each line."""
    with app.test_request_context(), db.session() as session:
        found = [one for one in joining.tasks(session, who, clock.now()) if "papers" in one.label]
    for one in found:
        page = strict_client(app, {Role.AWARDING_OFFICER}).get(one.url)
        assert page.status_code == 200
    return [(one.label.rpartition(": ")[2], one.count) for one in found]


def _signs(question: Any) -> str:
    kind, n = question.item.format.value, len(question.item.options)
    return {
        "rank": "".join(map(str, range(1, n + 1))),
        "rate": "1" * n,
        "choose": "ABC"[: question.item.choose or 3],
        "most_least": "AB",
        "single": "A",
        "written": "Words on a sheet.",
    }[kind]
