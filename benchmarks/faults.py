"""The long proofs by breaking it: the crash test of the save path with many kills, and its folds with many cases.

    python benchmarks/faults.py [--kills 200] [--cases 10000]

It is the very test of `tests/delivery/test_ledger_crash.py` (writers under load from threads, killed with SIGKILL at
random moments; every acknowledged event is there, once, in a whole chain, and folds and heads agree), with more kills;
and the property that any batching, order and repeats give one `content_head`, with more cases. Exit 1 if either fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CRASH = "tests/delivery/test_ledger_crash.py::test_twenty_kills_lose_nothing_that_was_acknowledged_and_double_nothing"


def kills(number: int) -> bool:
    """Run the crash test with so many kills."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", CRASH]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"SJT_CRASH_ROUNDS": str(number)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-4000:])
    verdict = "nothing acknowledged was lost or doubled" if done.returncode == 0 else "FAILED"
    print(f"{number:,} kills in {time.monotonic() - begun:.0f} s: {verdict}")
    return done.returncode == 0


def arrivals(number: int) -> bool:
    """Run the property of the folds with so many cases."""
    sys.path.insert(0, str(ROOT))
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    from tests.delivery import test_folding_properties as folds

    claim = folds.test_any_arrival_gives_the_same_answers_and_content_head.hypothesis.inner_test
    many = settings(max_examples=number, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    begun = time.monotonic()
    try:
        many(given(st.data(), folds.events())(claim))()
    except AssertionError as error:
        print(f"arrivals: FAILED: {error}")
        return False
    print(f"{number:,} arrivals in {time.monotonic() - begun:.0f} s: answers and content head are always the same")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--cases", type=int, default=10_000)
    options = parser.parse_args()
    held = [kills(options.kills), arrivals(options.cases)]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
