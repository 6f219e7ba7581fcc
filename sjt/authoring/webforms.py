"""The shape of what people type about banks and forms."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from sjt.authoring.pools import FEWEST, MOST
from sjt.authoring.sets import MOST_FORMS


class ImportForm(FlaskForm):
    archive = FileField(
        "The bank, as a .zip file or an Excel workbook",
        [FileRequired("Choose a .zip file or an .xlsx workbook.")],
        description="The folder that holds bank.toml, packed; or a workbook. At most 32 MB.",
    )
    elsewhere = BooleanField(
        "What this file brings is live elsewhere already",
        description="Without this, what is new or changed is a draft and goes through review, fairness, panel and "
        "trial here.",
    )
    reviewed_by = StringField(
        "Reviewed by",
        [Length(max=300, message="At most 300 characters.")],
        description="The people or the organisation whose reviews, fairness sign-off, key panel and trial stand.",
    )
    reason = TextAreaField(
        "Reason",
        [Length(max=2_000, message="At most 2,000 characters.")],
        description="Where they are live and since when; it stands in each scenario's history under your name.",
    )
    password = PasswordField("Your password", description="It is your signature.")
    only_check = SubmitField("Check file")
    put = SubmitField("Check and import")


class BlueprintFileForm(FlaskForm):
    file = FileField(
        "A blueprint, as a .toml file",
        [FileRequired("Choose the .toml file of the blueprint.")],
        description="It goes into the bank byte for byte; one with the same id becomes its next version.",
    )


class WordForm(FlaskForm):
    document = FileField(
        "A Word document with scenarios",
        [FileRequired("Choose a .docx document.")],
        description="One table or one section for each scenario. At most 32 MB.",
    )


class NewSetForm(FlaskForm):
    blueprint = SelectField("Blueprint", [InputRequired("Choose a blueprint.")])
    forms = IntegerField(
        "Number of forms",
        [
            InputRequired("Enter how many forms to build."),
            NumberRange(1, MOST_FORMS, f"Enter a number from 1 to {MOST_FORMS}."),
        ],
        default=2,
        description="Parallel forms that are built together; two to four are usual.",
    )
    seed = IntegerField(
        "Seed",
        [InputRequired("Enter a seed."), NumberRange(0, 2**31 - 1, "Enter a whole number of zero or more.")],
        default=1,
        description="The same bank, blueprint and seed give the same forms. Another seed may give others.",
    )

    reserve = BooleanField(
        "Build a reserve form as well",
        description="One form more, which shares no scenario with the others, for the day a form leaks.",
    )
    without = StringField(
        "Leave out scenarios",
        [Optional(), Length(max=2_000, message="At most 2,000 characters.")],
        description="For a resit: ids of what was seen, parted by spaces. Enemies and relatives stay out too.",
    )

    def scenarios_left_out(self) -> list[str]:
        return (self.without.data or "").replace(",", " ").split()


class NewPoolForm(FlaskForm):
    """A pool of forms that are dealt once each."""

    blueprint = SelectField("Blueprint", [InputRequired("Choose a blueprint.")])
    forms = IntegerField(
        "Number of forms",
        [InputRequired("Enter how many forms."), NumberRange(FEWEST, MOST, f"Enter a number from {FEWEST} to {MOST}.")],
        default=60,
        description="One for each candidate of the sessions to come, and some to spare for a void sitting.",
    )
    seed = IntegerField(
        "Seed",
        [InputRequired("Enter a seed."), NumberRange(0, 2**31 - 1, "Enter a whole number of zero or more.")],
        description="A second pool of a blueprint takes another seed, so that no form comes again.",
    )


FEWEST_WORDS = 3
TOO_FEW_WORDS = "Write the reason, in three words or more."


class PublishForm(FlaskForm):
    use = RadioField(
        "Use",
        [InputRequired("Choose what the form is for.")],
        choices=[("live", "Live: it has a pass mark and its results count"), ("trial", "Trial: it has no pass mark")],
    )
    reason_text = TextAreaField("Reason", [Optional()])

    @property
    def words(self) -> str:
        return (self.reason_text.data or "").strip()

    def refusal(self, plural: bool = False, *, asks: bool = False) -> str:
        """Say what is missing; ``asks`` where live use needs a signed reason. Empty when nothing is."""
        if not self.validate_on_submit():
            return f"Choose what the {'forms are' if plural else 'form is'} for."
        if asks and self.use.data == "live" and len(self.words.split()) < FEWEST_WORDS:
            return TOO_FEW_WORDS
        return ""


class WithdrawForm(FlaskForm):
    reason_text = TextAreaField("Reason", [InputRequired("Write why the form is withdrawn.")])


class SendToReviewForm(FlaskForm):
    """Who is to read it, and by when."""

    reviewers = SelectMultipleField("Reviewers", option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False))
    fairness = SelectMultipleField(
        "Fairness reviewers", option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )
    due = DateField("Due", [InputRequired("Give the day by which it should be read.")])
    words = TextAreaField(
        "What to look at",
        [Optional(), Length(max=2_000, message="At most 2,000 characters.")],
        description="Shown with the task. Say nothing of the key to a fairness reviewer.",
    )


class ReviewForm(FlaskForm):
    version = HiddenField("Version", [InputRequired()])
    kind = HiddenField("Kind", [InputRequired()])
    verdict = RadioField("Your finding", [InputRequired("Choose one.")], choices=[])
    words = TextAreaField("Reasons", [Optional(), Length(max=4_000, message="At most 4,000 characters.")])


class CommentForm(FlaskForm):
    words = TextAreaField(
        "Comment",
        [InputRequired("Write what you found."), Length(max=4_000, message="At most 4,000 characters.")],
    )
    field = SelectField("About", [Optional()], validate_choice=False)
    for_all = BooleanField(
        "Fairness reviewers may read this",
        description="Only where it says nothing of the key.",
    )


class TaskForm(FlaskForm):
    kind = SelectField("What", [InputRequired("Choose what is to be done.")])
    assignee = SelectField("Who", [InputRequired("Choose who is to do it.")])
    due = DateField("Due", [InputRequired("Give the day by which it should be done.")])
    words = TextAreaField("In your words", [Optional(), Length(max=2_000, message="At most 2,000 characters.")])


class SuspendForm(FlaskForm):
    """The signature under a suspension."""

    reason = TextAreaField("Reason", [InputRequired("Write what has changed, in three words or more.")])
    password = PasswordField(
        "Your password", [InputRequired("Enter your password: it is your signature.")],
        description="This act is signed: your name and the time stand under it in the record.",
    )  # fmt: skip
