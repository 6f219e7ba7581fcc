"""What is kept of files and findings by content is what reading and checking everything anew would give."""

from __future__ import annotations

from typing import Any

import pytest

from sjt.authoring import checks, checks_kept, scenario_files
from sjt.authoring.bank import load_files
from sjt.authoring.import_export import Prepared
from tests.authoring.conftest import NOW


def looked_at(files: dict[str, bytes]) -> tuple[Any, Any]:
    reading = load_files(files)
    return reading, checks.check(reading, today=NOW.date())


def test_only_what_changed_is_read_and_checked_again_and_the_answer_is_the_same(
    few_files: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = dict(few_files.files)
    looked_at(files)
    story = next(name for name in files if name.endswith("scenario.md"))
    other = next(name for name in files if name.endswith("scenario.md") and name != story)
    key = story.replace("scenario.md", "key.toml")
    changes = {
        "words": {story: files[story].replace(b"+++\n\n", b"+++\n\nThe illegal child is here. ", 1)},
        "a fault": {story: files[story].replace(b"outcomes =", b"outcome =")},
        "a broken key": {key: files[key].replace(b'rule = "', b'rule = "no_', 1)},
        "settings": {"bank.toml": files["bank.toml"].replace(b'"neglect"]', b'"neglect", "school"]')},
        "an id twice": {other: files[story]},
        "an order mark": {story: b"\xef\xbb\xbf" + files[story]},
    }
    read: list[str] = []
    real = scenario_files.FileReader.text

    def text(self: Any, name: str, scenario: str = "") -> str | None:
        read.append(name)
        return real(self, name, scenario)

    for what, change in changes.items():
        assert any(files[name] != content for name, content in change.items()), what
        with monkeypatch.context() as patched:
            patched.setattr(scenario_files.FileReader, "text", text)
            read.clear()
            kept = looked_at({**files, **change})
        assert {name for name in read if name.startswith("scenarios/")} == set(change) - {"bank.toml"}, what
        scenario_files._kept.clear()
        checks_kept._kept.clear()
        anew = looked_at({**files, **change})
        assert kept[1] == anew[1] and kept[0].findings == anew[0].findings and kept[0].bank == anew[0].bank, what
        assert kept[1].findings or what == "settings", what
        looked_at(files)
