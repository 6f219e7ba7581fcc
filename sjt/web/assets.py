"""Static files by their content: every address carries the hash of the whole tree, so that a release replaces all.

Style sheets import one another, scripts import modules and fonts are named in a style sheet, all by relative
addresses; a hash in the path, not behind a question mark, is passed on to each of them by the browser itself.
"""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Flask, Response, current_app, request

MARK: Final = "v-"
FOR_GOOD: Final = 365 * 24 * 3600
LOOK_AGAIN: Final = 1.0
"""Seconds for which pages take the hash as it was: to look at every file costs more than most pages do."""


@lru_cache(maxsize=8)
def _hash_of(files: tuple[tuple[Path, int], ...]) -> str:
    told = hashlib.sha256()
    for path, _ in files:
        told.update(f"{path.name}\0".encode())
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()[:12]


def version(folder: Path) -> str:
    """Give the hash of all static files; they are read again when one of them has changed."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return _hash_of(tuple((path, path.stat().st_mtime_ns) for path in paths))


_seen: dict[Path, tuple[float, str]] = {}


def version_now(folder: Path) -> str:
    """Give the hash as it was at most a second ago."""
    at, found = _seen.get(folder, (0.0, ""))
    if not found or time.monotonic() - at > LOOK_AGAIN:
        found = version(folder)
        _seen[folder] = (time.monotonic(), found)
    return found


def static_version() -> str:
    """Give the hash that the addresses of this application's static files carry now."""
    return version_now(Path(current_app.static_folder or ""))


def asset(path: str) -> str:
    """Give the address of a static file, which may be kept for good."""
    folder = f"{request.script_root}{current_app.static_url_path}"
    return f"{folder}/{MARK}{static_version()}/{path}"


class Site(Flask):
    """Flask, but for static files: kept for good under today's hash, asked for anew under any other address."""

    def send_static_file(self, filename: str) -> Response:
        asked, slash, rest = filename.partition("/")
        if not (slash and asked.startswith(MARK)):
            return super().send_static_file(filename)
        reply = super().send_static_file(rest)
        # a page of before the last release may still ask by the old hash: it gets the file, but does not keep it
        if asked == f"{MARK}{version_now(Path(self.static_folder or ''))}":
            reply.cache_control.no_cache = None
            reply.cache_control.public = True
            reply.cache_control.max_age = FOR_GOOD
            reply.cache_control.immutable = True
        return reply
