"""The practice test's pages: for anybody, with no session, no cookie and no request while it is taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from sjt.delivery import drawing, familiarisation
from sjt.times import iso
from sjt.web.filters import local_time
from sjt.web.guards import now, public

bp = Blueprint("familiarisation", __name__, url_prefix="/practice")
_NOBODY: Final = "practice"


@bp.get("/")
@public
def start() -> ResponseReturnValue:
    return render_template("delivery/practice.html", minutes=familiarisation.MINUTES, test_name=familiarisation.TITLE)


@bp.get("/test")
@public
def test() -> ResponseReturnValue:
    """Give the page of a sitting on the practice questions, with a clock if one is asked for."""
    paper = familiarisation.paper()
    drawn = drawing.draw(paper, {}, frozenset())
    timed = request.args.get("clock") == "yes"
    at, long = now(), timedelta(minutes=paper.minutes)
    length = round(long / timedelta(milliseconds=1)) if timed else None
    data = {
        "practice": True,
        "sitting": _NOBODY,
        "lease": 1,
        "next_seq": 0,
        "content_head": "",
        "prev": None,
        "csrf": "",
        "state": "running",
        "remaining_ms": length,
        "total_ms": length,
        "ends_at": iso(at + long) if timed else None,
        "server_time": iso(at),
        "answers": {},
        "flags": [],
        "emergency": {},
        "help": "",
        "break_left_ms": 0,
        "place": 1,
        "urls": {"receipt": url_for(".end"), "display": "", "events": "", "state": "", "help": "", "cancel": ""},
    }
    return render_template(
        "delivery/practice_test.html",
        test_name=paper.title,
        test_part=paper.subtitle,
        display={},
        drawn={name: Markup(getattr(drawn, name).decode()) for name in ("strip", "articles", "review")}
        | {"places": list(drawn.places)},
        ends_words=local_time(at + long) if timed else "",
        timed=timed,
        data=htmlsafe_json_dumps(data),
        break_left_ms=0,
        break_overrun=False,
        feedback=familiarisation.feedback(),
    )


@bp.get("/end")
@public
def end() -> ResponseReturnValue:
    return render_template("delivery/practice_end.html", test_name=familiarisation.TITLE)
