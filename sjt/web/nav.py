"""The bar's nouns: what each role finds there."""

from __future__ import annotations

from typing import Final, TypedDict

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException

from sjt.access import Permission, may
from sjt.web import guards

ENTRIES: Final[tuple[tuple[str, str, Permission], ...]] = (
    ("My desk", "accounts.desk", Permission.SEE_OWN_DESK),
    ("Scenarios", "authoring.scenarios", Permission.SEE_BANK),
    ("Coverage", "authoring.coverage", Permission.SEE_BANK),
    ("Panels", "panels.panels", Permission.SEE_PANELS),
    ("My panels", "expert.mine", Permission.ANSWER_PANEL),
    ("Forms", "forms.sets", Permission.SEE_FORMS),
    ("Sessions", "scheduling.sessions", Permission.SCHEDULE),
    ("Candidates", "scheduling.candidates", Permission.SCHEDULE),
    ("Adjustments", "evidence.people", Permission.KEEP_ADJUSTMENT_EVIDENCE),
    ("Rooms", "invigilator.rooms", Permission.INVIGILATE),
    ("Marking", "marking.queue", Permission.MARK),
    ("Marking", "marking.queue", Permission.ALLOCATE_MARKING),
    ("Analysis", "analysis.sessions", Permission.SEE_STATISTICS),
    ("Judging", "results.judging", Permission.JUDGE_ITEMS),
    ("Pass marks", "results.pass_marks", Permission.SEE_RESULTS),
    ("Results", "results.sessions", Permission.SEE_RESULTS),
    ("Apprentices", "grading.records", Permission.SEE_EPA_RECORD),
    ("My apprentices", "grading.employer", Permission.SEE_EMPLOYER_STATUS),
    ("Jobs", "jobs.jobs", Permission.SEE_JOBS),
    ("People", "accounts.people", Permission.MANAGE_PEOPLE),
    ("Audit", "audit.chains", Permission.SEE_AUDIT),
)


class NavEntry(TypedDict):
    label: str
    url: str
    current: bool


def nav() -> list[NavEntry]:
    person = guards.me()
    here = request.path
    entries: list[NavEntry] = []
    for label, endpoint, permission in ENTRIES:
        if endpoint in current_app.view_functions and may(person, permission):
            url = url_for(endpoint)
            if any(entry["url"] == url for entry in entries):
                continue  # two permissions lead there
            entries.append(
                {"label": label, "url": url, "current": here == url or here.startswith(url.rstrip("/") + "/")}
            )
    # /sessions/candidates lies below /sessions, but one noun alone is where we are
    deepest = max((len(entry["url"]) for entry in entries if entry["current"]), default=0)
    for entry in entries:
        entry["current"] = entry["current"] and len(entry["url"]) == deepest
    return entries


def may_now(permission_name: str) -> bool:
    """Tell a template whether the person who asks holds a permission, by its name in ``Permission``."""
    return may(guards.me(), Permission[permission_name])


def may_open(path: str) -> bool:
    """Tell a template whether a link to this address would be let through for the person who asks."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(path.partition("?")[0])
    except HTTPException:
        return False
    needed = getattr(current_app.view_functions[endpoint], guards.GUARD_ATTRIBUTE, ())
    if needed == guards.PUBLIC:
        return True
    return any(may(guards.me(), permission) for permission in needed)
