"""How long a change in law takes to find what leans on it: 5,000 scenarios, four ways of asking.

python benchmarks/suspending.py
"""

from __future__ import annotations

import time
from dataclasses import replace

from sjt.authoring.bank import load_files, read_files
from sjt.authoring.suspending import Sought, because
from sjt.paths import bank_dir

SCENARIOS = 5_000
ASKED = (
    Sought(law="working together"),
    Sought(until="2027-12-31"),
    Sought(code="S19"),
    Sought(words="child social worker"),
)


def main() -> None:
    bank = load_files(read_files(bank_dir())).bank
    assert bank is not None
    own = bank.scenarios
    many = [replace(own[n % len(own)], id=f"cypf-{n:04d}") for n in range(SCENARIOS)]
    for sought in ASKED:
        began = time.perf_counter()
        found = sum(bool(because(one, sought, sought.day)) for one in many)
        print(f"{sought.as_json()}: {found} of {SCENARIOS} in {1000 * (time.perf_counter() - began):.0f} ms")


if __name__ == "__main__":
    main()
