"""The shape of what people type about panels."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from sjt.panels.model import OUTCOME_WORDS, RELEVANCE

WORDS = Length(max=4_000, message="At most 4,000 characters.")


class PanelForm(FlaskForm):
    purpose = RadioField(
        "What the experts are asked",
        [InputRequired("Choose what the experts are asked.")],
        choices=[
            ("key", "The questions themselves, to set or confirm their keys"),
            ("content", "How relevant each scenario is, and what it calls upon"),
        ],
        default="key",
    )
    title = StringField("Name of the panel", [DataRequired("Name the panel."), Length(max=200)])
    words = TextAreaField(
        "What you tell the experts",
        [Optional(), WORDS],
        description="They read it before they begin. Say nothing of any key.",
    )
    due = DateField("Answers are due by", [InputRequired("Give the day.")])
    scenarios = SelectMultipleField(
        "Scenarios",
        [DataRequired("Choose at least one scenario.")],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description="Each is pinned in the version it has today.",
    )
    people = SelectMultipleField(
        "Experts",
        [Optional()],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description="Ten to fifteen. More can be asked once the panel is made, people without a log-in too.",
    )


class InviteForm(FlaskForm):
    people = SelectMultipleField(
        "Experts who have a log-in",
        [DataRequired("Choose somebody.")],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )


class InviteNewForm(FlaskForm):
    name = StringField("Name", [DataRequired("Enter the name."), Length(max=200)])
    email = StringField("E-mail", [DataRequired("Enter the address."), Length(max=200)])


class ReasonForm(FlaskForm):
    reason = TextAreaField("Reason", [Optional(), Length(max=1_000, message="At most 1,000 characters.")])


class NoteForm(FlaskForm):
    note = TextAreaField(
        "Remark",
        [Optional(), WORDS],
        description="What is unclear, or could be read in two ways. The chair reads it once the panel is closed.",
    )


class ContentForm(FlaskForm):
    relevance = RadioField(
        "How relevant is this scenario to the work?",
        [InputRequired("Choose how relevant it is.")],
        choices=[(str(n), words.capitalize()) for n, words in enumerate(RELEVANCE, start=1)],
    )
    code = SelectField(
        "Which one statement does it call upon most?",
        [InputRequired("Choose the statement.")],
        description="The response that shows best judgement here shows this.",
    )
    note = TextAreaField("Remark", [Optional(), WORDS])


class MeetingForm(FlaskForm):
    held_on = DateField("Day of the meeting", [InputRequired("Give the day.")])
    present = TextAreaField(
        "Who was there",
        [DataRequired("Name everybody, with their part."), WORDS],
        description="One line each: name and part, such as chair, writer, expert.",
    )


class DecisionForm(FlaskForm):
    outcome = RadioField(
        "Decision",
        [InputRequired("Choose what was decided.")],
        choices=[(outcome.value, words) for outcome, words in OUTCOME_WORDS.items()],
    )
    reason = TextAreaField(
        "What changed and why",
        [Optional(), WORDS],
        description="Needed unless the experts agree clearly on the key as written.",
    )


class ThinkAloudForm(FlaskForm):
    held_on = DateField("Day", [InputRequired("Give the day.")])
    who = StringField(
        "With whom",
        [DataRequired("Give the role."), Length(max=200)],
        description="The role and never a name, such as apprentice in year two, residential.",
    )
    finding = TextAreaField(
        "What was heard",
        [DataRequired("Write what was heard."), WORDS],
        description="What was understood otherwise than meant, or missed, or stood in the way.",
    )
    changed = TextAreaField("What was changed", [Optional(), WORDS], description="Empty: nothing had to change.")
