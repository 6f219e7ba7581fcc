"""What a writer has today in Word, as fields of drafts: one table or section to a scenario, in whatever usual order.

Nothing is guessed in silence: what fits no label, no list and no column is told with its place, and so is every value
that could not be taken over. What comes out are drafts; a person looks at them before anything is in the bank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sjt.authoring.model import Bank
from sjt.authoring.word_fields import Found, FoundScenario, Unread, draft_fields
from sjt.authoring.word_parts import Line, lines_of
from sjt.authoring.word_template import own_words

LABELS: Final[Mapping[str, str]] = {
    "title": r"(?:scenario )?(?:title|name)|heading",
    "story": r"(?:the )?(?:scenario|story|situation|stem|context|background|incident|vignette)(?: text)?",
    "ask": r"(?:the )?(?:question|ask|task|lead[- ]?in|instructions?|item)",
    "format": r"(?:item |question |response )?(?:format|type)",
    "ksbs": r"ksbs?(?: codes?| mapping)?|codes?|mapping|standard|knowledge,? skills?(?: and|,) behaviours?",
    "key": r"(?:answer )?key|correct (?:order|answers?)|(?:best )?order|ranking|answers?|best to worst",
    "why": r"rationales?|reasons?|feedback|explanations?|why|justification",
    "outcomes": r"(?:practice )?outcomes?",
    "option": r"route|pathway|option of the standard",
    "content_note": r"content (?:note|warning)|trigger warning|sensitiv\w+",
    "source": r"source(?: of (?:the )?incident)?|based on",
    "author": r"author|writer|written by",
    "enough": r"options?|responses?|actions?|possible (?:responses|actions)",
}
_LABEL: Final = {name: re.compile(rf"(?:{pattern})\s*\d*", re.IGNORECASE) for name, pattern in LABELS.items()}
_NEW: Final = re.compile(r"(?i)^(?:scenario|sjt|situation)\s*(?:no\.?\s*)?#?\d+\s*[:.–—-]?\s*(.*)$")
_OPTION: Final = re.compile(r"(?i)^(?:option|response|action)?\s*\(?([A-H])\s*[).:–—-]\s*(\S.*)$", re.DOTALL)
_LETTER: Final = re.compile(r"(?i)^(?:option|response|action)?\s*\(?([A-H])\s*[).:]?$")
_ASKS: Final = re.compile(r"(?i)^(?:please )?(?:rank|rate|choose|select|pick|which|what|how|put|place|order)\b")
_COLUMNS: Final[Mapping[str, re.Pattern[str]]] = {
    "place": re.compile(r"(?i)rank|order|place|position"),
    "level": re.compile(r"(?i)effective|score|mark|weight|rating of|quality"),
    "rating": re.compile(r"(?i)^rating|appropriate|keyed"),
    "chosen": re.compile(r"(?i)^(?:key|correct|chosen|best)\b"),
    "why": re.compile(r"(?i)rationale|reason|why|feedback|explanation|comment"),
    "text": re.compile(r"(?i)^(?:response|option|action|text|statement|what)"),
    "letter": re.compile(r"(?i)^(?:#|no\.?|letter|id|option|response|)$"),
}


@dataclass(frozen=True, slots=True)
class WordReport:
    """What a document holds: the drafts it would make, and what could not be read."""

    name: str
    found: tuple[Found, ...]
    unread: tuple[Unread, ...]


class _Reader:
    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.scenarios: list[FoundScenario] = []
        self.unread: list[Unread] = []
        self.columns: tuple[int, dict[int, str]] = (0, {})
        self.table = 0
        self.label = ""
        self.of_the_template = {" ".join(words.split()) for words in own_words(bank)}

    def miss(self, where: str, text: str, why: str) -> None:
        short = " ".join(text.split())
        self.unread.append(Unread(where, short if len(short) <= 120 else f"{short[:119]}…", why))

    def begin(self, line: Line, title: str = "") -> FoundScenario:
        made = FoundScenario(line.where, title)
        self.scenarios.append(made)
        self.label = "title" if not title else ""
        return made

    @property
    def now(self) -> FoundScenario | None:
        return self.scenarios[-1] if self.scenarios else None

    def read(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if line.table:
                self.row(line)
            else:
                self.paragraph(line)

    def paragraph(self, line: Line) -> None:
        text = line.cells[0]
        new = _NEW.match(text)
        if line.is_heading or (new and len(text) < 120):
            title = (new[1] if new else text).strip()
            if self.now is not None and self.now.is_empty and not self.now.has("title"):
                self.now.say("title", title)
            elif _label(text) is None or new:
                self.begin(line, title)
            else:
                self.label = _label(text) or ""
            return
        head, _, rest = text.partition(":")
        name = _label(head) if rest or _label(text) else None
        if name is not None:
            self.labelled(line, name, rest.strip() if rest else "")
            return
        if self.now is None:
            if " ".join(text.split()) in self.of_the_template:
                return
            self.miss(line.where, text, "It stands before the first scenario.")
            return
        self.plain(line, text)

    def labelled(self, line: Line, name: str, rest: str) -> None:
        current = self.now
        starts = name in ("title", "story") and (current is None or (current.options and name in current.said))
        if current is None or (starts and not (name == "story" and current.is_empty)):
            current = self.begin(line)
        said = bool(current.options) or any(current.has(one) for one in ("title", "story", "ask"))
        if name == "title" and said:
            current = self.begin(line)
        self.label = name
        why = re.match(r"(?i)^\(?([A-H])\)?\s*[:.–-]?\s+(.*)$", rest) if name == "why" else None
        if why and why[1].upper() in current.options:
            current.options[why[1].upper()]["why"] = why[2]
        elif name == "key":
            current.key = rest or current.key
        elif rest:
            current.say(name, rest)

    def plain(self, line: Line, text: str) -> None:
        current = self.now
        assert current is not None
        option = _OPTION.match(text)
        if option and self.label == "why" and option[1].upper() in current.options:
            current.options[option[1].upper()]["why"] = option[2].strip()
        elif option:
            self.option(line, option[1].upper(), {"text": option[2].strip()})
            self.label = "enough"
        elif line.is_listed and (current.has("ask") or self.label == "enough"):
            self.option(line, _next(current.options), {"text": text})
        elif self.label == "key":
            current.key = f"{current.key} {text}".strip()
        elif self.label == "why":
            current.say("why", text)
        elif self.label in ("ksbs", "outcomes", "content_note", "source", "author"):
            current.say(self.label, text)
        elif current.options:
            self.miss(line.where, text, f"It follows the responses of {_name(current)} and has no label.")
        elif current.has("story") and not current.has("ask") and (text.endswith("?") or _ASKS.match(text)):
            current.say("ask", text)
        elif current.has("ask"):
            self.miss(line.where, text, f"It follows the question of {_name(current)} and is no response.")
        else:
            current.say("story", text)

    def row(self, line: Line) -> None:
        if line.table != self.table:
            self.table, self.columns, self.label = line.table, (0, {}), ""
        cells = [cell.strip() for cell in line.cells]
        columns = _header(cells)
        if columns:
            self.columns = (line.table, columns)
            return
        first = cells[0]
        new = _NEW.match(first)
        if new and (len(cells) == 1 or not any(cells[1:])):
            self.begin(line, new[1].strip())
            return
        name = _label(first.rstrip(":"))
        letter = _LETTER.match(first)
        if self.columns[1] and not (name and len(cells) == 2):
            self.option_row(line, cells)
        elif letter and len(cells) > 1:
            self.lettered(line, letter[1].upper(), [cell for cell in cells[1:] if cell])
        elif name is not None and len(cells) > 1:
            rest = "\n".join(dict.fromkeys(cell for cell in cells[1:] if cell))
            if name in ("title", "story") and self.now is not None and name in self.now.said and self.now.said[name]:
                self.begin(line)
            if rest or name == "title":
                self.labelled(line, name, rest)
        elif self.now is not None and len([cell for cell in cells if cell]) == 1:
            inside, _, rest = first.partition(":")
            if rest and (known := _label(inside)):
                self.labelled(line, known, rest.strip())
            else:
                self.plain(Line(line.where, (line.text,)), line.text)
        else:
            self.miss(line.where, line.text, "Its first cell is no label that is known.")

    def option_row(self, line: Line, cells: list[str]) -> None:
        held = {role: cells[at] for at, role in self.columns[1].items() if at < len(cells) and cells[at]}
        text = held.pop("text", "")
        letter = held.pop("letter", "")
        given = _LETTER.match(letter) or (_OPTION.match(text) if not letter else None)
        if given and not letter:
            text = _OPTION.sub(r"\2", text)
        if self.now is None:
            self.begin(line)
        assert self.now is not None
        if not text:
            if any(held.values()):
                self.miss(line.where, line.text, "The response has no text.")
            return
        name = given[1].upper() if given else _next(self.now.options)
        self.option(line, name, {"text": text, **held})

    def lettered(self, line: Line, letter: str, cells: list[str]) -> None:
        """Read a row ``A | text | 4 | why`` of a table that has no header."""
        held = {"text": cells[0]} if cells else {}
        for cell in cells[1:]:
            if re.fullmatch(r"[\d.]{1,3}", cell) and "level" not in held:
                held["level"] = cell
            elif len(cell.split()) > 3 and "why" not in held:
                held["why"] = cell
            else:
                self.miss(line.where, cell, "No header says what this cell is.")
        if self.now is None:
            self.begin(line)
        if held:
            self.option(line, letter, held)

    def option(self, line: Line, letter: str, held: dict[str, str]) -> None:
        current = self.now
        assert current is not None
        if letter in current.options or letter > "H":
            self.miss(line.where, held.get("text", ""), f"{_name(current)} has a response {letter} already, or over 8.")
            return
        current.options[letter] = {name: " ".join(value.split()) for name, value in held.items()} | {
            "where": line.where
        }


def _label(text: str) -> str | None:
    plain = re.sub(r"[*_:]+$", "", text.strip()).strip()
    return next((name for name, pattern in _LABEL.items() if len(plain) < 40 and pattern.fullmatch(plain)), None)


def _header(cells: list[str]) -> dict[int, str]:
    """Tell the columns of a table of responses by its header, or nothing if the row is none."""
    if len(cells) < 2 or any(len(cell) > 40 for cell in cells):
        return {}
    found: dict[int, str] = {}
    for at, cell in enumerate(cells):
        roles = [role for role, pattern in _COLUMNS.items() if pattern.search(cell) and role not in found.values()]
        if at == 0 and _COLUMNS["letter"].match(cell) and any(_COLUMNS["text"].match(one) for one in cells[1:]):
            found[at] = "letter"
        elif roles:
            found[at] = roles[0]
    has = set(found.values())
    return found if "text" in has and has & {"place", "level", "rating", "chosen", "why"} else {}


def _next(options: Mapping[str, object]) -> str:
    return next(letter for letter in "ABCDEFGHI" if letter > max(options, default=""))


def _name(scenario: FoundScenario) -> str:
    return f"“{scenario.said['title'][0]}”" if scenario.said.get("title") else f"the scenario of {scenario.where}"


def read_word(data: bytes, name: str, bank: Bank, *, author: str) -> WordReport:
    """Read every scenario of a document into fields of drafts, with a report of what could not be read."""
    reader = _Reader(bank)
    reader.read(lines_of(data, name))
    found = []
    for scenario in reader.scenarios:
        if scenario.is_empty:
            if scenario.has("title"):
                reader.miss(scenario.where, scenario.said["title"][0], "There is neither a story nor a response below.")
            continue
        found.append(Found(scenario.where, draft_fields(scenario, bank, reader, author)))
    order = {line.where: at for at, line in enumerate(lines_of(data, name))}
    unread = sorted(reader.unread, key=lambda one: order.get(one.where, 0))
    return WordReport(name, tuple(found), tuple(unread))
