"""Rows of docs/validation.md for response models, equating, linking and DIF (see tools/validation.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sjt.psychometrics import irt_fit, irt_linking, irt_scores
from sjt.psychometrics.dif_analysis import analyse_dif
from sjt.psychometrics.equating import equate
from sjt.psychometrics.irt_classification import classify
from sjt.psychometrics.irt_cml import andersen, fit_cml
from sjt.psychometrics.irt_dif import irt_lr_dif
from sjt.psychometrics.irt_limited import overall_fit
from sjt.psychometrics.irt_mml import fit_mml
from sjt.psychometrics.irt_models import Items, Model
from sjt.psychometrics.irt_sx2 import s_x2
from sjt.psychometrics.responses import read_responses

HERE = Path(__file__).resolve().parent.parent / "tests" / "psychometrics" / "reference"
Row = tuple[str, str, str, float]
SETS = ("math14w", "verbal_aggression")
FITS: tuple[tuple[str, str, Model], ...] = (
    ("math14w", "mml_Rasch", "rasch"),
    ("math14w", "mml_2PL", "2pl"),
    ("verbal_aggression", "mml_Rasch", "pcm"),
    ("verbal_aggression", "mml_graded", "grm"),
    ("verbal_aggression", "mml_gpcm", "gpcm"),
)
FORMS = {"math14w": (slice(0, 9), slice(4, 13), slice(4, 9), 6)}
FORMS["verbal_aggression"] = (slice(0, 16), slice(8, 24), slice(8, 16), 12)
IRT = "Response models"


def _set(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def _far(got: Any, want: Any) -> float:
    return float(np.nanmax(np.abs(np.asarray(got, float) - np.asarray(want, float))))


def _marks(name: str) -> tuple[np.ndarray[Any, Any], list[str]]:
    lines = (HERE / f"{name}.csv").read_text().splitlines()
    k = _set(name)["meta"]["items"]
    return np.array([[float(v) for v in line.split(",")[:k]] for line in lines[1:]]), [
        cell.strip('"') for cell in lines[0].split(",")[:k]
    ]


def models() -> Iterator[Row]:
    for name, block, model in FITS:
        want = _set(name)["mml"][block]["values"]
        source = f"R mirt, {name}, {model}"
        found = fit_mml(_marks(name)[0], model)
        table = np.array(want["slope_intercept"]["table"])
        at = [i for i, c in enumerate(want["slope_intercept"]["columns"]) if c in ("d", "d1", "d2")]
        yield IRT, "log-likelihood", source, _far(found.loglik, want["loglik"])
        yield IRT, "slopes", source, _far(found.items.slopes, table[:, 0])
        yield IRT, "intercepts", source, _far(np.array(found.items.intercepts), table[:, at])
        weights = irt_scores.normal_weights(found.theta, found.means[0], found.sds[0])
        scores = irt_scores.eap(found.items, found.codes, found.theta, weights)
        yield IRT, "EAP", source, _far(scores.theta[:20], want["eap_first20"])
        information = irt_scores.test_information(found.items, want["theta_grid"])
        yield IRT, "test information", source, _far(information, want["test_information"])
        yield IRT, "Q3", source, _far(irt_fit.q3(found.items, found.codes, scores.theta), want["q3"]["matrix"])
        fits = [
            s_x2(found.items, found.codes, found.theta, float(found.sds[0]), j, int(found.items.sizes[j]))
            for j in range(len(found.columns))
        ]
        yield IRT, "S-X²", source, _far([one.chi2 for one in fits], want["s_x2"]["s_x2"])
        if model in ("2pl", "grm"):
            yield IRT, want["m2"]["type"], source, _far(overall_fit(found).statistic, want["m2"]["M2"])


def conditional() -> Iterator[Row]:
    for name in SETS:
        x, want = _marks(name)[0], _set(name)["cml"]
        found = fit_cml(x)
        source = f"R eRm, {name}"
        yield IRT, "conditional log-likelihood", source, _far(found.loglik, want["cml"]["values"]["conditional_loglik"])
        yield (
            IRT,
            "conditional standard errors",
            source,
            _far(np.concatenate(found.intercept_se), want["cml"]["values"]["se"]),
        )
        difficulty = -np.concatenate(found.items.intercepts)
        steps = np.concatenate([found.items.weights(j)[1:] for j in range(len(found.columns))])
        moved = (difficulty - steps * difficulty[0])[1:]
        theirs = want["cml_psychotools"]["values"]["coefficients"]
        yield IRT, "conditional item parameters", f"R psychotools, {name}", _far(moved, theirs)
        yield IRT, "Andersen's test", source, _far(andersen(x).chi2, want["andersen"]["values"]["lr"])


def decisions() -> Iterator[Row]:
    for name, model in (("math14w", "2pl"), ("verbal_aggression", "grm")):
        want = _set(name)["classification"]
        found = fit_mml(_marks(name)[0], "2pl" if model == "2pl" else "grm")
        cut = want["cut"]["values"] if isinstance(want["cut"], dict) else want["cut"]
        ours = classify(found.items, float(cut))
        for method, mine in (("lee", ours.lee_accuracy), ("rudner", ours.rudner_accuracy)):
            block = want.get(method, {}).get("values", {})
            if "accuracy" in block:
                yield "Classification", f"{method.title()} accuracy", f"R cacIRT, {name}", _far(mine, block["accuracy"])


def equating() -> Iterator[Row]:
    for name, (x, y, anchor, at) in FORMS.items():
        marks, items = _marks(name)
        sets = _set(name)
        alone = equate(_form(marks[1::2], items, slice(at, None)), _form(marks[::2], items, slice(0, at)), [])
        for mine, theirs in (
            *(("mean", "mean"), ("linear", "linear"), ("equipercentile", "equipercentile")),
            *(("circle_arc", "circle-arc"), ("equipercentile_smoothed", "equipercentile_loglinear4")),
        ):
            yield (
                "Equating",
                f"{mine}, equivalent groups",
                f"R equate, {name}",
                _table(alone, mine, sets["equating_eg"][theirs]),
            )
        joined = equate(_form(marks[1::2], items, y), _form(marks[::2], items, x), items[anchor], irt="none")
        for mine, theirs in (
            *(("tucker", "linear_tucker"), ("levine", "linear_levine"), ("chained_linear", "linear_chained")),
            ("equipercentile", "equipercentile_frequency_estimation"),
        ):
            yield (
                "Equating",
                f"{mine}, common items",
                f"R equate, {name}",
                _table(joined, mine, sets["equating_neat"][theirs]),
            )


def _form(marks: np.ndarray[Any, Any], items: list[str], columns: slice) -> Any:
    lines = ["person," + ",".join(items[columns])]
    lines += [f"p{i}," + ",".join(f"{v:g}" for v in row) for i, row in enumerate(marks[:, columns])]
    return read_responses("\n".join(lines).encode(), file="form.csv")


def _table(answer: Any, method: str, want: Any) -> float:
    return _far([value for _, value in answer["methods"][method]["table"]], want["values"]["yx"])


def linking() -> Iterator[Row]:
    want = _set("math14w")["irt_linking"]["values"]

    def form(which: str) -> Items:
        table = np.array(want[f"form_{which}_slope_intercept"])
        return Items("2pl", [np.array([0.0, 1.0])] * 9, table[:, 0], [np.array([d]) for d in table[:, 1]])

    new, old = irt_linking.pick(form("x"), range(4, 9)), irt_linking.pick(form("y"), range(5))
    criteria: tuple[irt_linking.Criterion, ...] = ("stocking_lord", "haebara")
    for criterion in criteria:
        found = irt_linking.link(new, old, criterion)
        pair = [want[criterion]["A"], want[criterion]["B"]]
        what = criterion.replace("_", "–").title() + " A and B"
        yield "Equating", what, "R equateIRT, math14w", _far([found.slope, found.intercept], pair)


def logistic() -> Iterator[Row]:
    for name, blocks, source in (
        (
            "math14w",
            (("logistic_udif", "lr_uniform"), ("logistic_nudif", "lr_nonuniform"), ("logistic_both", "lr_both")),
            "R difR",
        ),
        (
            "verbal_aggression",
            tuple(("ordinal_logistic", f"lr_{k}") for k in ("uniform", "nonuniform", "both")),
            "R MASS",
        ),
    ):
        data = read_responses(HERE / f"{name}.csv", attributes=["gender"])
        rows = analyse_dif(data, "gender")["items"]
        want = _set(name)["dif"]
        for block, lr in blocks:
            theirs = want[block]["values"][lr if block == "ordinal_logistic" else "lr"]
            what = "logistic, " + {"lr_uniform": "uniform", "lr_nonuniform": "not uniform", "lr_both": "both"}[lr]
            yield "DIF", what, f"{source}, {name}", _far([row["logistic"][lr] for row in rows], theirs)


def ratios() -> Iterator[Row]:
    for name, focal in (("math14w", "female"), ("verbal_aggression", "male")):
        lines = (HERE / f"{name}.csv").read_text().replace('"', "").splitlines()
        column = lines[0].split(",").index("gender")
        group = [int(line.split(",")[column] == focal) for line in lines[1:]]
        want = _set(name)["dif"]["irt_lr"]["values"]
        found = irt_lr_dif(_marks(name)[0], group)
        source = f"R mirt, {name}, {found.model}"
        yield (
            "DIF",
            "likelihood ratio of response models",
            source,
            _far([one.lr_both for one in found.items], want["x2"]),
        )
        yield "DIF", "likelihood ratio: the focal group's mean", source, _far(found.focal_mean, want["focal_mean"])


FAMILIES = (models, conditional, decisions, equating, linking, logistic, ratios)
