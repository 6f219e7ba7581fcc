"""The shape of what people type about pass marks."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from flask_wtf import FlaskForm
from wtforms import DecimalField, SelectField, SelectMultipleField, StringField, TextAreaField
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
