"""Composed cuts, withdrawals, linked panels, and the checks of ratings at entry."""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest

from sjt.errors import InputError, ShapeError
from sjt.psychometrics.cuts import (
    BankedItem,
    PanelErrors,
    chance_mark,
    form_cut,
    mark_of_borderline,
    moved_by_sem,
    rating_faults,
    without,
)
from sjt.psychometrics.linking import PanelRatings, link_panels

FIVE = list("ABCDE")
KEY = {"order": list("BCADE")}
ERRORS = {"1": PanelErrors(8, 0.01, 0.04)}


def banked(n: int, mean: Fraction | int = 12, panel: str = "1") -> list[BankedItem]:
    return [BankedItem(f"{panel}-{i}", Fraction(20), Fraction(mean), panel) for i in range(n)]


def test_the_error_of_a_form_is_the_formula_for_one_panel() -> None:
    cut = form_cut(banked(10), errors=ERRORS)
    k, j = 10, 8
    in_marks = (k**2 * 0.01 * 400 + k * 0.04 * 400) / j
    assert cut.exact == 120
    assert cut.se == pytest.approx(sqrt(in_marks), abs=1e-12)


def test_panels_computed_as_one_understate_the_error() -> None:
    errors = {name: PanelErrors(8, 0.001, 0.04) for name in "123"}
    items = [item for name in "123" for item in banked(8, panel=name)]
    joined = form_cut(items, errors=errors, var_panel=0.004)
    ignored = form_cut(items, errors=errors)
    assert joined.se is not None
    assert ignored.se is not None
    assert joined.se > 2 * ignored.se
    assert any("link them" in note for note in ignored.notes)


def test_an_unknown_panel_leaves_the_cut_and_takes_the_error() -> None:
    cut = form_cut(banked(2, panel="new"), errors=ERRORS)
    assert cut.exact == 24
    assert cut.se is None
    assert "panel new" in cut.notes[0]


def test_a_withdrawn_item_takes_its_mean_out_of_the_cut() -> None:
    items = [*banked(4), BankedItem("hard", Fraction(20), Fraction("7.25"))]
    change = without(items, ["hard"], errors=ERRORS)
    assert change.before.exact == Fraction("55.25")
    assert change.after.exact == 48
    assert change.before.applied == 56
    assert change.after.applied == 48
    assert change.marks_removed == 20
    assert change.expected_removed == Fraction("7.25")
    assert change.percent_moved == 100 * (Fraction(48, 80) - Fraction("55.25") / 100)


def test_withdrawing_what_is_not_there_or_everything_is_refused() -> None:
    with pytest.raises(InputError, match="not on the form"):
        without(banked(2), ["x"])
    with pytest.raises(InputError, match="no judged items"):
        without(banked(1), ["1-0"])


def test_a_judges_order_earns_its_mark_on_the_forms_scale() -> None:
    ranks = {"C": 1, "D": 2, "A": 3, "E": 4, "B": 5}
    assert mark_of_borderline("rank_distance@1", KEY, ranks, options=FIVE) == 12
    assert mark_of_borderline("rank_distance@1", KEY, ranks, options=FIVE, worth=Fraction(10)) == 6
    with pytest.raises(InputError, match="partial"):
        mark_of_borderline("rank_distance@1", KEY, {"C": 1}, options=FIVE)


def test_ratings_are_checked_at_entry_with_the_chance_mark_named() -> None:
    chance = chance_mark("rank_distance@1", KEY, options=FIVE)
    faults = rating_faults(
        [("ann", "q", 11.5), ("ann", "p", 21), ("ben", "q", 12.25), ("ben", "p", "12"), ("cy", "q", 13)],
        maxima={"q": Fraction(20), "p": Fraction(20)},
        chances={"q": chance},
    )
    said = [str(fault) for fault in faults]
    assert len(said) == 4
    assert "11.5 is below the chance mark 12 of 20" in said[0]
    assert "outside 0 to 20" in said[1]
    assert "not a multiple of 0.5" in said[2]


def test_the_sem_policy_moves_a_cut_openly() -> None:
    assert moved_by_sem(Fraction(64), 4.2, -1) == pytest.approx(59.8)
    assert moved_by_sem(Fraction(64), 4.2, 1) == pytest.approx(68.2)


def panel(name: str, items: range, drift: float, seed: int) -> PanelRatings:
    rng = np.random.default_rng(seed)
    truth = np.array([0.3 + 0.02 * i for i in items])
    ratings = 10 * (truth + drift + 0.02 * rng.normal(size=(6, 1)) + 0.03 * rng.normal(size=(6, len(truth))))
    return PanelRatings(name, tuple(f"i{i}" for i in items), np.full(len(truth), 10.0), ratings)


def test_drift_between_panels_is_found_from_linking_items() -> None:
    linked = link_panels([panel("a", range(12), 0.0, 1), panel("b", range(6, 18), 0.1, 2)])
    assert linked.drifts[1].drift - linked.drifts[0].drift == pytest.approx(0.1, abs=0.03)
    assert linked.drifts[0].n_links == 6
    assert linked.var_panel > 0
    # With the drift taken out, items only panel b judged line up with the rest again.
    slope = np.polyfit(range(18), [linked.item_means[f"i{i}"] for i in range(18)], 1)[0]
    assert slope == pytest.approx(0.02, abs=0.004)


def test_panels_without_drift_get_none() -> None:
    linked = link_panels([panel("a", range(12), 0.0, 3), panel("b", range(12), 0.0, 4)])
    assert abs(linked.drifts[0].drift) < 0.03


def test_too_few_links_are_noted_and_none_is_refused() -> None:
    linked = link_panels([panel("a", range(8), 0.0, 1), panel("b", range(6, 14), 0.0, 2)])
    assert any("shares 2 items; 5 are needed" in note for note in linked.notes)
    with pytest.raises(ShapeError, match="No shared item"):
        link_panels([panel("a", range(6), 0.0, 1), panel("b", range(6, 12), 0.0, 2)])
    with pytest.raises(ShapeError):
        link_panels([panel("a", range(6), 0.0, 1)])


def test_a_chain_of_panels_is_joined_through_the_middle_one() -> None:
    chain = [panel("a", range(8), 0.0, 1), panel("c", range(12, 20), 0.0, 3), panel("b", range(3, 17), 0.0, 2)]
    assert len(link_panels(chain).drifts) == 3
