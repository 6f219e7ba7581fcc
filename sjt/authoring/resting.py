"""Which scenarios rest: they served in a live form not long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from sjt.authoring import store_forms
from sjt.authoring.publishing import built_form
from sjt.authoring.states import FormState, FormUse


def resting(session: Session, option: str, rest_days: int, *, at: datetime) -> list[str]:
    """Name the scenarios that rest: counted in a live form of the option published within so many days.

    Forms of a pool do not count: each is met by one candidate, and what was met is counted by sittings.
    """
    if not rest_days:
        return []
    since = at - timedelta(days=rest_days)
    found: set[str] = set()
    live = store_forms.forms_in_state(session, FormState.PUBLISHED, option=option, use=FormUse.LIVE, pools=False)
    for form, earlier in live:
        if form.published_at is not None and form.published_at >= since:
            found.update(built_form(earlier, form.position)["scenarios"])
    return sorted(found)
