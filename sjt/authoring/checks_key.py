"""Checks of options and keys: how many, complete, in range, reasoned, of one version (L05-L07, L26, L27, L32)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sjt.authoring.bank import key_file, scenario_file
from sjt.authoring.desk import ERROR, WARNING, Desk, rule
from sjt.authoring.finding import Finding
from sjt.authoring.model import (
    RULE_OF_FORMAT,
    ChooseKey,
    Format,
    Item,
    OptionKey,
    RankKey,
    RateKey,
    RubricKey,
    Scenario,
)
from sjt.authoring.prose import content_words, word_count

OPTION_COUNT = {
    Format.RANK: (5, 5),
    Format.CHOOSE: (8, 8),
    Format.RATE: (4, 8),
    Format.MOST_LEAST: (4, 4),
    Format.SINGLE: (4, 5),
    Format.WRITTEN: (0, 0),
}
"""The scoring rules and their chance marks are worked out for these: rank 5, choose 3 of 8, 4 to 8 ratings."""

CHOOSE = 3
WHY_WORDS = 12
RESTATED = 0.6
"""Share of a reason's own words that already stand in the option; above it the reason says nothing new."""
MAX_PRIMARY = 2
MAX_SECONDARY = 2
EFFECTIVE = 3
INEFFECTIVE = 1


@rule("L05", "The number of options fits the format")
def option_count(desk: Desk) -> Iterator[Finding]:
    for scenario, item in desk.items():
        low, high = OPTION_COUNT[item.format]
        count = len(item.options)
        if not low <= count <= high:
            wanted = f"{low}" if low == high else f"{low} to {high}"
            yield desk.on(
                "L05", ERROR, scenario, f"{item.id} is {item.format} and has {count} options.",
                f"Give it {wanted}.", "options", item=item,
            )  # fmt: skip
        yield from _fields(desk, scenario, item)


def _fields(desk: Desk, scenario: Scenario, item: Item) -> Iterator[Finding]:
    needs = {Format.CHOOSE: "choose", Format.RATE: "scale", Format.WRITTEN: "max_words"}
    examples = {"choose": f"choose = {CHOOSE}", "scale": 'scale = "appropriateness-4"', "max_words": "max_words = 150"}
    for format_, name in needs.items():
        given = getattr(item, name) is not None
        if item.format is format_ and not given:
            yield desk.on("L05", ERROR, scenario, f"{item.id} has no {name}.", f"Add {examples[name]}.", item=item)
        elif item.format is not format_ and given:
            yield desk.on(
                "L05",
                ERROR,
                scenario,
                f"{item.id} is {item.format}, which has no {name}.",
                "Remove it.",
                name,
                item=item,
            )
    if item.choose is not None and item.format is Format.CHOOSE and item.choose != CHOOSE:
        yield desk.on(
            "L05", ERROR, scenario, f"{item.id} asks for {item.choose} of {len(item.options)} options.",
            f"Ask for {CHOOSE}; the chance mark is worked out for {CHOOSE} of 8.", "choose", item=item,
        )  # fmt: skip
    if item.scale is not None and item.scale not in desk.bank.settings.scales:
        known = ", ".join(desk.bank.settings.scales) or "none"
        yield desk.on(
            "F04", ERROR, scenario, f"bank.toml has no scale {item.scale}.", f"Use one of: {known}.", "scale", item=item
        )


@rule("L06", "The key is complete, a permutation and in range")
def key_complete(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        keys = desk.keys(scenario)
        if keys is None:
            if key_file(scenario.folder) in desk.reading.places:
                continue  # key.toml is there and has faults of its own, which are reported
            yield desk.on(
                "L06",
                ERROR,
                scenario,
                f"{scenario.id} has no key.",
                f'Write key.toml with scenario = "{scenario.id}".',
                "id",
            )
            continue
        known = {item.id for item in scenario.items}
        for item_id in keys.items:
            if item_id not in known:
                yield desk.on_key(
                    "L06", ERROR, scenario, f"{item_id} is no item of {scenario.id}.",
                    "Remove its key, or correct the item's id.", item_id, item=item_id,
                )  # fmt: skip
        for item in scenario.items:
            key = keys.items.get(item.id)
            if key is None:
                yield desk.on_key(
                    "L06", ERROR, scenario, f"{item.id} has no key.", f"Add a table [{item.id}].", item=item.id
                )
            elif key.rule != RULE_OF_FORMAT[item.format]:
                yield desk.on_key(
                    "L06", ERROR, scenario, f"{item.id} is {item.format} and its rule is {key.rule}.",
                    f"Use {RULE_OF_FORMAT[item.format]}.", item.id, "rule", item=item.id,
                )  # fmt: skip
            elif isinstance(key, RubricKey):
                yield from _rubric_key(desk, scenario, item, key)
            else:
                yield from _option_key(desk, scenario, item, key)


def _option_key(desk: Desk, scenario: Scenario, item: Item, key: OptionKey) -> Iterator[Finding]:
    options = set(item.option_ids)

    def fault(part: str, message: str, remedy: str) -> Finding:
        return desk.on_key("L06", ERROR, scenario, f"{item.id}: {message}", remedy, item.id, part, item=item.id)

    def compare(part: str, named: list[str], *, whole: bool) -> Iterator[Finding]:
        for twice in sorted(option for option, n in Counter(named).items() if n > 1):
            yield fault(part, f"{part} names {twice} twice.", "Name each option once.")
        for unknown in sorted(set(named) - options):
            yield fault(part, f"{part} names {unknown}, which is no option.", "Use the ids of the item's options.")
        missing = sorted(options - set(named)) if whole else []
        if missing:
            yield fault(part, f"{part} leaves out {', '.join(missing)}.", "Give every option.")

    if isinstance(key, RankKey):
        yield from compare("order", [option for group in key.order for option in group], whole=True)
        if any(not group for group in key.order):
            yield fault("order", "order holds an empty list.", "Remove it; one inner list is one place.")
        if len(key.order) == 1:
            yield fault("order", "every option is tied.", "Put apart at least the best and the worst.")
    if isinstance(key, ChooseKey):
        yield from compare("key", list(key.key), whole=False)
        if item.choose is not None and len(key.key) != item.choose:
            yield fault(
                "key", f"key has {len(key.key)} options and the item asks for {item.choose}.", "Make them equal."
            )
    if isinstance(key, RateKey):
        yield from compare("key", list(key.key), whole=True)
        yield from _ratings(desk, scenario, item, key)
    if key.effectiveness:
        yield from compare("effectiveness", list(key.effectiveness), whole=True)
        yield from _contradictions(desk, scenario, item, key)
    else:
        yield desk.on_key(
            "L06", WARNING, scenario, f"{item.id} gives no effectiveness.",
            "Add effectiveness from 0 to 4 for every option; item analysis uses it.", item.id, item=item.id,
        )  # fmt: skip


def _ratings(desk: Desk, scenario: Scenario, item: Item, key: RateKey) -> Iterator[Finding]:
    scale = desk.bank.settings.scales.get(item.scale or "")
    matrix = desk.bank.settings.matrices.get(key.matrix)
    if matrix is None:
        known = ", ".join(desk.bank.settings.matrices) or "none"
        yield desk.on_key(
            "F04", ERROR, scenario, f"bank.toml has no matrix {key.matrix}.", f"Use one of: {known}.",
            item.id, "matrix", item=item.id,
        )  # fmt: skip
    if scale is None:
        return
    top = len(scale.points)
    if matrix is not None and len(matrix.by_distance) != top:
        yield desk.on_key(
            "L06", ERROR, scenario,
            f"{item.id}: matrix {key.matrix} has {len(matrix.by_distance)} distances and the scale {top} points.",
            "Use a matrix with one mark for each distance.", item.id, "matrix", item=item.id,
        )  # fmt: skip
    for option, value in key.key.items():
        if not 1 <= value <= top:
            yield desk.on_key(
                "L06", ERROR, scenario, f"{item.id}: the rating of {option} is {value}, outside 1 to {top}.",
                "Use a point of the scale.", item.id, "key", option, item=item.id,
            )  # fmt: skip


def _contradictions(desk: Desk, scenario: Scenario, item: Item, key: OptionKey) -> Iterator[Finding]:
    """Find an option that the key puts before another and the effectiveness behind it."""
    value = key.effectiveness
    if isinstance(key, RankKey):
        pairs = [
            (better, worse)
            for place, group in enumerate(key.order)
            for better in group
            for later in key.order[place + 1 :]
            for worse in later
        ]
    elif isinstance(key, ChooseKey):
        pairs = [(better, worse) for better in key.key for worse in item.option_ids if worse not in key.key]
    elif isinstance(key, RateKey):
        pairs = [(a, b) for a, high in key.key.items() for b, low in key.key.items() if high > low]
    else:
        pairs = []
    for better, worse in pairs:
        if value.get(better, 4) < value.get(worse, 0):
            yield desk.on_key(
                "L06", ERROR, scenario,
                f"{item.id}: the key puts {better} above {worse}, their effectiveness says the opposite "
                f"({value[better]} and {value[worse]}).",
                "Decide which is better and correct the other line.", item.id, "effectiveness", better, item=item.id,
            )  # fmt: skip


def _rubric_key(desk: Desk, scenario: Scenario, item: Item, key: RubricKey) -> Iterator[Finding]:
    def fault(part: str, message: str, remedy: str) -> Finding:
        return desk.on_key("L06", ERROR, scenario, f"{item.id}: {message}", remedy, item.id, part, item=item.id)

    rubric = desk.bank.rubrics.get(key.rubric)
    if rubric is None:
        known = ", ".join(desk.bank.rubrics) or "none"
        yield desk.on_key(
            "F04", ERROR, scenario, f"There is no rubric {key.rubric}.", f"Use one of: {known}.",
            item.id, "rubric", item=item.id,
        )  # fmt: skip
        return
    criteria = {criterion.id for criterion in rubric.criteria}
    for unknown in sorted(set(key.look_for) - criteria):
        yield fault("look_for", f"look_for names {unknown}, no criterion of {rubric.id}.", "Use the rubric's criteria.")
    for missing in sorted(name for name in criteria if not key.look_for.get(name, "").strip()):
        yield fault("look_for", f"look_for leaves out {missing}.", "Say what a good answer to this scenario shows.")
    top = max(len(criterion.anchors) for criterion in rubric.criteria) - 1
    levels = Counter(exemplar.level for exemplar in key.exemplars)
    for level in range(top + 1):
        if levels[level] < 2:
            yield fault("exemplars", f"level {level} has {levels[level]} exemplars.", "Give two short answers a level.")
    for level in sorted(set(levels) - set(range(top + 1))):
        yield fault("exemplars", f"level {level} is not in the rubric.", f"Use 0 to {top}.")


@rule("L07", "Every option has a reason, every scenario its codes")
def reasons_and_codes(desk: Desk) -> Iterator[Finding]:
    for scenario, item, key in desk.option_keys():
        for option in item.options:
            why = key.why.get(option.id, "")
            count = word_count(why)
            if not count:
                yield desk.on_key(
                    "L07", ERROR, scenario, f"{item.id}: option {option.id} has no reason.",
                    f"Say in [{item.id}.why] what it achieves, what it risks and why its neighbour ranks lower.",
                    item.id, "why", item=item.id,
                )  # fmt: skip
            elif count < WHY_WORDS:
                yield desk.on_key(
                    "L07", ERROR, scenario, f"{item.id}: the reason for {option.id} has {count} words.",
                    f"Write at least {WHY_WORDS}: what it achieves for the person, the risk, who decides.",
                    item.id, "why", option.id, item=item.id,
                )  # fmt: skip
            elif _restates(why, option.text):
                yield desk.on_key(
                    "L07", ERROR, scenario, f"{item.id}: the reason for {option.id} restates the option.",
                    "Say why it is good or bad, not what it is.", item.id, "why", option.id, item=item.id,
                )  # fmt: skip
        for unknown in sorted(set(key.why) - set(item.option_ids)):
            yield desk.on_key(
                "L07", ERROR, scenario, f"{item.id}: a reason is given for {unknown}, which is no option.",
                "Remove it, or correct the letter.", item.id, "why", unknown, item=item.id,
            )  # fmt: skip
    for scenario in desk.scenarios:
        yield from _codes(desk, scenario)


def _restates(why: str, option: str) -> bool:
    said, own = set(content_words(option)), set(content_words(why))
    return bool(own) and len(own & said) / len(own) > RESTATED


def _codes(desk: Desk, scenario: Scenario) -> Iterator[Finding]:
    standard = desk.bank.standard
    allowed = standard.allowed_codes(scenario.option)
    for number, tag in enumerate(scenario.ksbs):
        if tag.code not in standard.codes:
            yield desk.on(
                "L07",
                ERROR,
                scenario,
                f"The standard has no code {tag.code}.",
                "Use a code of standard.json.",
                "ksbs",
                number,
            )
        elif tag.code not in allowed:
            yield desk.on(
                "L07", ERROR, scenario, f"{tag.code} does not belong to option {scenario.option}.",
                "Use a code of the option, or change the option.", "ksbs", number,
            )  # fmt: skip
    for twice in sorted(code for code, n in Counter(tag.code for tag in scenario.ksbs).items() if n > 1):
        yield desk.on("L07", ERROR, scenario, f"{twice} is tagged twice.", "Keep one tag.", "ksbs")
    primary, secondary = len(scenario.primary_codes()), len(scenario.secondary_codes())
    if not 1 <= primary <= MAX_PRIMARY:
        yield desk.on(
            "L07", ERROR, scenario, f"The scenario has {primary} primary codes.",
            f"Give one or {MAX_PRIMARY}: those that tell its options apart.", "ksbs",
        )  # fmt: skip
    if secondary > MAX_SECONDARY:
        yield desk.on(
            "L07",
            ERROR,
            scenario,
            f"The scenario has {secondary} secondary codes.",
            f"Keep at most {MAX_SECONDARY}.",
            "ksbs",
        )


@rule("L26", "The options of an item span good and bad")
def valence(desk: Desk) -> Iterator[Finding]:
    for scenario, item, key in desk.option_keys():
        values = desk.effectiveness(item, key).values()
        if not values:
            continue
        if max(values) < EFFECTIVE:
            yield desk.on_key(
                "L26", ERROR, scenario, f"{item.id} has no effective option.",
                f"Key at least one option at {EFFECTIVE} or 4.", item.id, item=item.id,
            )  # fmt: skip
        if min(values) > INEFFECTIVE:
            yield desk.on_key(
                "L26", ERROR, scenario, f"{item.id} has no ineffective option.",
                f"Key at least one option at 0 or {INEFFECTIVE}.", item.id, item=item.id,
            )  # fmt: skip


@rule("L27", "A key separates only what can be told apart")
def separable(desk: Desk) -> Iterator[Finding]:
    for scenario, item, key in desk.option_keys():
        if not isinstance(key, RankKey) or not key.effectiveness:
            continue
        for group, following in zip(key.order, key.order[1:], strict=False):
            for first in group:
                for second in following:
                    if key.effectiveness.get(first) == key.effectiveness.get(second, -1):
                        yield desk.on_key(
                            "L27", WARNING, scenario,
                            f"{item.id} ranks {first} above {second}, and both have "
                            f"effectiveness {key.effectiveness[first]}.",
                            f"Tie them ([\"{first}\", \"{second}\"]), or give them different effectiveness.",
                            item.id, "order", item=item.id,
                        )  # fmt: skip


@rule("L32", "The key was set on the text as it stands")
def version_drift(desk: Desk) -> Iterator[Finding]:
    for scenario in desk.scenarios:
        keys = desk.keys(scenario)
        if keys is None or keys.set_on == f"sha256:{scenario.sha256}":
            continue
        if not keys.set_on:
            yield desk.on_key(
                "L32", ERROR, scenario, "set_on is empty.",
                "When scenario.md is as the key means it, run: sjt bank stamp.", "set_on",
            )  # fmt: skip
        else:
            again = "re-panel it" if keys.status == "panelled" else "read the key against the new text"
            yield desk.on_key(
                "L32", ERROR, scenario, f"{scenario_file(scenario.folder)} has changed since this key was set.",
                f"Its statistics and key are void: {again}, write set_on = \"\" and run: sjt bank stamp.", "set_on",
            )  # fmt: skip
