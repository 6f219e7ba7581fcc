"""What comes in by files: a draft before the gates, unless it is an illustration or somebody signs for it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.accounts import passwords
from sjt.accounts import service as accounts
from sjt.authoring import health_page, import_export, lifecycle, service, store
from sjt.authoring.arriving import Elsewhere
from sjt.authoring.bank import load_files
from sjt.authoring.import_export import Prepared, zip_of_files
from sjt.authoring.stamping import stamped
from sjt.authoring.states import ScenarioState
from sjt.errors import Forbidden, InputError
from tests.authoring.conftest import NOW
from tests.authoring.test_life_pages import person, words

S = ScenarioState
DEVELOPER = Actor("d1", "Dina Marsh", frozenset({Role.TEST_DEVELOPER}))
WRITER = Actor("w1", "Wanda Price", frozenset({Role.WRITER}))
WORD = Elsewhere("Northern Assessment, two readers and a panel of twelve", "Live there since May 2024.")
SCENARIO = "cypf-0001"


def earnest(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give the files of a bank that does not call itself an illustration."""
    return {**files, "bank.toml": files["bank.toml"].replace(b'keys = "illustrative"', b'keys = "panelled"')}


def retitled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    name = next(n for n in files if n.startswith(f"scenarios/{SCENARIO}") and n.endswith("scenario.md"))
    key = name.replace("scenario.md", "key.toml")
    text = files[name].replace(b"Three things on paper", b"Four things on paper")
    changed = {**files, name: text, key: files[key].replace(b'set_on = "sha256:', b'set_on = "" # "')}
    return {**changed, **stamped(load_files(changed))}


def put(files: Mapping[str, bytes], *, by: Actor = WRITER, word: Elsewhere | None = None) -> import_export.Imported:
    ready = import_export.prepare(files, today=NOW.date())
    with db.transaction() as session:
        return service.import_prepared(session, ready, by=by, now=NOW, word=word)


def states() -> dict[str, ScenarioState]:
    with db.session() as session:
        return service.states(session)


def test_what_comes_by_files_is_a_draft_and_no_form_lifts_it(database: db.Database, few_files: Prepared) -> None:
    done = put(earnest(few_files.files))
    assert set(states().values()) == {S.DRAFT} and set(done.arrival.drafts) == set(states())
    with db.session() as session:
        refused = lifecycle.refused_for_form(session, {SCENARIO: True})
        assert refused == [f"{SCENARIO} is draft, and nobody has approved it for trial."]
        assert lifecycle.refused_for_form(session, {SCENARIO: False}) == refused
        assert lifecycle.barred(session, "cypf") == set(states())
    with db.transaction() as session:
        lifecycle.published(session, [SCENARIO], by=DEVELOPER, now=NOW)
    assert states()[SCENARIO] is S.DRAFT


def test_a_signed_word_makes_it_live_with_who_judged_it_and_never_what_was_worked_on_here(
    database: db.Database, few_files: Prepared
) -> None:
    files = earnest(few_files.files)
    with pytest.raises(Forbidden):
        put(files, word=WORD)
    with pytest.raises(InputError) as caught:
        put(files, by=DEVELOPER, word=Elsewhere("", "Trust me"))
    assert [one.field for one in caught.value.faults] == ["Reviewed by", "Reason"]
    author = Actor("w2", "writer-01", frozenset({Role.TEST_DEVELOPER}))
    with pytest.raises(InputError, match="Nothing was changed") as caught:
        put(files, by=author, word=WORD)
    assert "nobody approves their own work" in caught.value.faults[0].what
    assert put(files, by=DEVELOPER, word=WORD).arrival.word and set(states().values()) == {S.LIVE}
    with db.transaction() as session:
        (move,) = store.moves(session, SCENARIO)
        assert move.did == "elsewhere" and "Northern Assessment" in move.reason and move.by == DEVELOPER.id
        health = health_page.bank_health(session, today=NOW.date())
        found = health.one("way.elsewhere")
        assert found is not None and found[1].n == 3
        assert health.one("way.gates")[1].n == 0  # type: ignore[index]  # it is there
        lifecycle.move(session, SCENARIO, "suspend", by=DEVELOPER, now=NOW, reason="The law has changed.")
    # a changed text is a new version and a draft; what somebody moved here stays where it is
    changed = put(retitled(files), by=DEVELOPER, word=WORD)
    assert changed.changed == (SCENARIO,) and states()[SCENARIO] is S.SUSPENDED
    with db.transaction() as session:
        lifecycle.move(session, SCENARIO, "lift", by=DEVELOPER, now=NOW, reason="It stands as it was.")
    put(files, by=DEVELOPER, word=WORD)
    assert states()[SCENARIO] is S.DRAFT, "worked on here, so judged here"


def test_changed_words_of_what_is_live_elsewhere_are_a_draft_without_a_new_word(
    database: db.Database, few_files: Prepared
) -> None:
    files = earnest(few_files.files)
    put(files, by=DEVELOPER, word=WORD)
    put(retitled(files))
    assert states()[SCENARIO] is S.DRAFT
    assert {state for one, state in states().items() if one != SCENARIO} == {S.LIVE}


def test_an_illustration_is_live_until_the_bank_is_none_any_more(few: db.Database, few_files: Prepared) -> None:
    assert set(states().values()) == {S.LIVE}
    assert put(few_files.files).arrival.illustration == (), "the same bank again moves nothing"
    done = put(earnest(few_files.files))
    assert set(done.arrival.back) == set(states()) and set(states().values()) == {S.DRAFT}


def test_the_page_asks_for_a_signature_and_says_what_became_of_what_came(
    database: db.Database, few_files: Prepared, client_as: Callable[..., Any]
) -> None:
    developer = client_as(Role.TEST_DEVELOPER, login="developer")
    with db.transaction() as session:
        found = accounts.find_by_login(session, "developer")
        assert found is not None
        accounts.set_password_hash(session, found.id, passwords.hashed("three plain words"), by=SYSTEM, now=NOW)
    developer = client_as(Role.TEST_DEVELOPER, login="developer")
    assert "Live elsewhere" not in words(client_as(Role.WRITER, login="writer").get("/bank/import"))
    assert "Live elsewhere" in words(developer.get("/bank/import"))
    archive = zip_of_files(earnest(few_files.files), "cypf")

    def sent(**more: str) -> Any:
        fields = {"archive": (io.BytesIO(archive), "cypf.zip"), "put": "1", "elsewhere": "y", **more}
        return developer.post("/bank/import", fields, content_type="multipart/form-data")

    short = sent(reviewed_by="", reason="no", password="three plain words")
    assert short.status_code == 422 and "Name the people or the organisation" in words(short)
    signed = {"reviewed_by": WORD.reviewed_by, "reason": WORD.reason}
    wrong = sent(**signed, password="not this one")
    assert wrong.status_code == 422 and "not your password" in words(wrong)
    done = sent(**signed, password="three plain words")
    assert done.status_code == 303 and "3 are live by your word" in words(developer.get("/bank/"))
    for page in (f"/bank/scenarios/{SCENARIO}", f"/bank/scenarios/{SCENARIO}/history"):
        shown = words(developer.get(page))
        assert "signed word" in shown and "Northern Assessment" in shown and person("developer").name in shown
