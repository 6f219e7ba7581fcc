"""Signing in and out, links, people, one's desk: what each shows and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.accounts import desk, passwords, routes, service
from sjt.accounts.model import LOGIN_LASTS, DeskTask, LinkPurpose
from sjt.accounts.tables import User
from sjt.accounts.throttle import Throttle
from sjt.errors import NotFound
from sjt.times import ManualClock
from tests.builders.clients import StrictClient

PASSWORD = "three calm otters"
HASH = passwords.hashed(PASSWORD)


@pytest.fixture
def priya(database: db.Database, clock: ManualClock) -> Any:
    """Make a writer who has a password."""
    with database.transaction() as session:
        user = service.add_person(
            session,
            login="priya",
            name="Priya O’Nair",
            email="",
            roles=frozenset({Role.WRITER}),
            by=SYSTEM,
            now=clock.now(),
        )
        service.set_password_hash(session, user, HASH, by=SYSTEM, now=clock.now())
    return user


@pytest.fixture
def stranger(app: Flask) -> StrictClient:
    return StrictClient(app.test_client())


def sign_in(client: StrictClient, *, login: str = "priya", password: str = PASSWORD, next_: str = "") -> Any:
    return client.post("/sign-in", {"login": login, "password": password, "next": next_})


def cookie_of(client: StrictClient) -> str:
    found = client.client.get_cookie("sjt")
    return found.value if found else ""


def test_the_right_password_leads_to_the_desk(stranger: StrictClient, priya: Any) -> None:
    answer = sign_in(stranger, login=" PRIYA ")
    assert answer.status_code == 303 and answer.location == "/desk"
    page = stranger.get("/desk")
    assert page.status_code == 200 and "Priya O’Nair: writer" in page.soup.get_text()


@pytest.mark.parametrize(
    ("login", "password"), [("priya", "wrong"), ("nobody", PASSWORD), ("pri ya", "x"), ("a" * 5000, "x")]
)
def test_a_wrong_pair_is_refused_alike_and_says_not_which(
    stranger: StrictClient, priya: Any, login: str, password: str
) -> None:
    answer = sign_in(stranger, login=login, password=password)
    assert answer.status_code == 422
    assert "do not belong together" in answer.soup.get_text()
    assert password not in answer.get_data(as_text=True) or password == "x"
    assert stranger.get("/desk").status_code == 303


def test_an_empty_form_tells_both_fields_in_its_summary(stranger: StrictClient) -> None:
    answer = sign_in(stranger, login="", password="")
    links = [link["href"] for link in answer.soup.select(".error-summary a")]
    assert answer.status_code == 422 and len(links) == 2
    assert all(answer.soup.select_one(link) is not None for link in links)
    assert answer.soup.title.get_text().startswith("Error: ")


def test_a_nul_is_refused_with_a_page(stranger: StrictClient) -> None:
    assert sign_in(stranger, login="pri\x00ya").status_code == 400
    assert stranger.get("/sign-in?next=%00").status_code == 400


def test_the_eleventh_try_waits_and_a_right_password_does_not_help_then(stranger: StrictClient, priya: Any) -> None:
    for _ in range(10):
        assert sign_in(stranger, password="wrong").status_code == 422
    answer = sign_in(stranger)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) >= 1


def test_one_address_cannot_go_through_names(
    stranger: StrictClient, priya: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "SIGN_INS_FROM", Throttle(tries=5, seconds=60))
    statuses = [sign_in(stranger, login=f"name{n}", password="x").status_code for n in range(6)]
    assert statuses == [422] * 5 + [429]


def test_a_success_clears_the_name_and_not_the_address(
    stranger: StrictClient, priya: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "SIGN_INS_FROM", Throttle(tries=3, seconds=60))
    assert sign_in(stranger).status_code == 303
    assert sign_in(stranger, login="kim", password="x").status_code == 422
    assert sign_in(stranger, login="lee", password="x").status_code == 422
    assert sign_in(stranger, login="max", password="x").status_code == 429


def test_a_refused_sign_in_leaves_an_audit_line_without_the_name(
    stranger: StrictClient, priya: Any, database: db.Database
) -> None:
    sign_in(stranger, login="priya", password="wrong")
    with database.session() as session:
        rows = session.connection().exec_driver_sql("SELECT body FROM audit_body WHERE chain LIKE 'refusal:%'").all()
    assert len(rows) == 1 and "/sign-in" in str(rows[0]) and "priya" not in str(rows[0])


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "\\/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/%0d%0aX: y\r\nSet-Cookie: a=b",
    ],
)
def test_sign_in_leads_nowhere_else(stranger: StrictClient, priya: Any, target: str) -> None:
    answer = sign_in(stranger, next_=target)
    assert answer.status_code == 303 and answer.location == "/desk"


def test_sign_in_leads_back_to_the_page_asked_for(stranger: StrictClient, priya: Any) -> None:
    away = stranger.get("/profile?from=mail")
    assert away.status_code == 303 and away.location.startswith("/sign-in?next=")
    page = stranger.get(away.location)
    target = page.soup.select_one("input[name=next]")["value"]
    assert sign_in(stranger, next_=target).location == "/profile?from=mail"


def test_signing_in_gives_a_new_session(stranger: StrictClient, app: Flask, priya: Any) -> None:
    """Whoever planted a cookie beforehand must not share the log-in that follows."""
    stranger.get("/sign-in")
    planted = cookie_of(stranger)
    sign_in(stranger)
    assert cookie_of(stranger) != planted
    thief = StrictClient(app.test_client())
    thief.client.set_cookie("sjt", planted)
    assert thief.get("/desk").status_code == 303


def test_a_cookie_kept_after_signing_out_is_worth_nothing(stranger: StrictClient, app: Flask, priya: Any) -> None:
    sign_in(stranger)
    kept = cookie_of(stranger)
    assert stranger.post("/sign-out").status_code == 303
    thief = StrictClient(app.test_client())
    thief.client.set_cookie("sjt", kept)
    assert thief.get("/desk").status_code == 303


def test_the_cookie_is_for_this_site_and_not_for_scripts(stranger: StrictClient, priya: Any) -> None:
    sent = sign_in(stranger).headers["Set-Cookie"]
    assert "HttpOnly" in sent and "SameSite=Strict" in sent


def test_a_post_without_the_token_is_refused(stranger: StrictClient, priya: Any) -> None:
    answer = stranger.post("/sign-in", {"login": "priya", "password": PASSWORD, "csrf_token": "forged"})
    assert answer.status_code == 400
    sign_in(stranger)
    assert stranger.client.post("/sign-out").status_code == 400
    assert stranger.get("/desk").status_code == 200


def test_a_disabled_person_is_out_at_the_next_click(
    stranger: StrictClient, priya: Any, client_as: Callable[..., StrictClient]
) -> None:
    sign_in(stranger)
    admin = client_as(Role.ADMINISTRATOR)
    assert admin.post(f"/people/{priya}/access", {"deed": "disable"}).status_code == 303
    assert stranger.get("/desk").status_code == 303
    assert sign_in(stranger).status_code == 422


def test_a_log_in_ends_after_twelve_hours(stranger: StrictClient, priya: Any, clock: ManualClock) -> None:
    sign_in(stranger)
    clock.advance(LOGIN_LASTS - timedelta(minutes=1))
    assert stranger.get("/desk").status_code == 200
    clock.advance(timedelta(minutes=1))
    assert stranger.get("/desk").status_code == 303


def a_link(database: db.Database, user: Any, clock: ManualClock) -> str:
    with database.transaction() as session:
        return service.make_link(session, user, LinkPurpose.RESET, by=SYSTEM, now=clock.now())


def test_a_link_sets_a_password_and_signs_in_once(
    stranger: StrictClient, priya: Any, database: db.Database, clock: ManualClock
) -> None:
    url = f"/link/{a_link(database, priya, clock)}"
    assert "priya" in stranger.get(url).soup.get_text()
    weak = stranger.post(url, {"password": "short", "again": "short"})
    assert weak.status_code == 422 and "at least 12" in weak.soup.get_text()
    differ = stranger.post(url, {"password": "four quiet swans", "again": "four quiet swan"})
    assert differ.status_code == 422 and "differ" in differ.soup.get_text()
    done = stranger.post(url, {"password": "four quiet swans", "again": "four quiet swans"})
    assert done.status_code == 303 and stranger.get("/desk").status_code == 200
    assert stranger.get(url).status_code == 404
    assert stranger.post(url, {"password": "five quiet swans", "again": "five quiet swans"}).status_code == 404


def test_an_old_or_unknown_link_gives_the_same_page(
    stranger: StrictClient, priya: Any, database: db.Database, clock: ManualClock
) -> None:
    token = a_link(database, priya, clock)
    clock.advance(timedelta(days=7))
    texts = {re.sub(r"[0-9a-f]{8}", "", stranger.get(f"/link/{name}").soup.main.get_text()) for name in (token, "no")}
    assert len(texts) == 1


def test_an_administrator_adds_a_person_and_is_shown_the_link_once(
    client_as: Callable[..., StrictClient], stranger: StrictClient
) -> None:
    admin = client_as(Role.ADMINISTRATOR)
    assert admin.get("/people/new").status_code == 200
    made = admin.post("/people/new", {"name": "Sam I", "login": "Sam", "email": "", "roles": ["writer", "reviewer"]})
    address = made.soup.select_one("code").get_text()
    assert re.fullmatch(r"http://localhost/link/[\w-]{32}", address)
    assert "Sam I" in admin.get("/people").soup.get_text()
    page = stranger.get(address.removeprefix("http://localhost"))
    assert page.status_code == 200 and "sam" in page.soup.get_text()


def test_a_person_with_every_fault_is_told_every_fault(client_as: Callable[..., StrictClient]) -> None:
    answer = client_as(Role.ADMINISTRATOR).post("/people/new", {"name": "", "login": "a b", "email": "no"})
    assert answer.status_code == 422
    assert len(answer.soup.select(".error-summary a")) == 4


def test_a_log_in_name_that_is_taken_is_told_on_a_page(client_as: Callable[..., StrictClient], priya: Any) -> None:
    fields = {"name": "Another", "login": "priya", "email": "", "roles": ["writer"]}
    answer = client_as(Role.ADMINISTRATOR).post("/people/new", fields)
    assert answer.status_code == 409 and "already" in answer.soup.get_text()


def test_roles_change_on_the_person_page(client_as: Callable[..., StrictClient], priya: Any) -> None:
    admin = client_as(Role.ADMINISTRATOR)
    page = admin.get(f"/people/{priya}")
    assert [box["value"] for box in page.soup.select("input[type=checkbox][checked]")] == ["writer"]
    assert admin.post(f"/people/{priya}/roles", {"roles": []}).status_code == 422
    assert admin.post(f"/people/{priya}/roles", {"roles": ["candidate"]}).status_code == 422
    assert admin.post(f"/people/{priya}/roles", {"roles": ["auditor", "judge"]}).status_code == 303
    page = admin.get(f"/people/{priya}")
    assert {box["value"] for box in page.soup.select("input[type=checkbox][checked]")} == {"auditor", "judge"}


def test_an_unknown_person_is_not_found(client_as: Callable[..., StrictClient]) -> None:
    admin = client_as(Role.ADMINISTRATOR)
    assert admin.get("/people/01890000-0000-7000-8000-000000000000").status_code == 404
    assert admin.post("/people/01890000-0000-7000-8000-000000000000/roles", {"roles": ["judge"]}).status_code == 404


def test_ones_own_password_changes_with_the_old_one_alone(stranger: StrictClient, priya: Any, app: Flask) -> None:
    sign_in(stranger)
    elsewhere = StrictClient(app.test_client())
    sign_in(elsewhere)
    new = {"password": "four quiet swans", "again": "four quiet swans"}
    assert stranger.post("/profile/password", {"current": "wrong", **new}).status_code == 422
    assert stranger.post("/profile/password", {"current": PASSWORD, **new}).status_code == 303
    assert stranger.get("/profile").status_code == 200, "this browser stays signed in"
    assert elsewhere.get("/profile").status_code == 303, "every other one is signed out"
    assert sign_in(elsewhere).status_code == 422
    assert sign_in(elsewhere, password="four quiet swans").status_code == 303


def test_a_signed_in_person_is_not_asked_to_sign_in(client_as: Callable[..., StrictClient]) -> None:
    assert client_as(Role.WRITER).get("/sign-in").location == "/"
    assert client_as(Role.WRITER).get("/").location == "/desk"


@pytest.mark.parametrize("path", ["/accessibility", "/privacy", "/sign-in"])
def test_public_pages_need_nobody(stranger: StrictClient, path: str) -> None:
    assert stranger.get(path).status_code == 200


def test_a_room_that_cannot_say_what_waits_does_not_take_the_desk_down(
    client_as: Callable[..., StrictClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(session: Any, actor: Any, at: Any) -> Any:
        yield DeskTask("Seen first", 2, "/profile")
        raise NotFound("There is no plan old-1. The bank's plans are new-1.")

    def sound(session: Any, actor: Any, at: Any) -> Any:
        yield DeskTask("Still here", 3, "/profile")

    monkeypatch.setattr(desk, "_providers", [lost, sound])
    page = client_as(Role.AWARDING_OFFICER).get("/desk")
    text = page.soup.main.get_text()
    assert page.status_code == 200 and "Still here" in text
    assert "cannot be shown" in text and "There is no plan old-1" in text


def test_132_people_come_in_pages_of_a_hundred_and_a_search_finds_one(
    client_as: Callable[..., StrictClient], database: db.Database, clock: ManualClock
) -> None:
    admin = client_as(Role.ADMINISTRATOR)
    with database.transaction() as session:
        for n in range(132):
            session.add(User(login=f"colleague-{n:03}", name=f"Colleague {n:03}", created_at=clock.now()))
    first = admin.get("/people").soup
    assert "1 to 100 here" in first.caption.get_text() and len(first.select("tbody tr")) == 100
    onward = first.find("a", string="Next")
    rest = admin.get(onward["href"]).soup
    assert 32 <= len(rest.select("tbody tr")) < 100 and rest.find("a", string="Previous")
    found = admin.get("/people?q=131+COLLEAGUE").soup
    assert len(found.select("tbody tr")) == 1 and found.find("a", string="Show all")
    assert "Nobody fits" in admin.get("/people?q=nowhere").soup.main.get_text()
