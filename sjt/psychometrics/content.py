"""Content validity: how relevant raters call each scenario, and how far they agree on what it calls upon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.agreement import NAN, content_validity
from sjt.psychometrics.profiles import Profile, load_profile
from sjt.psychometrics.smallsample import wilson

MOST_CALL_IT_RELEVANT = 0.5
"""Below it more raters call a scenario irrelevant than relevant: it is rejected, not reviewed."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """What raters say of one scenario's relevance.

    Attributes
    ----------
    n, relevant : int
        Raters, and those who call it relevant.
    i_cvi : float
        Share who call it relevant; NaN where nobody rated.
    low, high : float
        Wilson's interval of the share, 95 %.
    by_chance : float
        Chance that just so many agree when each says yes or no at random.
    kappa : float
        I-CVI without that chance: (I-CVI − by_chance) / (1 − by_chance).
    """

    n: int
    relevant: int
    i_cvi: float
    low: float
    high: float
    by_chance: float
    kappa: float


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance on names of things, by any number of raters.

    Attributes
    ----------
    kappa, se, low, high : float
        The coefficient, its standard error over subjects, and the 95 % interval on n − 1 degrees of freedom, cut at 1.
    agreement, by_chance : float
        Share of agreeing pairs of raters, and the share expected by chance.
    n, n_rated_twice : int
        Subjects that somebody rated, and those that two or more did.
    """

    kappa: float
    se: float
    low: float
    high: float
    agreement: float
    by_chance: float
    n: int
    n_rated_twice: int


def relevance(ratings: Sequence[float], *, relevant_from: float = 3) -> Relevance:
    """Give one scenario's I-CVI, its interval, and its kappa modified for chance.

    Parameters
    ----------
    ratings : sequence of float
        Usually 1 to 4, one for each rater.
    relevant_from : float
        Lowest rating that counts as relevant.

    References
    ----------
    .. [1] Polit, D. F., Beck, C. T., & Owen, S. V. (2007). Is the CVI an acceptable indicator of content validity?
       Research in Nursing & Health, 30(4).
    """
    n = len(ratings)
    if n == 0:
        return Relevance(0, 0, NAN, NAN, NAN, NAN, NAN)
    share = float(content_validity(np.asarray(ratings, dtype=np.float64)[:, None], relevant_from=relevant_from)[0])
    relevant = sum(rating >= relevant_from for rating in ratings)
    low, high = wilson(relevant, n)
    chance = comb(n, relevant) * 0.5**n
    return Relevance(n, relevant, share, float(low), float(high), chance, (share - chance) / (1 - chance))


def fleiss_kappa(counts: npt.ArrayLike) -> Kappa:
    """Agreement of many raters on names of things; subjects may have different numbers of raters.

    Parameters
    ----------
    counts : array-like, shape (n_subjects, n_categories)
        How many raters put each subject in each category.

    Returns
    -------
    Kappa
        With equal numbers of raters the coefficient is Fleiss' own. NaN where no subject has two raters, or where all
        raters used one category throughout.

    Raises
    ------
    ShapeError
        Not a table of counts.

    References
    ----------
    .. [1] Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological Bulletin, 76(5).
    .. [2] Gwet, K. L. (2014). Handbook of inter-rater reliability (4th ed.), chapter 2: unequal numbers of raters, and
       the variance over subjects.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or (table < 0).any() or not np.isfinite(table).all():
        raise ShapeError("Counts must be a table, subjects by categories, of whole numbers from 0.")
    table = table[table.sum(axis=1) > 0]
    raters = table.sum(axis=1)
    n, twice = len(table), raters >= 2
    n2 = int(twice.sum())
    if n2 == 0:
        return Kappa(NAN, NAN, NAN, NAN, NAN, NAN, n, 0)
    pairs = np.maximum(raters * (raters - 1), 1)
    agreeing: FloatArray = np.where(twice, (table * (table - 1)).sum(axis=1) / pairs, 0.0)
    pa = float(agreeing.sum() / n2)
    shares = table / raters[:, None]
    use = shares.mean(axis=0)
    pe = float((use**2).sum())
    if 1 - pe < 1e-12:
        return Kappa(NAN, NAN, NAN, NAN, pa, pe, n, n2)
    kappa = (pa - pe) / (1 - pe)
    if n < 2:
        return Kappa(kappa, NAN, NAN, NAN, pa, pe, n, n2)
    each = n / n2 * (agreeing - pe * twice) / (1 - pe) - 2 * (1 - kappa) * (shares @ use - pe) / (1 - pe)
    se = sqrt(float(((each - kappa) ** 2).sum()) / (n * (n - 1)))
    reach = float(stats.t.ppf(0.975, n - 1)) * se
    return Kappa(kappa, se, max(-1.0, kappa - reach), min(1.0, kappa + reach), pa, pe, n, n2)


def counted(names: Mapping[str, Sequence[str]]) -> FloatArray:
    """Count the names each subject got, as `fleiss_kappa` takes them; subjects in order, names sorted."""
    known = {name: column for column, name in enumerate(sorted({name for given in names.values() for name in given}))}
    table = np.zeros((len(names), max(1, len(known))))
    for row, given in enumerate(names.values()):
        for name in given:
            table[row, known[name]] += 1
    return table


def content_report(
    relevances: Mapping[str, Sequence[float]],
    names: Mapping[str, Sequence[str]],
    *,
    profile: Profile | None = None,
) -> dict[str, Any]:
    """Everything about a bank's content as raters see it.

    Parameters
    ----------
    relevances : mapping
        Scenario → ratings of its relevance, 1 to 4.
    names : mapping
        Scenario → the code each rater says it calls upon most.
    profile : Profile, optional
        Thresholds; the judgement-test default.

    Returns
    -------
    dict
        ``scenarios``: I-CVI with verdict for each; ``s_cvi_ave``, ``s_cvi_ua``: mean I-CVI and the share of scenarios
        that every rater calls relevant; ``mapping``: kappa over all codes, ``kinds``: over their first letters
        (knowledge, skills, behaviours). Undefined numbers are NaN.
    """
    profile = profile or load_profile()
    least, wanted = (profile.value("mapping.content_validity", name) for name in ("raters", "least"))
    found: list[dict[str, Any]] = []
    for scenario, ratings in relevances.items():
        one, given = relevance(ratings), list(names.get(scenario, ()))
        verdict = "accept" if one.n >= least and one.i_cvi >= wanted else "review"
        if one.n >= least and one.i_cvi < MOST_CALL_IT_RELEVANT:
            verdict = "reject"
        found.append(
            {
                "scenario": scenario,
                "n": one.n,
                "relevant": one.relevant,
                "i_cvi": one.i_cvi,
                "low": one.low,
                "high": one.high,
                "kappa": one.kappa,
                "verdict": verdict,
                "names": {name: given.count(name) for name in sorted(set(given))},
            }
        )
    shares = [one["i_cvi"] for one in found if one["n"]]

    def agreed(table: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        if not table:
            return {"kappa": NAN, "low": NAN, "high": NAN, "agreement": NAN, "n": 0, "n_rated_twice": 0}
        k = fleiss_kappa(counted(table))
        return {
            "kappa": k.kappa,
            "low": k.low,
            "high": k.high,
            "agreement": k.agreement,
            "n": k.n,
            "n_rated_twice": k.n_rated_twice,
        }

    kinds = {scenario: [name[:1] for name in given] for scenario, given in names.items()}
    return {
        "scenarios": found,
        "s_cvi_ave": float(np.mean(shares)) if shares else NAN,
        "s_cvi_ua": float(np.mean([share == 1.0 for share in shares])) if shares else NAN,
        "mapping": agreed(names),
        "kinds": agreed(kinds),
        "profile": profile.stamp,
    }
