"""Equating against R's equate, the worked cases and Kolen & Brennan, and on files with faults."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.errors import InputError, ShapeError
from sjt.psychometrics import equating_percentile as percentile
from sjt.psychometrics.commands.equate import equate as command
from sjt.psychometrics.equating_moments import Design, Errors, Moments, linear, moments, synthetic, tucker

HERE = Path(__file__).parent / "reference"
CASES = json.loads((HERE / "equating.json").read_text())
SETS = {name: json.loads((HERE / f"{name}.json").read_text()) for name in ("math14w", "verbal_aggression")}
FORMS = {
    "math14w": (slice(0, 9), slice(4, 13), slice(4, 9), 6),
    "verbal_aggression": (slice(0, 16), slice(8, 24), slice(8, 16), 12),
}


def run(*args: Any) -> dict[str, Any]:
    result = CliRunner().invoke(command, [*map(str, args), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.output, parse_constant=lambda word: pytest.fail(word))
    return answer


def write(path: Path, columns: dict[str, Any]) -> Path:
    rows = zip(*columns.values())
    lines = ["person," + ",".join(columns)] + [f"p{i}," + ",".join(map(str, row)) for i, row in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def marks(name: str) -> tuple[np.ndarray[Any, Any], list[str]]:
    lines = (HERE / f"{name}.csv").read_text().splitlines()
    k = SETS[name]["meta"]["items"]
    items = [cell.strip('"') for cell in lines[0].split(",")[:k]]
    return np.array([[int(cell) for cell in line.split(",")[:k]] for line in lines[1:]]), items


def split(name: str, folder: Path, new: slice, old: slice) -> tuple[Path, Path, list[str]]:
    x, items = marks(name)
    half = {}
    for which, rows, columns in (("new", x[::2], new), ("old", x[1::2], old)):
        half[which] = write(folder / f"{which}.csv", dict(zip(items[columns], rows[:, columns].T)))
    return half["old"], half["new"], items


def close(method: dict[str, Any], want: Any, atol: float = 1e-8) -> None:
    np.testing.assert_allclose([y for _, y in method["table"]], want["values"]["yx"], atol=atol)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["id"])
@pytest.mark.parametrize("kind", ["internal", "external"])
def test_the_command_meets_the_worked_case(case: dict[str, Any], kind: str, tmp_path: Path) -> None:
    """As an internal anchor the file holds the rest and the anchor; as an external one, the total and the anchor."""
    x, vx, y, vy = (np.array(case[name]) for name in ("x", "vx", "y", "vy"))
    inside = kind == "internal"
    new = write(tmp_path / "new.csv", {"rest": x - vx if inside else x, "anchor": vx})
    old = write(tmp_path / "old.csv", {"rest": y - vy if inside else y, "anchor": vy})
    items = tmp_path / "items.csv"
    items.write_text(f"item,max\nrest,{75 if inside else 100}\nanchor,25\n")
    args = (old, new, "--anchors", "anchor", "--anchor", kind, "--items", items)
    answer = run(*args, "--cut", case["cut_y"], "--weight", case["w"])
    want = case["expected"]
    for name in ("tucker", "chained_linear"):
        found = answer["methods"][name]
        assert found["slope"] == pytest.approx(want[name]["slope"], abs=1e-8)
        assert found["intercept"] == pytest.approx(want[name]["intercept"], abs=1e-7)
        assert found["cut_new"] == pytest.approx(want[name]["cut_x"], abs=1e-7)
        assert found["see_at_cut"] > 0
    assert answer["methods"]["identity"]["cut_new"] == want["identity"]["cut_x"]
    assert answer["methods"]["chained_mean"]["intercept"] == pytest.approx(want["chained_mean_shift"], abs=1e-8)
    found = answer["methods"]["nominal_weights_mean"]
    assert found["intercept"] == pytest.approx(want["nominal_weights_mean_shift"], abs=1e-7)
    arc = answer["methods"]["circle_arc"]
    table = dict(map(tuple, arc["table"]))
    assert arc["slope"] is None
    assert arc["cut_new"] == pytest.approx(want["circle_arc"]["cut_x"], abs=1e-6)
    assert (table[50], table[70]) == pytest.approx((want["circle_arc"]["at_50"], want["circle_arc"]["at_70"]), abs=1e-8)


def test_the_synthetic_population_is_that_of_kolen_and_brennan() -> None:
    case = CASES["published_check"]

    def of(side: dict[str, float]) -> Moments:
        return Moments(side["mean"], side["sd"], side["v_mean"], side["v_sd"], side["cov"])

    design = Design(of(case["x"]), of(case["y"]), case["w"], 0, 36, 36)
    _, _, mean_y, sd_y = synthetic(design, design.new.regression, design.old.regression)
    line = tucker(design)
    want = case["expected"]
    found = (mean_y, sd_y, line.slope, line.intercept)
    expected = (want["synthetic_mean_y"], want["synthetic_sd_y"], want["slope"], want["intercept"])
    assert found == pytest.approx(expected, abs=case["tolerance"])


@pytest.mark.parametrize("name", SETS)
def test_equivalent_groups_meet_r(name: str, tmp_path: Path) -> None:
    at = FORMS[name][3]
    old, new, _ = split(name, tmp_path, slice(0, at), slice(at, None))
    answer = run(old, new)
    want = SETS[name]["equating_eg"]
    for mine, theirs in (
        *(("mean",) * 2, ("linear",) * 2, ("equipercentile",) * 2, ("circle_arc", "circle-arc")),
        ("equipercentile_smoothed", "equipercentile_loglinear4"),
    ):
        close(answer["methods"][mine], want[theirs])


@pytest.mark.parametrize("name", SETS)
def test_common_items_meet_r(name: str, tmp_path: Path) -> None:
    x, y, anchor, _ = FORMS[name]
    old, new, items = split(name, tmp_path, x, y)
    answer = run(old, new, "--anchors", ",".join(items[anchor]), "--irt", "none")
    want = SETS[name]["equating_neat"]
    assert not any(row["dropped"] for row in answer["anchors"])
    for mine, theirs in (
        ("tucker", "linear_tucker"),
        ("levine", "linear_levine"),
        ("chained_linear", "linear_chained"),
        ("tucker_mean", "mean_tucker"),
        ("equipercentile", "equipercentile_frequency_estimation"),
    ):
        close(answer["methods"][mine], want[theirs])
    chained = np.array([y for _, y in answer["methods"]["equipercentile_chained"]["table"]])
    off = np.abs(chained - want["equipercentile_chained"]["values"]["yx"])
    assert (off < 1e-8).sum() >= off.size - 2 and off.max() <= 0.5 + 1e-8  # two ties that R breaks by its own rounding


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=30).filter(lambda counts: sum(counts) > 0))
def test_equating_a_form_to_itself_changes_nothing_where_anybody_scored(counts: list[int]) -> None:
    frequency = np.array(counts, dtype=float)
    at = np.flatnonzero(frequency)
    np.testing.assert_allclose(percentile.equipercentile(at, frequency, frequency), at, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=6, max_size=25).filter(lambda counts: sum(c > 0 for c in counts) > 5))
def test_smoothing_keeps_the_moments(counts: list[int]) -> None:
    frequency = np.array(counts, dtype=float)
    smooth = percentile.smooth(frequency, 3)
    at = np.arange(frequency.size) / frequency.size
    for power in range(4):
        assert (smooth * at**power).sum() == pytest.approx((frequency * at**power).sum(), abs=1e-6)


def test_joint_smoothing_keeps_margins_and_the_correlation() -> None:
    rng = np.random.default_rng(2)
    v = rng.binomial(8, 0.5, 400)
    x = v + rng.binomial(12, 0.6, 400)
    table = np.bincount(x * 9 + v, minlength=21 * 9).reshape(21, 9).astype(float)
    total, anchor = np.indices(table.shape)
    possible = (total >= anchor) & (20 - total >= 8 - anchor)
    smooth = percentile.smooth_joint(table, possible)
    assert smooth[~possible].sum() == 0
    for weight in (total, total**2, anchor, anchor**3, total * anchor):
        assert (smooth * weight).sum() == pytest.approx((table * weight).sum(), rel=1e-8)


def test_the_error_of_linear_equating_is_the_spread_over_samples() -> None:
    rng = np.random.default_rng(8)
    at, found, said = np.array([70.0]), [], []
    for _ in range(400):
        x, y = rng.gamma(9, 6, 150), rng.gamma(12, 5, 150)
        design = Design(moments(x), moments(y), 0.5, 0, 200, 200)
        found.append(linear(design)(at)[0])
        said.append(Errors(design, (x, None), (y, None)).see(linear, at)[0])
    assert np.mean(said) == pytest.approx(np.std(found), rel=0.12)


def forms(folder: Path, n: int, seed: int, drifted: tuple[int, ...] = (), shift: float = 1.2) -> tuple[Path, Path, str]:
    rng = np.random.default_rng(seed)
    hard = rng.normal(0, 1, 30)
    paths = []
    for which, columns in (("old", range(20)), ("new", range(10, 30))):
        moved = hard.copy()
        if which == "new":
            moved[list(drifted)] -= shift
        theta = rng.normal(0.1 * (which == "new"), 1, n)
        cuts = moved[:, None] + np.array([-1.0, 0.0, 1.0])
        y = (theta[:, None, None] + rng.logistic(size=(n, 30))[:, :, None] > cuts).sum(axis=2)
        paths.append(write(folder / f"{which}.csv", {f"i{j}": y[:, j] for j in columns}))
    return paths[0], paths[1], ",".join(f"i{j}" for j in range(10, 20))


def test_a_drifted_anchor_is_found_and_left_out(tmp_path: Path) -> None:
    old, new, anchors = forms(tmp_path, 500, 4, drifted=(13,), shift=1.5)
    answer = run(old, new, "--anchors", anchors, "--irt", "none")
    assert [row["item"] for row in answer["anchors"] if row["dropped"]] == ["i13"]
    assert answer["anchors"][3]["distance"] < 0
    assert any("i13" in note for note in answer["notes"])
    kept = run(old, new, "--anchors", anchors, "--keep-drifted", "--irt", "none")
    assert kept["methods"]["tucker"]["intercept"] != answer["methods"]["tucker"]["intercept"]


@pytest.mark.parametrize("n", [20, 60, 500])
def test_sound_anchors_are_not_dropped(tmp_path: Path, n: int) -> None:
    dropped = 0
    for seed in range(3):
        old, new, anchors = forms(tmp_path, n, seed)
        dropped += sum(row["dropped"] for row in run(old, new, "--anchors", anchors, "--irt", "none")["anchors"])
    assert dropped <= 2


@pytest.mark.parametrize(("n", "method"), [(20, "identity"), (40, "chained_mean"), (80, "circle_arc"), (300, "tucker")])
def test_the_size_of_the_sample_chooses_the_method(tmp_path: Path, n: int, method: str) -> None:
    old, new, anchors = forms(tmp_path, n, 1)
    answer = run(old, new, "--anchors", anchors, "--cut", "31", "--irt", "none")
    assert answer["recommended"] == method
    assert answer["because"].startswith(f"{n} persons")
    assert (answer["apply"] is None) == (method == "identity")


def test_forms_without_spread_or_with_half_marks_get_an_answer(tmp_path: Path) -> None:
    flat = write(tmp_path / "a.csv", {"x": [1, 1, 1], "v": [1, 1, 1]})
    half = write(tmp_path / "b.csv", {"x": [0.5, 1, 2.5], "v": [0, 1, 0.5]})
    for pair in ((flat, half), (half, flat), (flat, flat)):
        answer = run(*pair, "--anchors", "v", "--cut", "1.5")
        assert answer["recommended"] == "identity"
        assert answer["methods"]["identity"]["cut_new"] is not None


def test_faults_are_named_all_at_once(tmp_path: Path) -> None:
    a = write(tmp_path / "a.csv", {"x": [1, 0, 1], "v": [1, 0, 1]})
    b = write(tmp_path / "b.csv", {"y": [1, 0, 1], "v": [1, 0, 1]})
    for args, words in (
        (("--anchors", "x,w"), ("b.csv", "a.csv", "x", "w")),
        (("--anchors", "v,v"), ("named twice",)),
        (("--anchors", "v", "--cut", "9"), ("outside the old form's 0 to 2",)),
        (("--anchors", "v", "--weight", "2"), ("0 to 1",)),
    ):
        result = CliRunner().invoke(command, [str(a), str(b), *args])
        assert isinstance(result.exception, InputError)
        said = " ".join(f"{f.file} {f.where} {f.field} {f.what}" for f in result.exception.faults)
        assert all(word in said for word in words), said


def test_impossible_scores_are_refused() -> None:
    with pytest.raises(ShapeError, match="two persons"):
        moments([1.0])
    with pytest.raises(ShapeError, match="whole scores"):
        percentile.frequencies([0.5], 3)
