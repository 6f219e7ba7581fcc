"""docs/validation.md: every row names a test that exists, and no comparison went wrong unseen."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_row_of_the_validation_page_names_a_test_that_exists() -> None:
    lines = (ROOT / "docs" / "validation.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")][2:]
    assert len(rows) > 100
    known: dict[str, set[str]] = {}
    for family, statistic, source, difference, test in rows:
        path, _, name = test.strip("`").partition("::")
        if path not in known:
            tree = ast.parse((ROOT / path).read_text("utf-8"))
            known[path] = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in known[path], (family, statistic)
        assert source, (family, statistic)
        printed = 1e-2 if "to its rounding" in statistic else 1e-3  # a source of two decimals says no more
        assert difference == "below 1e-9" or float(difference) < printed, (family, statistic)
