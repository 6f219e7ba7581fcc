"""The shape of what is typed into delivery's pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FileField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import UUID as UUIDField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from sjt.delivery.evidence import Seen
from sjt.delivery.model import ARRANGEMENTS, Adjustment, IncidentCategory, SessionPlan
from sjt.times import LOCAL_ZONE


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
    to = StringField("The person who really sits there", [Optional(), UUIDField("Choose the person.")])

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


class SessionForm(FlaskForm):
    centre = StringField("Centre", [DataRequired("Give the centre.")])
    room = StringField("Room", [DataRequired("Give the room.")])
    day = DateField("Date", [InputRequired("Give the date.")])
    time = TimeField("Start", [InputRequired("Give the time of the start.")])
    forms = SelectMultipleField(
        "Forms",
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    own_forms = SelectMultipleField(
        "Dealt from",
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    reserve = SelectMultipleField(
        "In reserve",
        [Optional()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    plan = SelectField("Assessment plan")
    seats = IntegerField("Seats", [InputRequired("Give the number of seats."), NumberRange(1, 500, "1 to 500 seats.")])

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for forms, or for a pool that each candidate is dealt their own from."""
        valid = super().validate(extra_validators)
        if not self.forms.data and not self.own_forms.data:
            self.forms.errors = [*self.forms.errors, "Choose at least one form, or a pool."]
            return False
        return bool(valid)

    def to_model(self) -> SessionPlan:
        """Give the plan; the time is the centre's, on its own clock."""
        assert self.day.data and self.time.data and self.seats.data, "the form was valid"
        local = datetime.combine(self.day.data, self.time.data, tzinfo=LOCAL_ZONE)
        return SessionPlan(
            str(self.centre.data),
            str(self.room.data),
            local.astimezone(UTC),
            tuple(self.forms.data or ()),
            str(self.plan.data),
            self.seats.data,
            tuple(self.reserve.data or ()),
            tuple(self.own_forms.data or ()),
        )


class LateForm(FlaskForm):
    """The session's rules for latecomers."""

    late_minutes = IntegerField(
        "Let in until, minutes after the start", [Optional(), NumberRange(0, 600, "Give whole minutes from 0 to 600.")]
    )
    late_time = SelectField(
        "A latecomer gets",
        choices=[("full", "the full time"), ("shortened", "the time that the room has left")],
    )


class NetworksForm(FlaskForm):
    networks = TextAreaField("Networks, one on a line")


class PlaceForm(FlaskForm):
    centre = StringField("Centre", [DataRequired("Give the centre.")])
    room = StringField("Room", [DataRequired("Give the room.")])


class UploadForm(FlaskForm):
    file = FileField("Candidates file (CSV)")


class AdjustmentForm(FlaskForm):
    extra_percent = DecimalField("Extra time, per cent", [Optional(), NumberRange(0, 200, "0 to 200.")], places=None)
    extra_minutes = IntegerField("Extra time, minutes", [Optional(), NumberRange(0, 600, "0 to 600.")])
    rest_break_minutes = IntegerField("Rest breaks, minutes in all", [Optional(), NumberRange(0, 240, "0 to 240.")])
    rest_break_each = IntegerField("Length of one break, minutes", [Optional(), NumberRange(0, 240, "0 to 240.")])
    rest_break_overrun = SelectField(
        "A break that is longer",
        choices=[
            ("free", "costs nothing"),
            ("budget", "takes time of later breaks, then of the test"),
            ("section", "takes time of the test at once"),
        ],
    )
    arrangements = SelectMultipleField(
        "Given beside time",
        [Optional()],
        choices=[(name, words[0].upper() + words[1:]) for name, words in ARRANGEMENTS.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    notes = StringField("Anything else the room must know", [Optional(), Length(max=200, message="200 characters.")])

    def to_model(self) -> Adjustment:
        return Adjustment(
            extra_percent=Fraction(str(self.extra_percent.data or 0)),
            extra_minutes=self.extra_minutes.data or 0,
            rest_break_minutes=self.rest_break_minutes.data or 0,
            rest_break_each=self.rest_break_each.data or 0,
            rest_break_overrun=str(self.rest_break_overrun.data or "free"),
            notes=(self.notes.data or "").strip(),
            arrangements=tuple(self.arrangements.data or ()),
        )


class EvidenceForm(FlaskForm):
    """What was seen behind an adjustment."""

    what = TextAreaField("What was seen", [DataRequired("Say what was seen."), Length(max=2000)])
    seen_by = StringField("Seen by", [DataRequired("Say who looked at it."), Length(max=200)])
    seen_on = DateField("Seen on", [InputRequired("Give the day on which it was seen.")])
    review_on = DateField("Review on", [Optional()])
    keep_until = DateField("Keep until", [InputRequired("Give the last day on which it is kept.")])

    def to_model(self) -> Seen:
        assert self.seen_on.data is not None, "the form was validated"
        return Seen(str(self.what.data), str(self.seen_by.data), self.seen_on.data)

    def last_day(self) -> date:
        assert self.keep_until.data is not None, "the form was validated"
        return self.keep_until.data


class MoveForm(FlaskForm):
    to = SelectField("Session")
    reason = StringField("Reason", [DataRequired("Give a reason. The record keeps it.")])


class LeaveForm(FlaskForm):
    reason = StringField("Reason", [DataRequired("Give a reason. The record keeps it.")])


class StartForm(FlaskForm):
    time = TimeField("Start", [InputRequired("Give the time of the start.")])
    reason = StringField("Reason", [DataRequired("Give a reason. The record keeps it.")])


class LockForm(FlaskForm):
    """What a session asks of browsers."""

    mode = SelectField(
        "Browser",
        choices=[
            ("", "Any browser"),
            ("session", "Safe Exam Browser, one file for the session"),
            ("sitting", "Safe Exam Browser, a file for each candidate"),
        ],
    )
    may_quit = BooleanField("It can be closed by hand with a password")
    assistive = BooleanField("Let assistive programs run")


class LockKeyForm(FlaskForm):
    """Another settings file, or its key."""

    file = FileField("Settings file", [Optional()])
    kind = SelectField("Kind of key", choices=[("config", "Config Key"), ("exam", "Browser Exam Key")])
    key = StringField("Key", [Optional()])
    note = StringField("Note", [Optional(), Length(max=200, message="Use at most 200 characters.")])
