"""Answer files: only this installation reads them, only the lease's browser can have made them, twice is once."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import col, select

from sjt import db
from sjt.access import Role
from sjt.audit.tables import AuditEntry
from sjt.config import Settings
from sjt.delivery import emergency, emergency_import, emergency_keys, ledger, running, service
from sjt.delivery.emergency import FileRefused
from sjt.delivery.model import EventKind
from sjt.delivery.tables_candidate import SessionKey
from sjt.times import ManualClock, iso
from tests.builders.clients import strict_client
from tests.builders.rooms import INVIGILATOR, ARoom, a_room, delivery_app, entered

SECRET = "another-secret-" + "y" * 32


@dataclass
class Desk:
    """A candidate's computer that has answered one question online and three without a line."""

    room: ARoom
    sitting: UUID
    secret: str
    clock: ManualClock
    events: list[dict[str, Any]]

    def file(self, *, lease: int = 1, **changes: Any) -> bytes:
        with db.session() as session:
            public = session.get(SessionKey, self.room.id)
            assert public is not None
            point = public.public
        facts = {
            "session_id": self.room.id,
            "sitting_id": self.sitting,
            "lease": lease,
            "saved_at": "2026-03-14T09:30:00.000Z",
            "public": point,
            "key": emergency.lease_key(self.secret, self.sitting, lease),
        }
        content = {"events": [{"lease": 1, "event": one} for one in self.events]}
        return emergency.sealed(content, **{**facts, **changes})

    def brings(self, raw: bytes, session_id: UUID | None = None) -> emergency_import.ImportLine:
        return emergency_import.import_file(
            session_id or self.room.id, raw, by=INVIGILATOR, secret_key=self.secret, now=self.clock.now()
        )

    def answers(self) -> dict[str, Any]:
        with db.session() as session:
            (found,) = service.responses(session, sitting_id=self.sitting)
        return {item: one.response for item, one in found.answers.items()}

    def sends(self, events: list[dict[str, Any]]) -> Any:
        body = json.dumps({"events": events}).encode()
        return running.save(self.sitting, 1, body, by=INVIGILATOR)


@pytest.fixture
def desk(settings: Settings, keeper: ledger.Ledger, clock: ManualClock) -> Desk:
    room = a_room(settings.secret_key, candidates=2, now=clock.now())
    sitting = entered(room, 1, settings.secret_key, clock.now())
    entered(room, 2, settings.secret_key, clock.now())
    service.start_room(room.id, by=INVIGILATOR)
    items = running.items_of(sitting)
    single = next(item for item in items.values() if item.format.value == "single")
    written = next(item for item in items.values() if item.format.value == "written")

    def event(seq: int, item: str | None, response: Any, kind: str = "answer") -> dict[str, Any]:
        return {
            "id": str(uuid4()),
            "seq": seq,
            "kind": kind,
            "item": item,
            "response": response,
            "client_time": iso(clock.now()),
            "prev": None,
        }

    first, second = single.option_ids()[:2]
    found = Desk(room, sitting, settings.secret_key, clock, [])
    online = event(1, single.id, first)
    assert found.sends([online]).acked == (online["id"],)
    found.events = [
        online,
        event(2, written.id, None, "view"),
        event(3, written.id, {"text": "I would listen first."}),
        event(4, single.id, second),
        event(5, single.id, True, "flag"),
    ]
    return found


def told(line: emergency_import.ImportLine) -> tuple[int, int, int, int]:
    return line.added, line.known, line.held, line.refused


def test_a_file_brings_what_the_line_could_not_and_twice_is_once(desk: Desk) -> None:
    raw = desk.file()
    assert told(desk.brings(raw)) == (3, 1, 0, 0)
    after = desk.answers()
    assert "I would listen first." in str(after) and len(after) == 2
    with db.session() as session:
        before = service.head_of(session, desk.sitting)
    assert told(desk.brings(raw)) == (0, 4, 0, 0)
    assert told(desk.brings(desk.file())) == (0, 4, 0, 0), "another file of the same answers"
    with db.session() as session:
        assert service.head_of(session, desk.sitting) == before, "nothing was written"
        found = [one for one in service.entries(session, desk.sitting) if "via" in one.body]
        assert {one.by for one in found} == {INVIGILATOR.id} and len(found) == 4
        assert len(emergency_import.imports(session, desk.room.id)) == 3
    assert desk.answers() == after


def test_an_import_after_online_saves_merges_and_the_newest_stands(desk: Desk) -> None:
    raw = desk.file()
    newer = {**desk.events[3], "id": str(uuid4()), "seq": 9, "response": desk.events[0]["response"]}
    assert desk.sends([desk.events[2], newer]).refused == ()
    assert told(desk.brings(raw)) == (2, 2, 0, 0)
    assert desk.answers()[newer["item"]] == newer["response"], "the file's older answer does not overwrite"
    with db.session() as session:
        events = [one.seq for one in service.entries(session, desk.sitting) if one.kind is EventKind.ANSWER]
    assert sorted(filter(None, events)) == [1, 3, 4, 9]


def test_after_the_end_what_is_not_proven_is_held_for_a_named_person(desk: Desk) -> None:
    raw = desk.file()
    desk.clock.advance(timedelta(minutes=75))
    assert told(desk.brings(raw)) == (0, 1, 3, 0)
    with db.session() as session:
        assert service.open_questions(session, desk.room.id) == ["3 late answers undecided"]
        held = service.held(session, desk.room.id)
    assert told(desk.brings(raw)) == (0, 4, 0, 0)
    for one in held:
        service.decide_held(one.id, True, by=INVIGILATOR, reason="The line was cut from 09:20 on.")
    assert told(desk.brings(raw)) == (0, 4, 0, 0)
    assert len(desk.answers()) == 2


def test_a_file_of_a_computer_that_gave_the_test_up_is_held(desk: Desk) -> None:
    raw = desk.file()
    service.move_device(desk.sitting, by=INVIGILATOR, reason="The screen is dark.")
    assert told(desk.brings(raw)) == (0, 1, 3, 0)


def test_every_single_bit_of_a_file_counts(desk: Desk) -> None:
    raw = desk.file()
    line = emergency.read(raw)
    with db.session() as session:
        row = session.get(SessionKey, desk.room.id)
        assert row is not None
        private = emergency.unsealed(desk.secret, desk.room.id, row.sealed)
    key = emergency.lease_key(desk.secret, desk.sitting, 1)
    assert emergency.opened(line, private, key)["events"]
    for place in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(FileRefused):
            emergency.opened(emergency.read(bytes(changed)), private, key)


def test_a_changed_file_a_strange_one_and_one_of_another_session_are_refused_in_words_and_on_the_record(
    desk: Desk, settings: Settings
) -> None:
    raw = desk.file()
    other = a_room(settings.secret_key, candidates=0, now=desk.clock.now() + timedelta(days=1))
    emergency_keys.ensure_key(other.id, secret_key=desk.secret, now=desk.clock.now())
    changed = bytearray(raw)
    changed[len(raw) // 2] ^= 1
    cases = [
        (bytes(changed), desk.room.id, "changed after it was saved"),
        (raw[:-1], desk.room.id, "not an answer file"),
        (b"name,answer\n", desk.room.id, "not an answer file"),
        (b"{}", desk.room.id, "not an answer file"),
        (raw.replace(b"sjt-emergency/1", b"sjt-emergency/9"), desk.room.id, "this version of sjt reads"),
        (raw, other.id, "another session"),
        (desk.file(sitting_id=uuid4()), desk.room.id, "not in this session"),
        (desk.file(lease=2), desk.room.id, "not in this session"),
        (desk.file(key=b"k" * 32), desk.room.id, "was not made by the computer that held this test"),
    ]
    for file, session_id, words in cases:
        with pytest.raises(FileRefused, match=words):
            desk.brings(file, session_id)
    with db.session() as session:
        query = select(AuditEntry.did).where(col(AuditEntry.chain) == f"session:{desk.room.id}")
        record = [did for did in session.exec(query) if "emergency" in did]
    assert record == ["session.emergency_refused"] * (len(cases) - 1)
    assert len(desk.answers()) == 1


def test_a_file_of_a_neighbour_cannot_be_signed_with_one_s_own_key(desk: Desk, settings: Settings) -> None:
    with db.session() as session:
        other = next(s.sitting_id for s in service.room(session, desk.room.id, at=ledger.current().now()).seats[1:])
    assert other is not None
    mine = emergency.lease_key(desk.secret, desk.sitting, 1)
    with pytest.raises(FileRefused, match="was not made by"):
        desk.brings(desk.file(sitting_id=other, key=mine))


def test_the_private_key_lies_sealed_and_another_secret_does_not_open_it(desk: Desk) -> None:
    with db.session() as session:
        row = session.get(SessionKey, desk.room.id)
        assert row is not None
        sealed = row.sealed
    private = emergency.unsealed(desk.secret, desk.room.id, sealed)
    assert private not in sealed
    with pytest.raises(FileRefused, match="another secret key"):
        emergency.unsealed(SECRET, desk.room.id, sealed)
    with pytest.raises(FileRefused):
        emergency.unsealed(desk.secret, uuid4(), sealed)
    emergency_keys.ensure_key(desk.room.id, secret_key=desk.secret, now=desk.clock.now())
    with db.session() as session:
        row = session.get(SessionKey, desk.room.id)
        assert row is not None and row.sealed == sealed, "made once"


@hypothesis_settings(max_examples=100)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_the_reader(raw: bytes) -> None:
    with pytest.raises(FileRefused):
        emergency.read(raw)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=8), st.data())
@hypothesis_settings(max_examples=100)
def test_no_strange_value_in_a_file_breaks_the_reader(value: Any, data: st.DataObject) -> None:
    good: dict[str, Any] = {
        "format": emergency.FORMAT,
        "session": str(uuid4()),
        "sitting": str(uuid4()),
        "lease": 1,
        "saved_at": "2026-03-14T09:30:00.000Z",
        "epk": "A" * 87,
        "nonce": "A" * 16,
        "data": "AAAA",
        "signature": "A" * 43,
    }
    name = data.draw(st.sampled_from(sorted(good)))
    with pytest.raises(FileRefused):
        emergency.read(json.dumps({**good, name: value}).encode())


def test_the_room_s_page_imports_and_says_whose_and_how_many(
    desk: Desk, settings: Settings, database: db.Database
) -> None:
    app = delivery_app(settings, database, desk.clock)
    client = strict_client(app, [Role.INVIGILATOR])
    url = f"/room/{desk.room.id}/emergency"
    assert "No file has been imported" in client.get(url).get_data(as_text=True)

    def bring(raw: bytes) -> Any:
        return client.post(url, {"file": (io.BytesIO(raw), "answers.sjt-answers")})

    done = bring(desk.file())
    assert done.status_code == 303
    page = client.get(done.location)
    words = page.soup.select_one("[role=status]").get_text(" ", strip=True)
    assert words.startswith("Seat 1, Aisha Khan: 3 changes taken in 1 change was here already."), words
    refused = bring(desk.file(key=b"k" * 32))
    assert refused.status_code == 422
    assert "Nothing was taken from it" in refused.soup.select_one("[role=alert]").get_text()
    assert bring(b"").status_code == 422
    assert strict_client(app, [Role.CENTRE_ADMIN]).client.get(url).status_code == 403
