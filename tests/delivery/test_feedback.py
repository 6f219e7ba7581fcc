"""After the clock: comments per item and the survey reach writers without a name, trial items included."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from sjt import db
from sjt.access import Actor, Role
from sjt.authoring import candidate_views
from sjt.config import Settings
from sjt.delivery import feedback, ledger, service
from sjt.delivery.feedback import Said
from sjt.delivery.tables_candidate import SurveyAnswer
from sjt.errors import MoveRefused
from sjt.times import ManualClock
from tests.builders.clients import StrictClient, strict_client
from tests.builders.rooms import INVIGILATOR, ARoom, BankSource, a_room, delivery_app, entered
from tests.builders.sittings import NINE

AISHA = Actor("candidate:1", "Aisha Khan", frozenset({Role.CANDIDATE}))


@pytest.fixture
def room(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> ARoom:
    return a_room(settings.secret_key, candidates=2, now=clock.now())


@pytest.fixture
def delivery(settings: Settings, database: db.Database, clock: ManualClock, keeper: ledger.Ledger) -> Any:
    return delivery_app(settings, database, clock)


def sits(app: Any, room: ARoom) -> tuple[StrictClient, UUID]:
    client = StrictClient(app.test_client())
    client.post("/sit/", {"code": room.code(1), "pin": room.pin})
    for url, data in (
        ("/sit/you", {"answer": "yes"}),
        ("/sit/display", {"scheme": "white"}),
        ("/sit/instructions", {}),
    ):
        client.post(url, data)
    (sitting,) = service.start_room(room.id, by=INVIGILATOR)
    return client, sitting


def test_comments_are_asked_after_the_end_alone(delivery: Any, room: ARoom) -> None:
    client, sitting = sits(delivery, room)
    assert client.get("/sit/comments").location == "/sit/test"
    assert client.post("/sit/comments", {"words": "early"}).status_code == 409
    service.force_submit(sitting, by=INVIGILATOR, reason="The end of the test of the test.")
    page = client.get("/sit/comments")
    with db.session() as session:
        asked = feedback.questions(session, sitting)
    assert len(page.soup.select("details textarea")) == len(asked)
    story = "".join(scenario.story for scenario in BankSource(scenarios=7).paper(None, "form-1").scenarios)  # type: ignore[arg-type] # reads files alone
    assert story[:60] not in page.get_data(as_text=True), "titles come back, texts do not"
    assert client.get("/sit/receipt").soup.select_one("a[href='/sit/comments']")


def test_what_is_said_is_kept_changed_and_shown_to_writers_without_a_name(delivery: Any, room: ARoom) -> None:
    client, sitting = sits(delivery, room)
    service.force_submit(sitting, by=INVIGILATOR, reason="Over.")
    with db.session() as session:
        item = feedback.questions(session, sitting)[0].item
    said = {f"comment:{item}": "As AISHA  khan I say: two answers are right.", "comment:nowhere": "x"}
    reply = client.post("/sit/comments", {**said, "relevance": "4", "fairness": "9", "words": "Long, says Khan."})
    assert reply.location == "/sit/receipt?said=yes"
    assert "kept, without your name" in client.get(reply.location).get_data(as_text=True)
    with db.session() as session:
        kept = feedback.said(session, sitting)
    assert kept == Said(
        {item: "As [name] [name] I say: two answers are right."}, {"relevance": 4}, "Long, says [name]."
    )
    assert "two answers" in client.get("/sit/comments").get_data(as_text=True), "it can be changed"
    writer = strict_client(delivery, [Role.WRITER])
    page = writer.get("/feedback/").get_data(as_text=True)
    assert "two answers are right" in page and "Aisha" not in page and str(sitting) not in page
    table = writer.get("/feedback/comments.csv").get_data(as_text=True)
    assert table.splitlines()[0] == "item,form,comment" and f"{item},form-1," in table and "Khan" not in table
    with db.session() as session:
        assert candidate_views.views_on(session, [item, "other"]) == {
            item: feedback.on_items(session, [item])[item],
            "other": candidate_views.ViewsOnItem(),
        }
    client.post("/sit/comments", {f"comment:{item}": ""})
    with db.session() as session:
        assert feedback.said(session, sitting) == Said()


@pytest.mark.parametrize("role", [Role.INVIGILATOR, Role.CENTRE_ADMIN, Role.EMPLOYER, Role.JUDGE])
def test_who_has_no_right_to_the_bank_reads_no_comments(delivery: Any, role: Role) -> None:
    client = strict_client(delivery, [role])
    assert client.client.get("/feedback/").status_code == 403
    assert client.client.get("/feedback/comments.csv").status_code == 403


def test_a_mean_is_told_from_ten_answers_on(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> None:
    room = a_room(settings.secret_key, candidates=10, now=clock.now())
    sittings = [entered(room, seat, settings.secret_key, clock.now()) for seat in range(1, 11)]
    service.start_room(room.id, by=INVIGILATOR)
    for n, sitting in enumerate(sittings):
        service.force_submit(sitting, by=INVIGILATOR, reason="Over.")
        with db.transaction() as session:
            survey = {"relevance": 1 + n % 5} if n == 9 else {"relevance": 1 + n % 5, "time": 5}
            feedback.put(session, sitting, Said(survey=survey), by=AISHA, now=clock.now())
    with db.session() as session:
        (form,) = feedback.surveys_of_forms(session)
    assert (form.n, form.means) == (10, {"relevance": 3.0, "fairness": None, "clarity": None, "time": None})


def test_a_void_sitting_and_one_that_runs_say_nothing(
    settings: Settings, keeper: ledger.Ledger, clock: ManualClock, room: ARoom
) -> None:
    sitting = entered(room, 1, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)
    for is_void in (False, True):
        if is_void:
            service.void(sitting, by=INVIGILATOR, reason="Wrong person.")
        clock.advance(timedelta(seconds=1))
        with pytest.raises(MoveRefused, match="once the test has ended"), db.transaction() as session:
            feedback.put(session, sitting, Said(words="x"), by=AISHA, now=clock.now())


def test_a_sheet_never_runs_what_a_candidate_typed(delivery: Any, room: ARoom) -> None:
    client, sitting = sits(delivery, room)
    service.force_submit(sitting, by=INVIGILATOR, reason="Over.")
    client.post("/sit/comments", {"words": "=HYPERLINK(1)"})
    assert "'=HYPERLINK" in strict_client(delivery, [Role.WRITER]).get("/feedback/comments.csv").get_data(as_text=True)


def test_a_name_is_taken_out_whole_and_nothing_else() -> None:
    assert feedback.without_names("Al said Khanate; Khan's view", ("Al", "Khan")) == "Al said Khanate; [name]'s view"
    assert feedback.without_names("Mary Ann Smith", ("Mary Ann", "Smith")) == "[name] [name]"


def test_the_database_refuses_a_mark_outside_the_scale(database: db.Database) -> None:
    made = sa.insert(SurveyAnswer).values(sitting_id=uuid4(), form_id="f", time=6, words="", at=NINE)
    with db.transaction() as session, pytest.raises(sa.exc.IntegrityError, match="time"):
        session.execute(made)
