"""Who gets which form, and in which order: seeded, plain, the same on every machine.

Chance comes from SHA-256 over a seed in words and a counter, never from a library's generator, so that a deal can be
made again in ten years from what the sitting stored. Draws below n use rejection, hence are exactly even.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sjt.authoring.snapshot import Paper, PaperItem, PaperScenario

SCHEME = "sjt.dealing/1"
"""Part of every seed: another way of drawing needs another name, or stored deals could not be made again."""

TRIES = 24
"""Tries for an order unlike a neighbour's; a block of one scenario has only one order."""


class Chance:
    """A stream of even draws from a seed."""

    def __init__(self, *seed: str) -> None:
        # Lengths keep ("ab", "c") and ("a", "bc") apart.
        self._seed = "\x1f".join([SCHEME, *(f"{len(part)}:{part}" for part in seed)]).encode()
        self._counter = 0
        self._pool = 0
        self._bits = 0

    def _take(self, bits: int) -> int:
        while self._bits < bits:
            block = hashlib.sha256(self._seed + self._counter.to_bytes(8, "big")).digest()
            self._counter += 1
            self._pool = self._pool << 256 | int.from_bytes(block, "big")
            self._bits += 256
        self._bits -= bits
        value = self._pool >> self._bits
        self._pool &= (1 << self._bits) - 1
        return value

    def below(self, n: int) -> int:
        """Draw a whole number from 0 to n - 1."""
        if n < 1:
            raise ValueError("There is nothing to draw from.")
        bits = (n - 1).bit_length()
        while True:
            value = self._take(bits) if bits else 0
            if value < n:
                return value

    def shuffled(self, ids: Iterable[str]) -> list[str]:
        """Shuffle by Fisher and Yates; every order is equally likely."""
        out = list(ids)
        for last in range(len(out) - 1, 0, -1):
            other = self.below(last + 1)
            out[last], out[other] = out[other], out[last]
        return out


@dataclass(frozen=True, slots=True)
class Deal:
    """The order one candidate sees: scenario ids, and option ids of every item that has options."""

    seed: str
    sitting: str
    scenarios: tuple[str, ...]
    options: Mapping[str, tuple[str, ...]]
    salt: int = 0
    """How many orders were passed over because a neighbour has them."""


def permutation(
    seed: str, ids: Sequence[str], pinned: Mapping[str, int] | AbstractSet[str] = frozenset()
) -> tuple[str, ...]:
    """Order ids by seed; a pinned id keeps its own place, or stands at the place (from 0) that it is given."""
    if len(set(ids)) != len(ids):
        raise ValueError("An id stands twice.")
    places = dict(pinned) if isinstance(pinned, Mapping) else {name: ids.index(name) for name in ids if name in pinned}
    places = {name: place for name, place in places.items() if name in ids}
    if len(set(places.values())) != len(places) or any(not 0 <= place < len(ids) for place in places.values()):
        raise ValueError("Two ids are pinned to one place, or a place does not exist.")
    # Sorted first: the order does not hang on the order in which somebody listed the ids.
    loose = iter(Chance(seed, "order").shuffled(sorted(name for name in ids if name not in places)))
    by_place = {place: name for name, place in places.items()}
    return tuple(by_place[place] if place in by_place else next(loose) for place in range(len(ids)))


def _block(scenario: PaperScenario) -> str:
    """The format a scenario opens with; scenarios of one format stay together."""
    return scenario.items[0].format.value if scenario.items else ""


def _options(seed: str, item: PaperItem) -> tuple[str, ...]:
    pinned = {option.id for option in item.options if option.pinned}
    return permutation(f"{seed}|{item.id}", item.option_ids(), pinned)


def order_of(seed: str, sitting_id: str, paper: Paper, avoid: Iterable[Deal] = ()) -> Deal:
    """Order a paper for one sitting: blocks of a format in the paper's order, scenarios shuffled inside each.

    ``avoid`` holds the neighbours' deals: an order of scenarios, or of all shared options, is passed over while it
    is one of theirs and another exists; where a paper has too few orders for that, at least the two together differ.
    The salt that was reached is stored with the deal.
    """
    blocks: dict[str, list[str]] = {}
    for scenario in paper.scenarios:
        blocks.setdefault(_block(scenario), []).append(scenario.id)
    others = list(avoid)
    deal = second = None
    for salt in range(TRIES):
        base = f"{seed}|{sitting_id}|{salt}"
        scenarios = tuple(name for kind, ids in blocks.items() for name in permutation(f"{base}|scenarios|{kind}", ids))
        options = {item.id: _options(base, item) for item in paper.items() if item.options}
        deal = Deal(seed, sitting_id, scenarios, options, salt)
        if not any(deal.scenarios == other.scenarios or _same_options(deal, other) for other in others):
            return deal
        if second is None and not any(_same_paper(deal, other) for other in others):
            second = deal
    assert deal is not None
    return second or deal


def _same_paper(one: Deal, other: Deal) -> bool:
    """Tell whether two candidates would see the same page after page."""
    return one.scenarios == other.scenarios and all(
        one.options[item] == other.options[item] for item in one.options if item in other.options
    )


def _same_options(one: Deal, other: Deal) -> bool:
    shared = [item for item in one.options if item in other.options and len(one.options[item]) > 1]
    return bool(shared) and all(one.options[item] == other.options[item] for item in shared)


def deal(
    seed: str,
    seats: Sequence[str],
    forms: Sequence[str],
    neighbours: Iterable[tuple[str, str]],
    *,
    allowed: Mapping[str, Collection[str]] | None = None,
    fixed: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Give every seat a form: no two neighbours the same where the number of forms allows, all forms about as often.

    ``allowed`` narrows the choice of a seat (a resit, another option); ``fixed`` seats have their form already and
    keep it. The seat with the fewest forms left is served first (Brélaz); with two forms or more that never fails on
    any plan of seats that two forms can serve. Where neighbours must share, as few as a further pass can reach do.
    """
    if not forms or len(set(forms)) != len(forms):
        raise ValueError("The forms are missing or stand twice.")
    chance = Chance(seed, "deal")
    order = chance.shuffled(sorted(set(seats)))
    rank = {seat: n for n, seat in enumerate(order)}
    pack = chance.shuffled(sorted(forms))
    packs = {seat: [one for one in pack if allowed is None or one in allowed.get(seat, pack)] for seat in order}
    dealt = {seat: form for seat, form in (fixed or {}).items() if seat in rank}
    if any(not packs[seat] for seat in order if seat not in dealt):
        raise ValueError("A seat may be given none of the forms.")
    beside: dict[str, set[str]] = {seat: set() for seat in order}
    for one, other in neighbours:
        if one in beside and other in beside and one != other:
            beside[one].add(other)
            beside[other].add(one)
    used = dict.fromkeys(pack, 0)
    for form in dealt.values():
        used[form] = used.get(form, 0) + 1
    free = [seat for seat in order if seat not in dealt]

    def place_of(seat: str) -> tuple[int, int, int, str]:
        """Say how soon a seat is served: fewest forms left, most neighbours, then by lot."""
        left = len(set(packs[seat]) - {dealt[other] for other in beside[seat] if other in dealt})
        return left, -len(beside[seat]), rank[seat], seat

    places = {seat: place_of(seat) for seat in free}
    queue = sorted(places.values())
    while queue:
        first = heapq.heappop(queue)
        seat = first[-1]
        if seat in dealt or first != places[seat]:
            continue  # served, or moved up since
        dealt[seat] = _cheapest(seat, beside, dealt, used, packs[seat])
        used[dealt[seat]] += 1
        for other in beside[seat]:
            if other not in dealt:
                places[other] = place_of(other)
                heapq.heappush(queue, places[other])
    _repair(free, beside, dealt, used, packs)
    return {seat: dealt[seat] for seat in seats}


def _cheapest(
    seat: str,
    beside: Mapping[str, set[str]],
    dealt: Mapping[str, str],
    used: Mapping[str, int],
    pack: Sequence[str],
) -> str:
    clashes = dict.fromkeys(pack, 0)
    for other in beside[seat]:
        if dealt.get(other) in clashes:
            clashes[dealt[other]] += 1
    return min(pack, key=lambda form: (clashes[form], used[form], pack.index(form)))


def _repair(
    order: Sequence[str],
    beside: Mapping[str, set[str]],
    dealt: dict[str, str],
    used: dict[str, int],
    packs: Mapping[str, Sequence[str]],
) -> None:
    """Move seats to forms with fewer clashes, or with as few and fewer users, until nothing gets better."""
    for _ in range(20):
        moved = False
        for seat in order:
            now = dealt[seat]
            here = sum(dealt[other] == now for other in beside[seat])
            del dealt[seat]
            used[now] -= 1
            best = _cheapest(seat, beside, dealt, used, packs[seat])
            there = sum(dealt[other] == best for other in beside[seat])
            better = (there, used[best]) < (here, used[now])
            dealt[seat] = best if better else now
            used[dealt[seat]] += 1
            moved = moved or better
        if not moved:
            return


def clashes(dealt: Mapping[str, str], neighbours: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs of neighbours who share a form."""
    return [(a, b) for a, b in neighbours if a in dealt and b in dealt and dealt[a] == dealt[b]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A form drawn from a pool, and how many the draw passed over."""

    form_id: str
    steps: int


def draw(pool: Sequence[str], seed: str, candidate: str, taken: Collection[str] = frozenset()) -> Drawn | None:
    """Draw a form for one candidate by seeded hash; the next free one from there when it is taken.

    The pool's order is its own; the hash only says where to begin, so a draw costs microseconds.
    """
    if not pool:
        return None
    place = int.from_bytes(hashlib.sha256(f"sjt.pool/1|{seed}|{candidate}".encode()).digest(), "big") % len(pool)
    for step in range(len(pool)):
        name = pool[(place + step) % len(pool)]
        if name not in taken:
            return Drawn(name, step)
    return None
