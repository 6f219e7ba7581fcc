"""What the styleguide shows: one form as it opens and with errors, one question of each format."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

from flask import render_template, request
from markupsafe import Markup
from werkzeug.datastructures import ImmutableMultiDict
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    Form,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

SCHEMES: Final = ("", "white", "cream", "blue", "green", "pink", "grey", "dark", "yellow-on-black")
STORY: Final = Markup(
    "<p>You are a practitioner at Beech House, a home for four young people. It is 9.40 pm and you are on shift with "
    "one colleague, Dean.</p><p>Tyrone, 13, comes downstairs with his coat on. His mother has just messaged to say "
    "that she is outside.</p><blockquote><p>“You can’t stop me seeing my own mum.”</p></blockquote>"
)
TEXTS: Final = {
    "A": "Remind Tyrone that contact is on Tuesdays and Sundays and that going out now will have to be written up.",
    "B": "Tell Tyrone you can see how much he wants to be with his mum. Ask him to wait while Dean rings the manager.",
    "C": "Let Tyrone go out for ten minutes while you watch from the front door.",
    "D": "Go outside to speak with his mother yourself, and tell her when she can ring tomorrow.",
    "E": "Lock the front door so that he cannot leave, and explain to him afterwards that it was to keep him safe.",
    "F": "Ask Tyrone to take off his coat and go to bed.",
    "G": "Ring the emergency duty team and ask what to do.",
    "H": "Write the visit in the log and tell the day staff.",
}
POINTS: Final = ("Very inappropriate", "Inappropriate", "Appropriate", "Very appropriate")


class SampleForm(Form):
    name = StringField(
        "Name of centre",
        [InputRequired("Enter the name of the centre")],
        description="As it stands on the slips",
    )
    region = SelectField("Region", choices=[("n", "North"), ("s", "South")])
    kind = RadioField(
        "Kind of room",
        [InputRequired("Choose the kind of room")],
        choices=[("a", "Computer room"), ("b", "Own devices")],
    )
    days = SelectMultipleField(
        "Days open",
        [InputRequired("Choose at least one day")],
        choices=[("mo", "Monday"), ("tu", "Tuesday")],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description="All that apply",
    )
    seats = IntegerField("Seats", [InputRequired("Enter the number of seats")])
    opened = DateField("Open since", [Optional()])
    notes = TextAreaField("Notes", [Optional()])
    plan = FileField("Plan of the room")
    password = PasswordField("Password")
    visited = BooleanField("The centre has been visited", [InputRequired("Confirm that the centre has been visited")])


def sample_items() -> dict[str, dict[str, Any]]:
    """One question of each format, part answered, shown in an order of its own."""

    def sample(form: str, ask: str, options: str, response: object, **more: object) -> dict[str, Any]:
        rest = {"choose": None, "scale": None, "max_words": None, **more}
        shown = [SimpleNamespace(id=id_, text=TEXTS[id_], pinned=False) for id_ in options]
        item = SimpleNamespace(id="sample", format=form.split("-")[0], ask=ask, options=shown, **rest)
        return {"item": item, "response": response, "order": list(reversed(options))}

    scale = SimpleNamespace(points=[SimpleNamespace(value=i, label=label) for i, label in enumerate(POINTS, 1)])
    rank = "Rank these five responses from most appropriate (1) to least appropriate (5)."
    return {
        "rank": sample("rank", rank, "ABCDE", {"B": 1, "D": 2, "A": 3}),
        "rank-empty": sample("rank-empty", rank, "ABCDE", None),
        "choose": sample("choose", "Choose the three best responses.", "ABCDEFGH", ["B", "D"], choose=3),
        "rate": sample("rate", "How appropriate is each response?", "ABCDE", {"A": 2, "B": 4}, scale=scale),
        "most_least": sample("most_least", "Which is most, and which least?", "ABCD", {"most": "B", "least": None}),
        "single": sample("single", "What is the best first step?", "ABCD", "B"),
        "written": sample("written", "What would you write, and why?", "", {"text": "What I saw."}, max_words=150),
    }


def page() -> str:
    """The staff parts, or with ?show= one page of the candidate's."""
    scheme = request.args.get("scheme", "")
    chosen = {name: request.args.get(name, "") for name in ("size", "font", "spacing")}
    show = request.args.get("show", "")
    items = sample_items()
    if show in {*items, "review", "display"}:
        return render_template(
            "styleguide_candidate.html",
            path=request.path,
            show=show,
            items=items,
            story_html=STORY,
            display={"scheme": scheme or "white", **chosen},
        )
    failed = SampleForm(ImmutableMultiDict({"name": ""}))
    failed.validate()
    return render_template(
        "styleguide.html",
        path=request.path,
        schemes=SCHEMES,
        shown_scheme=scheme if scheme in SCHEMES else "",
        form=SampleForm(prefix="open"),
        failed_form=failed,
        page_url="?page={}".format,
    )
