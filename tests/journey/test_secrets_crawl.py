"""No reply to a candidate, a stranger or who judges blind holds a key, weight, rating or trial flag: canary values."""

from __future__ import annotations

import contextlib
import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from sjt import db, paths
from sjt.access import Actor, Permission, Role
from sjt.accounts import service as accounts
from sjt.authoring.snapshot import Format, Paper, Secret, secret_to_json
from sjt.authoring.tables import BankedStatistic, BankFile, ScenarioRow, ScenarioVersion
from sjt.config import Settings
from sjt.delivery import dealing, ledger, running, service
from sjt.delivery.entering import deal_from
from sjt.delivery.tables import Sitting
from sjt.errors import Unavailable
from sjt.psychometrics import scoring
from sjt.results import service as results
from sjt.results.tables import AngoffRating
from sjt.times import ManualClock
from sjt.web.guards import GUARD_ATTRIBUTE, PUBLIC
from tests.builders.clients import StrictClient, strict_client
from tests.builders.forms import NINE, OFFICER_A, PSYCHOMETRICIAN, a_secret, put_form
from tests.builders.published import Published
from tests.builders.rooms import INVIGILATOR, ARoom, a_room, ledger_on, papers_from
from tests.builders.sittings import a_paper

WORD = "CANARY"
"""Stands in every text that must not come out."""
WEIGHT, MATRIX, ANGOFF, ANGOFF_SE, CUT, STATISTIC, RATING, CHANCE = (
    864_139_751,
    758_217_943,
    691_437_829,
    531_469_277,
    951_437_681,
    875_403_619,
    923_110_547,
    497_127_863,
)
"""Numbers that stand nowhere else, long enough not to turn up in an id or a token by chance."""
NUMBERS: Mapping[str, int] = {
    "weight of a trial item": WEIGHT,
    "matrix": MATRIX,
    "borderline mark": ANGOFF,
    "its error": ANGOFF_SE,
    "cut": CUT,
    "banked statistic": STATISTIC,
    "judge's rating": RATING,
    "chance mark": CHANCE,
}
HASHES = ("c0ffee" * 10 + "c0de", "facade" * 10 + "babe", "decade" * 10 + "f00d")
"""Of the scenario's, the key's and the proof's file."""
TRIAL_WORDS = re.compile(r"\btrial\b|\bunscored\b|\"live\"|data-live|\bis_live\b", re.IGNORECASE)
REFUSED = {303, 403, 404}


def twins(paper: Paper) -> Paper:
    """Put beside each scenario its twin: the same shapes under another id, all of them trial items."""
    more = []
    for scenario in paper.scenarios:
        number = int(scenario.id[1:]) + 3
        items = tuple(replace(item, id=f"s{number}-{item.id.split('-')[1]}") for item in scenario.items)
        more.append(
            replace(scenario, id=f"s{number}", title=f"Scenario {number}", story=f"Story {number}.", items=items)
        )
    return replace(paper, scenarios=paper.scenarios + tuple(more))


def baited(base: Paper) -> Secret:
    """Make the other side of the form, every part of it bait."""
    secret = a_secret(base)
    items = []
    for item in secret.items:
        key = dict(item.key)
        settings = dict(item.settings)
        if "matrix" in key:
            key["matrix"] = f"{WORD}-matrix"
            settings["matrices"] = {f"{WORD}-matrix": {"by_distance": [MATRIX, 2, 0, 0]}}
        options = base.item(item.id)
        assert options is not None
        items.append(
            replace(
                item,
                key=key,
                settings=settings,
                raw_max=scoring.raw_max(item.rule, key, options.option_ids(), settings),
                scenario_version=HASHES[0],
                key_version=HASHES[1],
                why={option: f"{WORD} why {item.id} {option}" for option in item.why} or {"text": f"{WORD} why"},
                ksbs=({"code": f"{WORD}-ksb", "role": "primary", "shows": f"{WORD} shows {item.id}"},),
                outcomes=(f"{WORD}-outcome",),
                angoff_mean=Fraction(ANGOFF),
                angoff_se=float(ANGOFF_SE),
                chance=Fraction(CHANCE),
            )
        )
    trial = [
        replace(
            item,
            id=f"s{int(item.id[1]) + 3}{item.id[2:]}",
            scenario=f"s{int(item.id[1]) + 3}",
            live=False,
            worth=Fraction(WEIGHT),
        )
        for item in items
    ]
    rubric = {
        **secret.rubrics["four-criteria"],
        "title": f"{WORD} rubric",
        "unsafe_flag": f"{WORD} unsafe",
        "look_for": [f"{WORD} look for"],
        "exemplars": [{"level": 3, "text": f"{WORD} exemplar"}],
        "criteria": [
            {"id": name, "title": f"{WORD} {name}", "anchors": [f"{WORD} anchor {n}" for n in range(4)]}
            for name in ("issue", "principle", "voice", "act")
        ],
    }
    return replace(
        secret,
        items=tuple(items + trial),
        rubrics={"four-criteria": rubric},
        blueprint=f"{WORD}-blueprint",
        cut={"exact": str(CUT), "applied": str(CUT), "se": float(CUT), "source": f"{WORD}-source"},
        proof_sha256=HASHES[2],
    )


def bait_the_bank(judge: str, other_judge: str) -> UUID:
    """Lay bait in the bank's files, its statistics and a panel's ratings; give the panel's id."""
    with db.transaction() as session:
        for path in ("panels/core.csv", "judgements/core.csv", "statistics/core.csv", "rubrics/four.toml"):
            content = f"{WORD} {path} {RATING}".encode()
            session.add(BankFile(bank_id="test-bank", version=1, path=path, content=content, sha256=HASHES[0]))
        session.add(ScenarioRow(id="s1", bank_id="test-bank", author="w", version=1))
        session.flush()
        session.add(
            ScenarioVersion(
                scenario_id="s1",
                n=1,
                folder="s1",
                scenario_bytes=f"{WORD} scenario.md".encode(),
                scenario_sha256=HASHES[0],
                key_folder="s1",
                key_bytes=f"{WORD} key.toml".encode(),
                key_sha256=HASHES[1],
                created_at=NINE,
                created_by="w",
            )
        )
        session.add(
            BankedStatistic(
                bank_id="test-bank",
                item="s1-a",
                scenario_sha256=HASHES[0],
                name="facility",
                value=float(STATISTIC),
                se=float(STATISTIC),
                n=STATISTIC,
                source=f"{WORD} source",
                date="2026-01-01",
                recorded_at=NINE,
                recorded_by="p",
            )
        )
        panel = results.create_panel(session, "Panel", ["form-1"], [judge, other_judge], by=PSYCHOMETRICIAN, now=NINE)
        session.add(
            AngoffRating(
                panel_id=panel,
                judge=other_judge,
                round=1,
                item="s1-a",
                scenario_version=HASHES[0],
                version=1,
                rating=Fraction(RATING),
                max=Fraction(20),
                at=NINE,
            )
        )
    return panel


def leaks(text: str, *, but: frozenset[str] = frozenset()) -> list[str]:
    """Name the canaries in a text, also where signs are escaped or thousands are set apart."""
    found = []
    for shape in {text, html.unescape(text), unquote(text)}:
        found += [shape[max(0, at.start() - 60) : at.end() + 30] for at in re.finditer(WORD, shape, re.IGNORECASE)]
        plain = re.sub(r"(?<=\d)[,\u00a0\u2009\u202f_](?=\d)", "", shape)
        found += [name for name, number in NUMBERS.items() if name not in but and str(number) in plain]
        found += ["effectiveness"] if "effectiveness" in shape else []
        found += [f"hash {one[:8]}" for one in HASHES if one[:12] in shape]
    return found


@dataclass
class Watch:
    """Sees every reply: status, headers, cookies decoded, body."""

    app: Flask
    seen: Counter[int] = field(default_factory=Counter)
    asked: set[tuple[str, str]] = field(default_factory=set)

    def look(self, reply: Any, *, who: str, but: frozenset[str] = frozenset()) -> Any:
        self.seen[reply.status_code] += 1
        self.asked.add((reply.request.method, reply.request.path))
        body = reply.get_data().decode("utf-8", "replace")
        reply.close()
        told = [f"{name}: {value}" for name, value in reply.headers]
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined] # Flask's
        for header in reply.headers.getlist("Set-Cookie"):
            name, _, value = header.split(";")[0].partition("=")
            if name == "sjt" and value:
                told.append(json.dumps(serializer.loads(value)))
        found = [one for text in (*told, body) for one in leaks(text, but=but)]
        assert not found, f"{who}: {reply.request.method} {reply.request.path} ({reply.status_code}) gives away {found}"
        return reply


@dataclass
class House:
    """One form full of bait, a room with two candidates, and what watches the replies."""

    app: Flask
    watch: Watch
    room: ARoom
    paper: Paper
    panel: UUID
    settings: Settings
    clock: ManualClock
    keeper: ledger.Ledger

    def values(self, rule: Rule, sitting: UUID | None = None) -> dict[str, Any]:
        """Give arguments that name things that are there, so that a guard, not chance, refuses."""
        known: dict[str, Any] = {
            "sitting_id": sitting or uuid4(),
            "session_id": self.room.id,
            "booking_id": self.room.booking(1),
            "form_id": "form-1",
            "item_id": "s1-a",
            "panel_id": self.panel,
            "scenario_id": "s1",
            "component": "portfolio",
            "deed": "absent",
            "name": "pause",
            "token": "x" * 40,
            "filename": "css/base.css",
        }
        if sitting is not None:
            with db.session() as session:
                row = session.get(Sitting, sitting)
                known["candidate_id"] = row.candidate_id if row is not None else uuid4()
        return {name: known.get(name) or uuid4() for name in rule.arguments}

    def routes(self) -> Iterator[tuple[Rule, str, bool]]:
        """Give each route with each method it takes, and whether it is the staff's alone."""
        for rule in self.app.url_map.iter_rules():
            guard = getattr(self.app.view_functions[rule.endpoint], GUARD_ATTRIBUTE, PUBLIC)
            staff = guard != PUBLIC and Permission.SIT not in guard
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, staff

    def url(self, rule: Rule, sitting: UUID | None = None) -> str:
        with self.app.test_request_context("/"):
            from flask import url_for

            return url_for(rule.endpoint, **self.values(rule, sitting))

    def crawl(
        self, client: StrictClient, who: str, sitting: UUID | None, *, methods: tuple[str, ...] = ("GET", "POST")
    ) -> None:
        """Ask every address of the staff by each method; each is refused, and nothing comes out."""
        token = client.csrf_token()
        for rule, method, staff in self.routes():
            if not staff or method not in methods:
                continue
            url = self.url(rule, sitting)
            bodies: tuple[dict[str, Any], ...] = (
                {},
                {"data": {"csrf_token": token, "reason": "x"}},
                {"json": {"csrf_token": token}},
            )
            for body in bodies:
                if method == "GET" and body:
                    continue
                if body:
                    body = {**body, "headers": {"X-CSRFToken": token}}
                reply = self.watch.look(client.client.open(url, method=method, **body), who=who)
                allowed = REFUSED | ({400, 403} if method == "POST" else set())  # 400: no token
                assert reply.status_code in allowed, f"{who} at {method} {url}: {reply.status_code}"
                if reply.status_code == 303:
                    assert reply.location.startswith("/sign-in"), f"{who} at {method} {url} goes to {reply.location}"

    def unasked(self) -> set[tuple[str, str]]:
        """Name what was never asked: endpoint and method."""
        adapter = self.app.url_map.bind("localhost")
        asked = set()
        for method, path in self.watch.asked:
            with contextlib.suppress(HTTPException):
                asked.add((adapter.match(path, method=method)[0], method))
        return {(rule.endpoint, method) for rule, method, _ in self.routes()} - asked

    def look_around(self, client: StrictClient, who: str, sitting: UUID | None) -> None:
        """Open every page that is public or the candidate's, and those of a neighbour."""
        for rule, method, staff in self.routes():
            if staff or method != "GET" or rule.endpoint == "static":
                continue
            for asked in {sitting, uuid4()} if "sitting_id" in rule.arguments else {sitting}:
                url = self.url(rule, asked) if "candidate_id" not in rule.arguments else self.url(rule, sitting)
                for accept in ("text/html", "application/json"):
                    self.watch.look(client.client.get(url, headers={"Accept": accept}), who=who)
        for path in (
            "/nowhere",
            "/sit/nowhere",
            "/static/../key.toml",
            "/static/nowhere.js",
            "/scenario_bank/",
            "/sit/%00",
        ):
            assert self.watch.look(client.client.get(path), who=who).status_code in (400, 404)


@pytest.fixture
def house(database: db.Database, settings: Settings, clock: ManualClock, app: Flask) -> Iterator[House]:
    base = a_paper()
    paper = twins(base)
    with papers_from(Published()), ledger_on(database, clock) as keeper:
        with db.transaction() as session:
            put_form(session, "form-1", paper=paper, secret=baited(base))
        for name in ("judge", "second-judge"):
            strict_client(app, [Role.JUDGE], login=name)
        with db.session() as session:
            found = [accounts.find_by_login(session, name) for name in ("judge", "second-judge")]
        judges = [str(one.id) for one in found if one is not None]
        panel = bait_the_bank(*judges)
        room = a_room(settings.secret_key, candidates=2, now=clock.now())
        yield House(app, Watch(app), room, paper, panel, settings, clock, keeper)


def enters(house: House, seat: int = 1) -> tuple[StrictClient, UUID]:
    client = StrictClient(house.app.test_client())
    post(house, client, "/sit/", {"code": house.room.code(seat), "pin": house.room.pin})
    with client.client.session_transaction() as cookie:
        return client, UUID(cookie["sitting"])


def post(house: House, client: StrictClient, url: str, data: dict[str, str] | None = None) -> Any:
    return house.watch.look(client.post(url, data), who="candidate")


def send(house: House, client: StrictClient, sitting: UUID, body: Any, lease: str = "1") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"X-Lease": lease, "X-CSRFToken": client.csrf_token(), "Content-Type": "application/json"}
    reply = client.client.post(f"/sit/{sitting}/events", data=raw, headers=headers)
    return house.watch.look(reply, who="candidate")


def event(seq: int, kind: str, item: str | None = None, response: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "seq": seq,
        "kind": kind,
        "item": item,
        "response": response,
        "client_time": "2026-03-14T09:00:00.000Z",
        "prev": None,
        **more,
    }


RESPONSES: Mapping[str, Any] = {
    "a1": {"A": 2, "B": 1, "C": 3, "D": 4, "E": 5},
    "b1": ["B", "E", "G"],
    "a2": {"A": 4, "B": 1, "C": 3, "D": 2, "E": 1},
    "b2": {"most": "B", "least": "A"},
    "a3": "C",
    "b3": {"text": "I would speak with her."},
}


def response_to(item: str) -> Any:
    scenario, letter = item[1:].split("-")
    return RESPONSES[f"{letter}{(int(scenario) - 1) % 3 + 1}"]


def good_events(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in house.paper.items():
        found.append(event(len(found), "view", item.id))
        found.append(event(len(found), "answer", item.id, response_to(item.id)))
    return found


BAD: tuple[Any, ...] = (
    b"",
    b"[]",
    b'{"events": 3}',
    b"\xff\xfe",
    {"events": [{}]},
    {"events": [event(900, "answer", "s9-z", "A")]},
    {"events": [event(901, "answer", "s3-a", "Z")]},
    {"events": [event(902, "answer", "s1-a", {"A": 1, "B": 1})]},
    {"events": [event(903, "answer", "s2-a", {"A": 9})]},
    {"events": [event(904, "answer", "s1-b", list("ABCDE"))]},
    {"events": [event(905, "answer", "s3-b", {"text": "x" * 20_001})]},
    {"events": [event(906, "score", "s3-a", "A")]},
    {"events": [event(907, "answer", "s6-a", {"score": True})]},
    {"events": [event(n, "focus") for n in range(1000, 1300)]},
    b"x" * (256 * 1024 + 1),
)


def test_the_bait_is_laid_and_the_watch_finds_it(house: House) -> None:
    text = secret_to_json(baited(a_paper()))
    assert set(leaks(text)) >= {
        "weight of a trial item",
        "effectiveness",
        "matrix",
        "borderline mark",
        "its error",
        "cut",
        "chance mark",
    }
    for words in ("why", "shows", "anchor", "look for", "exemplar", "unsafe", "matrix", "outcome", "blueprint"):
        assert any(words in one for one in leaks(text)), words
    assert leaks("&#67;ANARY") and leaks("%43ANARY") and leaks(f"{WEIGHT:,}")
    client, _, _ = sits(house)
    assessor = strict_client(house.app, [Role.ASSESSOR])
    page = assessor.post("/marking/next", {})
    assert f"{WORD} anchor" in assessor.get(page.location).get_data(as_text=True), "who marks does see the anchors"
    assert client is not None


def sits(house: House) -> tuple[StrictClient, UUID, int]:
    """Let candidate 1 enter, answer everything and submit, and end the session."""
    client, sitting = enters(house)
    post(house, client, "/sit/you", {"answer": "yes"})
    post(house, client, "/sit/display", {"scheme": "cream"})
    post(house, client, "/sit/instructions")
    service.start_room(house.room.id, by=INVIGILATOR)
    events = good_events(house)
    reply = send(house, client, sitting, {"events": events})
    assert not reply.get_json()["refused"]
    send(house, client, sitting, {"events": [event(len(events), "submit")]})
    house.clock.advance(timedelta(seconds=5))
    service.close_session(house.room.id, by=INVIGILATOR, reason="The session has ended.")
    return client, sitting, len(events)


def test_no_reply_to_a_candidate_or_a_stranger_holds_a_secret(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    watch, stranger = house.watch, StrictClient(house.app.test_client())
    house.look_around(stranger, "stranger", None)
    assert post(house, stranger, "/sit/", {"code": "", "pin": ""}).status_code == 422
    assert post(house, stranger, "/sit/", {"code": "AAAA-AAAA", "pin": "000000"}).status_code == 403
    client, sitting = enters(house)
    assert send(house, stranger, sitting, {"events": []}).status_code == 401

    house.look_around(client, "candidate before", sitting)
    assert send(house, client, sitting, {"events": good_events(house)}).get_json()["refused"]
    post(house, client, "/sit/you", {"answer": "yes"})
    post(house, client, "/sit/display", {"scheme": "cream"})
    house.look_around(client, "candidate at the instructions", sitting)
    post(house, client, "/sit/instructions")
    house.look_around(client, "candidate waiting", sitting)

    service.start_room(house.room.id, by=INVIGILATOR)
    for body in BAD:
        reply = send(house, client, sitting, body)
        assert reply.status_code in (200, 400, 413) and (reply.status_code != 200 or reply.get_json()["refused"])
    for lease in ("", "0", "9", "x"):
        assert send(house, client, sitting, {"events": []}, lease).status_code == 400
    events = good_events(house)
    assert len(send(house, client, sitting, {"events": events}).get_json()["acked"]) == len(events)
    assert send(house, client, uuid4(), {"events": []}).status_code == 404
    post(house, client, "/sit/help")
    post(house, client, "/sit/help/cancel")
    assert post(house, client, "/sit/proof").status_code == 200
    assert post(house, StrictClient(house.app.test_client()), "/sit/link", {"token": "x" * 22}).status_code == 403
    assert post(house, client, "/sit/break").status_code == 409, "no rest breaks were granted"
    house.look_around(client, "candidate during", sitting)
    house.crawl(client, "candidate during", sitting)
    house.crawl(stranger, "stranger", sitting)
    page = watch.look(client.get("/sit/test"), who="candidate during")
    assert not TRIAL_WORDS.findall(page.get_data(as_text=True))

    service.pause(sitting, by=INVIGILATOR, reason="A pause.")
    house.look_around(client, "candidate paused", sitting)
    service.resume(sitting, by=INVIGILATOR, reason="It is over.")
    faults(house, client, sitting, monkeypatch)
    reply = send(house, client, sitting, {"events": [event(len(events), "submit")]})
    assert reply.get_json()["state"] == "submitted"
    late = send(house, client, sitting, {"events": [event(len(events) + 1, "answer", "s3-a", "B")]})
    assert late.get_json()["refused"][0]["kept"]

    house.clock.advance(timedelta(seconds=5))
    service.close_session(house.room.id, by=INVIGILATOR, reason="The session has ended.")
    with db.transaction() as session:
        results.mark_sitting(session, sitting, by=OFFICER_A, now=house.clock.now())
    said = {f"comment:{house.paper.items()[0].id}": "Was this one a trial?", "clarity": "4", "words": "Long."}
    post(house, client, "/sit/comments", said)
    house.look_around(client, "candidate after", sitting)
    house.crawl(client, "candidate after", sitting, methods=("GET",))
    post(house, client, "/sit/finish")
    house.look_around(client, "candidate gone", sitting)
    assert {200, 303, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503} <= set(watch.seen), dict(watch.seen)
    for url in ("/sign-in", f"/link/{'x' * 40}", "/sit/back", "/sign-out"):
        post(house, stranger, url, {"login": "writer", "password": "wrong", "next": "/bank/"})
    assert post(house, stranger, "/preflight/save").status_code == 200
    assert post(house, stranger, f"/preflight/{uuid4()}").status_code == 400
    assert house.unasked() == set(), "every address of the house was asked, by every method it takes"


def faults(house: House, client: StrictClient, sitting: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the house break in each way that a candidate can see, with bait in the exception's words."""
    with monkeypatch.context() as patch:
        patch.setitem(house.app.config, "PROPAGATE_EXCEPTIONS", False)
        patch.setitem(house.app.config, "TESTING", False)

        def breaks(*_: Any, **__: Any) -> Any:
            raise RuntimeError(f"{WORD} {WEIGHT}")

        patch.setattr(service, "sitting_of", breaks)
        patch.setattr(service, "save", breaks)
        patch.setattr(running, "save", breaks)  # the short way asks here; what it cannot do, the route does again
        for accept in ("text/html", "application/json"):
            reply = client.client.get("/sit/test", headers={"Accept": accept})
            assert house.watch.look(reply, who="candidate at a crash").status_code == 500
        assert send(house, client, sitting, {"events": []}).status_code == 500
    with monkeypatch.context() as patch:

        def busy(*_: Any, **__: Any) -> Any:
            raise Unavailable("The server is busy. Try again in a moment.")

        patch.setattr(service, "save", busy)
        patch.setattr(running, "save", busy)
        patch.setattr(service, "sitting_of", busy)
        assert send(house, client, sitting, {"events": []}).status_code == 503
        assert house.watch.look(client.get("/sit/test"), who="candidate").status_code == 503
    second, moved = enters(house, seat=2)
    post(house, second, "/sit/you", {"answer": "yes"})
    service.move_device(moved, by=INVIGILATOR, reason="Another computer.")
    assert house.watch.look(second.get("/sit/test"), who="moved candidate").status_code == 409
    assert house.watch.look(client.client.post("/sit/test"), who="candidate").status_code == 405
    stranger = StrictClient(house.app.test_client())
    statuses = [post(house, stranger, "/sit/", {"code": "ABCD-EFGH", "pin": "1"}).status_code for _ in range(11)]
    assert statuses[-1] == 429


def test_no_file_that_is_served_to_everybody_holds_a_secret(house: House) -> None:
    client = StrictClient(house.app.test_client())
    files = [path for path in paths.static_dir().rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        reply = client.client.get(f"/static/{path.relative_to(paths.static_dir()).as_posix()}")
        assert house.watch.look(reply, who="stranger").status_code == 200
    for name in ("/static/scenario_bank/bank.toml", "/static/..%2f..%2fscenario_bank/bank.toml", "/key.toml"):
        assert house.watch.look(client.client.get(name), who="stranger").status_code == 404


def skeleton(part: Tag) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Give a question's markup without what differs from one question to the next: ids, and the order as dealt."""
    item = str(part["data-item"])

    def plain(name: str, value: Any) -> str:
        words = " ".join(value) if isinstance(value, list) else str(value)
        words = words.replace(item, "ITEM").replace(item.split("-")[0], "SCENARIO")
        return "DEALT" if name in ("data-option", "value", "data-home", "data-order", "data-letter") else words

    return [
        (tag.name, tuple(sorted((name, plain(name, value)) for name, value in tag.attrs.items())))
        for tag in [part, *part.find_all(True)]
    ]


def test_trial_items_are_told_apart_by_nothing(house: House) -> None:
    client, sitting = enters(house)
    post(house, client, "/sit/you", {"answer": "yes"})
    post(house, client, "/sit/display", {"scheme": "cream"})
    post(house, client, "/sit/instructions")
    service.start_room(house.room.id, by=INVIGILATOR)
    soup: BeautifulSoup = client.get("/sit/test").soup
    formats = set()
    for live in house.paper.items()[:6]:
        trial = f"s{int(live.id[1]) + 3}{live.id[2:]}"
        here, there = (soup.select_one(f"[data-item='{name}']") for name in (live.id, trial))
        assert here is not None and there is not None
        assert sorted(skeleton(here)) == sorted(skeleton(there)), f"{live.id} and {trial}"
        formats.add(live.format)
    assert formats == set(Format)
    for event_of in ("s3-a", "s6-a"):
        reply = send(house, client, sitting, {"events": [event(int(event_of[1]), "answer", event_of, "B")]}).get_json()
        assert (reply["refused"], len(reply["acked"])) == ([], 1)
        assert set(reply) == {
            "acked",
            "refused",
            "remaining_ms",
            "ends_at",
            "server_time",
            "state",
            "content_head",
        }
    with db.session() as session:
        row = session.get(Sitting, sitting)
        assert row is not None
        made = deal_from(row.deal)
        again = dealing.order_of(made.seed, made.sitting, house.paper)
    assert made == again, "the order comes from the candidate's side of the form alone"
    blocks = [house.paper.scenarios[int(name[1]) - 1].items[0].format for name in made.scenarios]
    assert blocks == sorted(blocks, key=blocks.index), "trial scenarios lie in the block of their format"


BLIND: Mapping[Role, frozenset[str]] = {
    Role.EXPERT: frozenset(),
    Role.JUDGE: frozenset({"chance mark"}),  # told to each judge: no rating below it is taken
    Role.INVIGILATOR: frozenset(),
    Role.CENTRE_ADMIN: frozenset(),
    Role.EMPLOYER: frozenset(),
}


@pytest.mark.parametrize("role", BLIND, ids=lambda role: role.value)
def test_who_answers_or_works_blind_sees_no_key(house: House, role: Role) -> None:
    _, sitting, _ = sits(house)
    with db.transaction() as session:
        results.mark_sitting(session, sitting, by=OFFICER_A, now=house.clock.now())
    client = strict_client(house.app, [role])
    seen = 0
    for rule, method, _ in house.routes():
        if method != "GET" or rule.endpoint in ("static", "web.styleguide"):
            continue
        reply = house.watch.look(client.client.get(house.url(rule, sitting)), who=role.value, but=BLIND[role])
        seen += reply.status_code == 200
    assert seen >= 3, "some pages are theirs"
    if role is Role.JUDGE:
        page = client.get(f"/results/judging/{house.panel}/items/s1-a")
        assert page.status_code == 200 and "Your judgement" in page.get_data(as_text=True)
    for path in ("/bank/scenarios/s1", "/forms/form/form-1", f"/results/sittings/{sitting}/marks", "/bank/export.zip"):
        assert house.watch.look(client.client.get(path), who=role.value).status_code in (403, 404)


def test_an_actor_of_the_room_may_not_see_a_key() -> None:
    from sjt.access import may

    for role in (*BLIND, Role.CANDIDATE, Role.ASSESSOR, Role.FAIRNESS):
        assert not may(Actor("x", "X", frozenset({role})), Permission.SEE_KEY)
