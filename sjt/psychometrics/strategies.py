"""Scripted candidates: people who know a trick and not the job (sjt-science 0b.3).

Each strategy is a function (item, bound rule) → response distribution. All are built from one idea: the candidate
sorts the options into tiers, puts better tiers first, and answers at random within a tier.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, permutations, product
from math import comb
from typing import Any

from sjt.psychometrics.chance import FormItem, Ratings, Responses, Strategy, scale_points
from sjt.psychometrics.scoring_base import ONE, Rule
from sjt.psychometrics.scoring_choice import ChooseK, Picks, SingleGraded
from sjt.psychometrics.scoring_rank import RankDistance
from sjt.psychometrics.scoring_rating import Consensus, RateMatrix

REPORTING = re.compile(
    r"\b(report|refer|escalate|inform|notify|tell|alert|contact|speak|talk|ring|call|ask|take|fetch|pass|hand|send|raise"
    r"|share|email|phone)\w*\b[^.]*"
    r"\b(manager|supervisor|senior|safeguarding lead|dsl|lado|mash|social worker|police|team leader|deputy"
    r"|on[- ]call)\b"
    r"|\breport (it|this|that|what)\b|\b999\b",
    re.IGNORECASE,
)
"""An option that passes the matter to somebody senior or to a service."""

CHILD_WISH = re.compile(
    r"\b(ask|listen|talk|find out|hear|read|sit|let)\w*\b[^.]*\b(what|how|who|which|whether|whatever|where)\b[^.]*"
    r"\b(he|she|they|him|her|them|his|their)\b"
    r"|\b(wants?|wish(es)?|would like|prefers?|chooses?|(his|her|their) (own )?(views?|ideas?|feelings|choice))\b",
    re.IGNORECASE,
)
"""An option that asks for, or goes by, what the child wants. Words only go so far: mark ``features`` to be sure."""

Tiers = Sequence[Sequence[str]]


def tiered_orders(tiers: Tiers) -> list[tuple[str, ...]]:
    """Every order that keeps better tiers first."""
    return [
        tuple(name for part in parts for name in part)
        for parts in product(*(permutations(tier) for tier in tiers if tier))
    ]


def by_tiers(item: FormItem, rule: Rule, tiers: Tiers, ratings: Mapping[str, int] | None = None) -> Responses:
    """Answer from tiers, best first; ratings not named are random. None (all random) where nothing is known."""
    tiers = [list(tier) for tier in tiers if tier]
    if isinstance(rule, RankDistance):
        if len(tiers) < 2:
            return None
        orders = tiered_orders(tiers)
        share = Fraction(1, len(orders))
        return [({name: rank for rank, name in enumerate(order, 1)}, share) for order in orders]
    if isinstance(rule, ChooseK):
        return None if len(tiers) < 2 else _choose(tiers, rule.k)
    if isinstance(rule, RateMatrix | Consensus):
        return None if not ratings else Ratings({name: [(point, ONE)] for name, point in ratings.items()})
    if len(tiers) < 2:
        return None
    if isinstance(rule, Picks):
        pairs = [(most, least) for most in tiers[0] for least in tiers[-1]]
        share = Fraction(1, len(pairs))
        return [({"most": most, "least": least}, share) for most, least in pairs]
    if isinstance(rule, SingleGraded):
        return [(name, Fraction(1, len(tiers[0]))) for name in tiers[0]]
    return None


def _choose(tiers: Tiers, k: int) -> list[tuple[Any, Fraction]]:
    # Whole tiers are taken while they fit; the tier that does not fit gives a random part of itself.
    taken: list[str] = []
    for tier in tiers:
        room = k - len(taken)
        if len(tier) >= room:
            share = Fraction(1, comb(len(tier), room))
            return [([*taken, *part], share) for part in combinations(tier, room)]
        taken.extend(tier)
    return [(taken, ONE)]


def worst_options(rule: Rule) -> list[str]:
    """Options that the key holds worst: what a candidate who only spots the worst can see."""
    if isinstance(rule, RankDistance):
        return list(rule.groups[-1]) if len(rule.groups) > 1 else []
    if isinstance(rule, RateMatrix):
        lowest = min(rule.keyed.values())
        return [name for name, point in rule.keyed.items() if point == lowest]
    if isinstance(rule, Consensus):
        means = {name: rule.mean(name) for name in rule.options}
        return [name for name, mean in means.items() if mean == min(means.values())]
    if isinstance(rule, Picks):
        as_least = rule.values()[1]
        return [name for name in rule.options if as_least[name] == max(as_least.values())]
    if isinstance(rule, SingleGraded):
        values = rule.effectiveness
        return [name for name in rule.options if values[name] == min(values.values())]
    return []


def spot_the_worst(item: FormItem, rule: Rule) -> Responses:
    """Knows the one worst option of each item and nothing else."""
    if isinstance(rule, ChooseK):
        effectiveness = item.key.get("effectiveness")
        if not isinstance(effectiveness, Mapping) or not effectiveness:
            worst = [name for name in item.options if name not in rule.keyed][:1]
        else:
            lowest = min(effectiveness.values())
            worst = [name for name in item.options if effectiveness.get(name) == lowest]
    else:
        worst = worst_options(rule)
    # One of several equally bad options: the candidate sees one of them, and the mark is the same whichever it is.
    worst = worst[:1]
    rest = [name for name in item.options if name not in worst]
    points = scale_points(rule)
    ratings = dict.fromkeys(worst, points[0]) if points else None
    return by_tiers(item, rule, [rest, worst], ratings)


def _matching(item: FormItem, name: str, pattern: re.Pattern[str]) -> list[str]:
    marked = item.features.get(name)
    if marked is not None:
        return [option for option in item.options if option in marked]
    return [option for option in item.options if pattern.search(item.texts.get(option, ""))]


def _first(item: FormItem, rule: Rule, wanted: Sequence[str]) -> Responses:
    rest = [name for name in item.options if name not in wanted]
    points = scale_points(rule)
    return by_tiers(item, rule, [wanted, rest], dict.fromkeys(wanted, points[-1]) if points else None)


def report_first(item: FormItem, rule: Rule) -> Responses:
    """Puts options that report, refer or tell a manager first; features["report_first"] wins over the text."""
    return _first(item, rule, _matching(item, "report_first", REPORTING))


def childs_wish_first(item: FormItem, rule: Rule) -> Responses:
    """Puts options that follow the child's wish first; features["childs_wish_first"] wins over the text."""
    return _first(item, rule, _matching(item, "childs_wish_first", CHILD_WISH))


def longest_option(item: FormItem, rule: Rule) -> Responses:
    """Takes length for quality: longest option best, shortest worst; ratings spread evenly by length."""
    if not item.texts:
        return None
    lengths = {name: len(item.texts.get(name, "")) for name in item.options}
    tiers = [
        [name for name in item.options if lengths[name] == length]
        for length in sorted(set(lengths.values()), reverse=True)
    ]
    points = scale_points(rule)
    ratings = None
    if points and len(tiers) > 1:
        spread = {tier: points[-1] - (points[-1] - points[0]) * tier // (len(tiers) - 1) for tier in range(len(tiers))}
        ratings = {name: spread[tier] for tier, names in enumerate(tiers) for name in names}
    return by_tiers(item, rule, tiers, ratings)


def middle_of_the_scale(item: FormItem, rule: Rule) -> Responses:
    """Rates everything in the middle (either middle point of an even scale); answers other formats at random."""
    points = scale_points(rule)
    if not points:
        return None
    middle = points[(len(points) - 1) // 2 : len(points) // 2 + 1]
    return Ratings({name: [(point, Fraction(1, len(middle))) for point in middle] for name in item.options})


STRATEGIES: Mapping[str, Strategy] = {
    "spot_the_worst": spot_the_worst,
    "report_first": report_first,
    "longest_option": longest_option,
    "middle_of_the_scale": middle_of_the_scale,
    "childs_wish_first": childs_wish_first,
}
"""The scripted candidates every form is tried against."""


def heard(items: Iterable[FormItem], strategies: Mapping[str, Strategy] = STRATEGIES) -> dict[str, int]:
    """Count the items on which each strategy has something to say; on the others it answers at random."""
    listed = [(item, item.bound()) for item in items]
    return {name: sum(run(item, rule) is not None for item, rule in listed) for name, run in strategies.items()}
