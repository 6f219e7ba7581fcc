"""Accuracy and consistency of a pass mark under a response model: Lee's summed scores, Rudner's normal errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.irt_models import Items
from sjt.psychometrics.irt_scores import expected_total, normal_weights, test_information, total_distribution

NODES, REACH = 81, 4.0
UNITS = (1, 2, 4, 5, 10, 20, 100)


@dataclass(frozen=True)
class IrtClassification:
    """Shares of all candidates; a person passes at or above the cut.

    Attributes
    ----------
    theta_cut : float
        θ whose expected total is the cut.
    lee_accuracy, lee_consistency, rudner_accuracy, rudner_consistency : float
    false_pass, false_fail : float
        By Lee's method.
    """

    theta_cut: float
    lee_accuracy: float
    lee_consistency: float
    rudner_accuracy: float
    rudner_consistency: float
    false_pass: float
    false_fail: float


def classify(
    items: Items,
    cut: float,
    *,
    mean: float = 0.0,
    sd: float = 1.0,
    theta: FloatArray | None = None,
    weights: FloatArray | None = None,
) -> IrtClassification:
    """Classify decisions at a cut on the total of these items; maxima may differ, marks may be halves.

    Parameters
    ----------
    items : Items
    cut : float
        Pass mark in marks.
    mean, sd : float
        Of the normal distribution of θ.
    theta, weights : ndarray, optional
        Another distribution of θ; 81 equally spaced nodes of the normal from −4 to 4 SD if left out.

    Returns
    -------
    IrtClassification

    Raises
    ------
    ShapeError
        A cut outside the range of the totals.

    References
    ----------
    .. [1] Lee, W. (2010). Classification consistency and accuracy for complex assessments using item response theory.
       Journal of Educational Measurement, 47.
    .. [2] Rudner, L. M. (2001). Computing the expected proportions of misclassified examinees. PARE, 7(14).
    """
    low, high = sum(float(m[0]) for m in items.marks), sum(float(m[-1]) for m in items.marks)
    if not low < cut <= high:
        raise ShapeError(f"The cut {cut:g} is outside the totals, {low:g} to {high:g}.")
    nodes = mean + sd * np.linspace(-REACH, REACH, NODES) if theta is None else theta
    share = normal_weights(nodes, mean, sd) if weights is None else weights / weights.sum()
    begin, end = -30.0, 30.0
    for _ in range(80):
        middle = (begin + end) / 2
        if float(expected_total(items, np.array([middle]))[0]) < cut:
            begin = middle
        else:
            end = middle
    at = (begin + end) / 2
    totals, probability = total_distribution(items, nodes, _unit(items))
    passing = probability[totals >= cut - 1e-9].sum(axis=0)
    true_pass = expected_total(items, nodes) >= cut
    right = np.where(true_pass, passing, 1 - passing)
    from scipy.special import ndtr

    above = 1 - ndtr((at - nodes) * np.sqrt(test_information(items, nodes)))
    rudner = np.where(true_pass, above, 1 - above)
    return IrtClassification(
        at,
        float(share @ right),
        float(share @ (passing**2 + (1 - passing) ** 2)),
        float(share @ rudner),
        float(share @ (above**2 + (1 - above) ** 2)),
        float(share @ np.where(true_pass, 0.0, passing)),
        float(share @ np.where(true_pass, 1 - passing, 0.0)),
    )


def _unit(items: Items) -> float:
    gaps = np.concatenate([marks - marks[0] for marks in items.marks])
    for per in UNITS:
        if np.abs(gaps * per - np.round(gaps * per)).max() < 1e-6:
            return 1 / per
    raise ShapeError("The marks are not multiples of a hundredth; totals cannot be listed.")
