"""Write docs/bank.md, what the shipped bank holds: ``python tools/bank_page.py``; ``--check`` compares.

``--all`` does everything that a changed text or key asks for: the simulated judgements and statistics are made again,
three disjoint forms of each option are built and verified, and their facts (docs/bank-forms.json) and the page
written. ``--many`` then builds forty forms of each option too, which takes minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import fmean
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sjt.authoring.bank import Reading, load  # noqa: E402  the checkout this file lies in, wherever it is called from
from sjt.authoring.checks_bank import best_places, passed_on  # noqa: E402
from sjt.authoring.desk import Desk  # noqa: E402
from sjt.authoring.model import Bank, Format, Scenario  # noqa: E402
from sjt.authoring.readability import measure  # noqa: E402
from sjt.authoring.set_picture import describe, set_picture  # noqa: E402
from sjt.authoring.standard import CORE  # noqa: E402
from sjt.psychometrics.strategies import REPORTING  # noqa: E402

BANK = ROOT / "scenario_bank" / "cypf"
PAGE = ROOT / "docs" / "bank.md"
FORMS = ROOT / "docs" / "bank-forms.json"
DISJOINT, MANY = 3, 40
CLASSES = (CORE, "residential", "community")
SHORT = {"rank": "rank", "choose": "choose", "rate": "rate", "most_least": "most and least", "single": "single",
         "written": "written"}  # fmt: skip
READ_ON = date(2026, 11, 22)
FACTS = ("id", "minutes", "cut", "p_random_pass", "p_strategy_pass")


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> list[str]:
    """Write a Markdown table."""
    lines = ["| " + " | ".join(str(cell) for cell in head) + " |", "|" + " --- |" * len(head)]
    return [*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows), ""]


def options_of(bank: Bank) -> tuple[str, ...]:
    return tuple(bank.standard.option_ids)


def formats(bank: Bank) -> list[str]:
    rows = []
    for second in (False, True):
        for kind in CLASSES:
            own = [s for s in bank.scenarios if s.option == kind]
            items = [item for s in own for item in (s.items[1:] if second else s.items[:1])]
            counts = Counter(item.format for item in items)
            rows.append([kind, "second" if second else "main", *(counts[f] for f in Format), len(items)])
    return table(["scenarios", "item", *(SHORT[f.value] for f in Format), "together"], rows)


def codes(bank: Bank) -> list[str]:
    """Knowledge and skills by primary tag, for each option's scenarios, and in how many settings."""
    lines: list[str] = []
    for letter, name in (("K", "Knowledge"), ("S", "Skills")):
        rows = []
        for code in [s.code for s in bank.standard.statements if s.letter == letter]:
            cells: list[object] = [code]
            for option in options_of(bank):
                if code not in bank.standard.required_by_option[option]:
                    cells += ["–", "–"]
                    continue
                held = [s for s in bank.for_option(option) if code in s.primary_codes()]
                cells += [len(held), len({s.features.setting for s in held})]
            rows.append(cells)
        head = [name, *(f"{option}: {what}" for option in options_of(bank) for what in ("scenarios", "settings"))]
        lines += table(head, rows)
    return lines


def behaviours(bank: Bank) -> list[str]:
    """Behaviours by practice outcome, over the whole bank."""
    outcomes = bank.standard.outcome_ids
    rows = []
    for code in [s.code for s in bank.standard.statements if s.letter == "B"]:
        held = [s for s in bank.scenarios if code in {tag.code for tag in s.ksbs}]
        counts = Counter(outcome for s in held for outcome in s.outcomes)
        rows.append([code, *(counts[o] or "·" for o in outcomes), sum(1 for o in outcomes if counts[o])])
    return table(["Behaviour", *outcomes, "outcomes"], rows)


def places(desk: Desk) -> list[str]:
    rows = []
    for (kind, size), counts in sorted(best_places(desk).items(), key=lambda pair: (pair[0][0].value, pair[0][1])):
        shown = "  ".join(f"{chr(65 + place)} {n}" for place, n in enumerate(counts))
        rows.append([f"{SHORT[kind.value]}, {size} options", sum(counts), shown])
    return table(["format", "best or keyed options counted", "where they stand"], rows)


def people(bank: Bank) -> list[str]:
    named = [person for s in bank.scenarios for person in s.people]
    roles = list(dict.fromkeys(p.role for p in named))
    genders = ("female", "male", "other", "")
    rows = [
        [role, *(sum(p.role == role and p.gender == gender for p in named) for gender in genders)] for role in roles
    ]
    uses = Counter(name for s in bank.scenarios for name in {p.name for p in s.people})
    often = max(uses.values(), default=0)
    lines = table(["role", "female", "male", "another", "not said"], rows)
    marks = ", ".join(
        f"the {what} of {sum(bool(getattr(p, what)) for p in named)}" for what in ("heritage", "disability", "faith")
    )
    return [
        *lines,
        (
            f"{len(named)} people with {len(uses)} different names; no name stands in more than {often} "
            f"scenario{'s' if often > 1 else ''}. "
            f"Where a story says it, it is recorded: {marks}."
        ),
        "",
    ]


def reading(bank: Bank) -> list[str]:
    rows = []
    for kind in CLASSES:
        own = [s for s in bank.scenarios if s.option == kind]
        stories = [m for s in own if (m := measure(s.story))]
        options = [m for s in own for i in s.items if (m := measure([o.text for o in i.options]))]
        rows.append([
            kind, f"{fmean(m.words for m in stories):.0f}", f"{fmean(m.grade for m in stories):.1f}",
            f"{max(m.grade for m in stories):.1f}", f"{fmean(m.ease for m in stories):.0f}",
            f"{fmean(m.grade for m in options):.1f}", f"{max(m.grade for m in options):.1f}",
        ])  # fmt: skip
    head = ["scenarios", "words of a story", "grade", "highest", "ease", "grade of options", "highest"]
    return table(head, rows)


def shortfalls(bank: Bank) -> list[str]:
    """Name every cell that holds less than the bank is meant to."""
    found = []
    for option in options_of(bank):
        for code in bank.standard.required_by_option[option]:
            held = [s for s in bank.for_option(option) if code in s.primary_codes()]
            if not code.startswith("B") and len(held) < 3:
                found.append(f"{code} is primary in {len(held)} scenarios of {option}; three are wanted.")
            elif not code.startswith("B") and len({s.features.setting for s in held}) < 2:
                found.append(f"{code} stands in one setting only, for {option}.")
    for code in [s.code for s in bank.standard.statements if s.letter == "B"]:
        outcomes = {o for s in bank.scenarios if code in {t.code for t in s.ksbs} for o in s.outcomes}
        if len(outcomes) < 4:
            found.append(f"{code} stands in {len(outcomes)} outcomes; four are wanted.")
    for first, ids in features_twice(bank.scenarios):
        found.append(f"{' and '.join(ids)} have the same six features: {', '.join(first)}.")
    return found


def features_twice(scenarios: Iterable[Scenario]) -> list[tuple[tuple[str, ...], list[str]]]:
    """Scenarios that share all six features."""
    held: dict[tuple[str, ...], list[str]] = {}
    for s in scenarios:
        f = s.features
        held.setdefault((f.setting, f.age, f.relation, f.pressure, f.dilemma, f.law), []).append(s.id)
    return [(key, ids) for key, ids in held.items() if len(ids) > 1]


def forms(facts: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, made in facts.items():
        lines += [f"### {name}, {made['asked']} forms", ""]
        if not made["forms"]:
            lines += [f"Not built: {made['why']}", ""]
            continue
        verified = "verified" if made["verified"] else "not verified"
        shown = made["forms"]
        lines += [
            (f"{len(shown)} forms, {made['constraints']} constraints {verified} without a solver. Any two share "
            f"at most {made['overlap']['max']} scenarios ({made['overlap']['mean']:.2f} on average); the most used "
            f"scenario stands in {made['exposure_most']} of {len(shown)}."),
            "",
        ]  # fmt: skip
        if len(shown) <= DISJOINT:
            rows = [
                [
                    f["id"], f"{f['minutes']:.1f}", f["cut"]["exact"], f["cut"]["applied"], f"{f['p_random_pass']:.1e}",
                    " ".join(f"{100 * f['p_strategy_pass'][s]:.2f}" for s in sorted(f["p_strategy_pass"])),
                ]
                for f in shown
            ]  # fmt: skip
            strategies = ", ".join(s.replace("_", " ") for s in sorted(shown[0]["p_strategy_pass"]))
            head = ["form", "minutes", "panel's cut", "pass mark", "P(random pass)", "strategies pass, %"]
            lines += [*table(head, rows), f"The strategies in this order: {strategies}.", ""]
        else:
            worst = max(max(f["p_strategy_pass"].values()) for f in shown)
            random = max(f["p_random_pass"] for f in shown)
            low, high = (end(f["minutes"] for f in shown) for end in (min, max))
            cuts = sorted({f["cut"]["applied"] for f in shown})
            lines += [
                (f"Minutes {low:.1f} to {high:.1f}; pass mark {', '.join(map(str, cuts))}; the luckiest strategy "
                f"passes {100 * worst:.2f} % of the time, random answers at most {random:.1e}."),
                "",
                f"![{made['picture']}](forms-{name}.svg)",
                "",
                made["picture"],
                "",
            ]  # fmt: skip
    return lines


def page(found: Reading, facts: Mapping[str, Any]) -> str:
    """Give docs/bank.md as the bank and the built forms have it."""
    bank = found.bank
    assert bank is not None
    desk = Desk(bank, found, READ_ON)
    told, items = passed_on(desk)
    wider, _ = passed_on(desk, REPORTING)
    short = shortfalls(bank)
    minutes = [f"{o} {sum(s.items[0].minutes for s in bank.for_option(o)):.0f}" for o in options_of(bank)]
    sensitive = set(bank.settings.sensitive_topics)
    shares = [
        f"{sum(bool(sensitive & set(s.topics)) for s in bank.for_option(option))} of "
        f"{sum(1 for _ in bank.for_option(option))} for {option}"
        for option in options_of(bank)
    ]
    same = features_twice(bank.scenarios)
    lines = [
        "# What the shipped bank holds",
        "Written by `python tools/bank_page.py` from `scenario_bank/cypf`; a test compares it with the bank.",
        "",
        (
            f"{len(bank.scenarios)} scenarios for the {bank.settings.title}. **Every key is illustrative**: no panel "
            "of practitioners has set one, and none may release a result outside the demonstration. **Every "
            "judgement and statistic is simulated**: the Angoff panel of ten, the concordance panel of twelve and the "
            "trial are people who do not exist, drawn from each item's own key (`sjt bank simulate-statistics "
            "scenario_bank/cypf --seed 1`). Facilities, pass marks and discriminations below show that the machinery "
            "works and nothing about apprentices. How the texts were read blind, and which seven second items were not "
            "yet: [bank-reading.md](bank-reading.md)."
        ),
        "",
        "## Formats",
        "",
        "A candidate meets the core and one option, eighty scenarios. A form takes one item of each scenario.",
        "",
        *formats(bank),
        "## Coverage",
        "",
        "Knowledge and skills by primary tag, and in how many different settings; three scenarios at least are meant.",
        "",
        *codes(bank),
        "Behaviours by any tag, by practice outcome, in the whole bank; four outcomes at least are meant.",
        "",
        *behaviours(bank),
        "What falls short: " + (" ".join(short) if short else "nothing."),
        "",
        "## Balance",
        "",
        *places(desk),
        (
            f"In {told} of {items} items with one best option ({told / items:.0%}; at most 25 %) that option opens by "
            "passing the matter to a manager, a lead or another agency; by the wider search that the strategy `report "
            f"first` uses, words of that kind stand anywhere in the best option of {wider} ({wider / items:.0%})."
        ),
        "",
        *people(bank),
        "Setting, age, relation, pressure, dilemma and law are recorded for every scenario; "
        + (f"{len(same)} combinations stand twice." if same else "no combination of the six stands twice."),
        "",
        f"Sensitive topics: {', '.join(shares)}. A form holds a quarter at most.",
        "",
        "## Reading and time",
        "",
        *reading(bank),
        (
            f"Flesch-Kincaid grade and Flesch ease. Main items together take, in minutes as their authors expect: "
            f"{', '.join(minutes)}."
        ),
        "",
        "## Forms built from it",
        "",
        (
            "Blueprints `residential-20` and `community-20`: twenty scenarios, rank 7, choose 5, rate 6, written 2; "
            "every code, outcome and area that the plan asks of a form; at most a quarter sensitive; minutes within "
            "two of each other; facilities within a tenth of an item; the same pass mark. Three share no scenario. "
            "`…-20-many`: any two forms share six scenarios at most and none stands in more than a third; every other "
            "constraint is the same. While the seven core scenarios whose main item is most and least or single served "
            "in no form, the bank did not bear forty: used as evenly as can be, two of forty shared 5.3 scenarios on "
            "average, and a walk of 24,000 steps left 17 pairs that shared seven. What mended it: second items for "
            "these seven, rate for 0005, 0009, 0013 and 0016, rank for 0036, 0050 and 0054."
        ),
        "",
        *forms(facts),
    ]
    return "\n".join(lines).rstrip() + "\n"


def build(option: str, count: int, seconds: int) -> dict[str, Any]:
    """Build forms by the commands, verify them, and give their facts; in words why there are none."""
    name = f"{option}-20" + ("-many" if count > DISJOINT else "")
    command = [sys.executable, "-c", "from sjt.cli import main; main()", "forms"]
    with tempfile.TemporaryDirectory() as folder:
        proof = Path(folder) / "PROOF.json"
        made = subprocess.run(
            [*command, "build", str(BANK / "blueprints" / f"{name}.toml"), "--bank", str(BANK), "--forms", str(count),
             "--seconds", str(seconds), "--out", folder, "--json", str(Path(folder) / "summary.json")],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            why = " ".join(made.stderr.split()).replace(str(ROOT), "")
            return {"asked": count, "forms": [], "why": why}
        return facts_of(proof, count)


def facts_of(proof: Path, count: int) -> dict[str, Any]:
    """Verify a proof and keep what the page says of it."""
    command = [sys.executable, "-c", "from sjt.cli import main; main()", "forms", "verify", str(proof)]
    checked = subprocess.run(
        [*command, "--bank", str(BANK)], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    verdict, data = json.loads(checked.stdout), json.loads(proof.read_text(encoding="utf-8"))
    words = ""
    if len(data["forms"]) > DISJOINT:
        picture = ROOT / "docs" / f"forms-{data['blueprint']['id']}.svg"
        picture.write_text(set_picture(data) + "\n", encoding="utf-8")
        words = describe(data)
    return {
        "asked": count,
        "forms": [{key: form[key] for key in FACTS} for form in data["forms"]],
        "overlap": data["overlap"],
        "exposure_most": max(row["forms"] for row in data["exposure"]),
        "constraints": verdict["constraints"],
        "verified": verdict["verified"],
        "picture": words,
        "bank_sha256": data["bank_sha256"],
        "proof_sha256": data["sha256"],
    }


def main() -> int:
    asked = argparse.ArgumentParser(description="Write docs/bank.md.")
    asked.add_argument("--check", action="store_true", help="compare, write nothing")
    asked.add_argument("--all", action="store_true", help="simulate, build and verify three forms an option, write")
    asked.add_argument("--many", action="store_true", help="build and verify forty forms an option too")
    asked.add_argument("--seconds", type=int, default=600, help="last resort of each build")
    asked.add_argument("--proof", action="append", default=[], metavar="BLUEPRINT=PROOF.json",
                       help="take the facts of forms that were built already")  # fmt: skip
    given = asked.parse_args()
    facts: dict[str, Any] = json.loads(FORMS.read_text(encoding="utf-8")) if FORMS.exists() else {}
    if given.all:
        from sjt.authoring.bank import write_files
        from sjt.authoring.simulated_statistics import simulated_files

        bank = load(BANK).bank
        assert bank is not None
        write_files(BANK, simulated_files(bank, seed=1))
    for count, wanted in ((DISJOINT, given.all), (MANY, given.many)):
        for option in ("residential", "community") if wanted else ():
            facts[f"{option}-20" + ("-many" if count == MANY else "")] = build(option, count, given.seconds)
    for pair in given.proof:
        name, _, file = pair.partition("=")
        proof = Path(file)
        facts[name] = facts_of(proof, len(json.loads(proof.read_text(encoding="utf-8"))["forms"]))
    text = page(load(BANK), facts)
    if given.check:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
        print("docs/bank.md is in step." if same else "docs/bank.md is not in step: python tools/bank_page.py")
        return 0 if same else 1
    if given.all or given.many or given.proof:
        FORMS.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
