"""The shape of what assessors and awarding officers enter."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional


class HandInForm(FlaskForm):
    day = DateField("Handed in on", [DataRequired("Enter the day, as in 2026-03-14.")])


class GradeForm(FlaskForm):
    outcome = SelectField("Outcome", [DataRequired("Choose an outcome.")])
    reason = TextAreaField("What the grade rests on", [DataRequired("Say what the grade rests on."), Length(max=4000)])

    @classmethod
    def for_outcomes(cls, outcomes: tuple[str, ...], prefix: str) -> GradeForm:
        form = cls(prefix=prefix)
        form.outcome.choices = [("", "Choose"), *((outcome, outcome.capitalize()) for outcome in outcomes)]
        return form


class BookInterviewForm(FlaskForm):
    day = DateField("Day of the interview", [DataRequired("Enter the day, as in 2026-04-20.")])


class NotesForm(FlaskForm):
    notes = TextAreaField("Notes", [Optional(), Length(max=20000)])


class SignForm(FlaskForm):
    grade = HiddenField("Grade", [DataRequired()])
    signed_as = HiddenField("As", [DataRequired()])
