# ruff: noqa: E501 - the small plan reads best as a table
"""Makes the banks beside it: ``sound``, which has no finding, and one bank for each fault, broken in just that way.

Each fault names its rule, its severity and the words whose line the finding must give; the line is looked up in the
file as written, so that nothing of the loader's own bookkeeping is used. Run it after changing a fault:
``python tests/banks/make.py``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

HERE = Path(__file__).resolve().parent
Files = dict[str, str]

STANDARD = {
    "schema": "sjt.occupational-standard/1",
    "id": "tiny",
    "title": "A tiny standard",
    "level": 2,
    "options": [{"id": "day", "title": "Day work", "areas": ["DA-1"]}, {"id": "night", "title": "Night work"}],
    "statements": [
        {"code": "K1", "kind": "knowledge", "scope": "core", "text": "How people settle in a new place"},
        {"code": "S1", "kind": "skill", "scope": "core", "text": "Listen before acting"},
        {"code": "B1", "kind": "behaviour", "scope": "core", "text": "Patience"},
        {"code": "S2", "kind": "skill", "scope": "day", "text": "Plan a day with others"},
    ],
    "practiceOutcomes": [{"id": "PO1", "statement": "You heard me", "knowledge": ["K1"], "skills": ["S1"]}],
    "optionAreas": [{"id": "DA-1", "option": "day", "title": "The day", "skills": ["S2"]}],
    "requiredByOption": {"day": ["K1", "S1", "B1", "S2"], "night": ["K1", "S1", "B1"]},
}
PLAN = {
    "id": "tiny-plan",
    "title": "Test and talk",
    "default": True,
    "overallGrades": ["fail", "pass"],
    "gateway": {"decidedBy": "employer", "evidence": [{"id": "G1", "evidence": "ready", "by": "employer", "detail": "ready"}]},
    "components": [
        {"id": "sjt", "title": "Test", "method": "situational-judgement-test", "outcomes": ["fail", "pass"], "prerequisites": ["gateway"]},
        {"id": "talk", "title": "Talk", "method": "interview", "outcomes": ["fail", "pass"], "prerequisites": ["gateway", "sjt:pass"]},
    ],
    "gradeCalculator": {
        "rule": "first matching row",
        "rows": [{"when": {"anyComponent": "fail"}, "award": "fail"}, {"when": {"sjt": "pass", "talk": "pass"}, "award": "pass"}],
    },
}  # fmt: skip
FRAMEWORK = {
    "levels": [{"level": "2"}],
    "domains": [{"code": "D1", "levels": [{"capabilities": [{"id": "D1-L2-01"}]}]}],
}
BANK: dict[str, Any] = {
    "schema": "sjt.bank/1",
    "id": "tiny",
    "title": "A tiny bank",
    "framework": "framework.json",
    "plan": "tiny-plan",
    "keys": "illustrative",
    "sensitive_topics": ["self-harm", "death", "neglect"],
    "scales": {"four": {"points": ["Very poor", "Poor", "Good", "Very good"]}},
    "matrices": {"near_miss": {"by_distance": [4, 2, 0, 0]}},
}
RUBRIC: dict[str, Any] = {
    "schema": "sjt.rubric/1",
    "id": "two",
    "title": "Two things",
    "criteria": [
        {"id": "issue", "title": "Sees the issue", "anchors": ["Misses it.", "Sees it."]},
        {"id": "act", "title": "Acts", "anchors": ["Does nothing.", "Takes a safe step."]},
    ],
}
STORY = """You are a support worker in a house that six young people share. Ravi, 15, moved in yesterday with one bag.
At tea he took his plate upstairs and shut the door. Now the others are clearing up, and Nell asks loudly whether the
new boy thinks he is too good for them. You hear his door open on the landing."""
WHY = {
    "A": "Meets him where he is and shows that the meal was not a test, which keeps the way back down open.",
    "B": "Leaves him alone with what he heard, and nobody learns whether the evening was too much.",
    "C": "Deals with the remark at once and fairly, but the newcomer is still on the landing by himself.",
    "D": "Makes a private wish for quiet into a rule broken in public, on his second day in the house.",
    "E": "Gives everybody a second chance together, though it asks more courage than he may have today.",
}
RANK = {
    "id": "tn-0001-a",
    "format": "rank",
    "ask": "Rank these actions from most to least appropriate.",
    "minutes": 2.2,
    "options": [
        {"id": "A", "text": "Go up to say that supper can be eaten wherever feels easiest tonight."},
        {"id": "B", "text": "Leave things as they are until morning, when everyone has slept on it."},
        {"id": "C", "text": "Remind Nell quietly how it felt when she first arrived last winter."},
        {"id": "D", "text": "Call him down to hear that meals are always eaten at one table."},
        {"id": "E", "text": "Suggest a card game downstairs in half an hour for whoever fancies it."},
    ],
}
RANK_KEY = {
    "rule": "rank_distance@1",
    "order": [["A"], ["C"], ["E"], ["B"], ["D"]],
    "effectiveness": {"A": 4, "B": 1, "C": 3, "D": 0, "E": 2},
    "why": WHY,
}
FRONT: dict[str, Any] = {
    "schema": "sjt.scenario/1",
    "id": "tn-0001",
    "title": "A plate on the stairs",
    "option": "core",
    "outcomes": ["PO1"],
    "demand": "2",
    "ksbs": [
        {"code": "S1", "role": "primary", "shows": "A listens first; D does not"},
        {"code": "B1", "role": "secondary", "shows": "A gives him time"},
    ],
    "topics": [],
    "people": [{"name": "Ravi", "role": "child"}, {"name": "Nell", "role": "child"}],
    "author": "writer-01",
    "source": "composite incident, illustrative",
}


def toml(values: dict[str, Any]) -> str:
    """Return TOML in which a list of options, codes, people or laws has one entry a line, as writers write it."""
    document = tomlkit.document()
    for name, value in values.items():
        if name == "items":
            tables = tomlkit.aot()
            for item in value:
                table = tomlkit.table()
                for part, inside in item.items():
                    table.add(part, _one_a_line(inside) if part == "options" else inside)
                tables.append(table)
            document.add("items", tables)
        else:
            document.add(name, _one_a_line(value) if name in ("ksbs", "people", "law") else value)
    return tomlkit.dumps(document)


def _one_a_line(entries: Sequence[dict[str, Any]]) -> Any:
    array = tomlkit.array()
    for entry in entries:
        inline = tomlkit.inline_table()
        inline.update(entry)
        array.append(inline)
    return array.multiline(True)


@dataclass
class Make:
    """A small bank in the making: parts as plain values, then text, each open to an edit."""

    bank: dict[str, Any] = field(default_factory=lambda: deepcopy(BANK))
    front: dict[str, Any] = field(default_factory=lambda: deepcopy(FRONT))
    items: list[dict[str, Any]] = field(default_factory=lambda: [deepcopy(RANK)])
    keys: list[dict[str, Any]] = field(default_factory=lambda: [deepcopy(RANK_KEY)])
    story: str = STORY
    more: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    """Further scenarios: what differs in the front matter, and the story; each has one single item of its own."""
    standard: dict[str, Any] = field(default_factory=lambda: deepcopy(STANDARD))
    plan: dict[str, Any] = field(default_factory=lambda: deepcopy(PLAN))
    set_on: str | None = None

    @property
    def options(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.items[0]["options"]
        return found

    def files(self) -> Files:
        files = {
            "bank.toml": tomlkit.dumps(self.bank),
            "standard.json": json.dumps(self.standard, indent=1) + "\n",
            "framework.json": json.dumps(FRAMEWORK, indent=1) + "\n",
            "plans/tiny-plan.json": json.dumps(self.plan, indent=1) + "\n",
            "rubrics/two.toml": tomlkit.dumps(RUBRIC),
        }
        self._scenario(files, self.front, self.story, self.items, self.keys)
        for number, (differs, story) in enumerate(self.more, start=2):
            scenario_id = f"tn-{number:04}"
            item, key = small_item(f"{scenario_id}-a", number)
            self._scenario(files, {**deepcopy(FRONT), "id": scenario_id, "people": [], **differs}, story, [item], [key])
        return files

    def _scenario(
        self, files: Files, front: dict[str, Any], story: str, items: Sequence[dict[str, Any]], keys: Sequence[dict[str, Any]]
    ) -> None:  # fmt: skip
        folder = f"scenarios/{front['id']}-scene"
        text = "+++\n" + toml({**front, "items": list(items)}) + "+++\n\n" + story + "\n"
        files[f"{folder}/scenario.md"] = text
        mark = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if self.set_on is None else self.set_on
        head = {"schema": "sjt.key/1", "scenario": front["id"], "status": "illustrative", "set_on": mark}
        tables = {item["id"]: key for item, key in zip(items, keys, strict=False)}
        files[f"{folder}/key.toml"] = tomlkit.dumps({**head, **tables})


PLACES = [
    "attic",
    "barn",
    "cellar",
    "garden",
    "kitchen",
    "library",
    "lounge",
    "office",
    "porch",
    "stable",
    "studio",
    "workshop",
    "yard",
    "hall",
    "shed",
    "lobby",
]
THINGS = [
    "apron",
    "basket",
    "candle",
    "drum",
    "easel",
    "fiddle",
    "globe",
    "hammer",
    "kettle",
    "ladder",
    "mirror",
    "needle",
    "pillow",
    "quilt",
    "rope",
    "saddle",
]


def small_item(
    item_id: str, number: int, values: Sequence[int] = (4, 0, 2, 1)
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A single item whose words nobody else uses, with options of equal length."""
    place, thing = PLACES[number % 16], THINGS[(number * 3) % 16]
    texts = [
        f"Enquire if the {thing} can wait until item {number} is over.",
        f"Borrow the {thing} from the {place} without a word, as in {number}.",
        f"Look around the {place} for another one, number {number} perhaps.",
        f"Wait near the {place} until somebody else decides on {number}.",
    ]
    options = [{"id": "ABCD"[place_], "text": text} for place_, text in enumerate(texts)]
    why = {
        "A": "Finds out what matters to the person before anything is taken away from them or promised.",
        "B": "Takes what is theirs and leaves them to discover it, which nobody would forgive quickly.",
        "C": "Solves the shortage without a quarrel, though the reason behind it stays unknown.",
        "D": "Hands a choice that is yours to whoever happens to come by next.",
    }
    effectiveness = dict(zip("ABCD", values, strict=True))
    item = {
        "id": item_id,
        "format": "single",
        "ask": "Which of these should you do first?",
        "minutes": 1.2,
        "options": options,
    }
    return item, {"rule": "single_graded@1", "effectiveness": effectiveness, "why": why}


def many_items(make: Make, count: int, edit: Callable[[int, dict[str, Any], dict[str, Any]], None]) -> None:
    """Add single items b, c, … to the first scenario, each after an edit."""
    spread = [(4, 0, 2, 1), (1, 4, 0, 2), (2, 1, 4, 0), (0, 2, 1, 4)]
    for number in range(count):
        item, key = small_item(f"tn-0001-{chr(98 + number)}", number, spread[number % 4])
        edit(number, item, key)
        make.items.append(item)
        make.keys.append(key)


def write(name: str, files: Files, expected: Sequence[dict[str, Any]]) -> None:
    folder = HERE / name
    if folder.exists():
        shutil.rmtree(folder)
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "expected.json").write_text(json.dumps({"findings": list(expected)}, indent=1) + "\n", encoding="utf-8")


def built() -> dict[str, tuple[Files, list[dict[str, Any]]]]:
    """Return every bank by name: its files and the findings it must raise."""
    from faults import FAULTS  # beside this file

    banks: dict[str, tuple[Files, list[dict[str, Any]]]] = {"sound": (Make().files(), [])}
    for fault in FAULTS:
        make = Make()
        fault.edit(make)
        files = make.files()
        fault.edit_files(files)
        expected = []
        for rule, severity, file, words in fault.expected:
            text = files.get(file, "")
            assert words in text, f"{fault.name}: {file} does not hold {words}"
            line = text[: text.index(words)].count("\n") + 1 if words else 1
            expected.append({"rule": rule, "severity": severity, "file": file, "line": line})
        banks[fault.name] = (files, expected)
    return banks


if __name__ == "__main__":
    import sys

    sys.path.insert(0, str(HERE))
    for bank_name, (bank_files, findings) in built().items():
        write(bank_name, bank_files, findings)
