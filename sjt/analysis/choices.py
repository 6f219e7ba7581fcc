"""Who chose what: each option's share, by how well people did on the rest, with intervals; computed in the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from sjt.authoring.snapshot import Format, SecretItem
from sjt.psychometrics.gram import BoolArray, FloatArray
from sjt.psychometrics.resampling import bootstrap_weights
from sjt.psychometrics.smallsample import policy, wilson

FEWEST_TRACED: Final = 30
REPLICATIONS: Final = 1000


def choices(item: SecretItem, options: Sequence[str], raw: Mapping[int, Any], rest: FloatArray, seed: int) -> Any:
    """Give the option analysis of one item.

    Returns
    -------
    dict or None
        ``n``, ``groups`` (how many persons each), ``what`` (what a share is a share of), ``options`` with share,
        interval, mean of the rest, correlation with the rest and trace, ``gap`` (strongest unkeyed option against the
        weakest keyed one) and ``key_doubt``. None for a written item.
    """
    if item.format is Format.WRITTEN or not raw:
        return None
    rows = np.array(sorted(raw), dtype=np.intp)
    answers = [raw[int(n)] for n in rows]
    score = rest[rows]
    n = len(rows)
    group, sizes = _groups(score)
    sections = []
    for what, picks, keyed in _sections(item, options):
        chosen = np.array([[picks(answer, option) for option in options] for answer in answers], dtype=bool)
        sections.append(_section(what, chosen, options, keyed, score, group, sizes))
    main = sections[0]
    chosen = np.array([[_sections(item, options)[0][1](a, o) for o in options] for a in answers], dtype=bool)
    gap = _gap(chosen, options, _sections(item, options)[0][2], score, seed) if n >= FEWEST_TRACED else None
    return {
        "n": n,
        "answered": sum(answer is not None for answer in answers),
        "groups": sizes,
        "sections": sections,
        "marks": _marks(item, options),
        "gap": gap,
        "key_doubt": _doubt(gap, n, main["what"]),
    }


Picks = Callable[[Any, str], bool]


def _sections(item: SecretItem, options: Sequence[str]) -> list[tuple[str, Picks, frozenset[str]]]:
    """Say what is counted for a format: words, when an answer counts for an option, and the keyed options."""
    key = item.key
    if item.format is Format.SINGLE:
        worth = key.get("effectiveness") or {key.get("key"): 1}
        return [("Chosen", lambda answer, option: answer == option, _best(worth))]
    if item.format is Format.CHOOSE:
        return [("Chosen", lambda answer, option: option in (answer or ()), frozenset(key["key"]))]
    if item.format is Format.MOST_LEAST:
        worth = key["effectiveness"]
        worst = {option: -value for option, value in worth.items()}
        return [
            ("Chosen as most", lambda answer, option: (answer or {}).get("most") == option, _best(worth)),
            ("Chosen as least", lambda answer, option: (answer or {}).get("least") == option, _best(worst)),
        ]
    if item.format is Format.RANK:
        order = key["order"]
        last = len(options)
        return [
            ("Placed first", lambda answer, option: (answer or {}).get(option) == 1, frozenset(order[0])),
            ("Placed last", lambda answer, option: (answer or {}).get(option) == last, frozenset(order[-1])),
        ]
    return [("Rated as keyed", lambda answer, option: (answer or {}).get(option) == key["key"][option], frozenset())]


def _best(worth: Mapping[str, Any]) -> frozenset[str]:
    top = max(worth.values())
    return frozenset(option for option, value in worth.items() if value == top)


def _marks(item: SecretItem, options: Sequence[str]) -> dict[str, str]:
    """Say what the key gives each option, in a word or two."""
    key = item.key
    if item.format is Format.CHOOSE:
        return {option: "Key" if option in key["key"] else "–" for option in options}
    if item.format is Format.RANK:
        place, start = {}, 1
        for tier in key["order"]:
            for option in tier:
                place[option] = f"{start}" if len(tier) == 1 else f"{start} to {start + len(tier) - 1}"
            start += len(tier)
        return place
    source = key.get("key") if item.format is Format.RATE else key.get("effectiveness")
    return {option: str(value) for option, value in source.items()} if isinstance(source, Mapping) else {}


def _groups(score: FloatArray) -> tuple[Any, list[int]]:
    """Part persons into fifths (from 100) or thirds (from 30) by the rest; ties broken by order."""
    n = len(score)
    count = 5 if n >= 100 else 3 if n >= FEWEST_TRACED else 1
    order = np.argsort(np.nan_to_num(score, nan=-1.0), kind="stable")
    group = np.empty(n, dtype=np.intp)
    group[order] = np.arange(n) * count // max(n, 1)
    return group, [int((group == g).sum()) for g in range(count)]


def _section(
    what: str,
    chosen: BoolArray,
    options: Sequence[str],
    keyed: frozenset[str],
    score: FloatArray,
    group: Any,
    sizes: Sequence[int],
) -> dict[str, Any]:
    n, out = len(score), []
    for c, option in enumerate(options):
        picked = chosen[:, c]
        k = int(picked.sum())
        low, high = wilson(k, n)
        trace = [int(picked[group == g].sum()) for g in range(len(sizes))]
        bands = [wilson(k_, n_) for k_, n_ in zip(trace, sizes, strict=True)]
        out.append(
            {
                "option": option,
                "keyed": option in keyed,
                "count": k,
                "share": k / n,
                "share_ci": [float(low), float(high)],
                "mean_rest": float(np.nanmean(score[picked])) if k else None,
                "r_rest": _r(picked, score) if policy(n).statistics else None,
                "trace": [k_ / n_ if n_ else None for k_, n_ in zip(trace, sizes, strict=True)],
                "trace_ci": [[float(a), float(b)] for a, b in bands],
            }
        )
    return {"what": what, "options": out}


def _r(picked: BoolArray, score: FloatArray) -> float | None:
    known = np.isfinite(score)
    x, y = picked[known].astype(np.float64), score[known]
    if len(x) < 3 or x.std() == 0 or y.std() == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def _gap(
    chosen: BoolArray, options: Sequence[str], keyed: frozenset[str], score: FloatArray, seed: int
) -> dict[str, Any] | None:
    """Compare the unkeyed option that best goes with the rest and the keyed one that least does, by bootstrap."""
    known = np.isfinite(score)
    x, y = chosen[known].astype(np.float64), score[known]
    own = [c for c, option in enumerate(options) if option in keyed and 0 < x[:, c].mean() < 1]
    others = [c for c, option in enumerate(options) if option not in keyed and 0 < x[:, c].mean() < 1]
    if not own or not others or len(y) < FEWEST_TRACED or y.std() == 0:
        return None
    r = [float(np.corrcoef(x[:, c], y)[0, 1]) for c in range(x.shape[1])] if x.std(axis=0).all() else None
    r = r or [float(np.corrcoef(x[:, c], y)[0, 1]) if x[:, c].std() else float("nan") for c in range(x.shape[1])]
    key, rival = min(own, key=lambda c: r[c]), max(others, key=lambda c: r[c])
    weights = bootstrap_weights(np.random.default_rng(seed), len(y), REPLICATIONS) / len(y)
    drawn = _weighted_r(weights, x[:, rival], y) - _weighted_r(weights, x[:, key], y)
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < 0.9 * REPLICATIONS:
        return None
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {
        "key": options[key],
        "rival": options[rival],
        "gap": r[rival] - r[key],
        "ci": [float(low), float(high)],
        "low99": float(np.percentile(drawn, 1.0)),
    }


def _weighted_r(weights: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    mx, my = weights @ x, weights @ y
    with np.errstate(invalid="ignore", divide="ignore"):
        cov = weights @ (x * y) - mx * my
        return np.asarray(cov / np.sqrt((weights @ (x * x) - mx**2) * (weights @ (y * y) - my**2)))


def _doubt(gap: Mapping[str, Any] | None, n: int, what: str) -> str | None:
    if gap is None or gap["low99"] <= 0:
        return None
    low, high = gap["ci"]
    return (
        f"Option {gap['rival']} ({what.lower()}) draws stronger candidates than the keyed option {gap['key']} does. "
        f"The gap in correlation with the rest is {gap['gap']:.2f} (95 % interval {low:.2f} to {high:.2f}, n = {n})."
        " A gap this large is rare when the key is right."
    )
