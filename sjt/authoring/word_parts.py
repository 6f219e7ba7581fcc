"""A Word document as the lines somebody sees: paragraphs and rows of tables in their order, each with its place.

Five elements of WordprocessingML are read (paragraph, run of text, table, row, cell); deleted text of tracked changes
is left out, inserted text is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from sjt.authoring.office import open_parts
from sjt.errors import InputError

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MOST_LINES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph (one cell) or a row of a table."""

    where: str
    cells: tuple[str, ...]
    table: int = 0
    """The number of its table; 0 for a paragraph."""
    is_heading: bool = False
    is_listed: bool = False
    """It has a number or bullet that Word makes, so that its text does not hold it."""

    @property
    def text(self) -> str:
        return " | ".join(cell for cell in self.cells if cell)


def lines_of(data: bytes, name: str) -> list[Line]:
    """Read a document's lines; what is hostile or damaged is refused."""
    with open_parts(data, name) as archive:
        try:
            root = ElementTree.fromstring(archive.read("word/document.xml"))
        except (KeyError, ElementTree.ParseError) as error:
            raise InputError(f"{name} cannot be read as a Word document. Save it again as .docx.") from error
    body = root.find(f"{_W}body")
    found = list(_lines(body)) if body is not None else []
    if len(found) > MOST_LINES:
        raise InputError(f"{name} has over {MOST_LINES:,} lines. Split it.")
    return found


def _lines(body: ElementTree.Element) -> Iterator[Line]:
    paragraph = table = 0
    for element in _blocks(body):
        if element.tag == f"{_W}p":
            paragraph += 1
            text = _text(element)
            if text:
                heading, listed = _looks(element)
                yield Line(f"paragraph {paragraph}", (text,), is_heading=heading, is_listed=listed)
        else:
            table += 1
            for number, row in enumerate(element.iter(f"{_W}tr"), start=1):
                cells = tuple(_cell(cell) for cell in row.findall(f"{_W}tc") + row.findall(f"{_W}sdt//{_W}tc"))
                if any(cells):
                    yield Line(f"table {table}, row {number}", cells, table)


def _blocks(parent: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield paragraphs and tables in their order, those inside content controls too."""
    for element in parent:
        if element.tag in (f"{_W}p", f"{_W}tbl"):
            yield element
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}smartTag", f"{_W}customXml"):
            yield from _blocks(element)


def _cell(cell: ElementTree.Element) -> str:
    return "\n".join(text for block in cell.iter(f"{_W}p") if (text := _text(block)))


def _text(paragraph: ElementTree.Element) -> str:
    said: list[str] = []
    for element in paragraph.iter():
        if element.tag == f"{_W}t":
            said.append(element.text or "")
        elif element.tag == f"{_W}tab":
            said.append(" ")
        elif element.tag in (f"{_W}br", f"{_W}cr"):
            said.append("\n")
        elif element.tag == f"{_W}noBreakHyphen":
            said.append("-")
    return re.sub(r" ?\n ?", "\n", re.sub(r"[ \t\u00a0]+", " ", "".join(said))).strip()


def _looks(paragraph: ElementTree.Element) -> tuple[bool, bool]:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    name = (style.get(f"{_W}val") or "") if style is not None else ""
    outlined = paragraph.find(f"{_W}pPr/{_W}outlineLvl") is not None
    listed = paragraph.find(f"{_W}pPr/{_W}numPr") is not None or name.lower().startswith("list")
    return outlined or bool(re.match(r"(?i)heading\s*\d|berschrift|titre", name)), listed
