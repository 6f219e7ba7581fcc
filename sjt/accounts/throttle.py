"""How often one may try: a sliding window in memory, per key."""

from __future__ import annotations

import threading
import time
from collections import deque

from sjt.errors import Throttled


class Throttle:
    """At most ``tries`` in ``seconds`` per key; the oldest keys are forgotten past ``keys``."""

    def __init__(self, tries: int, seconds: float, *, keys: int = 20_000) -> None:
        self.tries, self.seconds, self.keys = tries, seconds, keys
        self._seen: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def check(self, *names: str) -> None:
        """Count one try under each name; refuse when any has had too many."""
        now = time.monotonic()
        with self._lock:
            for name in names:
                times = self._seen.setdefault(name, deque())
                while times and times[0] <= now - self.seconds:
                    times.popleft()
                if len(times) >= self.tries:
                    wait = max(1, round(times[0] + self.seconds - now))
                    raise Throttled(f"Too many tries. Wait {wait} seconds, then try again.", retry_after=wait)
            for name in names:
                self._seen[name].append(now)
            while len(self._seen) > self.keys:
                self._seen.pop(next(iter(self._seen)))

    def clear(self, *names: str) -> None:
        """Forget the tries under these names, after a success."""
        with self._lock:
            for name in names:
                self._seen.pop(name, None)
