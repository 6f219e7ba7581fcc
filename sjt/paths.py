"""Where the shipped templates, static files and bank are, in a checkout and in a wheel alike."""

from __future__ import annotations

import os
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def resource_root() -> Path:
    """Give the folder that holds ``templates/`` and ``scenario_bank/``."""
    bundled = _HERE / "_bundled"
    return bundled if bundled.is_dir() else _HERE.parent


def template_dir() -> Path:
    return resource_root() / "templates"


def static_dir() -> Path:
    return _HERE / "static"


def bank_dir() -> Path:
    """Give the working bank: where ``SJT_BANK`` points, else the shipped example."""
    named = os.environ.get("SJT_BANK", "")
    return Path(named) if named else resource_root() / "scenario_bank" / "cypf"


def practice_dir() -> Path:
    """Give the bank of the practice test, which anybody may take."""
    return resource_root() / "scenario_bank" / "practice"
