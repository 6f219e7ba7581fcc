"""Which kinds of new scenarios must go together: marginal needs placed on the fewest scenarios, and what of it matters.

The elastic program says how many scenarios to write and how many of them need each value of each attribute. Where
the needs are more than the scenarios, one scenario must meet several at once: the joint cell that is short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

Kind = tuple[str, str]
"""An attribute and a value."""


def spread(needs: Mapping[Kind, int], n: int, partitions: Iterable[str]) -> dict[tuple[Kind, ...], int]:
    """Place needs on ``n`` scenarios, so that as few as possible must meet two; give how many meet what.

    A scenario has one value of an attribute that is a partition; of others it may have several.
    """
    alone = set(partitions)
    slots: list[list[Kind]] = [[] for _ in range(n)]
    attrs: dict[str, list[tuple[Kind, int]]] = {}
    for kind, count in sorted(needs.items()):
        attrs.setdefault(kind[0], []).append((kind, min(count, n)))
    for attr in sorted(attrs, key=lambda a: (a not in alone, -sum(count for _, count in attrs[a]), a)):
        for kind, count in sorted(attrs[attr], key=lambda one: (-one[1], one[0])):
            free = [k for k in range(n) if attr not in alone or all(held[0] != attr for held in slots[k])]
            free.sort(key=lambda k: (len(slots[k]), slots[k], k))
            for k in free[:count]:
                slots[k].append(kind)
    found: dict[tuple[Kind, ...], int] = {}
    for slot in slots:
        if slot:
            key = tuple(sorted(slot))
            found[key] = found.get(key, 0) + 1
    return found


def what_matters(
    cells: Mapping[tuple[Kind, ...], int],
    values: Mapping[str, Sequence[str]],
    would_do: Callable[[Mapping[str, Sequence[str]]], bool],
) -> tuple[dict[tuple[Kind, ...], int], dict[str, tuple[str, ...]]]:
    """Leave out of cells what may be anything, name what may not, and tell what else may stand for a value.

    ``values`` holds the values of each attribute that is a partition; ``would_do`` says whether as many scenarios are
    enough when each has one of these values of these attributes.
    """
    found = dict(cells)
    instead: dict[str, tuple[str, ...]] = {}
    for attr, known in values.items():
        good = [value for value in known if would_do({attr: [value]})]
        if not good:
            continue  # they must differ in it: what the program chose stays
        named = {value for kinds in found for a, value in kinds if a == attr}
        kept = [] if len(good) == len(known) else [(attr, min(good, key=lambda value: (value not in named, value)))]
        less: dict[tuple[Kind, ...], int] = {}
        for kinds, n in found.items():
            key = tuple(sorted([*(kind for kind in kinds if kind[0] != attr), *kept]))
            less[key] = less.get(key, 0) + n
        found = less
        if kept:
            instead[attr] = tuple(good)
    if found and all(found) and would_do(instead):
        return found, instead
    return dict(cells), {}
