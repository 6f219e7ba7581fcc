"""The shape of what people type about pass marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DecimalField,
    Field,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget


class PanelForm(FlaskForm):
    title = StringField("What the panel is for", [DataRequired("Say what the panel is for."), Length(max=200)])
    forms = SelectMultipleField(
        "Forms to judge",
        [DataRequired("Choose at least one form.")],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description="Each live item of these forms is judged once, in marks of the form.",
    )
    judges = SelectMultipleField(
        "Judges",
        [DataRequired("Choose at least one judge.")],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description="Ten to fifteen are recommended.",
    )


class RatingForm(FlaskForm):
    rating = DecimalField(
        "Mark of the borderline candidate",
        [InputRequired("Enter a mark, such as 13 or 13.5.")],
        places=None,
    )

    def to_model(self) -> Fraction:
        value = self.rating.data
        assert isinstance(value, Decimal)
        return Fraction(value)


class ProposeForm(FlaskForm):
    source = SelectField("Judgements", [DataRequired("Choose whose judgements the pass mark rests on.")])
    reason = TextAreaField("Reason or remarks", [Optional(), Length(max=2000)])


KINDS: Final = (
    ("key", "Another key: everybody is marked anew by it"),
    ("credit", "Full marks for everybody who met it, whatever they answered"),
)


class CorrectionForm(FlaskForm):
    """Another key for an item, or credit; one field for each option's reason comes with `of`."""

    kind = RadioField(
        "What becomes of the question",
        [InputRequired("Choose what becomes of the question.")],
        choices=list(KINDS),
    )
    key = StringField("Key", [Length(max=200)])
    levels = StringField("How good each option is, 0 to 4", [Length(max=200)])
    reason = TextAreaField(
        "Why the key is corrected",
        [
            DataRequired("Say what was wrong and how it was found."),
            Length(min=20, max=4000, message="Say in 20 to 4000 characters what was wrong and how it was found."),
        ],
        description="Officers read it before they sign, and it stands on the record.",
    )

    @classmethod
    def of(cls, options: Sequence[str]) -> CorrectionForm:
        """Make the form of one item."""
        fields: dict[str, Any] = {
            f"why_{option}": TextAreaField(f"Why {option} stands where it does", [Length(max=2000)])
            for option in options
        }
        made: CorrectionForm = type("CorrectionForm", (cls,), fields)()
        if not options:
            made.kind.choices = [KINDS[1]]
        return made

    def begin(self, key: str, levels: str, why: Mapping[str, str]) -> None:
        """Fill in what a new correction begins with."""
        self.kind.data = "key" if self.why_fields() else "credit"
        self.key.data, self.levels.data = key, levels
        for option, words in why.items():
            field = self.why_field(option)
            if field is not None:
                field.data = words

    def why_field(self, option: str) -> Field | None:
        found: Field | None = self._fields.get(f"why_{option}")
        return found

    def why_fields(self) -> list[Field]:
        return [field for name, field in self._fields.items() if name.startswith("why_")]

    def reasons(self) -> dict[str, str]:
        """Give each option's reason as typed; an empty one is told by the checks."""
        return {field.name.removeprefix("why_"): (field.data or "").strip() for field in self.why_fields()}

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for a key where there is to be another."""
        sound = bool(super().validate(extra_validators))
        if self.kind.data == "key" and not (self.key.data or "").strip():
            self.key.errors = [*self.key.errors, "Write the key that is right."]
            sound = False
        return sound


class ReawardForm(FlaskForm):
    reason = TextAreaField(
        "Why results change",
        [DataRequired("Say why results change."), Length(min=20, max=1000, message="Say it in 20 to 1000 characters.")],
        description="It stands on the statement of everybody whose result changes.",
    )
    spare = BooleanField("A pass that was released stands", default=True)
