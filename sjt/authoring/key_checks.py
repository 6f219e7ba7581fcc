"""Another key for an item that was published: the bank's own checks, run on that one item, every fault at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from sjt.authoring import checks_key
from sjt.authoring.bank import Reading
from sjt.authoring.desk import Desk
from sjt.authoring.finding import Finding
from sjt.authoring.model import (
    RULE_OF_FORMAT,
    Bank,
    BankSettings,
    Format,
    Item,
    ItemKey,
    KeySet,
    Matrix,
    Option,
    OptionKey,
    RubricKey,
    Scale,
    Scenario,
)
from sjt.authoring.snapshot import PaperItem, SecretItem
from sjt.authoring.standard import CORE, Standard
from sjt.errors import Fault

STORY: Final = "item-0001"
ITEM: Final = "item-0001-a"
"""What the item is called while it is checked: a bank's ids have a form of their own."""

_KEYS: Final[TypeAdapter[OptionKey | RubricKey]] = TypeAdapter(ItemKey)


def key_table(shown: PaperItem, held: SecretItem, table: Mapping[str, Any], why: Mapping[str, str]) -> dict[str, Any]:
    """Give a key as ``key.toml`` would have it: the item's rule, the table and the reasons."""
    return {**table, "rule": RULE_OF_FORMAT[held.format], "why": dict(why)}


def key_faults(
    shown: PaperItem, held: SecretItem, table: Mapping[str, Any], why: Mapping[str, str], *, today: date
) -> list[Fault]:
    """Say all that the bank's checks would refuse in another key of a published item; empty if nothing."""
    try:
        key = _KEYS.validate_python(key_table(shown, held, table, why))
    except ValidationError as error:
        return [_shape(held, one) for one in error.errors()]
    desk = _desk(shown, held, key, today)
    checks = (checks_key.key_complete, checks_key.reasons_and_codes, checks_key.valence)
    return [_fault(held, one) for check in checks for one in _of_item(check(desk))]


def _of_item(found: Iterator[Finding]) -> Iterator[Finding]:
    """Keep the errors about the item: the codes of its scenario were checked when the form was published."""
    return (one for one in found if one.is_error and one.item)


def _shape(held: SecretItem, error: Any) -> Fault:
    place = [str(part) for part in error["loc"] if str(part) != held.rule]
    field = ".".join(place) or "key"
    return Fault("", held.id, field, f"{error['msg']}.".replace("..", "."), "Write it as key.toml has it.")


def _fault(held: SecretItem, one: Finding) -> Fault:
    message = one.message.removeprefix(f"{ITEM}: ").replace(f"{ITEM} has", "It has")
    field = "reasons" if one.rule == "L07" else "key"
    return Fault("", held.id, field, message[:1].upper() + message[1:], one.remedy.replace(ITEM, held.id))


def _desk(shown: PaperItem, held: SecretItem, key: OptionKey | RubricKey, today: date) -> Desk:
    """Lay the one item out as a bank of its own."""
    item = Item(
        id=ITEM,
        format=Format(held.format),
        ask=shown.ask,
        minutes=1.0,
        options=tuple(Option(id=one.id, text=one.text, pinned=one.pinned) for one in shown.options),
        choose=shown.choose,
        scale="scale" if shown.scale else None,
        max_words=shown.max_words,
    )
    scenario = Scenario(
        id=STORY,
        title="Item",
        option=CORE,
        outcomes=(),
        demand="any",
        ksbs=(),
        author="any",
        source="any",
        items=(item,),
        story="",
        folder=STORY,
        sha256="0" * 64,
    )
    matrices = held.settings.get("matrices", {})
    settings = BankSettings(
        id="bank",
        title="Bank",
        plan="plan",
        keys="panelled",
        scales={"scale": Scale(points=tuple(one.label for one in shown.scale.points))} if shown.scale else {},
        matrices={name: Matrix(by_distance=tuple(one["by_distance"])) for name, one in matrices.items()},
    )
    standard = Standard(
        schema="sjt.occupational-standard/1",
        id="standard",
        title="Standard",
        level=1,
        options=(),
        statements=(),
        practice_outcomes=(),
        required_by_option={},
    )
    keys = KeySet(scenario=STORY, status="panelled", items={ITEM: key})
    bank = Bank(settings=settings, standard=standard, scenarios=(scenario,), keys={STORY: keys})
    return Desk(bank, Reading({}, bank, ()), today)
