"""Seeded generator of valid banks of any size: real folder layout, invented content, judgements and statistics."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sjt.authoring.bank import load_files
from sjt.authoring.checks import Report
from sjt.authoring.import_export import Prepared, content_sha256
from sjt.paths import resource_root

WORTH = {"rank": 20, "choose": 12, "rate": 20, "most_least": 8, "single": 4, "written": 12}
SHARE = {"rank": 0.74, "choose": 0.62, "rate": 0.66, "most_least": 0.68, "single": 0.65, "written": 0.55}
"""Mean judged share of an item's marks, above chance for each format."""
MIX: Mapping[str, int] = {"rank": 7, "choose": 5, "rate": 6, "written": 2}
"""Formats of twenty scenarios."""
FIRST = {"core": 1, "residential": 101, "community": 201}


@dataclass(frozen=True)
class BankWritten:
    """Where a generated bank lies and how many scenarios of each scope it has."""

    folder: Path
    scenarios: Mapping[str, int]


def write_bank(
    folder: Path,
    *,
    core: int = 20,
    residential: int = 8,
    community: int = 0,
    seed: int = 1,
    mix: Mapping[str, int] = MIX,
    judges: int = 8,
    answers: int = 60,
    enemies: int = 2,
) -> BankWritten:
    """Write a bank that loads; same arguments, same bytes. ``judges=0`` and ``answers=0`` leave those files out."""
    chance = random.Random(seed)
    source = resource_root() / "scenario_bank" / "cypf"
    for part in ("plans", "rubrics"):
        shutil.copytree(source / part, folder / part)
    for part in ("bank.toml", "standard.json"):
        shutil.copy(source / part, folder / part)
    if (source / "framework.json").exists():
        shutil.copy(source / "framework.json", folder / "framework.json")
    standard = json.loads((folder / "standard.json").read_text(encoding="utf-8"))
    items: list[tuple[str, str, str]] = []
    step = 1_000 if max(core, residential, community) <= 999 else 100_000
    for scope, n in (("core", core), ("residential", residential), ("community", community)):
        codes = [s["code"] for s in standard["statements"] if s["scope"] == scope and s["kind"] != "behaviour"]
        areas = [a["id"] for a in standard["optionAreas"] if a["option"] == scope]
        formats = _formats(mix, n, chance)
        for k in range(n):
            name = f"cypf-{FIRST[scope] + k if n <= 99 else step * (list(FIRST).index(scope) + 1) + k:04d}"
            foe = f"cypf-{FIRST[scope] + k - 1:04d}" if 0 < k <= enemies and n <= 99 else ""
            text = _scenario(name, scope, k, formats[k], codes, areas, foe, chance)
            where = folder / "scenarios" / f"{name}-generated"
            where.mkdir(parents=True)
            (where / "scenario.md").write_text(text, encoding="utf-8")
            digest = hashlib.sha256(text.encode()).hexdigest()
            (where / "key.toml").write_text(_key(name, formats[k], digest, chance), encoding="utf-8")
            items.append((f"{name}-a", formats[k], digest))
    if judges:
        _write_judgements(folder / "judgements" / "angoff-simulated.csv", items, judges, chance)
    if answers:
        _write_statistics(folder / "statistics" / "simulated.csv", items, answers, chance)
    return BankWritten(folder, {"core": core, "residential": residential, "community": community})


def _formats(mix: Mapping[str, int], n: int, chance: random.Random) -> list[str]:
    whole = sum(mix.values())
    out = [kind for kind, share in mix.items() for _ in range(round(share * n / whole) + 1)]
    chance.shuffle(out)
    # Whatever rounding left over goes, kinds that are there most often first.
    while len(out) > n:
        out.remove(max(mix, key=lambda kind: out.count(kind) / mix[kind]))
    return out


def _scenario(
    name: str,
    scope: str,
    k: int,
    kind: str,
    codes: Sequence[str],
    areas: Sequence[str],
    foe: str,
    chance: random.Random,
) -> str:
    primary = [codes[(2 * k) % len(codes)], codes[(2 * k + 1) % len(codes)]]
    tags = [f'{{code = "{c}", role = "primary", shows = "A and B differ in it"}}' for c in dict.fromkeys(primary)]
    tags += [f'{{code = "B{(k + n) % 6 + 1}", role = "secondary", shows = "C shows it"}}' for n in range(2)]
    letters = {"rank": "ABCDE", "choose": "ABCDEFGH", "rate": "ABCDE", "most_least": "ABCD", "single": "ABCDE"}
    lines = [
        "+++",
        'schema = "sjt.scenario/1"',
        f'id = "{name}"',
        f'title = "Generated {name}"',
        f'option = "{scope}"',
        f'outcomes = ["PO{k % 8 + 1}"]',
        *([f'areas = ["{areas[k % len(areas)]}"]'] if areas else []),
        'demand = "3"',
        "ksbs = [" + ", ".join(tags) + "]",
        f'enemies = ["{foe}"]' if foe else "enemies = []",
        'author = "generator"',
        'source = "generated for tests, simulated"',
        "[[items]]",
        f'id = "{name}-a"',
        f'format = "{kind}"',
        'ask = "What do you do?"',
        f"minutes = {round(chance.uniform(2.6, 3.3), 1)}",
    ]
    if kind == "written":
        lines.append("max_words = 150")
    else:
        options = ", ".join(f'{{id = "{letter}", text = "Act {letter} of {name}"}}' for letter in letters[kind])
        lines.append(f"options = [ {options} ]")
    if kind == "choose":
        lines.append("choose = 3")
    if kind == "rate":
        lines.append('scale = "appropriateness-4"')
    return "\n".join([*lines, "+++", "", f"A story made for {name}.", ""])


def _key(name: str, kind: str, digest: str, chance: random.Random) -> str:
    head = [
        'schema = "sjt.key/1"',
        f'scenario = "{name}"',
        'status = "illustrative"',
        f'set_on = "sha256:{digest}"',
        f"[{name}-a]",
    ]
    if kind == "rank":
        order = list("ABCDE")
        chance.shuffle(order)
        body = ['rule = "rank_distance@1"', "order = [" + ", ".join(f'["{o}"]' for o in order) + "]"]
    elif kind == "choose":
        keyed = sorted(chance.sample("ABCDEFGH", 3))
        marks = ", ".join(f"{o} = {4 if o in keyed else chance.randint(0, 2)}" for o in "ABCDEFGH")
        body = ['rule = "choose_k@1"', f"key = {json.dumps(keyed)}", f"effectiveness = {{{marks}}}"]
    elif kind == "rate":
        marks = ", ".join(f"{o} = {chance.randint(1, 4)}" for o in "ABCDE")
        body = ['rule = "rate_matrix@1"', 'matrix = "near_miss"', f"key = {{{marks}}}"]
    elif kind == "written":
        body = ['rule = "rubric@1"', 'rubric = "four-criteria"']
    else:
        values = [0, 4, 1, 2, 3] if kind == "single" else [0, 4, 1, 2]
        chance.shuffle(values)
        marks = ", ".join(f"{o} = {v}" for o, v in zip("ABCDE", values, strict=False))
        rule = "single_graded@1" if kind == "single" else "most_least_graded@1"
        body = [f'rule = "{rule}"', f"effectiveness = {{{marks}}}"]
    return "\n".join([*head, *body, ""])


def _write_judgements(path: Path, items: Sequence[tuple[str, str, str]], judges: int, chance: random.Random) -> None:
    path.parent.mkdir()
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["judge", "round", "item", "max", "rating"])
        lenient = [chance.gauss(0, 0.02) for _ in range(judges)]
        for item, kind, _ in items:
            top = WORTH[kind]
            share = SHARE[kind] + chance.gauss(0, 0.04)
            for j in range(judges):
                mark = top * min(0.98, max(0.05, share + lenient[j] + chance.gauss(0, 0.05)))
                out.writerow([f"judge-{j + 1:02d}", 1, item, top, round(2 * mark) / 2])


def _write_statistics(path: Path, items: Sequence[tuple[str, str, str]], answers: int, chance: random.Random) -> None:
    path.parent.mkdir()
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["item", "scenario_sha256", "name", "value", "se", "n", "source", "date"])
        for item, kind, digest in items:
            facility = min(0.95, SHARE[kind] + 0.08 + chance.gauss(0, 0.05))
            rows: list[tuple[str, float, float | str]] = [("facility", round(facility, 4), 0.02)]
            rows.append(("discrimination", round(chance.uniform(0.1, 0.4), 3), 0.1))
            rows.append(("sd", round(WORTH[kind] * chance.uniform(0.13, 0.2), 3), ""))
            for name, value, se in rows:
                out.writerow([item, digest, name, value, se, answers, "simulated", "2026-11-01"])


def blueprint_text(
    *, name: str = "generated", option: str = "residential", scenarios: int = 20, formats: Mapping[str, int] = MIX,
    overlap: int | None = 6, exposure: float | None = 0.33, minutes: tuple[float, float] = (50, 68), extra: str = "",
) -> str:  # fmt: skip
    """Write a blueprint for a generated bank."""
    marks = "\n".join(f"{kind} = {WORTH[kind]}" for kind in formats)
    counts = "\n".join(f"{kind} = {n}" for kind, n in formats.items())
    use = (f"overlap_max = {overlap}\n" if overlap is not None else "") + (
        f"exposure_max = {exposure}\n" if exposure is not None else ""
    )
    return (
        f'schema = "sjt.blueprint/1"\nid = "{name}"\nbank = "cypf"\noption = "{option}"\nscenarios = {scenarios}\n'
        f"minutes = [{minutes[0]}, {minutes[1]}]\n{extra}\n[marks]\n{marks}\n[counts.format]\n{counts}\n"
        f'[maximise]\nattr = "discrimination"\n[use]\n{use}'
    )


def unchecked(files: Mapping[str, bytes]) -> Prepared:
    """Make a generated bank ready for the database: its invented words would not pass the editorial checks."""
    reading = load_files(dict(files))
    assert reading.bank is not None
    return Prepared(files, content_sha256(files), reading, Report((), (), len(reading.bank.scenarios)))
