"""The shape of a decision about an item, and of a change to be tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DecimalField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from sjt.analysis.model import DECISION_WORDS, Decision


class DecisionForm(FlaskForm):
    decision = RadioField(
        "Decision",
        [InputRequired("Choose what is to become of the item.")],
        choices=[(decision.value, f"{verb}: {rest}") for decision, (verb, rest) in DECISION_WORDS.items()],
    )
    reason = TextAreaField("Reason", [DataRequired("Say why."), Length(max=4000)])

    def to_model(self) -> Decision:
        return Decision(self.decision.data)


class WhatIfForm(FlaskForm):
    item = SelectField("Item", choices=[("", "No item")], default="")
    withdraw = BooleanField("Withdraw it: its marks and its part of the pass mark go")
    key = StringField("Or its key", [Length(max=200)])
    rule = SelectField("Rule of a whole format", choices=[("", "As it is")], default="")
    cut = DecimalField(
        "Move every pass mark by, in marks",
        [Optional(), NumberRange(-500, 500, "The pass mark moves by 500 marks at most.")],
    )

    def offer(self, items: Sequence[tuple[str, str]], rules: Sequence[tuple[str, str]]) -> None:
        """Put this session's items and rules into the lists."""
        self.item.choices = [("", "No item"), *items]
        self.rule.choices = [("", "As it is"), *rules]

    def validate(self, extra_validators: Any = None) -> bool:
        """Something must be asked, and of one item one thing."""
        sound = bool(super().validate(extra_validators))
        key = (self.key.data or "").strip()
        if self.item.data and not (self.withdraw.data or key):
            self.item.errors = [*self.item.errors, "Say what becomes of the item: withdraw it or give its key."]
            sound = False
        if not self.item.data and (self.withdraw.data or key):
            self.item.errors = [*self.item.errors, "Choose the item that changes."]
            sound = False
        if self.withdraw.data and key:
            self.key.errors = [*self.key.errors, "An item is withdrawn or keyed anew, not both."]
            sound = False
        if not (self.item.data or self.rule.data or self.cut.data):
            self.cut.errors = [*self.cut.errors, "Change a key, a rule or the pass mark."]
            sound = False
        return sound

    def to_model(self) -> dict[str, Any]:
        """What the study is asked."""
        asked: dict[str, Any] = {}
        if self.item.data:
            asked["item"] = self.item.data
            asked |= {"withdraw": True} if self.withdraw.data else {"key": (self.key.data or "").strip()}
        if self.rule.data:
            name, _, rule = self.rule.data.partition(" ")
            asked |= {"format": name, "rule": rule}
        if self.cut.data:
            asked["cut"] = float(self.cut.data)
        return asked
