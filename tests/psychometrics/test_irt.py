"""Response models against mirt on real answers, against simulated truth, and on marks that break other programs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from sjt.errors import ShapeError
from sjt.psychometrics import irt, irt_scores
from sjt.psychometrics.commands.analyse import analyse
from sjt.psychometrics.irt_blocks import blocks_of
from sjt.psychometrics.irt_likelihood import Prior
from sjt.psychometrics.irt_mml import Fit, fit_mml
from sjt.psychometrics.irt_models import Items, code

HERE = Path(__file__).parent / "reference"
SETS = {name: json.loads((HERE / f"{name}.json").read_text()) for name in ("math14w", "verbal_aggression")}
BLOCKS = [
    ("math14w", "mml_Rasch", "rasch"),
    ("math14w", "mml_2PL", "2pl"),
    ("verbal_aggression", "mml_Rasch", "pcm"),
    ("verbal_aggression", "mml_graded", "grm"),
    ("verbal_aggression", "mml_gpcm", "gpcm"),
]
_FITS: dict[tuple[str, str], Fit] = {}


def marks(name: str) -> np.ndarray[Any, Any]:
    k = SETS[name]["meta"]["items"]
    lines = (HERE / f"{name}.csv").read_text().splitlines()[1:]
    return np.array([[float(cell) for cell in line.split(",")[:k]] for line in lines])


def fitted(name: str, model: Any) -> Fit:
    if (name, model) not in _FITS:
        _FITS[name, model] = fit_mml(marks(name), model)
    return _FITS[name, model]


@pytest.mark.parametrize(("name", "block", "model"), BLOCKS)
def test_the_fit_meets_mirt(name: str, block: str, model: str) -> None:
    found, want = fitted(name, model), SETS[name]["mml"][block]["values"]
    columns = want["slope_intercept"]["columns"]
    table = np.array(want["slope_intercept"]["table"])
    names = [c for c in columns if c in ("d", "d1", "d2")]
    assert found.converged and found.passes <= 20
    assert found.loglik == pytest.approx(want["loglik"], abs=0.001)
    assert found.n_parameters == want["n_parameters"]
    assert found.sds[0] ** 2 == pytest.approx(want["latent_variance"], abs=0.001)
    np.testing.assert_allclose(found.items.slopes, table[:, 0], atol=0.001)
    intercepts = table[:, [columns.index(c) for c in names]]
    np.testing.assert_allclose(np.array(found.items.intercepts), intercepts, atol=0.001)
    errors = np.array([[row[c] for c in names] for row in want["se"].values()])
    np.testing.assert_allclose(np.array(found.intercept_se), errors, atol=0.001)
    if model not in ("rasch", "pcm"):
        np.testing.assert_allclose(found.slope_se, [row["a1"] for row in want["se"].values()], atol=0.001)


@pytest.mark.parametrize(("name", "block", "model"), BLOCKS)
def test_scores_and_information_meet_mirt(name: str, block: str, model: str) -> None:
    found, want = fitted(name, model), SETS[name]["mml"][block]["values"]
    weights = irt_scores.normal_weights(found.theta, found.means[0], found.sds[0])
    eap = irt_scores.eap(found.items, found.codes[:20], found.theta, weights)
    np.testing.assert_allclose(eap.theta, want["eap_first20"], atol=0.005)
    np.testing.assert_allclose(eap.se, want["eap_se_first20"], atol=0.005)
    mode = irt_scores.score(found.items, found.codes[:20], "map", sd=float(found.sds[0]))
    np.testing.assert_allclose(mode.theta, want["map_first20"], atol=0.005)
    warm = irt_scores.score(found.items, found.codes[:20], "wle")
    np.testing.assert_allclose(warm.theta, want["wle_first20"], atol=0.005)
    at = np.array(want["theta_grid"], dtype=float)
    np.testing.assert_allclose(irt_scores.test_information(found.items, at), want["test_information"], atol=0.005)
    np.testing.assert_allclose(irt_scores.expected_total(found.items, at), want["expected_total"], atol=0.005)


def simulated(n: int, items: int, categories: int, model: str, seed: int) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(seed)
    theta, a = rng.normal(size=n), rng.lognormal(0.1, 0.25, items)
    steps = np.sort(rng.normal(0, 1.1, (items, categories - 1)), axis=1)
    if model == "grm":
        d = -a[:, None] * steps
        eta = a[None, :, None] * theta[:, None, None] + d[None]
        y = (rng.uniform(size=(n, items, 1)) < 1 / (1 + np.exp(-eta))).sum(axis=2)
    else:
        d = np.cumsum(-a[:, None] * steps, axis=1)
        k = np.arange(categories)
        z = a[None, :, None] * k * theta[:, None, None] + np.pad(d, ((0, 0), (1, 0)))[None]
        p = np.exp(z - z.max(axis=2, keepdims=True))
        p = np.cumsum(p / p.sum(axis=2, keepdims=True), axis=2)
        y = (rng.uniform(size=(n, items, 1)) > p).sum(axis=2)
    return y.astype(float), theta, a, d


@pytest.mark.parametrize("model", ["grm", "gpcm"])
def test_simulated_truth_is_recovered_with_honest_errors_when_each_person_sees_half(model: Any) -> None:
    y, theta, a, _ = simulated(1500, 16, 4, model, 3)
    rng = np.random.default_rng(4)
    y[rng.permuted(np.tile(np.arange(16) < 6, (1500, 1)), axis=1)] = np.nan
    found = fit_mml(y, model)
    z = (found.items.slopes - a) / found.slope_se
    assert found.converged
    assert np.abs(z).max() < 4 and 0.4 < z.std() < 1.7
    weights = irt_scores.normal_weights(found.theta)
    assert np.corrcoef(irt_scores.eap(found.items, found.codes, found.theta, weights).theta, theta)[0, 1] > 0.85


def test_groups_have_their_own_mean_and_spread() -> None:
    """The constrained two-group models of mirt: same items, focal mean and variance free."""
    for name, model, focal in (("math14w", "2pl", "female"), ("verbal_aggression", "grm", "male")):
        want = SETS[name]["dif"]["irt_lr"]["values"]
        column = (HERE / f"{name}.csv").read_text().splitlines()[0].replace('"', "").split(",").index("gender")
        lines = (HERE / f"{name}.csv").read_text().splitlines()[1:]
        group = [int(line.split(",")[column].strip('"') == focal) for line in lines]
        found = fit_mml(marks(name), model, groups=group)  # type: ignore[arg-type]  # both are model names
        assert found.loglik == pytest.approx(want["loglik_constrained"], abs=0.01)
        assert found.means[1] == pytest.approx(want["focal_mean"], abs=0.005)
        assert found.sds[1] ** 2 == pytest.approx(want["focal_variance"], abs=0.01)


def test_fixed_anchors_stay_and_carry_the_scale() -> None:
    y, _, _, _ = simulated(800, 10, 3, "grm", 5)
    free = fit_mml(y, "grm")
    rng = np.random.default_rng(1)
    y2, _, _, _ = simulated(800, 10, 3, "grm", 5)
    y2 = y2[rng.permutation(800)]
    fixed = {j: (float(free.items.slopes[j]), free.items.intercepts[j]) for j in range(5)}
    held = fit_mml(y2, "grm", fixed=fixed)
    np.testing.assert_array_equal(held.items.slopes[:5], free.items.slopes[:5])
    assert held.means[0] == pytest.approx(0, abs=0.01) and held.sds[0] == pytest.approx(1, abs=0.01)
    assert np.isnan(held.slope_se[:5]).all()
    np.testing.assert_allclose(held.items.slopes[5:], free.items.slopes[5:], atol=0.02)


def test_a_prior_holds_small_samples() -> None:
    y, _, _, _ = simulated(30, 12, 3, "gpcm", 8)
    found = fit_mml(y, "gpcm", prior=Prior())
    assert found.converged
    assert found.items.slopes.min() > 0.2 and found.items.slopes.max() < 4
    assert "prior" in irt.fit(y, "gpcm")["notes"][0]


@pytest.mark.parametrize("model", ["gpcm", "grm", "pcm"])
def test_nasty_marks_give_an_answer(model: str) -> None:
    y, _, _, _ = simulated(200, 8, 5, "grm", 9)
    y[:, 0] = 2.0  # no variance
    y[y[:, 1] == 3, 1] = 4.0  # an empty category
    y[:, 2] /= 2  # half marks
    y[:, 3] = np.where(y[:, 3] > 2, 1.0, 0.0)  # unequal maxima
    y[:, 4] = np.nan  # nobody
    y[7] = np.nan  # a person without marks
    answer = irt.fit(y, model)
    json.dumps(answer, allow_nan=False)
    assert answer["converged"]
    assert answer["items"][0]["slope"] is None and answer["items"][4]["why"]
    assert len(answer["items"][1]["intercepts"]) == np.unique(y[~np.isnan(y[:, 1]), 1]).size - 1
    assert len(answer["items"][3]["intercepts"]) == 1
    assert answer["persons"][7]["eap"] is None


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (4, 2)])
def test_tiny_tables_do_not_crash(shape: tuple[int, int]) -> None:
    y = np.arange(np.prod(shape)).reshape(shape) % 2
    for model in ("rasch", "2pl", "gpcm", "grm"):
        json.dumps(irt.fit(y, model), allow_nan=False)


def test_impossible_input_is_refused() -> None:
    with pytest.raises(ShapeError, match="no model"):
        irt.fit([[1, 0]], "3pl")
    with pytest.raises(ShapeError, match="above its 1"):
        irt.fit([[1, 2], [0, 1]], "gpcm", [1, 1])
    with pytest.raises(ShapeError, match="groups"):
        fit_mml([[0, 1], [1, 0]], "2pl", groups=[1])


@pytest.mark.parametrize("model", ["gpcm", "grm", "pcm", "rasch"])
def test_analyse_prints_the_fit(model: str, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    rows = [f"p{i}," + ",".join(f"{v:g}" for v in row) for i, row in enumerate(simulated(150, 6, 3, "grm", 2)[0])]
    path.write_text("person,a,b,c,d,e,f\n" + "\n".join(rows))
    result = CliRunner().invoke(analyse, [str(path), "--irt", model, "--json"], catch_exceptions=False)
    answer = json.loads(result.output)["irt"]
    assert answer["model"] == model and answer["converged"]
    assert [row["item"] for row in answer["items"]] == list("abcdef")
    assert answer["persons"][3]["person"] == "p3" and answer["persons"][3]["se"] > 0


@pytest.mark.parametrize("model", ["grm", "gpcm"])
def test_items_computed_together_equal_each_by_itself(model: Any) -> None:
    """Items of two, three and five categories, one with a gap in its marks."""
    rng = np.random.default_rng(2)
    kinds = [np.arange(2.0), np.arange(5.0), np.array([0.0, 1.0, 3.0]), np.arange(3.0), np.arange(5.0)]
    intercepts = [-np.sort(rng.normal(size=k.size - 1)) for k in kinds]
    items = Items(model, kinds, rng.lognormal(size=5), intercepts)
    theta = np.linspace(-4, 4, 9)
    flat = np.concatenate([np.concatenate([[a], c]) for a, c in zip(items.slopes, items.intercepts)])
    seen = 0
    for block in blocks_of(items, theta.size):
        par, counts = flat[block.index], rng.uniform(1, 9, (*block.index.shape, theta.size))
        p, d = block.derivatives(par, theta)
        information = block.information(par, theta, counts)
        for row, start in enumerate(block.index[:, 0]):
            j = int(np.searchsorted(items.offsets, start))
            one_p, one_d = items.derivatives(j, theta)
            np.testing.assert_allclose(p[row], one_p, rtol=1e-12)
            np.testing.assert_allclose(d[row], one_d, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(
                information[row], items.information_of_counts(j, theta, counts[row]), rtol=1e-9, atol=1e-9
            )
            seen += 1
    assert seen == 5


def test_half_marks_and_odd_marks_are_numbered_alike() -> None:
    column = np.array([2.5, 0.5, np.nan, 2.5, 1.0])
    for shift in (0.0, -7.0, 1 / 3):  # counted, negative, neither whole nor half
        codes, kinds = code(np.column_stack([column + shift, column]))
        np.testing.assert_array_equal(codes[:, 0], [2, 0, -1, 2, 1])
        np.testing.assert_array_equal(kinds[0], np.array([0.5, 1.0, 2.5]) + shift)
