"""Files of office programs opened safely: an archive of XML that may have been made to do harm.

Nothing is unpacked before its size is known, nothing is followed out of the file, and XML that declares entities or a
document type is refused: no honest workbook or document needs one.
"""

from __future__ import annotations

import importlib
import io
import re
import sys
import threading
import zipfile
from types import ModuleType
from typing import Final, Literal

from sjt.errors import Fault, InputError

MAX_FILE: Final = 32_000_000
MAX_PARTS: Final = 2_000
MAX_UNPACKED: Final = 200_000_000
"""A workbook of 5,000 scenarios unpacks to some 60 MB of XML."""
MAX_RATIO: Final = 200
"""XML of tables packs 10 to 30 to one; what packs a thousand to one was made to fill a disk."""

_XML: Final = re.compile(r"\.(?:xml|rels|vml)$", re.IGNORECASE)
_DECLARES: Final = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_REFUSED: Final = (
    (re.compile(r"(?:^|/)externalLinks?/", re.IGNORECASE), "It is linked to other workbooks", "Break the links"),
    (re.compile(r"vbaProject|\.bin$", re.IGNORECASE), "It holds macros or binary parts", "Save it without macros"),
    (re.compile(r"(?:^|/)(?:embeddings|activeX|ctrlProps)/", re.I), "It holds embedded objects", "Take them out"),
    (re.compile(r"(?:^|/)(?:connections|queryTables?)", re.I), "It fetches data from elsewhere", "Take it out"),
)
_HARMLESS: Final = re.compile(r"printerSettings\d*\.bin$", re.IGNORECASE)

Kind = Literal["workbook", "document", "archive"]
_lock = threading.Lock()


def kind_of(data: bytes) -> Kind:
    """Tell what an uploaded file is, by what it holds and not by its name."""
    try:
        names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return "archive"
    if "xl/workbook.xml" in names:
        return "workbook"
    return "document" if "word/document.xml" in names else "archive"


def open_parts(data: bytes, name: str) -> zipfile.ZipFile:
    """Open the archive behind a workbook or document, or refuse it with everything that is wrong with it."""
    if len(data) > MAX_FILE:
        raise InputError(f"{name} has {len(data) / 1e6:.0f} MB; {MAX_FILE / 1e6:.0f} MB are the most. Split it.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = [part for part in archive.infolist() if not part.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise InputError(f"{name} is not a file of Excel or Word that can be read. Save it again.") from error
    faults = _shape(name, parts)
    if not faults:
        try:
            faults = [fault for part in parts if _XML.search(part.filename) for fault in _xml(name, archive, part)]
        except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as error:
            raise InputError(f"{name} is damaged and cannot be read. Save it again.") from error
    if faults:
        raise InputError(f"{name} was not read.", faults)
    return archive


def _shape(name: str, parts: list[zipfile.ZipInfo]) -> list[Fault]:
    faults = []
    total = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or total > MAX_UNPACKED:
        what = f"It holds {len(parts)} parts, {total / 1e6:.0f} MB unpacked."
        faults.append(Fault(name, "", "", what, f"At most {MAX_PARTS} parts and {MAX_UNPACKED / 1e6:.0f} MB are read."))
    for part in parts:
        if part.file_size > 1_000_000 and part.file_size > MAX_RATIO * max(1, part.compress_size):
            what = f"It unpacks to {part.file_size / 1e6:.0f} MB from {part.compress_size / 1e3:.0f} kB."
            faults.append(Fault(name, part.filename, "", what, "No honest file does; make it again."))
        if part.flag_bits & 1:
            faults.append(Fault(name, part.filename, "", "It is encrypted.", "Save it without a password."))
        for pattern, what, remedy in _REFUSED:
            if pattern.search(part.filename) and not _HARMLESS.search(part.filename):
                faults.append(Fault(name, part.filename, "", f"{what}.", f"{remedy} and save it again."))
                break
    return faults


def _xml(name: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> list[Fault]:
    """Refuse XML that declares a document type or entities; UTF-16 would hide both from this look, so it is refused."""
    found = []
    with archive.open(part) as stream:
        head = stream.read(4)
        kept = head
        if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head:
            return [Fault(name, part.filename, "", "It is not UTF-8.", "Save the file again.")]
        while chunk := stream.read(1 << 16):
            if _DECLARES.search(kept[-16:] + chunk) or _DECLARES.search(kept):
                found.append(Fault(name, part.filename, "", "It declares entities.", "Make the file again."))
                break
            kept = chunk
    return found


def openpyxl() -> ModuleType:
    """Give openpyxl; it takes numpy in where it finds it, and the web process does without.

    The one place that knows this: while openpyxl is first imported, numpy cannot be found unless it is there already.
    """
    with _lock:
        if "openpyxl" not in sys.modules and "numpy" not in sys.modules:
            sys.modules["numpy"] = None  # type: ignore[assignment]  # the documented way to make an import fail
            try:
                return importlib.import_module("openpyxl")
            finally:
                del sys.modules["numpy"]
        return importlib.import_module("openpyxl")
