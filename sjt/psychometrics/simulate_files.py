"""The files that ``sjt simulate`` writes about a cohort: what an analyst would get, and the truth beside it."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

import sjt
from sjt.errors import InputError
from sjt.psychometrics.simulate import (
    BORDERLINE_THETA,
    expected_mark,
    named_rng,
    plain,
    response_json,
    written_text,
)
from sjt.psychometrics.simulate_cohort import Cohort
from sjt.psychometrics.simulate_judges import angoff_rows, panel_rows

MARKER_COLUMNS = ("person", "item", "marker", "role", "criterion", "level")
START = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
"""First moment of the simulated session; a fixed date, so that a seed repeats byte for byte."""


def truth(cohort: Cohort) -> dict[str, Any]:
    """What was true: abilities, item parameters, planted faults."""
    return {
        "seed": cohort.seed,
        "version": sjt.__version__,
        "model": "P(k) ∝ exp(k·slope·θ + intercept_k); θ of a scenario's items = ability + N(0, testlet_sd²)",
        "borderline_theta": BORDERLINE_THETA,
        "persons": [
            {"person": name, "theta": float(value), "group": group}
            for name, value, group in zip(cohort.persons, cohort.theta, cohort.group)
        ],
        "items": [
            {
                "item": item.id,
                "format": item.format,
                "slope": item.model.slope,
                "steps": item.model.steps.tolist(),
                "intercepts": item.model.intercepts.tolist(),
                "marks": [plain(mark) for mark in item.model.marks],
                "testlet_sd": item.testlet_sd,
                "borderline_mark": expected_mark(item, BORDERLINE_THETA),
            }
            for item in cohort.items
        ],
        "planted": cohort.planted,
    }


def write_files(cohort: Cohort, out: Path) -> list[Path]:
    """Write RESPONSES.csv, ITEMS.csv, RAW.csv, ANSWERS.jsonl, angoff.csv, panel.csv, markers.csv and truth.json.

    Raises
    ------
    InputError
        The folder cannot be made or written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        return [
            _write_responses(cohort, out / "RESPONSES.csv"),
            _write_items(cohort, out / "ITEMS.csv"),
            *_write_answers(cohort, out / "RAW.csv", out / "ANSWERS.jsonl"),
            _write_rows(out / "angoff.csv", angoff_rows(cohort.items, seed=cohort.seed)),
            _write_rows(out / "panel.csv", panel_rows(cohort.items, seed=cohort.seed)),
            _write_rows(out / "markers.csv", cohort.marker_rows, MARKER_COLUMNS),
            _write_truth(cohort, out / "truth.json"),
        ]
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}. Choose another place.") from error


def _write_truth(cohort: Cohort, path: Path) -> Path:
    text = json.dumps(truth(cohort), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _write_rows(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns or rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _write_responses(cohort: Cohort, path: Path) -> Path:
    minutes = np.where(cohort.presented, cohort.ms, 0).sum(axis=1) / 60000
    words = {-1: "omitted", -2: "not_reached"}
    columns = []
    for i in range(len(cohort.items)):
        text = {mark: str(plain(mark)) for mark in np.unique(cohort.marks[:, i]).tolist() if mark == mark}
        columns.append(
            [
                "" if mark != mark else words.get(given) or text[mark]
                for mark, given in zip(cohort.marks[:, i].tolist(), cohort.response[:, i].tolist())
            ]
        )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["person", *(item.id for item in cohort.items), "@form", "@centre", "@group", "@minutes"])
        spent = [f"{value:.1f}" for value in minutes]
        writer.writerows(zip(cohort.persons, *columns, cohort.form, cohort.centre, cohort.group, spent))
    return path


def _write_items(cohort: Cohort, path: Path) -> Path:
    rows = []
    for item in cohort.items:
        key = cohort.scored_keys.get(item.id, item.key)
        told = {name: value for name, value in key.items() if name not in ("why", "exemplars", "look_for")}
        rows.append(
            {
                "item": item.id,
                "min": 0,
                "max": plain(float(item.max)),
                "chance": round(float(item.chance), 10),
                "testlet": item.scenario,
                "format": item.format,
                "key": json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            }
        )
    return _write_rows(path, rows)


def _write_answers(cohort: Cohort, raw: Path, answers: Path) -> list[Path]:
    rng = named_rng(cohort.seed, "texts")
    texts = [[response_json(item, one) for one in item.responses] for item in cohort.items]
    with raw.open("w", encoding="utf-8", newline="") as raw_file, answers.open("w", encoding="utf-8") as jsonl:
        writer = csv.writer(raw_file, lineterminator="\n")
        writer.writerow(["person", "form", "item", "response", "first_seen", "last_changed"])
        for p, person in enumerate(cohort.persons):
            now = START
            for i, item in enumerate(cohort.items):
                given = int(cohort.response[p, i])
                if not cohort.presented[p, i] or given == -2:
                    continue
                spent = int(cohort.ms[p, i])
                if given == -1:
                    text = "null"
                elif item.format == "written":
                    levels = item.responses[given]["criteria"]
                    text = response_json(item, {"text": written_text(rng, item, levels)})
                else:
                    text = texts[i][given]
                later = now + timedelta(milliseconds=spent)
                writer.writerow([person, cohort.form[p], item.id, text, _iso(now), _iso(later)])
                jsonl.write(f'{{"person":"{person}","item":"{item.id}","response":{text},"ms":{spent}}}\n')
                now = later
    return [raw, answers]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
