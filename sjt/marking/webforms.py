"""The shape of a mark: a level and a reason for each criterion of the rubric at hand."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from sjt.marking.rubric import MIN_REASON, Rubric


class MarkForm(FlaskForm):
    unsafe = TextAreaField("Unsafe practice, if any: which words led to it", [Optional(), Length(max=1000)])

    def levels(self, rubric: Rubric) -> dict[str, int | None]:
        chosen = {criterion.id: self[f"level_{criterion.id}"].data for criterion in rubric.criteria}
        return {name: int(value) if value not in (None, "", "None") else None for name, value in chosen.items()}

    def reasons(self, rubric: Rubric) -> dict[str, str]:
        return {criterion.id: self[f"reason_{criterion.id}"].data or "" for criterion in rubric.criteria}


def mark_form(rubric: Rubric) -> MarkForm:
    """Make the form for this rubric."""
    fields: dict[str, object] = {}
    for criterion in rubric.criteria:
        title = criterion.title
        fields[f"level_{criterion.id}"] = RadioField(
            title,
            [DataRequired(f"{title}: choose a level.")],
            choices=[(str(level), f"{level}: {anchor}") for level, anchor in enumerate(criterion.anchors)],
        )
        fields[f"reason_{criterion.id}"] = TextAreaField(
            f"Reason, {title.lower()}",
            [
                DataRequired(f"{title}: say what in the answer led to this level."),
                Length(min=MIN_REASON, message=f"{title}: say a little more, at least {MIN_REASON} characters."),
            ],
        )
    made: type[MarkForm] = type("RubricMarkForm", (MarkForm,), fields)
    return made()


class SecondMarkForm(FlaskForm):
    reason_text = TextAreaField("Reason", [DataRequired("Say why in a few words."), Length(max=500)])


class TieForm(FlaskForm):
    kind = SelectField("I worked with", choices=[("employer", "an employer"), ("provider", "a training provider")])
    name = StringField("Its name", [DataRequired("Enter the name."), Length(max=200)])
