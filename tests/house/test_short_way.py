"""What looks at every request of a sitting must be asked by the short way too."""

from __future__ import annotations

import importlib.util

import pytest

from sjt.delivery import short_way
from sjt.joining import register_rooms


def test_a_locked_browser_is_asked_for_the_short_way_too() -> None:
    if importlib.util.find_spec("sjt.delivery.locked") is None:
        pytest.skip("there is no locked browser in this tree")
    register_rooms()
    # one line in sjt/delivery/joining.py: short_way.LONG_WAY.append(locked.…), true for sittings that have a lock
    assert short_way.LONG_WAY, "sittings with a locked browser would be answered without a look at their browser"
