"""Templates compiled once a process, whatever number of applications it makes."""

from __future__ import annotations

from collections.abc import Iterable
from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class Compiled(BytecodeCache):
    """Keeps each template's code by its name and the checksum of its source.

    Compiling the page kit takes half a second; commands and tests make an application many times in one process.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, CodeType | None]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._known.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = (bucket.checksum, bucket.code)


COMPILED = Compiled()


def warm(app: Flask, names: Iterable[str]) -> None:
    """Compile what a whole room asks for in one moment, before the first of them asks."""
    for name in names:
        app.jinja_env.get_template(name)
    _ = app.jinja_env.get_template("components/kit.html").module
