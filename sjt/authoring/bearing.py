"""What a bank can bear of a blueprint, by counting alone: cells that are short, how many forms, what a form adds up to.

Plain Python and quick, so that a page can say it while somebody edits. Every bound holds whatever a solver finds:
what is called short here is short; what passes here may still prove impossible, and the solver's job says so.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from sjt.authoring.assembly import AssemblyBank, AssemblySpec, Band, Count
from sjt.authoring.forms import FEW_FORMS
from sjt.authoring.shortfall_words import listed, plural, write_words

MOST = 100
"""Forms up to which a set's caps are tried out."""
PARTITIONS = ("option", "demand")
"""Attributes of which every scenario has exactly one value, so that they can be set against the formats."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One counted value: what a form needs, what the bank holds, how many forms that would do with nothing shared."""

    attr: str
    value: str
    low: int
    high: int | None
    have: int
    forms: int | None
    """None: a form needs none, so the cell limits nothing."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that no form, or not so many forms, can have; in words."""

    constraint: str
    message: str


@dataclass(frozen=True, slots=True)
class Reach:
    """What the sum of a number over a form can be, and what the blueprint asks of it."""

    attr: str
    least: Fraction
    expected: Fraction
    most: Fraction
    low: Fraction | None = None
    high: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Bearing:
    """The answer for one blueprint and one number of forms."""

    cells: tuple[Cell, ...]
    lacks: tuple[Lack, ...]
    reaches: tuple[Reach, ...]
    apart: int
    """Forms that share nothing, at most."""
    apart_by: str
    """Which cell decides that."""
    at_caps: int
    """Forms under the blueprint's caps on overlap and exposure, at most; ``MOST`` means that or more."""
    usable: int
    """Scenarios that may be used."""


def bear(
    bank: AssemblyBank, spec: AssemblySpec, forms: int, *, overlap_max: int | None, exposure_max: float | None
) -> Bearing:
    """Count what a bank can bear of one form's ``spec``, and of so many forms under the caps."""
    banned = set(spec.banned)
    usable = [s for s in range(len(bank.scenarios)) if s not in banned]
    holding = {count.name: _holding(bank, count, banned) for count in spec.counts}
    anchored = set(spec.anchors)
    cells = tuple(_cell(count, holding[count.name], anchored) for count in spec.counts)
    anchors = len(anchored)
    limits = [(cell.forms, f"{cell.attr} {cell.value}") for cell in cells if cell.forms is not None]
    if spec.length > anchors:
        limits.append(((len(usable) - anchors) // (spec.length - anchors), "the number of scenarios"))
    apart, apart_by = min(limits, default=(MOST, ""))
    caps = _Caps(bank, spec, holding, len(usable), overlap_max, exposure_max)
    fitting = [n for n in range(1, MOST + 1) if apart >= 1 and not caps.broken(n)]
    lacks = [*_single(bank, spec, cells, holding)]
    named = {lack.constraint.partition("=")[0] for lack in lacks}
    lacks += _formats_by_value(bank, spec, banned, [attr for attr in PARTITIONS if attr not in named])
    reaches = tuple(_reaches(bank, spec, banned))
    lacks += [lack for reach in reaches for lack in _out_of_reach(reach)]
    if not lacks:
        lacks += caps.broken(forms)
        if spec.reserve and apart < 2:
            text = f"A reserve form shares nothing with the others, and {apart_by} serves {plural(apart, 'such form')}."
            lacks.append(Lack("reserve", f"{text} Write more of them, or build no reserve."))
    return Bearing(cells, tuple(lacks), reaches, apart, apart_by, max(fitting, default=0), len(usable))


def _holding(bank: AssemblyBank, count: Count, banned: set[int]) -> tuple[int, ...]:
    """Scenarios that can serve a count; where items are counted, a scenario once for each."""
    tags = bank.tags[count.attr]
    found = [s for i, s in enumerate(bank.scenario_of) if count.value in tags[i] and s not in banned]
    return tuple(sorted(set(found) if count.of_scenarios else found))


def _cell(count: Count, held: Sequence[int], anchors: set[int]) -> Cell:
    anchored = sum(s in anchors for s in held)
    wanted = count.low - anchored
    forms = (len(held) - anchored) // wanted if wanted > 0 else None
    return Cell(count.attr, count.value, count.low, count.high, len(held), forms)


def _without_relatives(held: Iterable[int], spec: AssemblySpec) -> int:
    """How many of these one form can hold: of each family the scenario that serves most often."""
    family = {s: n for n, group in enumerate(spec.groups) for s in group}
    best: dict[tuple[str, int], int] = {}
    for s, n in Counter(held).items():
        name = ("family", family[s]) if s in family else ("scenario", s)
        best[name] = max(best.get(name, 0), n)
    return sum(best.values())


def _single(
    bank: AssemblyBank, spec: AssemblySpec, cells: Iterable[Cell], holding: Mapping[str, Sequence[int]]
) -> Iterable[Lack]:
    """What one form cannot have: too few of a kind, or only relatives of each other, or only in formats not wanted."""
    formats = {c.value: c.low for c in spec.counts if c.attr == "format"}
    kinds: list[Counter[str]] = [Counter() for _ in bank.scenarios]
    for i, s in enumerate(bank.scenario_of):
        kinds[s].update(bank.tags["format"][i])
    for cell in cells:
        held = holding[f"{cell.attr}={cell.value}"]
        alone = _without_relatives(held, spec)
        if cell.have < cell.low:
            yield Lack(f"{cell.attr}={cell.value}", write_words("scenario", cell.attr, cell.value, cell.low, cell.have))
        elif alone < cell.low:
            text = write_words("scenario", cell.attr, cell.value, cell.low, alone)
            yield Lack(f"{cell.attr}={cell.value}", f"{text} {cell.have - alone} more are relatives of these.")
        elif cell.attr != "format" and cell.low:
            there: Counter[str] = Counter()
            for one in held:
                there.update(kinds[one])
            room = {kind: min(n, there[kind]) for kind, n in formats.items()}
            if (most := sum(room.values())) < cell.low:
                rest = sorted(kind for kind, n in formats.items() if room[kind] < n)
                text = (
                    f"Write {plural(cell.low - most, 'more scenario')} with {cell.attr} {cell.value} and an item of "
                    f"format {listed(rest)}: a form needs {cell.low} and has room for {most} of the {cell.have} there."
                )
                yield Lack(f"{cell.attr}={cell.value}", text)
    reach = _without_relatives((s for s in range(len(bank.scenarios)) if s not in set(spec.banned)), spec)
    if reach < spec.length:
        yield Lack("scenarios", write_words("scenario", "", "", spec.length, reach))


def _formats_by_value(bank: AssemblyBank, spec: AssemblySpec, banned: set[int], attrs: Iterable[str]) -> Iterable[Lack]:
    """Set the formats against an attribute that parts the bank: a scenario serves one format and one value at once."""
    formats = {c.value: c.low for c in spec.counts if c.attr == "format" and c.low}
    if sum(formats.values()) != spec.length:
        return  # scenarios with two items: a scenario may serve two formats
    for attr in attrs:
        counts = [c for c in spec.counts if c.attr == attr]
        if not counts:
            continue
        values = bank.scenario_tags(attr)
        kinds = bank.scenario_tags("format")
        high = {c.value: spec.length if c.high is None else c.high for c in counts}
        low = {c.value: c.low for c in counts}
        flow = _Flow()
        for s, own in enumerate(values):
            if s in banned:
                continue
            flow.add(("in", s), ("out", s), 1)
            for kind in kinds[s]:
                flow.add(("format", kind), ("in", s), 1)
            for value in own:
                flow.add(("out", s), ("value", value), 1)
        all_values = sorted({v for own in values for v in own} | set(high))
        for value in all_values:
            flow.add(("value", value), "sink", high.get(value, spec.length))
        for kind, n in formats.items():
            flow.add("source", ("format", kind), n)
        missing = spec.length - flow.run()
        if missing:
            near = flow.reached()
            scarce = sorted(kind for kind in formats if ("format", kind) in near)
            open_ = [v for v in all_values if ("value", v) not in near]
            yield Lack(f"format × {attr}", _cross_words(missing, scarce, attr, open_, spec.length - missing))
            continue
        flow = _Flow()
        for s, own in enumerate(values):
            if s in banned:
                continue
            flow.add(("in", s), ("out", s), 1)
            for value in own:
                flow.add(("value", value), ("in", s), 1)
            for kind in kinds[s]:
                flow.add(("out", s), ("format", kind), 1)
        for value, n in low.items():
            flow.add("source", ("value", value), n)
        for kind, n in formats.items():
            flow.add(("format", kind), "sink", n)
        missing = sum(low.values()) - flow.run()
        if missing and sum(low.values()) <= spec.length:
            near = flow.reached()
            scarce = sorted(v for v in low if ("value", v) in near)
            open_ = sorted(kind for kind in formats if ("format", kind) not in near)
            yield Lack(f"{attr} × format", _cross_words(missing, open_, attr, scarce, sum(low.values()) - missing))


def _cross_words(missing: int, kinds: Sequence[str], attr: str, values: Sequence[str], placed: int) -> str:
    if not kinds or not values:
        return f"The counts of formats and of {attr} leave no room for each other: {missing} too many. Change one."
    return (
        f"Write {plural(missing, 'more scenario')} with {attr} {listed(values)} and an item of format {listed(kinds)}: "
        f"the counts of formats and of {attr} together can be met for {placed} only."
    )


def _reaches(bank: AssemblyBank, spec: AssemblySpec, banned: set[int]) -> Iterable[Reach]:
    """Sums of a form of these formats: the smallest, the largest, and what a form drawn at random would have."""
    formats = {c.value: c.low for c in spec.counts if c.attr == "format" and c.low}
    bands: dict[str, Band] = {band.attr: band for band in spec.bands}
    for attr in ("minutes", "facility", "discrimination", "angoff", *(b for b in bands if b not in _USUAL)):
        if attr not in bank.numbers:
            continue
        least = expected = most = Fraction(0)
        for kind, n in formats.items():
            own = sorted(
                bank.numbers[attr][i]
                for i, tags in enumerate(bank.tags["format"])
                if kind in tags and bank.scenario_of[i] not in banned
            )
            if len(own) < n:
                break
            least += sum(own[:n], Fraction(0))
            most += sum(own[-n:], Fraction(0))
            expected += n * sum(own, Fraction(0)) / len(own)
        else:
            band = bands.get(attr)
            yield Reach(attr, least, expected, most, band.low if band else None, band.high if band else None)


_USUAL = frozenset({"minutes", "facility", "discrimination", "angoff"})


def _out_of_reach(reach: Reach) -> Iterable[Lack]:
    if reach.low is not None and reach.most < reach.low:
        text = (
            f"No form reaches {float(reach.low):g} {reach.attr}: the most is {float(reach.most):.2f}. Lower the band."
        )
        yield Lack(reach.attr, text)
    if reach.high is not None and reach.least > reach.high:
        text = f"Every form has over {float(reach.high):g} {reach.attr}: the least is {float(reach.least):.2f}."
        yield Lack(reach.attr, f"{text} Raise the band.")


class _Caps:
    """Whether so many forms can keep the caps on overlap and exposure, by counting uses and pairs."""

    def __init__(
        self,
        bank: AssemblyBank,
        spec: AssemblySpec,
        holding: Mapping[str, Sequence[int]],
        usable: int,
        overlap_max: int | None,
        exposure_max: float | None,
    ) -> None:
        self.overlap_max = overlap_max
        self.exposure_max = exposure_max
        anchors = set(spec.anchors)
        self.kinds: list[tuple[str, int, int]] = []
        """What is counted, how many a form needs beside the anchors, how many there are."""
        if spec.length > len(anchors):
            self.kinds.append(("scenarios", spec.length - len(anchors), usable - len(anchors)))
        for count in spec.counts:
            anchored = sum(s in anchors for s in holding[count.name])
            if count.low > anchored:
                have = len(holding[count.name]) - anchored
                self.kinds.append((f"scenarios with {count.attr} {count.value}", count.low - anchored, have))
        formats = {c: set(holding[c.name]) for c in spec.counts if c.attr == "format"}
        once = sum(len(held) for held in formats.values()) == len(set().union(*formats.values()))
        exact = sum(c.low for c in formats) == spec.length
        need = [(c.low - len(held & anchors), len(held - anchors)) for c, held in formats.items()]
        self.parts = [(n, have) for n, have in need if n > 0] if once and exact else []
        """The formats, where each scenario has one alone: sharing is least when spread evenly inside each."""

    def broken(self, forms: int) -> list[Lack]:
        """Say which caps so many forms cannot keep."""
        lacks = []
        most = forms
        if self.overlap_max == 0 and forms > 1:
            most = 1
        elif self.exposure_max is not None and forms > FEW_FORMS:
            most = max(1, floor(Fraction(repr(self.exposure_max)) * forms))
        for name, need, have in self.kinds:
            if forms * need > have * most:
                short = -(-forms * need // most) - have
                cap = "share nothing" if self.overlap_max == 0 else f"use each in {most} at most"
                text = (
                    f"Write {short} more {name}, or build fewer forms: {plural(forms, 'form')} that {cap} need "
                    f"{have + short}, the bank holds {have} that may be used."
                )
                lacks.append(Lack("forms:use", text))
        if not lacks and self.overlap_max and forms > 1:
            cells = self.parts or [(need, have) for _, need, have in self.kinds[:1]]
            pairs = forms * (forms - 1) // 2
            shared = sum(_least_shared(forms * n, have) for n, have in cells)
            if shared > self.overlap_max * pairs:
                text = (
                    f"Let two forms share {-(-shared // pairs)} scenarios in place of {self.overlap_max}, or build "
                    f"fewer: {plural(forms, 'form')} share {shared / pairs:.1f} on average, however they are built."
                )
                lacks.append(Lack("use.overlap_max", text))
        return lacks


def _least_shared(uses: int, scenarios: int) -> int:
    """Pairs of forms that meet in a scenario, summed over scenarios, when the uses are spread evenly."""
    if scenarios <= 0:
        return 0
    each, more = divmod(uses, scenarios)
    return scenarios * (each * (each - 1) // 2) + more * each


class _Flow:
    """A largest flow by shortest augmenting paths; as many units as a form has scenarios."""

    def __init__(self) -> None:
        self.room: dict[object, dict[object, int]] = {}

    def add(self, a: object, b: object, n: int) -> None:
        self.room.setdefault(a, {})[b] = self.room.setdefault(a, {}).get(b, 0) + n
        self.room.setdefault(b, {}).setdefault(a, 0)

    def run(self) -> int:
        total = 0
        while (came := self._paths()) and "sink" in came:
            at: object = "sink"
            while at != "source":
                before = came[at]
                self.room[before][at] -= 1
                self.room[at][before] += 1
                at = before
            total += 1
        return total

    def reached(self) -> set[object]:
        """Everything that still has room to flow to: the source's side of the narrowest cut."""
        return set(self._paths())

    def _paths(self) -> dict[object, object]:
        came: dict[object, object] = {"source": "source"}
        queue: deque[object] = deque(["source"])
        while queue and "sink" not in came:
            at = queue.popleft()
            for to, room in self.room.get(at, {}).items():
                if room > 0 and to not in came:
                    came[to] = at
                    queue.append(to)
        return came
