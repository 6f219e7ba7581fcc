"""Comments and the survey: the candidate's page after the receipt, and what staff of the bank read of it."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sjt import db
from sjt.access import Permission
from sjt.authoring.candidate_views import FEWEST, QUESTIONS
from sjt.delivery import candidate_page, candidate_session, feedback, ledger, service
from sjt.delivery.feedback import Said
from sjt.delivery.model import SittingState
from sjt.errors import NotFound
from sjt.web import paging
from sjt.web.guards import actor, now, requires

bp = Blueprint("feedback", __name__)


@bp.get("/sit/comments")
@requires(Permission.SIT)
def comments() -> ResponseReturnValue:
    """Ask the candidate, once the test has ended; nothing has to be answered."""
    sitting_id = candidate_session.cookie_sitting()
    if sitting_id is None:
        raise NotFound("There is no such sitting, or it is not yours.")
    with db.session() as session:
        view = service.sitting_of(session, sitting_id, at=ledger.current().now())
        if view.state not in (SittingState.SUBMITTED, SittingState.CLOSED):
            return redirect(url_for("candidate.sitting"), 303)
        page = candidate_page.page_of(session, sitting_id)
        shown = {"questions": feedback.questions(session, sitting_id), "said": feedback.said(session, sitting_id)}
    return render_template(
        "delivery/comments.html", view=view, test_name=view.title, display=page.display, survey=QUESTIONS, **shown
    )


@bp.post("/sit/comments")
@requires(Permission.SIT)
def comments_post() -> ResponseReturnValue:
    sitting_id = candidate_session.cookie_sitting()
    if sitting_id is None:
        raise NotFound("There is no such sitting, or it is not yours.")
    form = request.form
    said = Said(
        {name.removeprefix("comment:"): words for name, words in form.items() if name.startswith("comment:")},
        {name: int(form[name]) for name in QUESTIONS if form.get(name, "") in ("1", "2", "3", "4", "5")},
        form.get("words", ""),
    )
    with db.transaction() as session:
        feedback.put(session, sitting_id, said, by=actor(), now=now())
    return redirect(url_for("candidate.receipt", said="yes"), 303)


@bp.get("/feedback/")
@requires(Permission.SEE_BANK)
def overview() -> ResponseReturnValue:
    with db.session() as session:
        comments = feedback.comments(session)
        surveys, words = feedback.surveys_of_forms(session), feedback.words_on_tests(session)
    find = request.args.get("q", "").strip()
    seen = paging.shown([one for one in comments if paging.named(find, *one)])
    return render_template(
        "delivery/feedback.html",
        survey=QUESTIONS,
        fewest=FEWEST,
        comments=seen,
        q=find,
        surveys=surveys,
        words=words,
    )


@bp.get("/feedback/comments.csv")
@requires(Permission.SEE_BANK)
def export() -> ResponseReturnValue:
    """Give every comment as a table: item, form, words; of a whole test the item is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["item", "form", "comment"])
    with db.session() as session:
        writer.writerows([item, form, _cell(words)] for item, form, words in feedback.comments(session))
        writer.writerows(["", form, _cell(words)] for form, words in feedback.words_on_tests(session))
    reply = Response(out.getvalue(), mimetype="text/csv")
    reply.headers["Content-Disposition"] = 'attachment; filename="comments.csv"'
    return reply


def _cell(words: str) -> str:
    """Keep a spreadsheet from running what a candidate typed."""
    return f"'{words}" if words[:1] in "=+-@\t\r" else words
