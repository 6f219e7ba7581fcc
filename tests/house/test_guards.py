"""Every route has one guard; strangers, candidates and each role get what the one table says, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from sjt.access import TABLE, Actor, Permission, Role, may
from sjt.web import guards, nav
from sjt.web.guards import GUARD_ATTRIBUTE, PUBLIC
from tests.builders.clients import StrictClient

NOTHING = UUID(int=7)
STAFF = [role for role in Role if role is not Role.CANDIDATE]


def routes(app: Flask) -> Iterator[tuple[Rule, Any]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            yield rule, getattr(app.view_functions[rule.endpoint], GUARD_ATTRIBUTE, None)


def address(app: Flask, rule: Rule) -> str:
    """Give the route's address with an id of nothing in each place."""
    values = {
        name: NOTHING if type(rule._converters[name]).__name__ == "UUIDConverter" else "x" for name in rule.arguments
    }
    with app.test_request_context():
        found: str = app.url_map.bind("localhost").build(rule.endpoint, values, method=sorted(rule.methods or ())[0])
    return found


def test_every_route_has_exactly_one_guard(app: Flask) -> None:
    bare = [rule.rule for rule, guard in routes(app) if guard is None]
    assert not bare, f"no guard: {bare}"
    for rule, guard in routes(app):
        view = app.view_functions[rule.endpoint]
        depth = 0
        while hasattr(view, "__wrapped__"):
            view, depth = view.__wrapped__, depth + 1
            if getattr(view, GUARD_ATTRIBUTE, None) is not None:
                pytest.fail(f"{rule.rule} has two guards")
        assert guard == PUBLIC or all(isinstance(one, Permission) for one in guard)


def test_only_these_addresses_are_for_anyone(app: Flask) -> None:
    assert {rule.rule for rule, guard in routes(app) if guard == PUBLIC} == {
        "/",
        "/accessibility",
        "/healthz",
        "/preflight/",
        "/preflight/<uuid:room_id>",
        "/preflight/save",
        "/link/<token>",
        "/sit/link",
        "/sit/locked/<uuid:session_id>.seb",
        "/sit/quit/<token>",
        "/practice/",
        "/practice/end",
        "/practice/test",
        "/privacy",
        "/readyz",
        "/sign-in",
        "/sign-out",
        "/sit/",
        "/sit/finish",
        "/sit/not-me",
        "/sit/worker.js",
        "/styleguide",
    }


def test_a_stranger_sees_no_guarded_page(app: Flask) -> None:
    client = StrictClient(app.test_client())
    for rule, guard in routes(app):
        if guard == PUBLIC:
            continue
        url = address(app, rule)
        if "GET" in (rule.methods or ()):
            answer = client.get(url)
            assert answer.status_code in (303, 401, 403, 404), (url, answer.status_code)
            if answer.status_code == 303:
                assert answer.location.split("?")[0] in ("/sign-in", "/sit/"), (url, answer.location)
        if "POST" in (rule.methods or ()):
            assert client.client.post(url).status_code in (303, 400, 401, 403, 404), url


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_403_where_the_table_says_so(app: Flask, role: Role) -> None:
    person = Actor("00000000-0000-7000-8000-000000000001", "Somebody", frozenset({role}))
    app.extensions[guards.ACTOR_LOADER] = lambda: person
    client = app.test_client()
    for rule, guard in routes(app):
        if guard == PUBLIC or "GET" not in (rule.methods or ()):
            continue
        allowed = any(may(person, permission) for permission in guard)
        if allowed:
            continue  # what an allowed person finds is the room's to test
        answer = client.get(address(app, rule))
        assert answer.status_code == 403, (role, rule.rule, answer.status_code)


@pytest.mark.parametrize("role", STAFF)
def test_every_page_without_an_id_opens_for_whom_it_is_meant(
    app: Flask, role: Role, client_as: Callable[..., StrictClient]
) -> None:
    client = client_as(role)
    for rule, guard in routes(app):
        if guard == PUBLIC or "GET" not in (rule.methods or ()) or rule.arguments:
            continue
        if any(role in TABLE[permission] for permission in guard):
            answer = client.get(rule.rule)
            assert answer.status_code in (200, 303, 404, 409), (role, rule.rule, answer.status_code)


def test_a_candidate_holds_no_right_but_to_sit() -> None:
    assert [permission for permission, roles in TABLE.items() if Role.CANDIDATE in roles] == [Permission.SIT]


def test_judges_and_experts_never_see_a_key() -> None:
    for role in (Role.JUDGE, Role.EXPERT, Role.INVIGILATOR, Role.CENTRE_ADMIN, Role.EMPLOYER, Role.ADMINISTRATOR):
        assert role not in TABLE[Permission.SEE_KEY]


def test_every_entry_of_the_bar_leads_to_a_page_its_holder_may_open(app: Flask) -> None:
    for label, endpoint, permission in nav.ENTRIES:
        assert endpoint in app.view_functions, f"{label} leads nowhere: {endpoint}"
        guard = getattr(app.view_functions[endpoint], GUARD_ATTRIBUTE)
        assert permission in guard, f"{label} shows for “{permission.value}”, its page asks for {guard}"
