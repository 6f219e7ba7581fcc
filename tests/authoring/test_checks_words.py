"""Where a rule is about wording: what it must catch and, in fairness to writers, what it must let stand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sjt.authoring import checks
from sjt.authoring.bank import load_files, read_files
from sjt.authoring.checks_people import review_findings
from sjt.authoring.checks_text import second_act
from sjt.authoring.stamping import stamped

SOUND = read_files(Path(__file__).parents[1] / "banks" / "sound")
STORY = "scenarios/tn-0001-scene/scenario.md"
KEY = "scenarios/tn-0001-scene/key.toml"


def rules_of(edit: tuple[str, str], *, bank: str = "") -> list[str]:
    """Return the rules that speak after one edit of the scenario; the key is set on the new text."""
    old, new = edit
    files = {**SOUND, STORY: SOUND[STORY].decode().replace(old, new, 1).encode()}
    assert files[STORY] != SOUND[STORY]
    files["bank.toml"] += bank.encode()
    key = SOUND[KEY].decode().split("\n")
    files[KEY] = "\n".join('set_on = ""' if line.startswith("set_on") else line for line in key).encode()
    files |= stamped(load_files(files))
    return [finding.rule for finding in checks.check(load_files(files), today=date(2026, 3, 1)).findings]


@pytest.mark.parametrize(
    "text",
    [
        "Sit with him and ask what happened.",
        "Write it down, then tell the manager.",
        "Call her mother; she may know.",
        "Ask her to stay as well as her brother.",
        "Tell Sam the plan and check with Nell.",
    ],
)
def test_two_acts_are_caught(text: str) -> None:
    assert second_act(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ask him and his sister what happened.",
        'Say, "Sit down and tell me about it."',
        "Offer tea and a walk before bed.",
        "Write down what she saw and heard.",
        "Explain that staff check and record every visit.",
        "His key worker should be told and asked for a view.",
        "Plan the visit around school and support from the club.",
    ],
)
def test_one_act_is_let_stand(text: str) -> None:
    assert second_act(text) == ""


def test_an_abbreviation_may_be_explained_in_the_text_or_in_the_bank() -> None:
    assert rules_of(("with one bag", "with one bag from the TKR")) == ["L11"]
    assert rules_of(("with one bag", "with one bag from the tall kit room (TKR)")) == []
    assert rules_of(("with one bag", "with one bag from the TKR"), bank='\n[acronyms]\nTKR = "tall kit room"\n') == []
    assert rules_of(("with one bag", "with one bag and a TV")) == []


def test_a_negative_question_may_be_stressed() -> None:
    ask = "Rank these actions from most to least appropriate."
    assert rules_of((ask, "Rank these actions by how far you should not take them.")) == ["L10"]
    assert rules_of((ask, "Rank these actions by how far you should **not** take them.")) == []


def test_a_characteristic_with_its_reason_is_let_stand() -> None:
    person = '{name = "Ravi", role = "child"}'
    assert rules_of((person, '{name = "Ravi", role = "child", heritage = "Tamil"}')) == ["L14"]
    reason = '{name = "Ravi", role = "child", heritage = "Tamil", relevant_because = "families of the town are"}'
    assert rules_of((person, reason)) == []


def test_law_with_edition_and_date_is_let_stand() -> None:
    named = ("with one bag.", "under section 20, with one bag.")
    assert rules_of(named) == ["L12"]
    listed = '[[items]]\nid = "tn-0001-a"'
    law = 'law = [{title = "Children Act 1989", edition = "as amended", review_by = 2026-12-01}]\n\n'
    files = {**SOUND, STORY: SOUND[STORY].decode().replace(*named).replace(listed, law + listed).encode()}
    rules = [finding.rule for finding in checks.check(load_files(files), today=date(2026, 3, 1)).findings]
    assert rules == ["L32"]


def test_nobody_reviews_alone_or_judges_what_they_wrote() -> None:
    assert review_findings("tn-0001", "ann", ["ann", "bob"], ["cat"]) == []
    assert review_findings("tn-0001", "ann", []) == []
    told = review_findings("tn-0001", "ann", ["ann"], ["ann", "cat"])
    assert [finding.rule for finding in told] == ["L30", "L30"]
    assert "only reviewer" in told[0].message
    assert "pass-mark panel" in told[1].message
