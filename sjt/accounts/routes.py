"""Signing in and out, one's desk, one's password, and the people of the organisation."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission, Role
from sjt.accounts import desk as desks
from sjt.accounts import employers, mail, organisation, passwords, service
from sjt.accounts.model import LinkPurpose
from sjt.accounts.tables import User
from sjt.accounts.throttle import Throttle
from sjt.accounts.webforms import (
    ChangePasswordForm,
    EmployerForm,
    NewPasswordForm,
    OrganisationForm,
    PersonForm,
    RolesForm,
    SignInForm,
    role_words,
)
from sjt.errors import Forbidden, InputError, MoveRefused, NotFound, Unavailable
from sjt.web.errors import note_refusal
from sjt.web.guards import actor, me, now, public, requires, settings
from sjt.web.paging import named, shown

bp = Blueprint("accounts", __name__)

SIGN_INS: Final = Throttle(tries=10, seconds=60)
"""Per log-in name."""
SIGN_INS_FROM: Final = Throttle(tries=60, seconds=60)
"""Per address: a whole office signs in from one in the morning, a guesser goes through names."""


def _safe_next(target: str) -> str:
    """Follow only an address of this site, written plainly: browsers drop tabs and turn backslashes."""
    parts = urlsplit(target)
    plain = target.isascii() and target.isprintable() and "\\" not in target and " " not in target
    here = plain and target.startswith("/") and not target.startswith("//") and not parts.scheme and not parts.netloc
    return target if here else url_for("accounts.desk")


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    if me() is not None:
        return redirect(url_for("web.front_door"), 303)
    return render_template("accounts/sign_in.html", form=SignInForm(), next=request.args.get("next", ""))


@bp.post("/sign-in")
@public
def sign_in_post() -> ResponseReturnValue:
    form = SignInForm()
    target = request.form.get("next", "")
    if form.validate_on_submit():
        login = str(form.login.data).strip().lower()
        SIGN_INS_FROM.check(request.remote_addr or "")
        SIGN_INS.check(login)
        with db.session() as session:
            person = service.find_by_login(session, login)
        stored = person.password_hash if person is not None and person.disabled_at is None else None
        if passwords.matches(str(form.password.data), stored) and person is not None:
            SIGN_INS.clear(login)
            with db.transaction() as session:
                token = service.open_login(session, person.id, at=now())
            cookie.clear()
            cookie["login"] = token
            return redirect(_safe_next(target), 303)
        note_refusal(422)
        form.password.errors = ["The log-in name and the password do not belong together. Try again."]
    return render_template("accounts/sign_in.html", form=form, next=target), 422


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    token = cookie.get("login")
    if isinstance(token, str):
        with db.transaction() as session:
            service.close_login(session, token, at=now())
    cookie.clear()
    return redirect(url_for("accounts.sign_in"), 303)


@bp.get("/desk")
@requires(Permission.SEE_OWN_DESK)
def desk() -> ResponseReturnValue:
    with db.session() as session:
        tasks = desks.tasks(session, actor(), now())
    return render_template("accounts/desk.html", tasks=tasks, roles=[role_words(r) for r in sorted(actor().roles)])


@bp.get("/link/<token>")
@public
def link(token: str) -> ResponseReturnValue:
    with db.session() as session:
        person = service.person_of_link(session, token, at=now())
    return render_template("accounts/link.html", form=NewPasswordForm(), person=person, token=token)


@bp.post("/link/<token>")
@public
def link_post(token: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    with db.session() as session:
        person = service.person_of_link(session, token, at=now())
    if form.validate_on_submit():
        try:
            password_hash = service.check_new_password(person, str(form.password.data))
        except InputError as error:
            form.password.errors = [f"{fault.what[0].upper()}{fault.what[1:]} {fault.remedy}" for fault in error.faults]
        else:
            with db.transaction() as session:
                user_id = service.use_link(session, token, password_hash, now=now())
                login = service.open_login(session, user_id, at=now())
            cookie.clear()
            cookie["login"] = login
            flash("Your password is set.", "ok")
            return redirect(url_for("accounts.desk"), 303)
    return render_template("accounts/link.html", form=form, person=person, token=token), 422


@bp.get("/profile")
@requires(Permission.SEE_OWN_DESK)
def profile() -> ResponseReturnValue:
    return render_template("accounts/profile.html", form=ChangePasswordForm(), roles=_own_roles())


def _own_roles() -> list[str]:
    return [role_words(role) for role in sorted(actor().roles)]


@bp.post("/profile/password")
@requires(Permission.SEE_OWN_DESK)
def profile_password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if form.validate_on_submit():
        SIGN_INS.check(f"change:{actor().id}")
        with db.session() as session:
            person = service.person(session, UUID(actor().id))
        if person is None:
            raise NotFound("There is no such person.")
        if not passwords.matches(str(form.current.data), person.password_hash):
            form.current.errors = ["This is not your password. Try again."]
        else:
            try:
                password_hash = service.check_new_password(person, str(form.password.data))
            except InputError as error:
                form.password.errors = [f"{f.what[0].upper()}{f.what[1:]} {f.remedy}" for f in error.faults]
            else:
                with db.transaction() as session:
                    keep = str(cookie.get("login", ""))
                    service.set_password_hash(session, person.id, password_hash, by=actor(), now=now(), keep=keep)
                flash("Your password is changed.", "ok")
                return redirect(url_for("accounts.profile"), 303)
    return render_template("accounts/profile.html", form=form, roles=_own_roles()), 422


@bp.get("/people")
@requires(Permission.MANAGE_PEOPLE)
def people() -> ResponseReturnValue:
    with db.session() as session:
        rows = service.people(session)
    find = request.args.get("q", "").strip()
    rows = [(person, roles) for person, roles in rows if named(find, person.name, person.login)]
    return render_template("accounts/people.html", rows=shown(rows), q=find, role_words=role_words)


@bp.get("/people/new")
@requires(Permission.MANAGE_PEOPLE)
def person_new() -> ResponseReturnValue:
    return render_template("accounts/person_new.html", form=PersonForm())


@bp.post("/people/new")
@requires(Permission.MANAGE_PEOPLE)
def person_new_post() -> ResponseReturnValue:
    form = PersonForm()
    if not form.validate_on_submit():
        return render_template("accounts/person_new.html", form=form), 422
    with db.transaction() as session:
        user_id = service.add_person(
            session,
            login=str(form.login.data),
            name=str(form.name.data),
            email=str(form.email.data or ""),
            roles=form.chosen(),
            by=actor(),
            now=now(),
        )
        if form.employer.data:
            employers.keeper().name_employer_contact(session, str(user_id), form.employer.data, by=actor(), now=now())
        token = service.make_link(session, user_id, LinkPurpose.INVITATION, by=actor(), now=now())
    return _hand_link(user_id, token, LinkPurpose.INVITATION)


def _hand_link(user_id: UUID, token: str, purpose: LinkPurpose) -> ResponseReturnValue:
    """Mail the link to its person; without mail show it once, in the answer itself: it is kept nowhere."""
    with db.session() as session:
        person = service.person(session, user_id)
        organisation = service.organisation(session)
    assert person is not None
    address = (settings().base_url or request.host_url.rstrip("/")) + url_for("accounts.link", token=token)
    if settings().mail_url and person.email:
        message = mail.link_message(
            mail.MailServer.from_url(settings().mail_url).sender,
            to=person.email,
            name=person.name,
            login=person.login,
            organisation=organisation.name if organisation else "sjt",
            address=address,
            purpose=purpose,
        )
        try:
            mail.send(settings().mail_url, message)
        except Unavailable as error:
            flash(f"{error.message} Pass the link on by hand.", "warn")
        else:
            flash(f"A one-time link is on its way to {person.email}.", "ok")
            return redirect(url_for("accounts.person", user_id=user_id), 303)
    return render_template("accounts/link_made.html", person=person, address=address)


@bp.get("/people/<uuid:user_id>")
@requires(Permission.MANAGE_PEOPLE)
def person(user_id: UUID) -> ResponseReturnValue:
    return _person_page(user_id)


def _person_page(user_id: UUID, *, roles: RolesForm | None = None, employer: EmployerForm | None = None) -> str:
    found, held = _person(user_id)
    with db.session() as session:
        named = employers.keeper().employer_of(session, str(user_id))
        known = employers.keeper().known_employers(session) if Role.EMPLOYER in held else []
    return render_template(
        "accounts/person.html",
        person=found,
        form=roles or RolesForm(formdata=None, data={"roles": [role.value for role in held]}),
        employer_form=employer or EmployerForm(formdata=None, data={"employer": named}),
        failed=roles or employer,
        speaks_for_employer=Role.EMPLOYER in held,
        named=named,
        known=known,
    )


@bp.post("/people/<uuid:user_id>/employer")
@requires(Permission.MANAGE_PEOPLE)
def person_employer(user_id: UUID) -> ResponseReturnValue:
    form = EmployerForm()
    found, held = _person(user_id)
    if Role.EMPLOYER not in held:
        raise MoveRefused(f"{found.name} is no employer's contact. Give the role first, then name the employer.")
    if not form.validate_on_submit():
        return _person_page(user_id, employer=form), 422
    with db.transaction() as session:
        employers.keeper().name_employer_contact(session, str(user_id), str(form.employer.data), by=actor(), now=now())
    flash("The employer is saved.", "ok")
    return redirect(url_for("accounts.person", user_id=user_id), 303)


def _person(user_id: UUID) -> tuple[User, frozenset[Role]]:
    with db.session() as session:
        for found, roles in service.people(session):
            if found.id == user_id:
                return found, roles
    raise NotFound("There is no such person.")


@bp.post("/people/<uuid:user_id>/roles")
@requires(Permission.MANAGE_PEOPLE)
def person_roles(user_id: UUID) -> ResponseReturnValue:
    form = RolesForm()
    if not form.validate_on_submit():
        return _person_page(user_id, roles=form), 422
    with db.transaction() as session:
        service.change_roles(session, user_id, form.chosen(), by=actor(), now=now())
    flash("The roles are changed.", "ok")
    return redirect(url_for("accounts.person", user_id=user_id), 303)


@bp.post("/people/<uuid:user_id>/link")
@requires(Permission.MANAGE_PEOPLE)
def person_link(user_id: UUID) -> ResponseReturnValue:
    found, _ = _person(user_id)
    purpose = LinkPurpose.RESET if found.password_hash else LinkPurpose.INVITATION
    with db.transaction() as session:
        token = service.make_link(session, user_id, purpose, by=actor(), now=now())
    return _hand_link(user_id, token, purpose)


@bp.post("/people/<uuid:user_id>/access")
@requires(Permission.MANAGE_PEOPLE)
def person_access(user_id: UUID) -> ResponseReturnValue:
    deed = request.form.get("deed", "")
    with db.transaction() as session:
        if deed == "disable":
            service.disable(session, user_id, by=actor(), now=now())
        elif deed == "enable":
            service.enable(session, user_id, by=actor(), now=now())
        else:
            raise Forbidden("Say whether to disable or to enable the log-in.")
    flash("The log-in is disabled." if deed == "disable" else "The log-in is enabled.", "ok")
    return redirect(url_for("accounts.person", user_id=user_id), 303)


def _words_page(form: OrganisationForm | None = None) -> str:
    with db.session() as session:
        row, said = service.organisation(session), organisation.words(session)
    held = {} if row is None else {"content": row.content_words, "support": row.support_words}
    shown_form = form or OrganisationForm(formdata=None, data=held)
    return render_template("accounts/organisation.html", form=shown_form, said=said, own=organisation.Words())


@bp.get("/people/words")
@requires(Permission.MANAGE_PEOPLE)
def words() -> ResponseReturnValue:
    """Show what the organisation says to candidates in its own words."""
    return _words_page()


@bp.post("/people/words")
@requires(Permission.MANAGE_PEOPLE)
def organisation_post() -> ResponseReturnValue:
    form = OrganisationForm()
    if not form.validate_on_submit():
        return _words_page(form), 422
    said = organisation.Words(form.content.data or "", form.support.data or "")
    with db.transaction() as session:
        organisation.put_words(session, said, by=actor(), now=now())
    flash("Candidates read these words from now on.", "ok")
    return redirect(url_for("accounts.words"), 303)


@bp.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    return render_template("accounts/accessibility.html")


@bp.get("/privacy")
@public
def privacy() -> ResponseReturnValue:
    return render_template("accounts/privacy.html")
