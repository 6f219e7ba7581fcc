"""A key panel's verdict on items: agreement, a suggested key, and options to drop, by the thresholds of a profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sjt.errors import ShapeError
from sjt.psychometrics._validate import FloatArray
from sjt.psychometrics.agreement import (
    NAN,
    intraclass,
    kendall_w,
    mean_deviations,
    modes,
    order_of,
    rater_with_rest,
    resampled_means,
    rwg,
    sample_sd,
    single_rater_interval,
    tied_groups,
)
from sjt.psychometrics.profiles import Profile, load_profile

FORMATS = ("rank", "choose", "rate", "most_least", "single")
VERDICTS = ("accept", "review", "reject")


@dataclass(frozen=True)
class PanelItem:
    """One item's panel: raters × options, as numbers.

    ``rank`` holds ranks (1 best), ``rate`` points, ``choose`` and ``single`` 1 or 0, ``most_least`` +1, 0 or −1;
    NaN where a rater left an option out.
    """

    item: str
    format: str
    raters: tuple[str, ...]
    options: tuple[str, ...]
    ratings: FloatArray
    scale: tuple[float, float]


def worst(verdicts: Sequence[str]) -> str:
    """The gravest of some verdicts."""
    return max(verdicts, key=VERDICTS.index, default="accept")


def graded(value: float, profile: Profile, name: str, *, low_is_good: bool = False) -> str:
    """Accept, review or reject a statistic by its threshold; an undefined one is reviewed."""
    if np.isnan(value):
        return "review"
    sign = -1 if low_is_good else 1
    if sign * value >= sign * profile.value(name, "accept"):
        return "accept"
    return "review" if sign * value >= sign * profile.value(name, "review") else "reject"


def suggested_key(
    item: PanelItem, means: FloatArray, groups: list[list[int]], modal: Sequence[tuple[list[float], float]]
) -> Any:
    """The key the panel's answers point to, in the shape of key.toml."""
    names = item.options
    if item.format == "rank":
        return [[names[option] for option in sorted(group)] for group in groups]
    if item.format == "rate":
        key = {}
        for option, name in enumerate(names):
            found, _ = modal[option]
            nearest = min(found, key=lambda point: (abs(point - means[option]), point))
            key[name] = int(nearest) if float(nearest).is_integer() else nearest
        return key
    best_first = sorted(range(len(names)), key=lambda option: (-means[option], option))
    if item.format == "choose":
        size = max(1, round(float(np.nanmean(np.nansum(item.ratings, axis=1)))))
        return sorted(names[option] for option in best_first[:size])
    if item.format == "single":
        return names[best_first[0]]
    return {"best": names[best_first[0]], "worst": names[best_first[-1]]}


def key_stability(item: PanelItem, *, replications: int = 2000, seed: int = 1) -> dict[str, float]:
    """Bootstrap the panel: how often each option keeps its place, and how often the whole order stays.

    Returns
    -------
    dict
        Option → share of drawn panels that give it the same place (rank), the same nearest point (rate), or the same
        side of the key (choose, single, most and least); ``"*"`` → share that keeps all of them.
    """
    drawn = resampled_means(item.ratings, replications=replications, seed=seed)
    means = np.nanmean(item.ratings, axis=0)
    sign = 1.0 if item.format == "rank" else -1.0
    if item.format == "rate":
        places, now = np.rint(drawn), np.rint(means)
    else:
        places = np.argsort(np.argsort(sign * drawn, axis=1, kind="stable"), axis=1, kind="stable").astype(np.float64)
        now = np.argsort(np.argsort(sign * means, kind="stable"), kind="stable").astype(np.float64)
        if item.format in ("choose", "single"):
            size = 1 if item.format == "single" else max(1, round(float(np.nanmean(np.nansum(item.ratings, axis=1)))))
            places, now = (places < size).astype(np.float64), (now < size).astype(np.float64)
        elif item.format == "most_least":
            last = len(item.options) - 1
            places = np.where(places == 0, 1, np.where(places == last, -1, 0)).astype(np.float64)
            now = np.where(now == 0, 1, np.where(now == last, -1, 0)).astype(np.float64)
    same = places == now
    out = {name: float(same[:, option].mean()) for option, name in enumerate(item.options)}
    out["*"] = float(same.all(axis=1).mean())
    return out


def examine(
    item: PanelItem, *, profile: Profile | None = None, replications: int = 2000, seed: int = 1
) -> dict[str, Any]:
    """Everything about one item's panel.

    Parameters
    ----------
    item : PanelItem
    profile : Profile, optional
        Thresholds; the judgement-test default.
    replications, seed : int
        Of the bootstrap of raters.

    Returns
    -------
    dict
        The item's entry of `sjt panel`; undefined statistics are NaN.

    Raises
    ------
    ShapeError
        No rater or no option.
    """
    profile = profile or load_profile()
    if not item.raters or not item.options:
        raise ShapeError(f"Item {item.item} has no ratings. Leave it out or have it rated.")
    complete = item.ratings[~np.isnan(item.ratings).any(axis=1)]
    full = complete.shape[0] >= 2 and complete.shape[1] >= 2
    # Low ranks are best; every statistic here is the same for ranks and for their mirror image.
    w = kendall_w(complete) if full else None
    icc = intraclass(complete) if full else None
    icc_low, icc_high = single_rater_interval(complete) if full else (NAN, NAN)
    points = max(2, len(item.options)) if item.format == "rank" else max(2, round(item.scale[1] - item.scale[0]) + 1)
    width = max(1.0, points - 1.0)
    spread, agreement = sample_sd(item.ratings), rwg(item.ratings, points)
    from_median, _ = mean_deviations(item.ratings)
    modal = modes(item.ratings)
    means = np.nanmean(item.ratings, axis=0)
    order = order_of(item.ratings, low_is_best=item.format == "rank", replications=replications, seed=seed)
    groups = tied_groups(
        order,
        least_gap=profile.value("panel.order_gap", "accept"),
        least_probability=profile.value("panel.order_gap", "probability"),
    )
    place = {option: number for number, option in enumerate(order.order)}
    options = []
    for option, name in enumerate(item.options):
        at = place[option]
        verdict, why = _option_verdict(
            item.format, agreement[option], spread[option] / width, modal[option][1], profile
        )
        options.append(
            {
                "option": name,
                "mean": means[option],
                "sd": spread[option],
                "median": float(np.nanmedian(item.ratings[:, option])),
                "rwg": agreement[option],
                "mad_median": from_median[option],
                "mode": modal[option][0],
                "modal_share": modal[option][1],
                "order_gap": order.gaps[at] if at < len(order.gaps) else NAN,
                "p_order": order.probabilities[at] if at < len(order.gaps) else NAN,
                "verdict": verdict,
                "why": why,
            }
        )
    shares = [share for _, share in modal if not np.isnan(share)]
    modal_share = float(np.mean(shares)) if shares else NAN
    verdict, reasons = _item_verdict(
        item, w.w if w else NAN, icc.icc_2_1 if icc else NAN, modal_share, options, profile
    )
    with_rest = rater_with_rest(complete) if full else np.array([])
    names = [name for name, row in zip(item.raters, item.ratings, strict=True) if not np.isnan(row).any()]
    least = profile.value("panel.rater_with_rest", "least")
    raters = [
        {
            "rater": name,
            "corr_with_rest": float(r),
            "check": bool(r < least),
            "reason": "the rater or the rest gave every option the same, or there are under 3 options"
            if np.isnan(r)
            else None,
        }
        for name, r in zip(names, with_rest, strict=False)
    ]
    return {
        "item": item.item,
        "format": item.format,
        "n_raters": len(item.raters),
        "n_complete": int(complete.shape[0]),
        "kendall_W": w.w if w else NAN,
        "chi2": w.chi2 if w else NAN,
        "df": w.df if w else None,
        "p": w.p if w else NAN,
        "icc_2_1": icc.icc_2_1 if icc else NAN,
        "icc_2_1_low": icc_low,
        "icc_2_1_high": icc_high,
        "icc_2_k": icc.icc_2_k if icc else NAN,
        "icc_3_1": icc.icc_3_1 if icc else NAN,
        "icc_3_k": icc.icc_3_k if icc else NAN,
        "modal_share": modal_share,
        "verdict": verdict,
        "reasons": reasons,
        "suggested_key": suggested_key(item, means, groups, modal),
        "key_stability": key_stability(item, replications=replications, seed=seed),
        "options": options,
        "raters": raters,
        "notes": _notes(item, complete.shape[0], full, w is not None and np.isnan(w.w)),
    }


def _notes(item: PanelItem, complete: int, full: bool, flat: bool) -> list[str]:
    notes = ["order_gap and p_order compare an option with the next best one; the last has none."]
    if not full:
        notes.append("W and the ICCs are null: they need two raters who answered two or more options in full.")
    elif flat:
        notes.append("W is null: every rater gave every option the same.")
    left_out = len(item.raters) - complete
    if left_out:
        notes.append(f"W and the ICCs leave out {left_out} raters who did not answer every option.")
    if len(item.raters) < 2:
        notes.append("sd and rwg are null: one rater has no spread.")
    return notes


def _option_verdict(
    kind: str, agreement: float, spread: float, modal_share: float, profile: Profile
) -> tuple[str, list[str]]:
    why: list[str] = []
    found: list[str] = []
    if kind in ("choose", "single", "most_least"):
        found.append(graded(modal_share, profile, "panel.modal_share"))
        if found[-1] != "accept":
            why.append(f"only {modal_share:.0%} of the raters agree")
        return worst(found), why
    found.append(graded(agreement, profile, "panel.rwg"))
    if found[-1] != "accept":
        why.append(f"rwg {agreement:.2f}")
    if kind == "rate":
        found.append(graded(spread, profile, "panel.sd_share", low_is_good=True))
        if found[-1] != "accept":
            why.append(f"standard deviation {spread:.0%} of the scale")
        if modal_share < profile.value("panel.modal_share", "review"):
            # On its own a flat mode asks for a look; only spread rejects.
            found.append("review")
            why.append(f"the most frequent point has {modal_share:.0%} of the raters")
    return worst(found), why


def _item_verdict(
    item: PanelItem, w: float, icc: float, modal_share: float, options: Sequence[Mapping[str, Any]], profile: Profile
) -> tuple[str, list[str]]:
    found: list[str] = []
    reasons: list[str] = []

    def gate(value: float, name: str, words: str) -> None:
        verdict = graded(value, profile, name)
        found.append(verdict)
        if verdict != "accept":
            shown = "undefined" if np.isnan(value) else f"{value:.2f}"
            limit = profile.value(name, "accept")
            reasons.append(f"{words} is {shown}, below {limit:.2f} ({verdict}).")

    if item.format in ("rank", "rate"):
        gate(w, "panel.kendall_w", "Kendall's W")
        gate(icc, "panel.icc_2_1", "ICC(2,1)")
    else:
        gate(modal_share, "panel.modal_share", "The mean modal share")
    bad = [str(option["option"]) for option in options if option["verdict"] == "reject"]
    if bad:
        found.append("review")
        reasons.append(f"Raters disagree on {', '.join(bad)}: drop or rewrite, then ask the panel again.")
    least = int(profile.value("panel.raters", "least"))
    if len(item.raters) < least:
        found.append("review")
        reasons.append(f"{len(item.raters)} raters; {least} are needed before the key can stand.")
    return worst(found), reasons


def examine_all(
    items: Sequence[PanelItem], *, profile: Profile | None = None, replications: int = 2000, seed: int = 1
) -> dict[str, Any]:
    """Every item's panel and the options to drop: what `sjt panel` prints."""
    profile = profile or load_profile()
    out = [examine(item, profile=profile, replications=replications, seed=seed) for item in items]
    drop = []
    for item, found in zip(items, out, strict=True):
        for number, option in enumerate(found["options"]):
            if option["verdict"] == "reject":
                why = "; ".join(option["why"])
                rest = np.delete(item.ratings, number, axis=1)
                rest = rest[~np.isnan(rest).any(axis=1)]
                if item.format in ("rank", "rate") and rest.shape[0] > 1 and rest.shape[1] > 1:
                    why += f"; W {found['kendall_W']:.2f} with it, {kendall_w(rest).w:.2f} without"
                drop.append({"item": item.item, "option": option["option"], "why": why})
    return {"items": out, "drop": drop, "profile": profile.stamp, "seed": seed, "replications": replications}
