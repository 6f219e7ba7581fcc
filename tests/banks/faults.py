# ruff: noqa: E501 - one fault a line, read as a table
"""The faults: for each, the edit that breaks the sound bank in one way and the finding it must raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from make import Files, Make, many_items

S = "scenarios/tn-0001-scene/scenario.md"
K = "scenarios/tn-0001-scene/key.toml"
SECOND = "scenarios/tn-0002-scene/scenario.md"
NURSERY = """You work in a nursery where a mother is late for the third time this week. The child sits by the window
with her coat on, counting cars. Your own bus leaves in ten minutes, and the office is locked until Monday morning."""

Expected = tuple[str, str, str, str]
"""Rule, severity, file, and words that stand on the line to be named (none: line 1)."""


@dataclass(frozen=True)
class Fault:
    name: str
    expected: tuple[Expected, ...]
    edit: Callable[[Make], Any] = lambda make: None
    edit_files: Callable[[Files], Any] = lambda files: None


def _option(place: int, text: str) -> Callable[[Make], Any]:
    return lambda make: make.options[place].update(text=text)


def _story(old: str, new: str) -> Callable[[Make], Any]:
    def edit(make: Make) -> None:
        assert old in make.story
        make.story = make.story.replace(old, new)

    return edit


def _swap(file: str, old: str, new: str) -> Callable[[Files], Any]:
    def edit(files: Files) -> None:
        assert old in files[file], old
        files[file] = files[file].replace(old, new, 1)

    return edit


def _key(**changes: Any) -> Callable[[Make], Any]:
    return lambda make: make.keys[0].update(changes)


def _second(**differs: Any) -> Callable[[Make], Any]:
    return lambda make: make.more.append(({"title": "The last coat", **differs}, NURSERY))


def _why(option: str, text: str) -> Callable[[Make], Any]:
    return lambda make: make.keys[0]["why"].update({option: text})


def _written(make: Make) -> None:
    item = {
        "id": "tn-0001-b",
        "format": "written",
        "ask": "What would you do now, and why?",
        "minutes": 7,
        "max_words": 150,
    }
    key = {
        "rule": "rubric@1",
        "rubric": "two",
        "look_for": {"issue": "Sees that he heard the remark.", "act": "Goes to him before the group."},
        "exemplars": [{"level": level, "text": f"An answer {n} of level {level}."} for level in (0, 1) for n in (1, 2)],
    }
    make.items.append(item)
    make.keys.append(key)


def _written_without_voice(make: Make) -> None:
    _written(make)
    del make.keys[1]["look_for"]["act"]


def _two_stories_alike(make: Make) -> None:
    make.more = [({"title": "First"}, NURSERY), ({"title": "Second"}, NURSERY.replace("third", "second"))]
    make.bank["limits"] = {"alike": 0.5}


def _alike_within_limits(make: Make) -> None:
    _two_stories_alike(make)
    del make.bank["limits"]


def _told_elsewhere(make: Make) -> None:
    make.options[2]["text"] = "Count the passing cars with the child by the window until her mother comes."
    story = NURSERY.replace("counting cars.", "waiting. You count the passing cars with the child by the window.")
    make.more = [({"title": "The last coat"}, story)]


def _same_place(make: Make) -> None:
    def edit(number: int, item: dict[str, Any], key: dict[str, Any]) -> None:
        key["effectiveness"] = dict(zip("ABCD", (4, 0, 2, 1), strict=True))

    many_items(make, 24, edit)


def _long_is_good(make: Make) -> None:
    def edit(number: int, item: dict[str, Any], key: dict[str, Any]) -> None:
        good = max(key["effectiveness"], key=lambda option: key["effectiveness"][option])
        for option in item["options"]:
            if option["id"] == good:
                option["text"] += " Say so kindly."

    many_items(make, 16, edit)


def _never_is_weak(make: Make) -> None:
    def edit(number: int, item: dict[str, Any], key: dict[str, Any]) -> None:
        for option in item["options"]:
            if key["effectiveness"][option["id"]] == 0:
                option["text"] = option["text"].replace("the", "only the", 1)

    many_items(make, 16, edit)


def _report_is_best(make: Make) -> None:
    def edit(number: int, item: dict[str, Any], key: dict[str, Any]) -> None:
        for option in item["options"]:
            if key["effectiveness"][option["id"]] == 4 and number < 8:
                option["text"] = f"Tell the duty manager about matter {number} on the sheet upstairs."

    many_items(make, 16, edit)


CHILDREN = "Ada Ben Cora Dev Eve Finn Gina Hugo Ivy Jack Kim Leo".split()  # noqa: SIM905 - names read best as a line


OTHERS = ("child", "family", "manager")


def _crowd(role_of: Callable[[int], str], *girls: str) -> Callable[[Make], Any]:
    """Six more scenes with four named people each; those in the roles named are girls and women."""

    def edit(make: Make) -> None:
        for number in range(6):
            people = []
            for n in range(4):
                who = 4 * number + n
                name = CHILDREN[(who * 5) % 12] if n < 2 else ("Mona", "Otis", "Pia", "Rory")[n - 2 + 2 * (number % 2)]
                role = role_of(who)
                girl = role in girls
                people.append({"name": name, "role": role, "gender": "female" if girl else "male"})
            told = ", ".join(person["name"] for person in people)
            scene = ("harbour", "orchard", "bakery", "stadium", "museum", "forest")[number]
            story = (
                f"You lead a walk through the {scene} with {told}. The {scene} gate sticks and the last of the group "
                f"stays outside. Somebody laughs. It begins to rain over the {scene}, the path turns to mud, and the bus "
                f"is due at {number + 2}. Nobody has said yet who should go back for the bag at the {scene}."
            )
            make.more.append(({"title": f"At the {scene}", "people": people}, story))

    return edit


FAULTS = (
    # the files
    Fault("F01-no-key-file", (("F01", "error", K, ""), ("L06", "error", S, "id = ")), edit_files=lambda files: files.pop(K)),
    Fault("F02-not-toml", (("F02", "error", S, "title = "),), edit_files=_swap(S, '"A plate on the stairs"', '"A plate')),
    Fault("F02-no-fence", (("F02", "error", S, ""),), edit_files=_swap(S, "+++\n", "---\n")),
    Fault("F02-not-json", (("F02", "error", "standard.json", '"title": "A tiny standard"'),),
          edit_files=_swap("standard.json", '"id": "tiny",', '"id": "tiny"')),
    Fault("F03-unknown-key", (("F03", "error", S, "optoin"),), edit_files=_swap(S, "option =", 'optoin = "core"\noption =')),
    Fault("F03-missing-key", (("F03", "error", S, "[[items]]"),), edit_files=_swap(S, 'format = "rank"\n', "")),
    Fault("F03-wrong-type", (("F03", "error", S, "minutes"),), edit_files=_swap(S, "minutes = 2.2", 'minutes = "two"')),
    Fault("F03-loose-key", (("F03", "error", K, "statsu"),), edit_files=_swap(K, "set_on", 'statsu = "x"\nset_on')),
    Fault("F04-no-such-outcome", (("F04", "error", S, "outcomes"),), lambda make: make.front.update(outcomes=["PO9"])),
    Fault("F04-no-such-enemy", (("F04", "error", S, "enemies"),), lambda make: make.front.update(enemies=["tn-0404"])),
    Fault("F04-no-such-capability", (("F04", "error", S, "capabilities"),),
          lambda make: make.front.update(capabilities=["D9-L2-01"])),
    Fault("F04-no-area", (("F04", "error", S, 'option = "day"'),), lambda make: make.front.update(option="day")),
    Fault("F04-no-such-plan", (("F04", "error", "bank.toml", "plan ="),), lambda make: make.bank.update(plan="other")),
    Fault("F05-item-twice", (("F05", "error", S, 'id = "tn-0001-a"'),), lambda make: make.items.append(make.items[0])),
    Fault("F06-item-of-another", (("F06", "error", S, 'id = "tn-0007-a"'),),
          lambda make: make.items[0].update(id="tn-0007-a")),
    Fault("F07-accepted-nothing", (("F07", "warning", "bank.toml", "[[accepted]]"),),
          lambda make: make.bank.update(accepted=[{"rule": "L19", "scenario": "tn-0001", "reason": "read aloud"}])),
    Fault("F08-table-with-a-hole", (("F08", "error", "plans/tiny-plan.json", ""),) * 3,
          lambda make: make.plan["gradeCalculator"]["rows"].pop(0)),
    Fault("F09-misspelt-name", (("F09", "warning", "scenarios/tn-0001-scene/keys.toml", ""),),
          edit_files=lambda files: files.update({"scenarios/tn-0001-scene/keys.toml": "x = 1\n"})),
    Fault("B01-option-twice", (("B01", "error", S, 'id = "B"'),), _option(1, "Go up to say that supper can be eaten wherever feels easiest tonight.")),
    # the lint
    Fault("L01-short", (("L01", "warning", S, "You are"),), lambda make: setattr(make, "story", "You are a support worker in a house. Ravi shut his door. Nell asks about the new boy.")),
    Fault("L01-long", (("L01", "error", S, "You are"),), lambda make: (make.items[0].update(minutes=3), setattr(make, "story", make.story + " You wait a little by the tap." * 18))),
    Fault("L02-unequal", (("L02", "warning", S, 'id = "A"'),), _option(0, "Go up to say that supper can be eaten wherever feels easiest tonight, with or without company, and come down again. There is no hurry at all.")),
    Fault("L02-short", (("L02", "warning", S, 'id = "B"'), ("L02", "warning", S, 'id = "A"')), _option(1, "Leave things alone today.")),
    Fault("L03-hard", (("L03", "error", S, "You are"),), _story("At tea he took his plate upstairs and shut the door.", "His unanticipated unavailability immediately precipitated considerable organisational dissatisfaction. Interpersonal communication deteriorated unsurprisingly.")),
    Fault("L04-sentence", (("L04", "warning", S, "Now the others"),), _story("Now the others are clearing up, and Nell asks loudly whether the\nnew boy thinks he is too good for them.", "\n\nNow the others are clearing up and wiping the long table, and Nell, who came here herself last winter, asks loudly if the new boy thinks he is too good for them.\n\n")),
    Fault("L05-four-to-rank", (("L05", "error", S, "options"),), lambda make: (make.options.pop(), make.keys[0].update(order=[["A"], ["C"], ["B"], ["D"]]), make.keys[0]["effectiveness"].pop("E"), make.keys[0]["why"].pop("E"))),
    Fault("L06-option-left-out", (("L06", "error", K, "order"),), _key(order=[["A"], ["C"], ["E"], ["B"]])),
    Fault("L06-contradiction", (("L06", "error", K, "C = 2"),), _key(effectiveness={"A": 4, "B": 1, "C": 2, "D": 0, "E": 3})),
    Fault("L06-wrong-rule", (("L06", "error", K, "rule"),), lambda make: make.keys.__setitem__(0, {"rule": "single_graded@1", "effectiveness": make.keys[0]["effectiveness"], "why": make.keys[0]["why"]})),
    Fault("L06-rubric", (("L06", "error", K, "look_for"),), _written_without_voice),
    Fault("L07-short-reason", (("L07", "error", K, 'B = "It'),), _why("B", "It waits too long.")),
    Fault("L07-restates", (("L07", "error", K, 'B = "It'),), _why("B", "It leaves things as they are until the morning, when everyone has slept on it well.")),
    Fault("L07-no-such-code", (("L07", "error", S, "S9"),), lambda make: make.front["ksbs"][0].update(code="S9")),
    Fault("L07-other-option", (("L07", "error", S, "S2"),), lambda make: make.front["ksbs"][0].update(code="S2")),
    Fault("L08-two-acts", (("L08", "warning", S, 'id = "B"'),), _option(1, "Leave things as they are and ask the others to be kinder tomorrow.")),
    Fault("L09-absolute-words", (("L09", "warning", "bank.toml", ""),), _never_is_weak),
    Fault("L10-negative", (("L10", "warning", S, "ask ="),), lambda make: make.items[0].update(ask="Rank these actions by how far you should not take them.")),
    Fault("L11-abbreviation", (("L11", "warning", S, 'id = "E"'),), _option(4, "Suggest a card game in the TKR in half an hour for whoever fancies it.")),
    Fault("L11-trade-name", (("L11", "warning", S, 'id = "E"'),), _option(4, "Suggest an Xbox game downstairs in half an hour for whoever fancies it.")),
    Fault("L11-real-place", (("L11", "error", S, "Bradford"),), _story("in a house", "in a Bradford house")),
    Fault("L12-law-undated", (("L12", "error", K, "C = \"Children"),), _why("C", "Children Act 1989 duties are not what is at stake in the kitchen; a fair word to Nell is.")),
    Fault("L12-review-due", (("L12", "warning", S, "House guidance"),), lambda make: make.front.update(law=[{"title": "House guidance", "edition": "2020", "review_by": date(2021, 1, 1)}])),
    Fault("L13-no-note", (("L13", "error", S, "topics"),), lambda make: make.front.update(topics=["death"])),
    Fault("L13-not-tagged", (("L13", "warning", S, "funeral"),), _story("with one bag.", "after a funeral.")),
    Fault("L14-no-reason", (("L14", "warning", S, "name = \"Ravi\""),), lambda make: make.front["people"][0].update(heritage="Tamil")),
    Fault("L14-mention", (("L14", "warning", S, "deaf"),), _story("Ravi, 15,", "Ravi, 15, who is deaf,")),
    Fault("L15-at-fault", (("L15", "warning", "bank.toml", ""),), _crowd(lambda who: "antagonist" if who % 2 else OTHERS[who // 2 % 3], "antagonist")),
    Fault("L14-role", (("L14", "warning", "bank.toml", ""),), _crowd(lambda who: "colleague" if who % 2 else OTHERS[who // 2 % 2], "child", "family")),
    Fault("L16-stigma", (("L16", "error", S, "attention-seeking"),), _story("too good for them", "attention-seeking")),
    Fault("L17-idiom", (("L17", "warning", S, 'id = "B"'),), _option(1, "Leave things until morning, since nobody wants to rock the boat now.")),
    Fault("L17-job", (("L17", "warning", S, "cleaning lady"),), _story("the others are clearing up", "the cleaning lady is clearing up")),
    Fault("L18-first-is-best", (("L18", "warning", "bank.toml", ""),), _same_place),
    Fault("L19-longest-is-best", (("L19", "warning", "bank.toml", ""),), _long_is_good),
    Fault("L20-cue", (("L20", "warning", S, 'id = "A"'),), _option(0, "Open his door on the landing upstairs to see what he needs at tea.")),
    Fault("L21-report-first", (("L21", "warning", "bank.toml", ""),), _report_is_best),
    Fault("L22-same-story", (("L22", "error", "scenarios/tn-0003-scene/scenario.md", "You work"),), _two_stories_alike),
    Fault("L22-alike", (("L22", "warning", "scenarios/tn-0003-scene/scenario.md", "id = "),), _alike_within_limits),
    Fault("L23-told-elsewhere", (("L23", "warning", S, 'id = "C"'),), _told_elsewhere),
    Fault("L24-not-the-job", (("L24", "warning", S, 'id = "B"'),), _option(1, "Diagnose low mood from his silence so that everyone can plan for it.")),
    Fault("L25-too-short", (("L25", "warning", S, "minutes"),), lambda make: make.items[0].update(minutes=1)),
    Fault("L26-all-good", (("L26", "error", K, "[tn-0001-a]"),), _key(order=[["A"], ["C", "E"], ["B", "D"]], effectiveness={"A": 4, "B": 2, "C": 3, "D": 2, "E": 3})),
    Fault("L27-not-apart", (("L27", "warning", K, "order"),), _key(effectiveness={"A": 4, "B": 1, "C": 4, "D": 0, "E": 2})),
    Fault("L28-nobody-spoken-to", (("L28", "warning", S, "Ravi, 15, moved"),), lambda make: setattr(make, "story", make.story.replace("You are a support worker in a house that six young people share. ", "").replace("You hear his door open on the landing.", "His door opens on the landing. It is getting late."))),
    Fault("L28-asks-otherwise", (("L28", "warning", S, "ask ="),), lambda make: make.items[0].update(ask="Put these actions in order, from most to least appropriate.")),
    Fault("S01-judges", (("S01", "warning", S, "rightly clearing up"),), _story("the others are clearing up", "the others are rightly clearing up")),
    Fault("S02-believes", (("S02", "warning", S, "others were rude"),), _story("the others are clearing up", "the others were rude and are clearing up")),
    Fault("L29-initials", (("L29", "warning", S, "people"),), lambda make: (_story("Nell", "Rosa")(make), _option(2, "Remind Rosa quietly how it felt when she first arrived last winter.")(make), make.front["people"][1].update(name="Rosa"))),
    Fault("L31-picture", (("L31", "error", S, "![the landing]"),), _story("on the landing.", "on the landing. ![the landing](landing.png)")),
    Fault("L31-headless-table", (("L31", "error", S, "| tea"),), lambda make: setattr(make, "story", make.story + "\n\n| tea | six |\n| bed | nine |")),
    Fault("L32-drift", (("L32", "error", K, "set_on"),), edit_files=_swap(S, "with one bag", "with two bags")),
    Fault("L32-never-set", (("L32", "error", K, "set_on"),), lambda make: setattr(make, "set_on", "")),
)  # fmt: skip
