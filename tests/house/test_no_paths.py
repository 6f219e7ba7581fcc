"""No machine's path, no package host and no stray secret in what is published."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATHS = re.compile(rb"(?<![\w.~$-])/(?:work|root|home/\w+|Users/\w+|tmp/(?:team|pip|bash))/")
HOSTS = re.compile(rb"https?://[^\s\"')>]*(?:pypi|pythonhosted|simple/|artifactory|nexus|proxy\.)[^\s\"')>]*", re.I)
SECRETS = re.compile(rb"-----BEGIN (?:EC |RSA |OPENSSH )?PRIVATE KEY-----\n")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(("what", "pattern"), [("path", PATHS), ("host", HOSTS), ("secret", SECRETS)])
def test_nothing_of_a_machine_is_in_the_files(what: str, pattern: re.Pattern[bytes]) -> None:
    found = []
    for path in tracked():
        if path == Path(__file__).resolve() or path.suffix in (".woff2", ".png", ".ico"):
            continue
        for number, line in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert not found, f"a {what} of a machine: {found}"
