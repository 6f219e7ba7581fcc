"""A disk that can be asked what it was told, made to fail, and put back to the moment of a power cut.

It is a VFS of SQLite's own kind, put between SQLite and the machine's by ctypes: each write and each sync goes through
it. What was written after a file's last sync is what a power cut may take, sector by sector.
"""

from __future__ import annotations

import _sqlite3
import contextlib
import ctypes as c
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

SECTOR: Final = 512
FULL: Final = 13
IOERR_WRITE: Final = 10 | 3 << 8
IOERR_FSYNC: Final = 10 | 4 << 8
_V = c.c_void_p
_XOPEN = c.CFUNCTYPE(c.c_int, _V, _V, _V, c.c_int, _V)
_XWRITE = c.CFUNCTYPE(c.c_int, _V, _V, c.c_int, c.c_int64)
_XTRUNCATE = c.CFUNCTYPE(c.c_int, _V, c.c_int64)
_XSYNC = c.CFUNCTYPE(c.c_int, _V, c.c_int)


class _Vfs(c.Structure):
    _fields_ = [
        ("iVersion", c.c_int),
        ("szOsFile", c.c_int),
        ("mxPathname", c.c_int),
        ("pNext", _V),
        ("zName", c.c_char_p),
        ("pAppData", _V),
        ("xOpen", _V),
        ("others", _V * 15),
    ]


class _Methods(c.Structure):
    _fields_ = [
        ("iVersion", c.c_int),
        ("xClose", _V),
        ("xRead", _V),
        ("xWrite", _V),
        ("xTruncate", _V),
        ("xSync", _V),
        ("others", _V * 13),
    ]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to the disk, or was told to a candidate, in order."""

    kind: str
    """``write``, ``truncate``, ``sync`` or ``told``."""
    file: str = ""
    offset: int = 0
    data: bytes = b""
    what: Any = None


@dataclass
class Disk:
    """What SQLite did to the files of one folder."""

    folder: Path
    steps: list[Step] = field(default_factory=list)
    fails: Callable[[str, str], int] = lambda kind, file: 0
    """Asked before each write and sync, with its kind and file; anything but 0 is SQLite's code of the fault."""
    sync_delay: float = 0.0
    lies: bool = False
    """Syncs are told to have happened and have not: a disk, or settings, that this proof must find out."""
    faults: int = 0
    base: dict[str, bytes] = field(default_factory=dict)

    def told(self, what: Any) -> None:
        self.steps.append(Step("told", what=what))

    def begin(self) -> None:
        """Take what lies on the disk now for durable, and forget what happened before."""
        self.base = {
            path.name: path.read_bytes()
            for path in self.folder.iterdir()
            if not path.name.endswith(("-shm", ".serving"))
        }
        self.steps.clear()

    def cuts(self, number: int, into: Path, chance: random.Random) -> Iterator[tuple[int, list[Any]]]:
        """Put the disk back to so many random moments, one after the other; give each with what was told before it.

        Synced writes are there. Of the others each sector is there or not: all, none, or as chance has it.
        """
        moments = sorted(chance.randrange(len(self.steps)) for _ in range(number))
        durable = {name: bytearray(data) for name, data in self.base.items()}
        pending: dict[str, list[Step]] = {}
        told: list[Any] = []
        at = 0
        for moment in moments:
            for step in self.steps[at:moment]:
                if step.kind == "told":
                    told.append(step.what)
                elif step.kind == "sync":
                    image = durable.setdefault(step.file, bytearray())
                    for one in pending.pop(step.file, []):
                        _apply(image, one, lambda: True)
                else:
                    pending.setdefault(step.file, []).append(step)
            at = moment
            survives = chance.choice((lambda: True, lambda: False, lambda: chance.random() < 0.5))
            for old in into.iterdir():
                old.unlink()
            for name in durable.keys() | pending.keys():
                image = bytearray(durable.get(name, b""))
                for one in pending.get(name, []):
                    _apply(image, one, survives)
                (into / name).write_bytes(image)
            yield moment, list(told)


def _apply(image: bytearray, step: Step, survives: Callable[[], bool]) -> None:
    if step.kind == "truncate":
        if survives():
            del image[step.offset :]
        return
    for start in range(0, len(step.data), SECTOR):
        if survives():
            begin = step.offset + start
            part = step.data[start : start + SECTOR]
            if len(image) < begin:
                image.extend(bytes(begin - len(image)))
            image[begin : begin + len(part)] = part


def library() -> c.CDLL | None:
    """Give the SQLite that Python uses, or None where it is built in and cannot be reached."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return None
    sqlite3.connect(":memory:").close()
    names = {line.split()[-1] for line in maps.read_text().splitlines() if "libsqlite3" in line}
    for name in (*names, _sqlite3.__file__ or ""):
        with contextlib.suppress(OSError):
            found = c.CDLL(name)
            if hasattr(found, "sqlite3_vfs_register"):
                return found
    return None


@contextlib.contextmanager
def watched(folder: Path, *, only_syncs: bool = False) -> Iterator[Disk]:
    """Let every SQLite file of this folder that is opened from now on go through a watched disk.

    With ``only_syncs`` nothing is kept and no write is looked at: for measuring on a disk whose syncs take longer.
    """
    lib = library()
    assert lib is not None, "this Python's SQLite cannot be reached"
    disk = Disk(folder)
    lib.sqlite3_vfs_find.restype = c.POINTER(_Vfs)
    lib.sqlite3_vfs_register.argtypes = [c.POINTER(_Vfs), c.c_int]
    lib.sqlite3_vfs_unregister.argtypes = [c.POINTER(_Vfs)]
    real = lib.sqlite3_vfs_find(None)
    mine = _Vfs()
    c.memmove(c.byref(mine), real, c.sizeof(_Vfs))
    mine.zName = b"watched"
    real_open = _XOPEN(real.contents.xOpen)
    names: dict[int, str] = {}
    wrapped: dict[int, _Methods] = {}
    keep: list[Any] = []

    def wrap(address: int) -> _Methods:
        methods = _Methods()
        c.memmove(c.byref(methods), address, c.sizeof(_Methods))
        write, truncate, sync = _XWRITE(methods.xWrite), _XTRUNCATE(methods.xTruncate), _XSYNC(methods.xSync)

        def refused(kind: str, file: str) -> int:
            code = disk.fails(kind, file)
            disk.faults += bool(code)
            return code

        def on_write(handle: int, data: int, amount: int, offset: int) -> int:
            file = names[handle]
            if code := refused("write", file):
                return code
            code = int(write(handle, data, amount, offset))
            if not code:
                disk.steps.append(Step("write", file, offset, c.string_at(data, amount)))
            return code

        def on_truncate(handle: int, size: int) -> int:
            code = int(truncate(handle, size))
            if not code:
                disk.steps.append(Step("truncate", names[handle], size))
            return code

        def on_sync(handle: int, flags: int) -> int:
            file = names[handle]
            if disk.sync_delay:
                time.sleep(disk.sync_delay)
            if code := refused("sync", file):
                return code
            code = int(sync(handle, flags))
            if not code and not disk.lies and not only_syncs:
                disk.steps.append(Step("sync", file))
            return code

        for name, kind, function in (
            ("xWrite", _XWRITE, on_write),
            ("xTruncate", _XTRUNCATE, on_truncate),
            ("xSync", _XSYNC, on_sync),
        ):
            if only_syncs and name != "xSync":
                continue
            callback = kind(function)
            keep.append(callback)
            setattr(methods, name, c.cast(callback, _V))
        return methods

    def on_open(vfs: int, name: int | None, handle: int, flags: int, out: int) -> int:
        # SQLite reads the name again until the file is closed: its own copy goes on, never one of Python's
        code = int(real_open(vfs, name, handle, flags, out))
        path = Path(c.string_at(name).decode()) if name else None
        if code == 0 and path is not None and path.parent == folder:
            slot = c.cast(handle, c.POINTER(c.c_void_p))
            if address := slot[0]:
                if address not in wrapped:
                    wrapped[address] = wrap(address)
                names[handle] = path.name
                slot[0] = c.addressof(wrapped[address])
        return code

    opening = _XOPEN(on_open)
    mine.xOpen = c.cast(opening, _V)
    keep += [opening, real_open]
    assert lib.sqlite3_vfs_register(c.byref(mine), 1) == 0
    try:
        yield disk
    finally:
        lib.sqlite3_vfs_unregister(c.byref(mine))
        lib.sqlite3_vfs_register(real, 1)
        _kept_alive.append((mine, keep, wrapped))


_kept_alive: list[Any] = []
"""A connection that somebody still holds calls into these: they stay as long as the process."""
