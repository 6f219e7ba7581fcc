"""The functions and triggers that the ledger needs in the database; a migration runs them, a test compares them."""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).resolve().parent / "sql"


def install_sql(dialect: str) -> list[str]:
    """Give the statements for ``sqlite`` or ``postgresql``; each may be run again."""
    text = (_HERE / f"ledger.{dialect}.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- next\n", text, flags=re.MULTILINE)
    return [re.sub(r"\A(--[^\n]*\n)+", "", part).strip() for part in parts]
