"""The synthetic instance of performance.md section 3: 600 items, forms of 60, 40 ranges, 80 enemy pairs, 150 sets."""

from __future__ import annotations

import random
from typing import Any


def instance(seed: int, items: int = 600, length: int = 60, delta: float = 0.05) -> dict[str, Any]:
    """Return one instance in the shape of ``reference/ata``, its ranges drawn around the bank's own make-up."""
    chance = random.Random(seed)
    bank: list[dict[str, Any]] = []
    for n in range(items):
        code, facility = f"C{chance.randrange(22):02d}", min(0.95, max(0.35, chance.gauss(0.7, 0.11)))
        bank.append(
            {
                "id": f"I{n:03d}",
                "code": code,
                "format": chance.choice(["rank5", "pick3", "rate", "most", "single"]),
                "domain": f"D{chance.randrange(8)}",
                "minutes": round(chance.uniform(1.2, 2.8), 2),
                "facility": round(facility, 3),
                "angoff": round(min(0.95, max(0.3, facility - 0.08 + chance.gauss(0, 0.06))), 3),
                "words": round(chance.gauss(120, 25) / 100, 3),
                "reading": round(chance.gauss(0.6, 0.1), 3),
                "disc": round(max(0.02, chance.gauss(0.22, 0.09)), 3),
            }
        )
    blueprint: dict[str, dict[str, list[int]]] = {}
    for attr, slack in (("code", 2), ("format", 3), ("domain", 2)):
        blueprint[attr] = {}
        for value in sorted({row[attr] for row in bank}):
            expected = length * sum(row[attr] == value for row in bank) / items
            blueprint[attr][value] = [max(0, int(expected) - slack), int(expected) + slack + 1]
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < 80:
        a, b = chance.sample(range(items), 2)
        pairs.add((min(a, b), max(a, b)))
    # Scenario sets of two to four items, of which a form takes at most one: every pair of a set are enemies.
    loose = list(range(items))
    chance.shuffle(loose)
    for _ in range(150):
        members = [loose.pop() for _ in range(chance.randint(2, 4))]
        pairs |= {(min(a, b), max(a, b)) for a in members for b in members if a != b}
    targets = [
        {"attr": attr, "value": round(length * sum(row[attr] for row in bank) / items, 3), "weight": 1.0}
        for attr in ("facility", "angoff", "words", "reading")
    ]
    middle = length * sum(row["minutes"] for row in bank) / items
    return {
        "name": f"section3-{seed}",
        "spec": {
            "forms": 1, "n": length, "minutes": [round(middle - 2, 2), round(middle + 2, 2)], "blueprint": blueprint,
            "enemies": sorted([list(pair) for pair in pairs]), "anchors": [], "max_use": 1, "targets": targets,
            "delta": delta,
        },
        "bank": bank,
    }  # fmt: skip
