"""An empty Word document whose forms come in without a word lost: one table for each scenario, one for each format."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from sjt.authoring.draft import ASKS, OPTIONS_AT_FIRST
from sjt.authoring.model import Bank, Format

_TYPES: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
_BORDERS: Final = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)
_W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
WIDE: Final = 9600
HOW_TO: Final = (
    "Write one scenario in each table; copy a table for the next, or take one out.",
    "Effectiveness runs from 0, harmful, to 4, good. A rank of 1 is best; two responses with one rank are tied.",
    "The reason says what a response achieves, what it risks and why its neighbour ranks lower.",
    "Scenarios come in as drafts. What cannot be read is told with its place.",
)


def own_words(bank: Bank) -> tuple[str, ...]:
    """Give what the template says above its first form, which is nobody's scenario."""
    codes = ", ".join(bank.standard.codes)
    return (f"Scenarios for {bank.settings.title}", *HOW_TO, f"Codes that the standard knows: {codes}.")


def word_template(bank: Bank) -> bytes:
    """Write the document."""
    title, *how_to, codes = own_words(bank)
    parts = [_paragraph(title, size=32, bold=True), *(_paragraph(text) for text in how_to), _paragraph(codes, size=18)]
    for kind in Format:
        parts += [_paragraph(""), *_form(kind), _paragraph("")]
    document = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document {_W}><w:body>{"".join(parts)}'
    document += '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:body></w:document>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _RELATIONS),
            ("word/document.xml", document),
        ):
            entry = zipfile.ZipInfo(name, date_time=(2000, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return out.getvalue()


def _form(kind: Format) -> Iterator[str]:
    labels = [("Title", ""), ("Story", ""), ("Format", kind.value.replace("_", " and ")), ("Question", ASKS[kind])]
    labels += [("KSBs", ""), ("Outcomes", ""), ("Content note", ""), ("Source", "")]
    rows = [_row([label, text], (2000, WIDE - 2000), head=1) for label, text in labels]
    yield _table(rows, (2000, WIDE - 2000))
    columns = {
        Format.RANK: ("Effectiveness", "Rank", "Reason"),
        Format.CHOOSE: ("Effectiveness", "Key", "Reason"),
        Format.RATE: ("Effectiveness", "Rating", "Reason"),
        Format.MOST_LEAST: ("Effectiveness", "Reason"),
        Format.SINGLE: ("Effectiveness", "Reason"),
    }.get(kind)
    if columns:
        widths = (700, 3600, *(1300 for _ in columns[:-1]), WIDE - 4300 - 1300 * (len(columns) - 1))
        head = _row(["No.", "Response", *columns], widths, head=len(widths))
        letters = "ABCDEFGH"[: OPTIONS_AT_FIRST[kind]]
        yield _paragraph("", size=8)
        yield _table([head, *(_row([letter] + [""] * (len(widths) - 1), widths, head=1) for letter in letters)], widths)


def _paragraph(text: str, *, size: int = 22, bold: bool = False) -> str:
    weight = "<w:b/>" if bold else ""
    run = f'<w:r><w:rPr>{weight}<w:sz w:val="{size}"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
    return f"<w:p>{run if text else ''}</w:p>"


def _row(cells: Sequence[str], widths: Sequence[int], *, head: int) -> str:
    made = (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{_paragraph(text, bold=at < head)}</w:tc>'
        for at, (text, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"<w:tr>{''.join(made)}</w:tr>"


def _table(rows: Sequence[str], widths: Sequence[int]) -> str:
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{_BORDERS}</w:tblBorders></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )
