"""Overall fit (M2, C2) and S-X² against mirt and against enumeration of every answer pattern."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from sjt.errors import ShapeError
from sjt.psychometrics import irt_limited
from sjt.psychometrics.irt_limited import overall_fit
from sjt.psychometrics.irt_mml import Fit, fit_mml
from sjt.psychometrics.irt_scores import normal_weights
from sjt.psychometrics.irt_sx2 import s_x2
from tests.psychometrics.test_irt import BLOCKS, SETS, fitted


@pytest.mark.parametrize(("name", "block", "model"), [BLOCKS[1], BLOCKS[3]])
def test_the_overall_fit_meets_mirt(name: str, block: str, model: str) -> None:
    found, want = overall_fit(fitted(name, model)), SETS[name]["mml"][block]["values"]["m2"]
    assert (found.kind, found.df) == (want["type"], want["df"])
    assert found.statistic == pytest.approx(want["M2"], abs=0.05)
    assert found.rmsea == pytest.approx(want["RMSEA"], abs=1e-4)
    assert found.srmsr == pytest.approx(want["SRMSR"], abs=1e-4)
    assert [found.cfi, found.tli] == pytest.approx([want["CFI"], want["TLI"]], abs=1e-4)
    assert [found.rmsea_low, found.rmsea_high] == pytest.approx([want["RMSEA_5"], want["RMSEA_95"]], abs=3e-4)


@pytest.mark.parametrize(("name", "block", "model"), [BLOCKS[0], BLOCKS[2]])
def test_mirt_leaves_the_variance_out_of_the_derivatives_and_we_do_not(name: str, block: str, model: str) -> None:
    fit, want = fitted(name, model), SETS[name]["mml"][block]["values"]["m2"]
    assert overall_fit(fit).df == want["df"] and overall_fit(fit).statistic < want["M2"]
    tables, jacobian, gap = pieces(fit)
    n = fit.codes.shape[0]
    assert irt_limited._quadratic(tables, gap, jacobian[:, :-1], n) == pytest.approx(want["M2"], abs=0.05)


def pieces(fit: Fit) -> tuple[Any, Any, Any]:
    """Margins' tables, derivatives and residuals of a fit."""
    weight = normal_weights(fit.theta, fit.means[0], fit.sds[0])
    parts = [fit.items.derivatives(j, fit.theta) for j in range(len(fit.columns))]
    scores = [np.arange(m.size, dtype=float) for m in fit.items.marks]
    tables = irt_limited._Tables([p for p, _ in parts], scores, weight)
    expected = irt_limited._expected(tables)
    jacobian = irt_limited._jacobian(fit, tables, [d * p[:, :, None] for p, d in parts], expected.size)
    return tables, jacobian, irt_limited._observed(fit.codes, scores) - expected


@pytest.mark.parametrize("model", ["gpcm", "pcm", "grm"])
def test_margins_and_their_covariance_are_those_of_enumeration(model: str) -> None:
    rng = np.random.default_rng(3)
    theta = rng.normal(size=(400, 1))
    x = (rng.random((400, 4)) < 1 / (1 + np.exp(-theta))).astype(float)
    x[:, :2] += rng.random((400, 2)) < 1 / (1 + np.exp(1 - theta))
    fit = fit_mml(x, model)  # type: ignore[arg-type]  # one of the models
    tables, jacobian, _ = pieces(fit)
    one, two = np.triu_indices(4, 1)
    mean, square, slopes = np.zeros(1), np.zeros((1, 1)), np.zeros((1, 1))
    logs = [np.log(p) for p in tables.p]
    for way in product(*(range(p.shape[0]) for p in tables.p)):
        y = np.array(way, dtype=float)
        margin = np.concatenate(
            [(np.arange(1, p.shape[0]) == k) * 1.0 for p, k in zip(tables.p, way)] + [y[one] * y[two]]
        )
        at = np.exp(sum(log[k] for log, k in zip(logs, way))) * tables.weight
        chance = float(at.sum())
        z = (fit.theta - fit.means[0]) / fit.sds[0]
        score = [at @ fit.items.derivatives(j, fit.theta)[1][k] for j, k in enumerate(way)]
        score += [np.array([at @ s - chance * (tables.weight @ s) for s in (z / fit.sds[0], z * z)])]
        mean, square = mean + chance * margin, square + chance * np.outer(margin, margin)
        slopes = slopes + np.outer(margin, np.concatenate(score)[fit.free])
    np.testing.assert_allclose(irt_limited._expected(tables), mean, atol=1e-10)
    np.testing.assert_allclose(irt_limited._covariance(tables), square - np.outer(mean, mean), atol=1e-10)
    np.testing.assert_allclose(jacobian, slopes, atol=1e-10)


def test_without_persons_groups_or_freedom_it_says_so() -> None:
    x = np.array([[0.0, 1, 0], [1, 0, 1], [1, 1, 0], [0, 0, 1]] * 20)
    with pytest.raises(ShapeError, match="as many parameters"):
        overall_fit(fit_mml(x, "2pl"))
    with pytest.raises(ShapeError, match="one group"):
        overall_fit(fit_mml(x, "rasch", groups=[0, 1] * 40))


@pytest.mark.parametrize(("name", "block", "model"), BLOCKS)
def test_s_x2_meets_mirt_cell_by_cell(name: str, block: str, model: str) -> None:
    found, want = fitted(name, model), SETS[name]["mml"][block]["values"]["s_x2"]
    sizes = found.items.sizes
    fits = [
        s_x2(found.items, found.codes, found.theta, found.sds[0], j, int(sizes[j])) for j in range(len(found.columns))
    ]
    assert [fit.df for fit in fits] == want["df"]
    np.testing.assert_allclose([fit.chi2 for fit in fits], want["s_x2"], atol=0.05)
    np.testing.assert_allclose([fit.p for fit in fits], want["p"], atol=0.01)
