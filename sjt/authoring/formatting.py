"""``sjt bank format``: the files that are not in canonical form, rewritten without changing a value."""

from __future__ import annotations

from dataclasses import replace

from sjt.authoring.bank import Reading, key_file, scenario_file
from sjt.authoring.scenario_files import version_of
from sjt.authoring.writer import key_text, scenario_text


def canonical(reading: Reading, *, drop_comments: bool = False) -> tuple[dict[str, bytes], list[str]]:
    """Return the files to rewrite, and those left alone because the writer would lose their comments.

    A key that was set on the scenario's bytes before is set on its new bytes: the form changed, no value did. If the
    key itself cannot be rewritten, its scenario is left alone too.
    """
    changed: dict[str, bytes] = {}
    held: list[str] = []
    if reading.bank is None:
        return changed, held
    for scenario in reading.bank.scenarios:
        story_file, keys_file = scenario_file(scenario.folder), key_file(scenario.folder)
        keys = reading.bank.keys.get(scenario.id)
        commented = [
            name
            for name in (story_file, keys_file)
            if not drop_comments and name in reading.places and reading.places[name].comments
        ]
        held += commented
        new = reading.files[story_file] if story_file in commented else scenario_text(scenario).encode()
        if keys is not None and keys_file not in commented:
            current = keys.set_on == f"sha256:{scenario.sha256}"
            fresh = replace(keys, set_on=f"sha256:{version_of(new)}") if current else keys
            changed[keys_file] = key_text(fresh).encode()
        elif keys is not None and keys.set_on == f"sha256:{scenario.sha256}":
            continue
        changed[story_file] = new
    return {name: content for name, content in changed.items() if content != reading.files.get(name)}, held
