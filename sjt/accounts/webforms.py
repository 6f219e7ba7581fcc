"""The shape of what people type about people."""

from __future__ import annotations

import re
from typing import Final

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, EqualTo, Length, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from sjt.access import Role
from sjt.accounts.model import EMAIL_SHAPE

LOGIN_TYPED = re.compile(r"\s*[A-Za-z0-9][A-Za-z0-9._-]{1,79}\s*\Z")
_ROLE_WORDS: Final = {
    Role.FAIRNESS: "Fairness reviewer",
    Role.CENTRE_ADMIN: "Centre administrator",
    Role.ACCESS_OFFICER: "Officer for adjustments",
    Role.EMPLOYER: "Employer’s contact",
    Role.ADMINISTRATOR: "System administrator",
}
STAFF_ROLES = [role for role in Role if role is not Role.CANDIDATE]


def role_words(role: Role) -> str:
    """Name a role as people do."""
    return _ROLE_WORDS.get(role, role.value.replace("-", " ").capitalize())


class SignInForm(FlaskForm):
    login = StringField("Log-in name", [DataRequired("Enter your log-in name.")])
    password = PasswordField("Password", [DataRequired("Enter your password.")])


class OrganisationForm(FlaskForm):
    content = TextAreaField("What the questions are about", [Optional(), Length(max=2000)])
    support = TextAreaField("Who listens afterwards", [Optional(), Length(max=2000)])


class NewPasswordForm(FlaskForm):
    password = PasswordField("New password", [DataRequired("Enter a new password.")])
    again = PasswordField(
        "New password again",
        [
            DataRequired("Enter the new password again."),
            EqualTo("password", "The two passwords differ. Type both again."),
        ],
    )


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField("Password now", [DataRequired("Enter the password you have now.")])


class RolesForm(FlaskForm):
    roles = SelectMultipleField(
        "Roles",
        [DataRequired("Choose at least one role.")],
        choices=[(role.value, role_words(role)) for role in STAFF_ROLES],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def chosen(self) -> frozenset[Role]:
        return frozenset(Role(value) for value in self.roles.data or ())


class EmployerForm(FlaskForm):
    employer = StringField(
        "Employer", [DataRequired("Enter the employer's name as in the candidates' file."), Length(max=200)]
    )


class PersonForm(RolesForm):
    name = StringField("Full name", [DataRequired("Enter the full name."), Length(max=200)])
    login = StringField(
        "Log-in name",
        [
            DataRequired("Enter a log-in name."),
            Regexp(LOGIN_TYPED, message="Use 2 to 80 of: a to z, 0 to 9, full stop, hyphen, underscore."),
        ],
    )
    employer = StringField("Employer", [Optional(), Length(max=200)])
    email = EmailField(
        "E-mail", [Optional(), Length(max=200), Regexp(EMAIL_SHAPE, message="Enter an address: name@example.org.")]
    )

    def validate_employer(self, field: StringField) -> None:
        if field.data and Role.EMPLOYER not in self.chosen():
            raise ValidationError(
                "An employer is named for employers' contacts only. Choose that role, or leave this empty."
            )
