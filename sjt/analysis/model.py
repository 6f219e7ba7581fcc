"""What analysis decides and shows, as plain values."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Decision(StrEnum):
    """What is to become of an item."""

    KEEP = "keep"
    KEY_PANEL = "key_panel"
    REVISE = "revise"
    RETIRE = "retire"


DECISION_WORDS: Final = {
    Decision.KEEP: ("Keep", "as it is"),
    Decision.KEY_PANEL: ("Send to the key panel", "the key may be wrong or out of date"),
    Decision.REVISE: ("Revise the wording", "a new version starts without statistics"),
    Decision.RETIRE: ("Retire", "no new forms"),
}
