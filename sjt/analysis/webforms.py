"""The shape of a decision about an item."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

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
