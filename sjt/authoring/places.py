"""Where each value of a TOML text stands, so that a finding can name the line.

``tomllib`` reads the values and judges the grammar; this scanner runs over text that it has already accepted, and
only keeps positions. A path is a tuple of keys and positions: ``("items", 0, "options", 2, "text")``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}\s#]+(?: [0-9:.+Z-]+)?")
_ESCAPE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_DIGITS = {"u": 4, "U": 8}


@dataclass(frozen=True)
class Places:
    """The line of each path of one file; ``first`` is added where the TOML starts further down.

    The text is scanned when somebody first asks: of most files nobody ever does.
    """

    text: str = ""
    first: int = 1

    @cached_property
    def _scanned(self) -> _Scanner:
        scanner = _Scanner(self.text, self.first)
        scanner.run()
        return scanner

    @property
    def lines(self) -> Mapping[Path, int]:
        return self._scanned.lines

    @property
    def comments(self) -> tuple[int, ...]:
        return tuple(self._scanned.comments)

    def line(self, *path: str | int) -> int:
        """Return the line of a path, or of the nearest part of it that exists; 1 when nothing of it does."""
        for length in range(len(path), 0, -1):
            found = self.lines.get(path[:length])
            if found is not None:
                return found
        return 1


def find_places(text: str, first: int = 1) -> Places:
    """Give the places of TOML text whose first line is line ``first`` of its file."""
    return Places(text, first)


class _Scanner:
    def __init__(self, text: str, first: int) -> None:
        self.text = text
        self.at = 0
        self.line_at = first
        self.counted = 0
        self.lines: dict[Path, int] = {}
        self.comments: list[int] = []
        self.tables: dict[Path, int] = {}

    def line(self) -> int:
        self.line_at += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line_at

    def note(self, path: Path) -> None:
        """Keep the line of a path, and of what holds it if this is the first that is seen of it."""
        line = self.line()
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def run(self) -> None:
        table: Path = ()
        while self.skip_blank():
            if self.text.startswith("[[", self.at):
                self.at += 2
                name = self.resolve(tuple(self.key()), last=False)
                number = self.tables.get(name, -1) + 1
                self.tables[name] = number
                table = (*name, number)
                self.note(table)
                self.at = self.text.index("]]", self.at) + 2
            elif self.text[self.at] == "[":
                self.at += 1
                table = self.resolve(tuple(self.key()), last=True)
                self.note(table)
                self.at = self.text.index("]", self.at) + 1
            else:
                self.pair(table)

    def resolve(self, name: Path, *, last: bool) -> Path:
        """Put the number of the current element behind each name that is an array of tables."""
        path: Path = ()
        for position, part in enumerate(name):
            path = (*path, part)
            if path in self.tables and (last or position < len(name) - 1):
                path = (*path, self.tables[path])
        return path

    def skip_blank(self) -> bool:
        """Step over white space, line ends and comments; False at the end of the text."""
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign in " \t\r\n":
                self.at += 1
            elif sign == "#":
                self.comments.append(self.line())
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return True
        return False

    def key(self) -> Iterator[str]:
        """Read a dotted key and stop before ``=`` or ``]``."""
        while True:
            self.spaces()
            if self.text[self.at] in "\"'":
                yield self.string()
            else:
                bare = _BARE.match(self.text, self.at)
                assert bare is not None, "tomllib accepted this text, so a key stands here"
                self.at = bare.end()
                yield bare.group()
            self.spaces()
            if self.text[self.at] != ".":
                return
            self.at += 1

    def spaces(self) -> None:
        match = _SPACE.match(self.text, self.at)
        assert match is not None
        self.at = match.end()

    def pair(self, table: Path) -> None:
        self.spaces()
        start = self.line()
        path = table
        for part in self.key():
            path = (*path, part)
            self.lines.setdefault(path, start)
        self.at = self.text.index("=", self.at) + 1
        self.spaces()
        self.value(path)

    def value(self, path: Path) -> None:
        self.note(path)
        sign = self.text[self.at]
        if sign in "\"'":
            self.string()
        elif sign == "[":
            self.at += 1
            number = 0
            while self.skip_blank() and self.text[self.at] != "]":
                self.value((*path, number))
                number += 1
                self.skip_blank()
                if self.text[self.at] == ",":
                    self.at += 1
            self.at += 1
        elif sign == "{":
            self.at += 1
            while self.skip_blank() and self.text[self.at] != "}":
                self.pair(path)
                self.skip_blank()
                if self.text[self.at] == ",":
                    self.at += 1
            self.at += 1
        else:
            scalar = _SCALAR.match(self.text, self.at)
            assert scalar is not None, "tomllib accepted this text, so a value stands here"
            self.at = scalar.end()

    def string(self) -> str:
        """Step over a string of any of the four kinds; return it where it can be a key (on one line)."""
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            self.at += 3
            while not self.text.startswith(quote * 3, self.at):
                self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
            self.at += 3
            while self.text.startswith(quote, self.at):  # up to two quotes may stand right before the closing three
                self.at += 1
            return ""
        self.at += 1
        read: list[str] = []
        while self.text[self.at] != quote:
            if quote == '"' and self.text[self.at] == "\\":
                sign = self.text[self.at + 1]
                digits = _DIGITS.get(sign, 0)
                code = self.text[self.at + 2 : self.at + 2 + digits]
                read.append(chr(int(code, 16)) if digits else _ESCAPE.get(sign, sign))
                self.at += 2 + digits
            else:
                read.append(self.text[self.at])
                self.at += 1
        self.at += 1
        return "".join(read)
