"""Mark whole files of cases, in the shapes of the reference sets: what ``sjt score`` does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from sjt.errors import Fault, InputError, ScoringRefused, SjtError
from sjt.psychometrics.chance import FormItem, form_chance
from sjt.psychometrics.consensus import (
    Panel,
    Profiles,
    alpha,
    compare_profiles,
    item_scores,
    mean,
    read_ratings,
    rule_marks,
    standardised_squares,
    stretched,
    within_person_z,
)
from sjt.psychometrics.scoring import REASONS, Counted, bind, exact, form_total, is_whole
from sjt.psychometrics.scoring_base import ItemScore

Case = Mapping[str, Any]


class Faults:
    """Every fault of a file, then one refusal."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def add(self, where: str, field: str, what: str, remedy: str) -> None:
        """Note a fault."""
        self.found.append(Fault(self.file, where, field, what, remedy))

    def absorb(self, where: str, error: SjtError) -> None:
        """Note everything a refusal carries."""
        inner = error.faults if isinstance(error, InputError) else ()
        if not inner:
            self.add(where, "", error.message, "")
        for fault in inner:
            place = ", ".join(part for part in (where, fault.where) if part)
            self.add(place, fault.field, fault.what, fault.remedy)


def entry(index: int, case: Case, score: ItemScore, *, by_part: bool) -> dict[str, Any]:
    """One line of output; ``marks`` by option where the format has parts, else the total."""
    out: dict[str, Any] = {
        "index": index,
        "id": case.get("id"),
        "status": score.status,
        "reason": score.reason,
        "marks": score.marks if by_part else score.total,
        "total": score.total,
        "max": score.max,
    }
    if score.reason is not None:
        out["reason_in_words"] = REASONS.get(score.reason, score.reason)
    if not by_part and score.marks:
        out["marks_by_option"] = score.marks
    return out


def bare(index: int, case: Case, status: str = "complete", **values: Any) -> dict[str, Any]:
    """One line of output for a case that has no item mark."""
    head = {"index": index, "id": case.get("id"), "status": status, "reason": None, "marks": None, "total": None}
    return {**head, "max": None, **values}


def _flat(value: Any) -> list[str]:
    out: list[str] = []
    for part in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
        out.extend([part] if isinstance(part, str) else [name for name in part if isinstance(name, str)])
    return out


def need(case: Case, *names: str) -> None:
    """Refuse a case that lacks a field."""
    missing = [Fault("", "", name, "it is missing.", "Add it.") for name in names if name not in case]
    if missing:
        raise ScoringRefused("The case is not complete.", missing)


def rank_case(index: int, case: Case, data: Case) -> dict[str, Any]:
    """A ranking; the file's own table of marks by distance holds where its length fits."""
    need(case, "key", "response")
    options = case.get("options") or sorted(_flat(case["key"]))
    key: dict[str, Any] = {"order": case["key"]}
    rule = case.get("rule") if isinstance(case.get("rule"), Mapping) else data.get("rule")
    table = rule.get("marks_by_abs_distance") if isinstance(rule, Mapping) else None
    if isinstance(table, Sequence) and len(table) == len(options):
        key["marks_by_distance"] = table
    return entry(index, case, bind("rank_distance@1", key, options=options).mark(case["response"]), by_part=True)


def pick_case(index: int, case: Case, data: Case) -> dict[str, Any]:
    """Choose k of m."""
    need(case, "key", "options", "response")
    rule = data.get("rule")
    key = {"key": case["key"]}
    if isinstance(rule, Mapping) and "marks_per_correct" in rule:
        key["marks_per_correct"] = rule["marks_per_correct"]
    if "pick" in case:
        key["choose"] = case["pick"]
    return entry(index, case, bind("choose_k@1", key, options=case["options"]).mark(case["response"]), by_part=False)


def rating_case(index: int, case: Case, data: Case) -> dict[str, Any]:
    """A rating, or a table of ratings, against a matrix of the file."""
    need(case, "matrix", "key", "response")
    settings = {"matrices": data.get("matrices", {})}
    one = not isinstance(case["key"], Mapping)
    key = {"matrix": case["matrix"], "key": {"_": case["key"]} if one else case["key"]}
    response = case["response"]
    if one:
        response = None if response is None else {"_": response}
    rule = bind("rate_matrix@1", key, options=list(key["key"]), settings=settings)
    out = entry(index, case, rule.mark(response), by_part=not one)
    if one:
        out.pop("marks_by_option", None)
        out["status"] = {"complete": "ok"}.get(out["status"], out["status"])
    return out


def picks_case(rule_name: str, *needed: str) -> Callable[[int, Case, Case], dict[str, Any]]:
    """Most and least under one of the rules."""

    def run(index: int, case: Case, data: Case) -> dict[str, Any]:
        need(case, *needed)
        key = {name: case[name] for name in needed}
        if "mean_effectiveness" in key:
            options = list(key["mean_effectiveness"])
        else:
            options = case.get("options") or [case[name] for name in needed]
        rule = bind(rule_name, key, options=options)
        score = rule.mark({"most": case.get("most"), "least": case.get("least")})
        return entry(index, case, score, by_part=False)

    return run


def consensus_case(index: int, case: Case, data: Case) -> dict[str, Any]:
    """One person's ratings under every consensus rule, with the decomposition of the distance."""
    need(case, "response")
    panel = Panel.of(case.get("sme", data.get("sme", ())), case.get("scale", data.get("scale", (1, 5))))
    given = case["response"]
    if isinstance(given, Mapping | str):
        raise ScoringRefused("The response is not a list of ratings in the panel's order. Give a list.")
    response = [None] * panel.n_options if given is None else list(given)
    reason = None
    if len(response) != panel.n_options:
        reason = "wrong_type"
    elif any(value is not None and (isinstance(value, bool) or not isinstance(value, int)) for value in response):
        reason = "non_integer_rating"
    elif any(value is not None and not panel.low <= value <= panel.high for value in response):
        reason = "rating_out_of_range"
    if reason is not None:
        return {**bare(index, case, "invalid", reason=reason), "values": None}
    ratings = read_ratings(response)
    known = [option for option, value in enumerate(ratings) if value is not None]
    if not known:
        return {**bare(index, case, "omitted"), "values": None}
    status = "complete" if len(known) == panel.n_options else "partial"
    return {**bare(index, case, status), "values": consensus_values(panel, ratings, known)}


def consensus_values(panel: Panel, ratings: Sequence[Fraction | None], known: Sequence[int]) -> dict[str, Any]:
    """Every value of a response, over the options it answers."""
    key, marks = panel.key(), rule_marks(panel, ratings)
    x = [value for value in ratings if value is not None]
    profiles: Profiles = compare_profiles(x, [key[option] for option in known])
    spread = []
    for option in range(panel.n_options):
        column = panel.column(option)
        centre = mean(column)
        squares = sum((value - centre) ** 2 for value in column)
        spread.append(float(squares / (len(column) - 1)) ** 0.5 if len(column) > 1 else None)
    squares_z = [square for square in standardised_squares(panel, ratings) if square is not None]
    parts = profiles.decomposition
    return {
        "key_mean": key,
        "key_sd_sample": spread,
        "raw_abs": marks["raw_abs"],
        "raw_sq": marks["raw_sq"],
        "mean_abs": mean([mark for mark in marks["raw_abs"] if mark is not None]),
        "mean_sq": mean([mark for mark in marks["raw_sq"] if mark is not None]),
        "mode_sets": [panel.modes(option) for option in range(panel.n_options)],
        "mode_score": marks["mode_score"],
        "proportion": marks["proportion"],
        "sct_aggregate": marks["sct_aggregate"],
        "dichotomous": marks["dichotomous"],
        "elevation_x": profiles.elevation_x,
        "elevation_k": profiles.elevation_k,
        "scatter_x": profiles.scatter_x,
        "scatter_k": profiles.scatter_k,
        "shape_r": profiles.shape_r,
        "d2_decomposition": None
        if parts is None
        else {"elevation": parts.elevation, "scatter": parts.scatter, "shape": parts.shape, "sum": parts.sum},
        "within_person_z": within_person_z(ratings),
        "key_of_sme_z": panel.key_of_z(),
        "standardised_mean_sq": sum(squares_z) / len(squares_z),
        "flat_response": len(set(x)) == 1,
    }


def stretch_case(index: int, case: Case, data: Case) -> dict[str, Any]:
    """A stretched key."""
    need(case, "mean", "lo", "hi", "f")
    value, low, high, factor = (exact(case[name]) for name in ("mean", "lo", "hi", "f"))
    if low >= high or not low <= value <= high:
        raise ScoringRefused(f"The mean {value} is not on the scale {low} to {high}. Correct one of them.")
    return bare(index, case, stretched=stretched(value, low, high, factor))


def form_case(index: int, case: Case, data: Case) -> dict[str, Any]:
    """A sat form against its cut."""
    need(case, "items")
    items = [
        Counted(
            None if item.get("marks") is None else exact(item["marks"]), exact(item["max"]), item.get("status", "live")
        )
        for item in case["items"]
    ]
    unit = exact(case.get("unit", 1))
    percent = case.get("cut_percent")
    form = form_total(items, cut_percent=None if percent is None else exact(percent), unit=unit)
    out = bare(
        index,
        case,
        raw=form.raw,
        max=form.max,
        percent=form.percent,
        cut_raw_exact=form.cut_exact,
        cut_raw_applied=form.cut_applied,
        result=None if form.passed is None else "pass" if form.passed else "fail",
        counts=form.counts,
    )
    if form.passed is None:
        out["reason"] = "no_live_items" if not form.max else "no_cut"
    out["total"] = form.raw
    return out


KINDS_OF_ITEM = re.compile(r"^(?:rank(?P<n>\d+)|pick(?P<k>\d+)(?:of(?P<m>\d+))?)_items$")


def chance_case(index: int, case: Case, data: Case) -> dict[str, Any]:
    """Probability that answers at random reach a cut, for counts of ``rankN_items`` and ``pickK[ofM]_items``."""
    need(case, "cut_raw")
    items: list[FormItem] = []
    for name, count in case.items():
        kind = KINDS_OF_ITEM.match(name)
        if kind is None:
            continue
        if not is_whole(count) or count < 0:
            raise ScoringRefused(f"{name} is {count!r}. Give a whole number of items.")
        if kind["n"]:
            options = [f"o{number}" for number in range(int(kind["n"]))]
            item = FormItem(name, "rank_distance@1", {"order": options}, options)
        else:
            options = [f"o{number}" for number in range(int(kind["m"] or 8))]
            item = FormItem(name, "choose_k@1", {"key": options[: int(kind["k"])]}, options)
        items.extend([item] * count)
    if not any(KINDS_OF_ITEM.match(name) for name in case):
        raise ScoringRefused("The form has no items. Give rank5_items or pick3_items.")
    form = form_chance(items)
    values = {"max": form.max, "p_random_pass": form.p_pass(exact(case["cut_raw"]))}
    return {**bare(index, case), **values, "mean": form.mean, "sd": form.sd}


Marker = Callable[[int, Case, Case], dict[str, Any]]

FORMATS: Mapping[str, Marker] = {
    "rank_n": rank_case,
    "pick_k_of_m": pick_case,
    "most_least": picks_case("motowidlo@1", "best", "worst"),
    "rating_keyed": rating_case,
    "rating_consensus": consensus_case,
    "form_totals": form_case,
    "chance_pass": chance_case,
    "key_stretch": stretch_case,
}

SECTIONS: Mapping[str, Marker] = {
    "effectiveness_difference": picks_case("effectiveness_difference@1", "mean_effectiveness"),
    "three_option_partial": picks_case("three_option_partial@1", "best", "middle", "worst"),
}


def format_of(data: Case) -> str | None:
    """The file's format: as it says, or known by its keys and those of its cases."""
    said = data.get("format")
    if said in FORMATS or said is not None:
        return str(said)
    cases = data.get("cases")
    fields = (
        {name for case in cases if isinstance(case, Mapping) for name in case} if isinstance(cases, list) else set()
    )
    known = (
        ("rating_consensus", "sme" in data or "sme" in fields),
        ("rating_keyed", "matrices" in data or "matrix" in fields),
        ("form_totals", "items" in fields),
        ("chance_pass", "cut_raw" in fields),
        ("key_stretch", "f" in fields),
        ("most_least", "most" in fields),
        ("pick_k_of_m", "pick" in fields or {"key", "options", "response"} <= fields),
        ("rank_n", {"key", "response"} <= fields),
    )
    return next((name for name, holds in known if holds), None)


def score_real_set(data: Case, file: str) -> dict[str, Any]:
    """Six consensus rules over persons and items of a real panel set: ``students`` and ``experts``."""
    experts, students = data["experts"], data["students"]
    every = [value for row in (*experts, *students) for value in row if value is not None]
    scale = data.get("scale") or (min(every), max(every))
    panel = Panel.of(experts, scale)
    if any(len(row) != panel.n_options for row in students):
        wrong = [number for number, row in enumerate(students, 1) if len(row) != panel.n_options]
        faults = [
            Fault(
                file,
                f"students[{n}]",
                "",
                f"{len(students[n - 1])} answers for {panel.n_options} items.",
                "Correct it.",
            )
            for n in wrong
        ]
        raise InputError("The students' answers do not fit the panel's.", faults)
    rules: dict[str, Any] = {}
    for name, scores in item_scores(panel, [read_ratings(row) for row in students]).items():
        known = [mark for row in scores for mark in row if mark is not None]
        complete = [[mark for mark in row if mark is not None] for row in scores if None not in row]
        rules[name] = {
            "mean": sum(known) / len(known) if known else None,
            "alpha": alpha(complete),
            "person_totals": [sum(mark for mark in row if mark is not None) for row in scores],
        }
        if rules[name]["alpha"] is None:
            rules[name]["reason"] = "alpha needs two complete persons, two items and totals that differ"
    return {"rules": rules, "n_persons": len(students), "n_items": panel.n_options, "n_experts": len(experts)}


def score_file(data: Any, file: str = "") -> dict[str, Any]:
    """Mark every case of a file, or refuse it whole.

    Parameters
    ----------
    data : mapping
        The file's JSON, in one of the shapes of the reference sets.
    file : str
        Its name, for messages.

    Returns
    -------
    dict
        The file's sections in its order, each a list with one entry for each case; `Fraction` marks.

    Raises
    ------
    InputError
        The file or a key cannot be used; lists every fault. An invalid *response* is no fault: its entry says so.
    """
    out, faults = mark_file(data, file)
    if faults:
        raise InputError("The file has cases that cannot be marked.", faults)
    return out


def mark_file(data: Any, file: str = "") -> tuple[dict[str, Any], list[Fault]]:
    """Mark every case that can be marked, and list the faults of the others.

    A case whose key cannot be used has status ``invalid`` and reason ``case_refused``.

    Raises
    ------
    InputError
        The file as a whole cannot be read as cases.
    """
    if not isinstance(data, Mapping):
        fault = Fault(file, "", "", "it is not a JSON object.", "See `sjt score --help`.")
        raise InputError("Nothing was marked.", [fault])
    if "students" in data and "experts" in data:
        return score_real_set(data, file), []
    said = format_of(data)
    whole, faults = Faults(file), Faults(file)
    out: dict[str, Any] = {}
    sections = [name for name in data if name == "cases" or name in SECTIONS]
    if not sections:
        whole.add("", "cases", "there are no cases.", "Put them in a list under cases.")
    for section in sections:
        marker = SECTIONS.get(section) or FORMATS.get(said or "")
        cases = data[section]
        if isinstance(cases, Mapping):
            cases = cases.get("cases")
        if marker is None:
            whole.add("", "format", f"{said!r} is not a known format.", f"Use one of {', '.join(FORMATS)}.")
        elif not isinstance(cases, list):
            whole.add("", section, "it is not a list.", "Put the cases in a list.")
        else:
            out[section] = list(_marked(marker, section, cases, data, faults))
    if whole.found:
        raise InputError("Nothing was marked.", [*whole.found, *faults.found])
    return out, faults.found


def _marked(marker: Marker, section: str, cases: list[Any], data: Case, faults: Faults) -> list[dict[str, Any]]:
    out = []
    for index, case in enumerate(cases):
        where = f"{section}[{index}]"
        if not isinstance(case, Mapping):
            faults.add(where, "", "it is not an object.", "Write the case as {…}.")
            out.append(bare(index, {}, "invalid", reason="case_refused"))
            continue
        try:
            out.append(marker(index, case, data))
        except SjtError as error:
            faults.absorb(f"{where} {case['id']}" if "id" in case else where, error)
            out.append(bare(index, case, "invalid", reason="case_refused"))
    return out
