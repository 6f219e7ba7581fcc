"""A scenario rests from the publication of a form with it: exact to the day, live forms of the option alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sjt import db
from sjt.authoring import resting
from sjt.authoring.states import FormState, FormUse
from sjt.authoring.tables import FormSet
from tests.builders.forms import put_form
from tests.builders.sittings import NINE


def test_a_scenario_rests_from_the_publication_of_a_form_with_it(
    database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = timedelta(days=1)
    published = {
        "yesterday": NINE - day,
        "on-the-last-day": NINE - 60 * day,
        "long-ago": NINE - 60 * day - timedelta(seconds=1),
        "withdrawn": NINE - day,
        "on-trial": NINE - day,
        "other-option": NINE - day,
    }
    with database.transaction() as session:
        for name, at in published.items():
            form = put_form(session, name, use=FormUse.TRIAL if name == "on-trial" else FormUse.LIVE)
            form.published_at = at
            if name == "withdrawn":
                form.state = FormState.WITHDRAWN
            its_set = session.get_one(FormSet, form.set_id)
            its_set.blueprint = name
            if name == "other-option":
                its_set.option = "community"
    # what a form holds stands in its set's proof; here each holds the scenario of its own name
    monkeypatch.setattr(resting, "built_form", lambda its_set, position: {"scenarios": [its_set.blueprint]})
    with database.session() as session:
        assert resting.resting(session, "residential", 60, at=NINE) == ["on-the-last-day", "yesterday"]
        assert resting.resting(session, "residential", 0, at=NINE) == [], "who asks for no rest keeps nothing back"
