"""The shape of what is typed into delivery's pages."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired


class EnterForm(FlaskForm):
    code = StringField("Access code", [DataRequired("Enter the code on your slip.")])
    pin = StringField("Room PIN", [DataRequired("Enter the room PIN. The invigilator shows it.")])
