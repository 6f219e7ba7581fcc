"""Option analysis: what people chose, how that goes with the rest of their marks, and whether the key holds.

Works on raw responses of every format. A key is doubted when the better half of the candidates surely prefers
what the key puts lower, and when preferring it goes with higher marks elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sjt.errors import Fault, InputError
from sjt.psychometrics.classical import score_groups, scores
from sjt.psychometrics.gram import FloatArray
from sjt.psychometrics.responses import Responses, item_limits
from sjt.psychometrics.sheet import read_sheet
from sjt.psychometrics.smallsample import wilson

RAPID_SHARE = 0.05
CERTAIN = 0.95


@dataclass(frozen=True)
class RawItem:
    """Raw answers to one item: index of each person, answer, and seconds taken (NaN if not recorded)."""

    person: NDArray[np.int64]
    answers: list[Any]
    seconds: FloatArray


def read_raw(source: Path | bytes, responses: Responses, *, file: str | None = None) -> dict[str, RawItem]:
    """Read RAW.csv: ``person,form,item,response,first_seen,last_changed``; responses as JSON, or a bare option.

    Parameters
    ----------
    source : Path or bytes
    responses : Responses
        The marks the answers belong to.
    file : str, optional
        Name used in faults.

    Returns
    -------
    dict
        Item → its answers. Items without marks are left out.

    Raises
    ------
    InputError
        Every fault: missing columns, unknown persons, repeated answers, responses or times that cannot be read.
    """
    sheet, faults = read_sheet(source, file)
    for column in ("person", "item", "response"):
        if column not in sheet.header:
            faults.append(Fault(sheet.file, "row 1", column, f"There is no column `{column}`.", "Add it."))
    if faults and any(fault.where == "row 1" for fault in faults):
        raise InputError(f"{sheet.file} cannot be used.", faults)
    at = {name: sheet.header.index(name) for name in sheet.header}
    index = {person: i for i, person in enumerate(responses.persons)}
    known = set(responses.items)
    collected: dict[str, tuple[list[int], list[Any], list[float]]] = {}
    seen: set[tuple[str, str]] = set()
    for number, row in zip(sheet.numbers, sheet.rows):
        person, item, where = row[at["person"]].strip(), row[at["item"]].strip(), f"row {number}"
        if item not in known:
            continue
        if person not in index:
            faults.append(Fault(sheet.file, where, "person", f"{person} has no marks.", "Use the same persons."))
            continue
        if (person, item) in seen:
            faults.append(Fault(sheet.file, where, "item", f"{person} answered {item} twice.", "Keep the last answer."))
            continue
        seen.add((person, item))
        try:
            answer = _answer(row[at["response"]])
            spent = _seconds(row, at)
        except (ValueError, RecursionError) as error:
            faults.append(Fault(sheet.file, where, "response", f"{error}.", "Give JSON, and times in ISO form."))
            continue
        people, answers, seconds = collected.setdefault(item, ([], [], []))
        people.append(index[person])
        answers.append(answer)
        seconds.append(spent)
    if faults:
        raise InputError(f"{sheet.file} cannot be used: {len(faults)} faults.", faults[:100])
    return {
        item: RawItem(np.array(people, dtype=np.int64), answers, np.array(seconds))
        for item, (people, answers, seconds) in collected.items()
    }


def _answer(text: str) -> Any:
    cell = text.strip()
    if not cell or cell == "null":
        return None
    if cell[0] in '{["':
        return json.loads(cell)
    return cell


def _seconds(row: Sequence[str], at: Mapping[str, int]) -> float:
    if "first_seen" not in at or "last_changed" not in at:
        return float("nan")
    first, last = row[at["first_seen"]].strip(), row[at["last_changed"]].strip()
    if not first or not last:
        return float("nan")
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def kind_of(format: str | None, answers: Sequence[Any]) -> str:
    """Format of an item: as declared, or known from its answers."""
    if format:
        return format
    given = [answer for answer in answers if answer is not None]
    if not given:
        return "unknown"
    first = given[0]
    if isinstance(first, str):
        return "single"
    if isinstance(first, list):
        return "choose"
    if "text" in first:
        return "written"
    if "most" in first or "least" in first:
        return "most_least"
    ranked = all(sorted(answer.values()) == list(range(1, len(answer) + 1)) for answer in given)
    return "rank" if ranked else "rate"


def key_worth(format: str, key: str | None, options: Sequence[str]) -> dict[str, float] | None:
    """How good each option is by the key, higher is better; None where the key cannot be read.

    Parameters
    ----------
    format : str
    key : str or None
        The item's key table as JSON; or ``B`` for one option, ``B;E;G`` for several, ``B>A=C>D`` for an order.
    options : sequence of str
    """
    if not key:
        return None
    table: Mapping[str, Any]
    try:
        loaded = json.loads(key)
        table = loaded if isinstance(loaded, dict) else {"key": loaded}
    except (ValueError, RecursionError):
        if ">" in key:
            table = {"order": [[o.strip() for o in tier.split("=")] for tier in key.split(">")]}
        else:
            table = {"key": [part.strip() for part in key.replace("|", ";").split(";")]}
    if "order" in table:
        tiers = list(table["order"])
        return {option: float(len(tiers) - t) for t, tier in enumerate(tiers) for option in tier}
    if isinstance(table.get("key"), dict):
        return {option: float(value) for option, value in table["key"].items()}
    if "effectiveness" in table and format in ("most_least", "single"):
        return {option: float(value) for option, value in table["effectiveness"].items()}
    if isinstance(table.get("key"), list):
        return {option: float(option in table["key"]) for option in options}
    if isinstance(table.get("key"), str):
        return {option: float(option == table["key"]) for option in options}
    return None


def analyse_options(
    responses: Responses, raw: Mapping[str, RawItem], rapid: float = RAPID_SHARE
) -> dict[str, dict[str, Any]]:
    """Analyse the options of every item with raw answers.

    Parameters
    ----------
    responses : Responses
    raw : mapping
        From `read_raw`.
    rapid : float
        Share of answers too fast to be read, above which an item is named.

    Returns
    -------
    dict
        Item → ``options`` (rows for the report), ``key_doubt`` and ``rapid`` (sentences or None), ``seconds_median``,
        ``rapid_share``.
    """
    low, high, _ = item_limits(responses)
    score = scores(responses.table, low, high)
    known = int(np.isfinite(score.value).sum())
    groups = 5 if known >= 100 else 3 if known >= 30 else 1
    group = score_groups(score.value, groups)
    marks = responses.table.marks()
    out = {}
    for i, item in enumerate(responses.items):
        if item not in raw:
            continue
        data, spec = raw[item], responses.spec(item)
        format = kind_of(spec.format, data.answers)
        row: dict[str, Any] = {"options": None, "key_doubt": None, **_timing(data, rapid)}
        answered = [j for j, answer in enumerate(data.answers) if answer is not None]
        rows = data.person[answered]
        if format in ("rank", "rate", "choose", "most_least", "single") and len(answered):
            answers = [data.answers[j] for j in answered]
            options, values = _values(format, answers)
            mark = np.nan_to_num(marks[rows, i])
            rest = score.total[rows] - mark if not score.percent else score.value[rows]
            worth = key_worth(format, spec.key, options)
            row["options"] = _rows(format, options, values, worth, score.value[rows], rest, group[rows], groups)
            if worth is not None:
                row["key_doubt"] = _doubt(format, options, values, worth, rest)
        out[item] = row
    return out


def _values(format: str, answers: Sequence[Any]) -> tuple[list[str], FloatArray]:
    """Options, and for each person how much each was preferred: higher is more; NaN where not answered."""
    if format in ("rank", "rate"):
        options = sorted({str(option) for answer in answers for option in answer})
        sign = -1.0 if format == "rank" else 1.0
        values = [[sign * float(answer.get(option, np.nan)) for option in options] for answer in answers]
    elif format == "choose":
        options = sorted({str(option) for answer in answers for option in answer})
        values = [[float(option in answer) for option in options] for answer in answers]
    elif format == "single":
        options = sorted({str(answer) for answer in answers})
        values = [[float(option == answer) for option in options] for answer in answers]
    else:
        picks = {str(answer.get(end)) for answer in answers for end in ("most", "least") if answer.get(end)}
        options = sorted(picks)
        values = [
            [float(answer.get("most") == option) - float(answer.get("least") == option) for option in options]
            for answer in answers
        ]
    return options, np.array(values, dtype=np.float64).reshape(len(answers), len(options))


def correlation(x: FloatArray, y: FloatArray) -> float:
    """Pearson r over the persons with both; NaN without spread."""
    use = np.isfinite(x) & np.isfinite(y)
    if use.sum() < 3:
        return float("nan")
    a, b = x[use] - x[use].mean(), y[use] - y[use].mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / size) if size > 1e-9 else float("nan")


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rows(
    format: str,
    options: Sequence[str],
    values: FloatArray,
    worth: Mapping[str, float] | None,
    total: FloatArray,
    rest: FloatArray,
    group: NDArray[np.int16],
    groups: int,
) -> list[dict[str, Any]]:
    measure = {"rank": "rank", "rate": "rating"}.get(format, "share")
    best = max(worth.values()) if worth else None
    out = []
    for o, option in enumerate(options):
        column = values[:, o]
        shown = -column if format == "rank" else column
        if format in ("rank", "rate"):
            top = np.nanmin(shown) if format == "rank" else np.nanmax(values)
            chosen = shown == top
        else:
            chosen = column > 0
        n = int(chosen.sum())
        told = shown if measure != "share" else chosen.astype(np.float64)
        trace = [
            _number(float(np.nanmean(told[group == g]))) if np.isfinite(told[group == g]).any() else None
            for g in range(groups)
        ]
        entry: dict[str, Any] = {
            "option": option,
            "key": bool(worth and worth.get(option) == best),
            "worth": worth.get(option) if worth else None,
            "measure": measure,
            "n": n,
            "p": n / len(column),
            "mean": _number(float(np.nanmean(shown))) if np.isfinite(shown).any() else None,
            "mean_total": _number(float(total[chosen].mean())) if n else None,
            "mean_rest": _number(float(rest[chosen].mean())) if n else None,
            "rpb_rest": _number(correlation(column, rest)),
            "trace": trace,
        }
        if format == "most_least":
            entry["n_least"] = int((column < 0).sum())
            entry["p_least"] = entry["n_least"] / len(column)
        out.append(entry)
    return out


def _doubt(
    format: str, options: Sequence[str], values: FloatArray, worth: Mapping[str, float], rest: FloatArray
) -> str | None:
    """Say which part of the key the better half of the candidates contradicts, or None."""
    from scipy.special import bdtr

    known = np.isfinite(rest)
    if known.sum() < 30:
        return None
    better = known & (rest >= np.median(rest[known]))
    pairs = [(a, b) for a in range(len(options)) for b in range(len(options)) if _above(worth, options[a], options[b])]
    worst: tuple[float, str] | None = None
    for a, b in pairs:
        lead = values[:, a] - values[:, b]
        first, second = int((lead[better] > 0).sum()), int((lead[better] < 0).sum())
        if second <= first:
            continue
        p = float(bdtr(first, first + second, 0.5)) * len(pairs)
        if p > 1 - CERTAIN or not correlation(-lead, rest) > -0.05:
            continue
        text = (
            f"The key puts {options[a]} above {options[b]}, but of the better half of the candidates "
            f"{second} prefer {options[b]} and {first} prefer {options[a]}."
        )
        if worst is None or p < worst[0]:
            worst = (p, text)
    return worst[1] if worst else None


def _above(worth: Mapping[str, float], one: str, other: str) -> bool:
    return one in worth and other in worth and worth[one] > worth[other]


def _timing(data: RawItem, most: float) -> dict[str, Any]:
    """Share of answers too fast to be read: under a tenth of the mean time, and under 10 s."""
    spent = data.seconds[np.isfinite(data.seconds)]
    if spent.size == 0:
        return {"seconds_median": None, "rapid_share": None, "rapid": None}
    limit = min(0.1 * float(spent.mean()), 10.0)
    fast = int((spent < limit).sum())
    low, _ = wilson(fast, spent.size)
    sentence = None
    if spent.size >= 30 and float(low) > most:
        sentence = f"{fast} of {spent.size} answers took less than {limit:.1f} s, too fast to have read the item."
    return {"seconds_median": float(np.median(spent)), "rapid_share": fast / spent.size, "rapid": sentence}
