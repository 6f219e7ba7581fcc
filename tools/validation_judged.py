"""Rows of docs/validation.md on consensus scoring, guessing and the pass marks that come from judged groups.

Where no package computes the figure, the outside evidence is exact enumeration: every possible answer, or every
possible cut, counted one by one in fractions by code that shares nothing with ours.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any

from sjt.psychometrics import standard_setting
from sjt.psychometrics.chance import FormItem, form_chance
from sjt.psychometrics.passmark_ebel import read_ebel
from sjt.psychometrics.score_cases import score_file
from sjt.psychometrics.strategies import spot_the_worst

HERE = Path(__file__).resolve().parent.parent / "tests" / "psychometrics" / "reference"
Row = tuple[str, str, str, float]
WORKED = "worked case, computed apart"
ENUMERATED = "exact enumeration"
FIVE, EIGHT = "ABCDE", "ABCDEFGH"


def load(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def apart(got: Any, want: Any) -> float:
    """Largest difference of the numbers in two answers of one shape; infinite where the shapes differ."""
    if isinstance(want, dict):
        return max((apart(got.get(name), value) for name, value in want.items()), default=0.0)
    if isinstance(want, list):
        if got is None or len(got) != len(want):
            return float("inf")
        return max((apart(a, b) for a, b in zip(got, want, strict=True)), default=0.0)
    if want is None or isinstance(want, bool | str):
        return 0.0 if got == want else float("inf")
    return float("inf") if got is None else abs(float(got) - want)


def consensus() -> Iterator[Row]:
    data = load("consensus_rating")
    for case, line in zip(data["cases"], score_file(data)["cases"], strict=True):
        for what, wanted in case["expected"].items():
            yield "Consensus scoring", what.replace("_", " "), WORKED, apart(line["values"].get(what), wanted)
    data = load("real_sct_34x39x11")
    got = score_file(data)["rules"]
    for rule, values in data["expected"].items():
        what = f"{rule.replace('_', ' ')}: mean, alpha, totals of 39 persons"
        yield "Consensus scoring", what, "R kappaGold's data, computed apart", apart(got.get(rule), values)
    data = load("key_stretch")
    for case, line in zip(data["cases"], score_file(data)["cases"], strict=True):
        yield "Consensus scoring", "key stretching", WORKED, apart(line["stretched"], case["expected"])


def ranking() -> FormItem:
    return FormItem("r", "rank_distance@1", {"order": list(FIVE)}, list(FIVE), worth=Fraction(20))


def choice() -> FormItem:
    key = {"key": ["A", "B", "C"], "effectiveness": dict(zip(EIGHT, (4, 4, 3, 2, 2, 1, 1, 0), strict=True))}
    return FormItem("c", "choose_k@1", key, list(EIGHT), worth=Fraction(12))


def of_order(order: tuple[str, ...]) -> int:
    """Mark of one ranking by the published table: 4 less the distance, option by option."""
    return sum(4 - abs(place - FIVE.index(option)) for place, option in enumerate(order))


def chance() -> Iterator[Row]:
    data = load("chance_pass")
    for case, line in zip(data["cases"], score_file(data)["cases"], strict=True):
        yield "Chance", "P(random pass), nine forms", WORKED, apart(line["p_random_pass"], case["p_random_pass"])
    # three rankings and a choice: each of 120³ × 56 answers, by counting the marks of each item's answers
    orders = [of_order(order) for order in permutations(FIVE)]
    chosen = [4 * len(set(one) & set("ABC")) for one in combinations(EIGHT, 3)]
    counts: dict[int, int] = {0: 1}
    for marks in (orders, orders, orders, chosen):
        following: dict[int, int] = {}
        for total, ways in counts.items():
            for mark in marks:
                following[total + mark] = following.get(total + mark, 0) + ways
        counts = following
    answers = 120**3 * 56
    found = form_chance([ranking(), ranking(), ranking(), choice()])
    worst = Fraction(0)
    for cut in range(73):
        exact = Fraction(sum(ways for total, ways in counts.items() if total >= cut), answers)
        worst = max(worst, abs(found.p_pass(Fraction(cut)) - exact))
    yield "Chance", f"P(random pass) at 73 cuts, {answers:,} answers", ENUMERATED, float(worst)
    rest = [of_order((*order, "E")) for order in permutations("ABCD")]
    totals = [one + other for one, other in product(rest, rest)]
    cunning = form_chance([ranking(), ranking()], spot_the_worst)
    worst = Fraction(0)
    for cut in range(41):
        exact = Fraction(sum(total >= cut for total in totals), len(totals))
        worst = max(worst, abs(cunning.p_pass(Fraction(cut)) - exact))
    yield "Chance", "P(pass) of a candidate who spots the worst, 576 answers", ENUMERATED, float(worst)


def contrasting() -> Iterator[Row]:
    """The cut with the fewest errors, every cut of the grid counted person by person."""
    case = load("standard_setting")["brm"]
    scores = [Fraction(str(score)) for score in case["score"]]
    competent = [grade >= case["border"] for grade in case["grade"]]
    unit = Fraction(1)
    yes, no = competent.count(True), competent.count(False)
    tried = []
    cut = Fraction(int(min(scores)))
    while cut <= max(scores) + 2 * unit:
        failed = sum(able and score < cut for score, able in zip(scores, competent, strict=True))
        passed = sum(not able and score >= cut for score, able in zip(scores, competent, strict=True))
        tried.append((Fraction(failed, yes) + Fraction(passed, no), cut, Fraction(passed, no), Fraction(failed, yes)))
        cut += unit
    least = min(one[0] for one in tried)
    best = [one for one in tried if one[0] == least]
    _, cut, false_pass, false_fail = best[(len(best) - 1) // 2]
    found = standard_setting.contrasting_groups([float(score) for score in scores], competent, replications=10)
    beside: dict[str, Any] = dict(found.beside)
    for what, got, want in (
        ("cut", found.cut, cut),
        ("false passes", beside["false_pass"], false_pass),
        ("false fails", beside["false_fail"], false_fail),
    ):
        yield "Pass marks", f"contrasting groups {what}", f"{ENUMERATED} of {len(tried)} cuts", apart(got, float(want))


def ebel() -> Iterator[Row]:
    case = load("standard_setting")["ebel"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ebel.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["judge", "relevance", "difficulty", "weight", "marks"])
            writer.writerows(["j1", *cell.split("_"), w, case["marks"][cell]] for cell, w in case["weights"].items())
        exact, top, _, _ = read_ebel(str(path))
    yield "Pass marks", "Ebel cut", WORKED, apart(exact, case["expected_cut"])
    yield "Pass marks", "Ebel cut, per cent", WORKED, apart(100 * float(exact) / top, case["expected_pct"])


FAMILIES = (consensus, chance, contrasting, ebel)
