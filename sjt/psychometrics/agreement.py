"""Agreement of a key panel on one item: concordance, single-rater reliability, option spread, order, raters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import stats

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray, as_matrix

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Concordance:
    """Kendall's W, its chi-square, degrees of freedom and p; NaN where every rater ties every option."""

    w: float
    chi2: float
    df: int
    p: float


@dataclass(frozen=True, slots=True)
class IntraClass:
    """Mean squares and intraclass correlations of options × raters (Shrout & Fleiss 1979)."""

    ms_options: float
    ms_raters: float
    ms_error: float
    icc_2_1: float
    icc_2_k: float
    icc_3_1: float
    icc_3_k: float


def kendall_w(ratings: npt.ArrayLike) -> Concordance:
    """Concordance of raters over options, corrected for ties.

    Parameters
    ----------
    ratings : array-like, shape (n_raters, n_options)
        Ranks or ratings; each rater's row is ranked first, ties sharing the mean rank.

    Returns
    -------
    Concordance
        W = 12·S / (m²(n³−n) − m·ΣT); χ² = m(n−1)W on n − 1 degrees of freedom.

    Raises
    ------
    ShapeError
        Fewer than 2 raters or 2 options, or a cell that is not finite.

    References
    ----------
    .. [1] Kendall, M. G., & Babington Smith, B. (1939). The problem of m rankings. Ann. Math. Stat., 10(3).
    """
    table = as_matrix(ratings, name="Ratings", rows="rater", columns="option", min_rows=2, min_columns=2)
    m, n = table.shape
    ranks = stats.rankdata(table, axis=1)
    s = float(np.sum((ranks.sum(axis=0) - m * (n + 1) / 2) ** 2))
    ties = 0.0
    for row in table:
        counts = np.unique(row, return_counts=True)[1].astype(np.float64)
        ties += float(np.sum(counts**3 - counts))
    below = m**2 * (n**3 - n) - m * ties
    if below <= 0:
        return Concordance(NAN, NAN, n - 1, NAN)
    w = 12 * s / below
    chi2 = m * (n - 1) * w
    return Concordance(w, chi2, n - 1, float(stats.chi2.sf(chi2, n - 1)))


def intraclass(ratings: npt.ArrayLike) -> IntraClass:
    """Intraclass correlations of options rated by the same raters.

    Parameters
    ----------
    ratings : array-like, shape (n_raters, n_options)

    Returns
    -------
    IntraClass
        ICC(2,·): raters are a sample, their level counts as error; ICC(3,·): these raters only. NaN without variance.

    References
    ----------
    .. [1] Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations. Psychological Bulletin, 86(2).
    """
    table = as_matrix(ratings, name="Ratings", rows="rater", columns="option", min_rows=2, min_columns=2)
    k, n = table.shape
    grand = table.mean()
    ms_options = k * float(np.sum((table.mean(axis=0) - grand) ** 2)) / (n - 1)
    ms_raters = n * float(np.sum((table.mean(axis=1) - grand) ** 2)) / (k - 1)
    residual = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + grand
    ms_error = float(np.sum(residual**2)) / ((n - 1) * (k - 1))
    # Sums of squares of exact numbers leave rounding dust; dust is no variance.
    dust = 1e-12 * max(1.0, float(np.abs(table).max()) ** 2)
    ms_options, ms_raters, ms_error = (0.0 if value < dust else value for value in (ms_options, ms_raters, ms_error))

    def ratio(above: float, below: float) -> float:
        return above / below if abs(below) > 0 else NAN

    gain = ms_options - ms_error
    return IntraClass(
        ms_options,
        ms_raters,
        ms_error,
        ratio(gain, ms_options + (k - 1) * ms_error + k * (ms_raters - ms_error) / n),
        ratio(gain, ms_options + (ms_raters - ms_error) / n),
        ratio(gain, ms_options + (k - 1) * ms_error),
        ratio(gain, ms_options),
    )


def single_rater_interval(ratings: npt.ArrayLike, *, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of ICC(2,1), the reliability of one rater drawn from all who might be asked.

    Parameters
    ----------
    ratings : array-like, shape (n_raters, n_options)
    confidence : float

    Returns
    -------
    low, high : float
        Cut at −1 and 1; NaN where the coefficient is undefined; both are 1 where raters agree to the last point.

    Notes
    -----
    The mean squares are summed with Satterthwaite's degrees of freedom. Options are few, so the interval is wide; it
    says how far five options let anybody know the raters.

    References
    ----------
    .. [1] McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation coefficients.
       Psychological Methods, 1(1), table 7, ICC(A,1).
    """
    table = as_matrix(ratings, name="Ratings", rows="rater", columns="option", min_rows=2, min_columns=2)
    k, n = table.shape
    found = intraclass(table)
    r, error = found.icc_2_1, found.ms_error
    if np.isnan(r) or error <= 0:
        return (1.0, 1.0) if r == 1 else (NAN, NAN)
    f = found.ms_raters / error
    across = n * (1 + (k - 1) * r) - k * r
    below = (n - 1) * k**2 * r**2 * f**2 + across**2
    if below <= 0:  # nothing is left to count degrees of freedom of: each option's and each rater's mean is the same
        return NAN, NAN
    v = (k - 1) * (n - 1) * (k * r * f + across) ** 2 / below
    upper = float(stats.f.ppf((1 + confidence) / 2, n - 1, v))
    lower = float(stats.f.ppf((1 + confidence) / 2, v, n - 1))
    options, rest = found.ms_options, k * found.ms_raters + (k * n - k - n) * error
    low = n * (options - upper * error) / (upper * rest + n * options)
    high = n * (lower * options - error) / (rest + n * lower * options)
    return max(-1.0, low), min(1.0, high)


def rwg(ratings: npt.ArrayLike, points: int) -> FloatArray:
    """Within-group agreement of each option against a uniform null: 1 − s² / ((A² − 1)/12).

    Parameters
    ----------
    ratings : array-like, shape (n_raters, n_options)
        NaN where a rater left an option out.
    points : int
        Number A of points of the scale, or of ranks.

    Returns
    -------
    ndarray, shape (n_options,)
        At most 1; negative where raters differ more than at random; NaN with fewer than two ratings.

    References
    ----------
    .. [1] James, L. R., Demaree, R. G., & Wolf, G. (1984). J. Applied Psychology, 69(1).
    """
    if points < 2:
        raise ShapeError(f"A scale of {points} points cannot show agreement. Give at least 2.")
    return 1 - sample_sd(ratings) ** 2 / ((points**2 - 1) / 12)


def sample_sd(ratings: npt.ArrayLike) -> FloatArray:
    """Sample standard deviation of each option (divisor n − 1); NaN with fewer than two ratings."""
    table = as_matrix(ratings, name="Ratings", rows="rater", columns="option", missing=True)
    out = np.full(table.shape[1], np.nan)
    for option, column in enumerate(table.T):
        known = column[~np.isnan(column)]
        if known.size > 1:
            out[option] = known.std(ddof=1)
    return out


def mean_deviations(ratings: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Mean absolute deviation of each option from its median, and from its mean."""
    table = as_matrix(ratings, name="Ratings", rows="rater", columns="option", missing=True)
    from_median, from_mean = np.full(table.shape[1], np.nan), np.full(table.shape[1], np.nan)
    for option, column in enumerate(table.T):
        known = column[~np.isnan(column)]
        if known.size:
            from_median[option] = np.abs(known - np.median(known)).mean()
            from_mean[option] = np.abs(known - known.mean()).mean()
    return from_median, from_mean


def modes(ratings: npt.ArrayLike) -> list[tuple[list[float], float]]:
    """The most frequent ratings of each option and the share of raters who gave any one of them."""
    table = as_matrix(ratings, name="Ratings", rows="rater", columns="option", missing=True)
    out: list[tuple[list[float], float]] = []
    for column in table.T:
        values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        if not counts.size:
            out.append(([], NAN))
        else:
            out.append((values[counts == counts.max()].tolist(), float(counts.max() / counts.sum())))
    return out


def content_validity(relevance: npt.ArrayLike, *, relevant_from: float = 3) -> FloatArray:
    """Item content validity index: the share of raters who call an item relevant.

    Parameters
    ----------
    relevance : array-like, shape (n_raters, n_items)
        Usually 1 to 4; NaN where a rater gave none.
    relevant_from : float
        Lowest rating that counts as relevant.

    Returns
    -------
    ndarray, shape (n_items,)
        NaN where nobody rated.

    References
    ----------
    .. [1] Lynn, M. R. (1986). Determination and quantification of content validity. Nursing Research, 35(6).
    """
    table = as_matrix(relevance, name="Relevance", rows="rater", columns="item", missing=True)
    known = ~np.isnan(table)
    with np.errstate(invalid="ignore", divide="ignore"):
        share: FloatArray = (known & (table >= relevant_from)).sum(axis=0) / known.sum(axis=0)
    return share


def rater_with_rest(ratings: npt.ArrayLike) -> FloatArray:
    """Correlate each rater with the mean of the others; NaN for a flat rater or fewer than 3 options."""
    table = as_matrix(ratings, name="Ratings", rows="rater", columns="option", min_rows=2, min_columns=2)
    m = table.shape[0]
    out = np.full(m, np.nan)
    if table.shape[1] < 3:
        return out
    total = table.sum(axis=0)
    for rater, row in enumerate(table):
        rest = (total - row) / (m - 1)
        a, b = row - row.mean(), rest - rest.mean()
        below = float(np.sqrt(a @ a) * np.sqrt(b @ b))
        if below > 1e-12:
            out[rater] = float(a @ b) / below
    return out


@dataclass(frozen=True, slots=True)
class Order:
    """Options from best to worst by mean, with the gap to the next one and how sure the order is.

    Attributes
    ----------
    order : list of int
        Option numbers, best first.
    gaps : list of float
        Difference of the means of each option and the next.
    probabilities : list of float
        Share of bootstrap panels that keep the two in this order; a tie counts half.
    """

    order: list[int]
    gaps: list[float]
    probabilities: list[float]


def resampled_means(ratings: FloatArray, *, replications: int, seed: int) -> FloatArray:
    """Means of the options in panels drawn with replacement, replications × options; the seed fixes every draw."""
    m = ratings.shape[0]
    draws = np.random.default_rng(seed).integers(0, m, size=(replications, m))
    weights = np.zeros((replications, m))
    np.add.at(weights, (np.repeat(np.arange(replications), m), draws.ravel()), 1.0)
    known = ~np.isnan(ratings)
    counts = weights @ known
    with np.errstate(invalid="ignore", divide="ignore"):
        means: FloatArray = weights @ np.where(known, ratings, 0.0) / counts
    return means


def order_of(ratings: npt.ArrayLike, *, low_is_best: bool, replications: int = 2000, seed: int = 1) -> Order:
    """Order the options by their mean and bootstrap the raters for each neighbouring pair.

    Parameters
    ----------
    ratings : array-like, shape (n_raters, n_options)
    low_is_best : bool
        True for ranks, False for ratings.
    replications : int
    seed : int
        Same seed, same numbers.
    """
    table = as_matrix(ratings, name="Ratings", rows="rater", columns="option", missing=True)
    sign = 1.0 if low_is_best else -1.0
    means = sign * np.nanmean(table, axis=0)
    order = np.argsort(means, kind="stable")
    drawn = sign * resampled_means(table, replications=replications, seed=seed)
    gaps, probabilities = [], []
    for better, worse in pairwise(order):
        gaps.append(float(means[worse] - means[better]))
        difference = drawn[:, worse] - drawn[:, better]
        difference = difference[~np.isnan(difference)]
        kept = np.mean(np.where(np.abs(difference) < 1e-9, 0.5, difference > 0)) if difference.size else NAN
        probabilities.append(float(kept))
    return Order(order.tolist(), gaps, probabilities)


def tied_groups(order: Order, *, least_gap: float, least_probability: float) -> list[list[int]]:
    """Join neighbours whose order is not sure enough: the key's tied groups, best first.

    A chain of unsure neighbours becomes one group only while its ends are not further apart than the chain's steps
    allow: a group is closed when its first and last member differ by twice the least gap, so that one doubt between
    each pair does not make the whole ranking a tie.
    """
    groups: list[list[int]] = []
    width = 0.0
    for place, option in enumerate(order.order):
        if place:
            gap, sure = order.gaps[place - 1], order.probabilities[place - 1]
            width += gap
            if (gap < least_gap or not sure >= least_probability) and width < 2 * least_gap:
                groups[-1].append(option)
                continue
        groups.append([option])
        width = 0.0
    return groups
