"""Each failure card, walked press by press on the pages as it is printed, reaches what it promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from sjt import db
from sjt.access import Role
from sjt.config import Settings
from sjt.delivery import ledger, service, store
from sjt.delivery.cards import BY_SLUG, CARDS, Card
from sjt.delivery.model import BookingState, EventKind, SittingState
from sjt.delivery.timing import MINUTE_MS
from sjt.times import ManualClock
from tests.builders.clients import StrictClient, strict_client
from tests.builders.rooms import (
    INVIGILATOR,
    ARoom,
    BankSource,
    a_room,
    delivery_app,
    entered,
)
from tests.builders.sittings import Sat


@pytest.fixture(scope="module")
def bank_source() -> BankSource:
    return BankSource(scenarios=3)


@pytest.fixture
def room(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> ARoom:
    return a_room(settings.secret_key, candidates=3, now=clock.now(), extra={3: "25"}, check_in=False)


@pytest.fixture
def client(settings: Settings, database: db.Database, clock: ManualClock, keeper: ledger.Ledger) -> StrictClient:
    return strict_client(delivery_app(settings, database, clock), {Role.INVIGILATOR})


class Walker:
    """Somebody who reads a card and presses what it says, and nothing else."""

    def __init__(self, client: StrictClient, room: ARoom, card: Card, clock: ManualClock) -> None:
        self.client, self.room, self.card, self.clock = client, room, card, clock
        self.pressed = 0
        self.page = client.get(f"/room/{room.id}")

    def walk(self, seat: int, *, between: dict[int, Any] | None = None, **words: str) -> None:
        """Do the steps in order; ``between`` holds what other people do before a step."""
        seats = [seat] if isinstance(seat, int) else seat
        at = seats[0]
        for n, step in enumerate(self.card.steps):
            if between and n in between:
                at = between[n]() or at
                self.page = self.client.get(f"/room/{self.room.id}")
            if step.press:
                fill = {name: value.format(seat=at, **words) for name, value in step.fill}
                self.press(step.press.format(seat=at), at, fill)

    def press(self, words: str, seat: int, fill: dict[str, str]) -> None:
        """Follow the link or send the form whose words these are; a second page of a deed is one press more."""
        self.pressed += 1
        if words == f"seat {seat}":
            link = self.page.soup.select_one(f".seats li[data-key='{self.room.booking(seat)}'] a.name")
            assert link is not None, f"there is no seat {seat} on the console"
            return self._go(str(link["href"]))
        for link in self.page.soup.select("a[href]"):
            if self._says(link, words) and not fill:
                return self._go(str(link["href"]))
        for button in self.page.soup.select("form button"):
            form = button.find_parent("form")
            assert form is not None
            if self._says(button, words):
                data = {one["name"]: one.get("value", "") for one in form.select("input[type=hidden]")}
                known = {one.get("name") for one in form.select("input, select, textarea")}
                assert fill.keys() <= known, f"{words}: the form asks {known}, the card fills {fill}"
                for name, value in fill.items():
                    choice = form.select_one(f"select[name={name}]")
                    offered = [one.get("value") for one in choice.select("option")] if choice else [value]
                    assert value in offered, f"{words}: {value} is not offered, but {offered}"
                answer = self.client.post(str(form["action"]), {**data, **fill})
                assert answer.status_code == 303, f"{words}: {answer.status_code}"
                return self._go(answer.headers["Location"])
        raise AssertionError(f"card {self.card.slug}: nothing on the page says {words!r}")

    def _says(self, one: Any, words: str) -> bool:
        return " ".join(one.get_text(" ", strip=True).split()) == words

    def _go(self, url: str) -> None:
        parts = urlsplit(url)
        self.page = self.client.get(parts.path + (f"?{parts.query}" if parts.query else ""))
        assert self.page.status_code == 200


def seats(room: ARoom) -> dict[int, service.SeatLine]:
    with db.session() as session:
        view = service.room(session, room.id, at=ledger.current().now())
    return {line.seat or 0: line for line in view.seats}


def left_min(room: ARoom, seat: int) -> float:
    clock = seats(room)[seat].clock
    assert clock is not None
    return clock.left_ms / MINUTE_MS


def check_in(room: ARoom, clock: ManualClock, *numbers: int) -> None:
    with db.transaction() as session:
        for n in numbers:
            service.check_in(session, room.booking(n), by=INVIGILATOR, now=clock.now())


def start(room: ARoom, settings: Settings, clock: ManualClock, *numbers: int) -> None:
    check_in(room, clock, *numbers)
    for n in numbers:
        entered(room, n, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)


def incidents(room: ARoom) -> list[str]:
    with db.session() as session:
        return [one.text for one in store.incidents(session, room.id)]


@pytest.fixture
def walker(client: StrictClient, room: ARoom, clock: ManualClock) -> Any:
    return lambda slug: Walker(client, room, BY_SLUG[slug], clock)


def test_there_are_eight_cards_of_at_most_six_presses() -> None:
    assert len(CARDS) == 8
    assert {card.slug: card.presses for card in CARDS if card.presses > 6} == {}


def test_line_down(walker: Any, room: ARoom, settings: Settings, clock: ManualClock) -> None:
    start(room, settings, clock, 1, 2)
    clock.advance(timedelta(minutes=10))
    walker("line-down").walk(1)
    assert (left_min(room, 1), left_min(room, 2)) == (60, 75 - 10 + 12.5)
    assert incidents(room) == ["The line was down from 10:05 to 10:15."]


def test_power_cut(walker: Any, room: ARoom, settings: Settings, clock: ManualClock) -> None:
    start(room, settings, clock, 1, 2)
    walker("power-cut").walk(1, between={2: lambda: clock.advance(timedelta(minutes=25))})
    assert left_min(room, 1) == 60
    assert seats(room)[1].state is SittingState.RUNNING


def test_frozen_browser(walker: Any, room: ARoom, settings: Settings, clock: ManualClock) -> None:
    start(room, settings, clock, 1)
    before = seats(room)[1].sitting_id
    walker("frozen-browser").walk(1)
    assert entered(room, 1, settings.secret_key, clock.now()) == before
    assert left_min(room, 1) == 60 and not seats(room)[1].device_open


def test_wrong_candidate(walker: Any, room: ARoom, settings: Settings, clock: ManualClock) -> None:
    """Seat 2 has a quarter more time and sits under the code of seat 1; nobody loses an answer or a minute."""
    check_in(room, clock, 1, 2)
    wrong = entered(room, 1, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)
    with db.session() as session:
        item = service.paper_of(session, store.sitting(session, wrong).form_id).items()[0].id
    sat = Sat(wrong, ledger.current())
    sat.save(sat.event(item, "words", EventKind.ANSWER))
    clock.advance(timedelta(minutes=5))

    def other_enters() -> int:
        entered(room, 1, settings.secret_key, clock.now())
        return 1

    found = walker("wrong-candidate")
    found.walk(1, between={5: other_enters}, other=str(room.booking(2)))
    after = seats(room)
    assert (after[2].sitting_id, after[2].answered, left_min(room, 2)) == (wrong, 1, 70)
    assert (after[1].answered, left_min(room, 1), after[1].state) == (0, 60, SittingState.RUNNING)
    assert "sat under the code of" in incidents(room)[0]


def test_late_arrival(walker: Any, room: ARoom, settings: Settings, clock: ManualClock) -> None:
    start(room, settings, clock, 1)
    clock.advance(timedelta(minutes=20))
    walker("late-arrival").walk(2, between={4: lambda: entered(room, 2, settings.secret_key, clock.now()) and 2})
    assert left_min(room, 2) == 75 and seats(room)[2].late


def test_evacuation(walker: Any, room: ARoom, settings: Settings, clock: ManualClock) -> None:
    start(room, settings, clock, 1, 2)
    found = walker("evacuation")
    found.walk(1, between={})
    assert found.pressed == 3
    (text,) = incidents(room)
    assert text.startswith("Evacuation. 2 tests stopped")
    assert left_min(room, 1) == 60 and seats(room)[2].state is SittingState.RUNNING
    with db.session() as session:
        (one,) = store.incidents(session, room.id)
    assert "2 tests lost no time. Fire drill." in one.resolution


def test_illness(walker: Any, room: ARoom, settings: Settings, clock: ManualClock) -> None:
    start(room, settings, clock, 1, 2)
    walker("illness").walk(1, between={})
    assert seats(room)[1].state is SittingState.RUNNING and left_min(room, 1) == 60


def test_suspected_leak(walker: Any, room: ARoom, settings: Settings, clock: ManualClock) -> None:
    start(room, settings, clock, 1, 2)
    walker("suspected-leak").walk(1)
    assert seats(room)[1].state is SittingState.PAUSED
    with db.session() as session:
        assert "photograph" in service.open_questions(session, room.id)[0]


def test_the_cards_print_for_every_room_and_lead_to_their_deeds(client: StrictClient, room: ARoom) -> None:
    plain = client.get("/room/cards")
    assert len(plain.soup.select(".failure-card")) == 8
    page = client.get(f"/room/{room.id}/cards")
    links = [str(link["href"]) for link in page.soup.select(".card-link a")]
    assert f"/room/{room.id}/reserve" in links, "a leak leads to the page that deals the reserve form"
    for link in page.soup.select(".card-link a"):
        assert client.get(str(link["href"])).status_code == 200
    assert seats(room)[1].booking_state is BookingState.BOOKED
