"""The shape of what people type about banks and forms."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import IntegerField, RadioField, SelectField, SubmitField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional

from sjt.authoring.sets import MOST_FORMS


class ImportForm(FlaskForm):
    archive = FileField(
        "The bank, as a .zip file",
        [FileRequired("Choose the .zip file of the bank.")],
        description="The folder that holds bank.toml, packed. At most 32 MB.",
    )
    only_check = SubmitField("Check file")
    put = SubmitField("Check and import")


class NewSetForm(FlaskForm):
    blueprint = SelectField("Blueprint", [InputRequired("Choose a blueprint.")])
    forms = IntegerField(
        "Number of forms",
        [
            InputRequired("Enter how many forms to build."),
            NumberRange(1, MOST_FORMS, f"Enter a number from 1 to {MOST_FORMS}."),
        ],
        default=2,
        description="Parallel forms that are built together.",
    )
    seed = IntegerField(
        "Seed",
        [InputRequired("Enter a seed."), NumberRange(0, 2**31 - 1, "Enter a whole number of zero or more.")],
        default=1,
        description="The same bank, blueprint and seed give the same forms. Another seed may give others.",
    )


class PublishForm(FlaskForm):
    use = RadioField(
        "Use",
        [InputRequired("Choose what the form is for.")],
        choices=[("live", "Live: it has a pass mark and its results count"), ("trial", "Trial: it has no pass mark")],
    )
    reason_text = TextAreaField("Reason", [Optional()])


class WithdrawForm(FlaskForm):
    reason_text = TextAreaField("Reason", [InputRequired("Write why the form is withdrawn.")])
