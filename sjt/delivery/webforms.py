"""The shape of what is typed into delivery's pages."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, NumberRange, Optional

from sjt.delivery.model import IncidentCategory


class EnterForm(FlaskForm):
    code = StringField("Access code", [DataRequired("Enter the code on your slip.")])
    pin = StringField("Room PIN", [DataRequired("Enter the room PIN. The invigilator shows it.")])


class ActForm(FlaskForm):
    """One deed with its reason: a line from a list, words, or both."""

    reason = StringField("Reason")
    reason_text = StringField("In your words")
    minutes = IntegerField("Minutes", [Optional(), NumberRange(0, 600, "Give whole minutes from 0 to 600.")])
    percent = IntegerField("Per cent", [Optional(), NumberRange(0, 200, "Give a whole percentage from 0 to 200.")])
    once = StringField("Once")

    def why(self) -> str:
        """Give the whole reason, as the record keeps it."""
        parts = [(self.reason.data or "").strip(), (self.reason_text.data or "").strip()]
        return ": ".join(part for part in parts if part)[:1000]


class IncidentForm(FlaskForm):
    category = SelectField("What kind", choices=[(one.value, one.value.capitalize()) for one in IncidentCategory])
    text = StringField("What happened", [DataRequired("Say what happened.")])
    sitting = StringField("Seat")


class ResolveForm(FlaskForm):
    resolution = StringField("How it was resolved", [DataRequired("Say how it was resolved.")])
