"""Times and likeness of answers: evidence to weigh, laid out by pair and by person; never a verdict."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from sjt.analysis.sections import chance, counted, number, per_cent, section
from sjt.analysis.study_data import Data, seconds
from sjt.psychometrics.gram import FloatArray
from sjt.psychometrics.monitoring import lognormal_times, rapid_guessing
from sjt.psychometrics.similarity import NOTICE, Pair, similar_choices, similar_rankings

MOST_ROWS = 20
MOST_ITEMS = 12


def study(data: Data) -> dict[str, Any]:
    """Lay out what times and likeness show."""
    time = seconds(data)
    words = np.array([_words(data, item) for item in data.items])
    sections, verdict, notes = [], [], [NOTICE]
    timed = np.isfinite(time).sum(axis=1) > 1
    if timed.sum() >= 3 and len(data.items) > 1:
        parts, said = _times(data, time, words, timed)
        sections += parts
        verdict += said
    else:
        notes.append("The answers carry no times of their own; rapid answers cannot be told.")
    pairs = _pairs(data)
    rooms = len({str(one.session_id) for one in data.sittings if one is not None})
    verdict.append(
        f"{len(pairs) or 'None'} of {data.n * (data.n - 1) // 2} pairs of candidates "
        f"{'has' if len(pairs) == 1 else 'have'} "
        "answers more alike than chance explains."
    )
    sections.append(
        section(
            "Pairs with answers much alike",
            ["Sitting", "Sitting", "Form", "Alike on", "z", "p", "False discovery rate"],
            [
                [
                    _sitting(data, pair.first),
                    _sitting(data, pair.second),
                    _forms(data, pair),
                    counted(len(pair.items), "item"),
                    number(pair.z, 1),
                    chance(pair.p),
                    chance(pair.q),
                ]
                for pair in pairs[:MOST_ROWS]
            ],
            numbers=(4, 5, 6),
            lead="Likeness of choices and orders, beyond that of other candidates of the same standing; "
            "flagged at a false "
            "discovery rate of .01. Weigh with the seating plan, the invigilator's log and the times below.",
            empty="No pair is alike beyond chance.",
        )
    )
    for pair in pairs[:5]:
        sections.append(_pack(data, pair, time))
    if data.own_forms:
        notes.append(
            "Each candidate sat a form of their own: likeness rests on the items that both of a pair met, "
            f"{data.met_in_common:.0f} in the middle of all pairs, and a pair that met few can hardly be told from "
            "chance."
        )
    if rooms < 2:
        notes.append("All sat in one session: every pair could have met, so every pair is compared.")
    return {"verdict": verdict, "sections": sections, "notes": notes, "pictures": {}}


def _times(data: Data, time: FloatArray, words: FloatArray, timed: Any) -> tuple[list[dict[str, Any]], list[str]]:
    effort = rapid_guessing(time, words)
    model = lognormal_times(np.where(timed[:, None], time, np.nan)[timed])
    rows_of = np.flatnonzero(timed)
    quick = [int(i) for i in np.flatnonzero(effort.flagged & timed)]
    strange = rows_of[np.flatnonzero(model.flagged)]
    person_z = dict(zip(rows_of.tolist(), model.person_z.tolist()))
    many = np.flatnonzero(np.nan_to_num(effort.item_share) > 0.1)
    parts = [
        section(
            "Answers too quick to be read",
            ["Sitting", "Read answers", "Too quick", "Share of marks", "Oddness of times (z)"],
            [
                [
                    _sitting(data, i),
                    per_cent(float(effort.effort[i])),
                    int(effort.rapid[i].sum()),
                    per_cent(float(data.shares[i])),
                    number(person_z.get(i), 1),
                ]
                for i in sorted(quick, key=lambda i: effort.effort[i])[:MOST_ROWS]
            ],
            numbers=(1, 2, 3, 4),
            lead="Quicker than a tenth of the item's mean time (ten seconds at most) or than eight words a "
            "second. Below "
            "90 % read answers a mark says little about the candidate.",
            empty="Every candidate read at least 90 % of the answers given.",
        ),
        section(
            "Times unlike anybody's",
            ["Sitting", "Oddness (z)", "Quicker than expected on", "Slower on"],
            [
                [
                    _sitting(data, int(i)),
                    number(person_z[int(i)], 1),
                    counted(int((model.residual[n] < -2).sum()), "item"),
                    counted(int((model.residual[n] > 2).sum()), "item"),
                ]
                for n, i in enumerate(rows_of)
                if i in set(strange.tolist())
            ][:MOST_ROWS],
            numbers=(1,),
            lead="Log-normal times: an item's length and a candidate's pace explain most; what is left here is "
            "large. A "
            "disturbance, a break or help each look like this.",
            empty="Nobody's times are far from their own pace.",
        ),
        section(
            "Items that many answer too quickly",
            ["Item", "Scenario", "Too quick", "Limit (s)"],
            [
                [
                    data.items[j],
                    data.titles.get(data.items[j], ""),
                    per_cent(float(effort.item_share[j])),
                    number(float(effort.thresholds[j]), 0),
                ]
                for j in many
            ],
            numbers=(2, 3),
            empty="No item is answered too quickly by more than a tenth.",
        ),
    ]
    said = [
        (
            f"{len(quick) or 'None'} of {counted(int(timed.sum()), 'candidate')} gave more than a tenth of the "
            "answers too "
            f"quickly to have read them; {int(strange.size) or 'none'} "
            f"{'has' if strange.size == 1 else 'have'} times unlike their own pace."
        )
    ]
    return parts, said


def _words(data: Data, item: str) -> float:
    """Words that must be read anew for an item: its question and options (the story may have been read before)."""
    for paper in data.papers.values():
        shown = paper.item(item)
        if shown is not None:
            return float(len(shown.ask.split()) + sum(len(option.text.split()) for option in shown.options))
    return 0.0


def _pairs(data: Data) -> list[Pair]:
    """Choices and rankings in one list, each pair once, the likelier first."""
    raw = data.cohort.raw
    choices, ranked, key = [], [], []
    for item in data.items:
        found = next((s.item(item) for s in data.secrets.values() if s.item(item) is not None), None)
        if found is None or found.format.value == "written":
            continue
        answers = raw.get(item, {})
        if found.format.value == "rank":
            options = next(p.item(item) for p in data.papers.values() if p.item(item) is not None)
            ids = options.option_ids() if options is not None else ()
            table = np.full((data.n, len(ids)), np.nan)
            for row, answer in answers.items():
                if isinstance(answer, dict) and len(answer) == len(ids):
                    table[row] = [answer[option] for option in ids]
            ranked.append((item, table))
            place: dict[str, float] = {}
            for number_of_tier, tier in enumerate(found.key["order"]):
                for option in tier:
                    place[option] = float(number_of_tier)
            key.append([place[option] for option in ids])
        else:
            kinds: dict[str, int] = {}
            column = np.full(data.n, np.nan)
            for row, answer in answers.items():
                if answer is not None:
                    column[row] = kinds.setdefault(json.dumps(answer, sort_keys=True), len(kinds))
            choices.append((item, column))
    rooms = [str(one.session_id) if one is not None else "" for one in data.sittings]
    found_pairs: dict[tuple[int, int], Pair] = {}
    if choices:
        names = [item for item, _ in choices]
        table = np.column_stack([column for _, column in choices])
        _keep(found_pairs, similar_choices(table, data.shares, rooms=rooms), names, data)
    for width in sorted({table.shape[1] for _, table in ranked}):
        own = [n for n, (_, table) in enumerate(ranked) if table.shape[1] == width]
        stack = np.stack([ranked[n][1] for n in own], axis=1)
        names = [ranked[n][0] for n in own]
        _keep(found_pairs, similar_rankings(stack, [key[n] for n in own], rooms=rooms), names, data)
    return sorted(found_pairs.values(), key=lambda pair: pair.p)


def _keep(into: dict[tuple[int, int], Pair], pairs: list[Pair], names: list[str], data: Data) -> None:
    column = {item: n for n, item in enumerate(data.items)}
    for pair in pairs:
        moved = Pair(**{**pair.__dict__, "items": [column[names[j]] for j in pair.items]})
        at = (pair.first, pair.second)
        held = into.get(at)
        if held is None:
            into[at] = moved
        else:
            best = moved if moved.p < held.p else held
            into[at] = Pair(**{**best.__dict__, "items": [*dict.fromkeys([*held.items, *moved.items])]})


def _pack(data: Data, pair: Pair, time: FloatArray) -> dict[str, Any]:
    """Everything known of one pair, item by item."""
    raw = data.cohort.raw
    rows = []
    for j in pair.items[:MOST_ITEMS]:
        item = data.items[j]
        one, two = (raw.get(item, {}).get(i) for i in (pair.first, pair.second))
        same = sum(json.dumps(other, sort_keys=True) == json.dumps(one, sort_keys=True) for other in raw[item].values())
        marks = data.marks[[pair.first, pair.second], j]
        rows.append(
            [
                item,
                data.titles.get(item, ""),
                _answer(one) if one == two else f"{_answer(one)} / {_answer(two)}",
                f"{same} of {len(raw[item])}",
                f"{number(float(marks[0]), 0)} / {number(float(marks[1]), 0)}",
                f"{number(float(time[pair.first, j]), 0)} / {number(float(time[pair.second, j]), 0)}",
                _apart(data, pair, item),
            ]
        )
    shares = data.shares
    return section(
        f"Evidence on {_sitting(data, pair.first)} and {_sitting(data, pair.second)}",
        ["Item", "Scenario", "Answer", "So answered by", "Marks", "Seconds", "Apart"],
        rows,
        numbers=(4, 5, 6),
        lead=f"Shares of marks {per_cent(float(shares[pair.first]))} and "
        f"{per_cent(float(shares[pair.second]))}. Likeness "
        f"{number(pair.likeness, 1)} where candidates of their standing share {number(pair.expected, 1)} (z "
        f"{number(pair.z, 1)}). The rarest shared answers come first.",
        foot="“Apart”: time between the two giving that answer. Hear both, and the invigilator, before "
        "anything is said.",
    )


def _apart(data: Data, pair: Pair, item: str) -> str:
    answers = [
        one.answers.get(item) if one is not None else None
        for one in (data.sittings[pair.first], data.sittings[pair.second])
    ]
    if answers[0] is None or answers[1] is None:
        return "–"
    gap = abs((answers[0].last_at - answers[1].last_at).total_seconds())
    return f"{gap:.0f} s" if gap < 120 else f"{gap / 60:.0f} min" if gap < 7200 else "another day"


def _answer(response: Any) -> str:
    if isinstance(response, dict):
        if all(isinstance(value, int) for value in response.values()):
            ordered = sorted(response, key=lambda option: (response[option], option))
            distinct = len(set(response.values())) == len(response)
            return " ".join(ordered) if distinct else " ".join(f"{o}{response[o]}" for o in sorted(response))
        return " ".join(f"{name} {value or '–'}" for name, value in response.items())
    if isinstance(response, list):
        return " ".join(map(str, response))
    return "–" if response is None else str(response)


def _sitting(data: Data, row: int) -> str:
    return data.cohort.responses.persons[row][-8:]


def _forms(data: Data, pair: Pair) -> str:
    one, two = data.cohort.form_of[pair.first], data.cohort.form_of[pair.second]
    names = [data.name_of(form) for form in (one, two)]
    return names[0] if one == two else f"{names[0]} / {names[1]}"
