"""Writing ``set_on`` into a key: the hash of the scenario the key was set on, changing nothing else of the file."""

from __future__ import annotations

import re

from sjt.authoring.bank import Reading, key_file
from sjt.authoring.scenario_files import version_of

_EMPTY = re.compile(rb'^(\s*set_on\s*=\s*)(""|\'\')', re.MULTILINE)


def stamped(reading: Reading) -> dict[str, bytes]:
    """Return the key files whose empty ``set_on`` is filled; a key that names a version already is left as it is."""
    found: dict[str, bytes] = {}
    if reading.bank is None:
        return found
    for scenario in reading.bank.scenarios:
        keys = reading.bank.keys.get(scenario.id)
        name = key_file(scenario.folder)
        if keys is None or keys.set_on or name not in reading.files:
            continue
        content = reading.files[name]
        mark = f'"sha256:{version_of(reading.files[f"scenarios/{scenario.folder}/scenario.md"])}"'.encode()
        head, first_table, rest = content.partition(b"\n[")
        filled, count = _EMPTY.subn(rb"\g<1>" + mark, head, count=1)
        if count:
            found[name] = filled + first_table + rest
    return found
