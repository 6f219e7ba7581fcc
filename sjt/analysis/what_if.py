"""What a change of key, rule or pass mark would do to a session's marks; nothing is changed by asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from sqlmodel import Session

from sjt.analysis import study_firm
from sjt.analysis.sections import between, counted, number, per_cent, section
from sjt.analysis.study_data import Data
from sjt.analysis.topics import RULES
from sjt.authoring.model import RULE_OF_FORMAT
from sjt.errors import Fault, InputError, ScoringRefused
from sjt.psychometrics import rescore, scoring
from sjt.psychometrics.gram import FloatArray
from sjt.results.forms import CREDIT
from sjt.results.keying import key_of

MOST_ROWS: Final = 40


def study(data: Data, asked: Mapping[str, Any], session: Session) -> dict[str, Any]:
    """Mark everybody anew under the change and say what moves.

    Parameters
    ----------
    data : Data
    asked : mapping
        Any of ``item`` with ``key`` or ``withdraw``; ``format`` with ``rule``; ``cut`` (added to every pass mark).
    session : Session
        To read the panels of judges and of experts.
    """
    before = rescore.Scored(data.marks, data.maxima, data.cut_of_each())
    marks, maxima = data.marks.copy(), data.maxima.copy()
    cut = data.cut_of_each()
    words: list[str] = []
    item, rule = str(asked.get("item") or ""), str(asked.get("rule") or "")
    if item:
        if item not in data.items:
            raise InputError(
                "The change cannot be tried.", [Fault("", item, "Item", "is no live item here.", "Choose one.")]
            )
        column = data.items.index(item)
        if asked.get("withdraw"):
            marks[:, column], maxima[column] = np.nan, 0.0
            cut = cut - np.array([_judged(data, form, item) for form in data.cohort.form_of])
            words.append(f"{item} is withdrawn: its marks and its part of the pass mark go.")
        elif asked.get("key"):
            marks[:, column] = _again(data, item, key=str(asked["key"]))
            words.append(f"{item} is keyed {asked['key']}.")
    if rule:
        wanted = str(asked.get("format") or "")
        touched = [name for name in data.items if _format(data, name) == wanted]
        for name in touched:
            marks[:, data.items.index(name)] = _again(data, name, rule=rule)
        words.append(f"{counted(len(touched), 'item')} of format {wanted} marked by {rule}.")
    moved = float(asked.get("cut") or 0)
    if moved:
        cut = cut + moved
        words.append(f"Every pass mark moves by {number(moved, 1, sign=True)}.")
    if not words:
        raise InputError(
            "Nothing was asked.", [Fault("", "", "Change", "is empty.", "Change a key, a rule or the pass mark.")]
        )
    after = rescore.Scored(marks, maxima, cut)
    found = rescore.compare(before, after, data.items)
    return _laid_out(data, before, after, found, " ".join(words), session)


def _laid_out(
    data: Data, before: rescore.Scored, after: rescore.Scored, found: Mapping[str, Any], words: str, session: Session
) -> dict[str, Any]:
    made = found["decisions"]
    changed = made["pass_fail"] + made["fail_pass"]
    has_cut = bool(np.isfinite(np.asarray(before.cut, dtype=np.float64)).all())
    verdict = [words]
    if has_cut:
        verdict.append(
            f"{counted(changed, 'decision').capitalize()} of {found['n']} would change: {made['fail_pass']} "
            "from fail to "
            f"pass, {made['pass_fail']} from pass to fail. Nothing has been changed."
        )
    else:
        verdict.append("There is no pass mark yet, so no decision can change. Nothing has been changed.")
    verdict.append(f"The mark of {counted(found['moved'], 'candidate')} would move.")
    names = ("Highest mark", "Mean", "SD", "Alpha", "95 % interval", "SEM", "Pass rate", "95 % interval")
    parts = [
        (data.name_of(form), _of_form(data, before, form), _of_form(data, after, form)) for form in data.shared_forms
    ]
    tests = [(name, rescore.compare(a, b, [str(j) for j in range(a.maxima.size)])["test"]) for name, a, b in parts]
    rows = [
        [
            f"{name}, {label}",
            number(one["max"], 0),
            number(one["mean"], 1),
            number(one["sd"], 1),
            number(one["alpha"]),
            between(one["alpha_ci"]),
            number(one["sem"], 1),
            per_cent(one["pass_rate"], 1) if has_cut else "–",
            f"{per_cent(one['pass_rate_ci'][0])} to {per_cent(one['pass_rate_ci'][1])}" if has_cut else "–",
        ]
        for name, test in tests
        for label, one in zip(("now", "after"), test)
    ]
    touched = [row for row in found["items"] if row["changed"]]
    sections = [
        section(
            "The test",
            ["Form", *names],
            rows,
            numbers=(1, 2, 3, 4, 6, 7),
            empty="Each candidate sat a form of their own: a form has no mean or reliability from one candidate.",
        ),
        section(
            "Items that change",
            ["Item", "Scenario", "Facility now", "After", "Item-rest r now", "After", "Marks that move"],
            [
                [
                    row["item"],
                    data.titles.get(row["item"], ""),
                    number(row["facility"][0]),
                    number(row["facility"][1]),
                    number(row["item_rest"][0]),
                    number(row["item_rest"][1]),
                    row["persons"],
                ]
                for row in touched
            ],
            numbers=(2, 3, 4, 5, 6),
            empty="No item's marks change.",
        ),
    ]
    if has_cut:
        sections.append(
            section(
                "Decisions that change",
                ["Sitting", "Form", "Mark now", "After", "Now", "After"],
                [
                    [
                        data.cohort.responses.persons[one["row"]][-8:],
                        data.name_of(data.cohort.form_of[one["row"]]),
                        number(one["totals"][0], 1),
                        number(one["totals"][1], 1),
                        "Pass" if one["passed"][0] else "Fail",
                        "Pass" if one["passed"][1] else "Fail",
                    ]
                    for one in made["changed"][:MOST_ROWS]
                ],
                numbers=(2, 3),
                empty="No decision changes.",
                foot=f"{len(made['changed']) - MOST_ROWS} more not listed." if len(made["changed"]) > MOST_ROWS else "",
            )
        )
        sections += [_multiverse(data, before), *study_firm.summaries(data, session)]
    return {"verdict": verdict, "sections": sections, "notes": [], "pictures": {}, "decisions": made}


def _of_form(data: Data, scored: rescore.Scored, form: str) -> rescore.Scored:
    """Those who sat one form, and that form's items."""
    own = np.array([one == form for one in data.cohort.form_of])
    columns = np.isfinite(data.marks[own]).any(axis=0)
    return rescore.Scored(scored.marks[np.ix_(own, columns)], scored.maxima[columns], np.asarray(scored.cut)[own])


def _multiverse(data: Data, before: rescore.Scored) -> dict[str, Any]:
    """Pass and fail under every other rule that can read the keys, one format at a time."""
    ways = {"In force": before}
    for name in sorted({_format(data, item) for item in data.items}):
        for rule in RULES.get(name, ()):
            own = [item for item in data.items if _format(data, item) == name]
            marks = before.marks.copy()
            try:
                for item in own:
                    marks[:, data.items.index(item)] = _again(data, item, rule=rule)
            except (ScoringRefused, InputError):
                continue
            if not np.allclose(marks, before.marks, equal_nan=True):
                ways[f"{name.replace('_', ' and ').capitalize()}: {rule}"] = rescore.Scored(
                    marks, before.maxima, before.cut
                )
    found = rescore.multiverse(ways)
    return section(
        "The same answers under other rules",
        ["Rule", "Pass rate", "Would now fail", "Would now pass"],
        [[way["name"], per_cent(way["pass_rate"], 1), way["now_fail"], way["now_pass"]] for way in found["ways"]],
        numbers=(1, 2, 3),
        lead="Pass marks stay, though each was judged under the rule in force: read this as how much hangs on "
        "the rule. "
        "Rules for research, some below nought, are shown for comparison only.",
        foot=f"{found['unanimous']} of {data.n} decisions are the same under every rule.",
    )


def _format(data: Data, item: str) -> str:
    return str(data.cohort.responses.specs[item].format)


def _judged(data: Data, form: str, item: str) -> float:
    """An item's part of its form's pass mark."""
    found = data.secrets[form].item(item)
    return float(found.angoff_mean) if found is not None and found.live and found.angoff_mean is not None else 0.0


def _again(data: Data, item: str, *, key: str = "", rule: str = "") -> FloatArray:
    """Everybody's marks on one item under another key or rule; what was not presented stays so."""
    out = np.full(data.n, np.nan)
    old = data.marks[:, data.items.index(item)]
    for form, secret in data.secrets.items():
        held, shown = secret.item(item), data.papers[form].item(item)
        if held is None or shown is None:
            continue
        bound = scoring.bind(
            rule or (RULE_OF_FORMAT[held.format] if key and held.rule == CREDIT else held.rule),
            key_of(held, key) if key else held.key,
            options=shown.option_ids(),
            settings=held.settings,
        )
        for row, one in enumerate(data.cohort.form_of):
            if one != form or not np.isfinite(old[row]):
                continue
            score = bound.mark(data.cohort.raw.get(item, {}).get(row))
            out[row] = float(scoring.item_mark(score, held.worth)) if score.total is not None else 0.0
    return out
