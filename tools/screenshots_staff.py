"""Every page of the staff: whose it is and how it is reached."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page, expect

from tools.screenshots_drawing import Artist, Cast
from tools.screenshots_pool import PAGES, pool

ID: Final = "[0-9a-f-]{36}"


@dataclass(frozen=True)
class View:
    """A page of the staff: whose it is, where it begins, and which links lead on (the first whose address fits).

    A step that begins with ``+`` is added to the address: a page that nothing leads to while all stands as it does.
    """

    name: str
    login: str
    start: str
    then: tuple[str, ...] = ()
    last: bool = False
    """Follow the last fitting link, not the first."""
    nth: int = 0
    """Which of the fitting links the first step follows, counted from 0."""
    printed: bool = False
    """Drawn as it prints, too."""


STAFF_VIEWS: Final = (
    View("sign-in", "anyone", "/sign-in"),
    View("accessibility", "anyone", "/accessibility"),
    View("privacy", "anyone", "/privacy"),
    View("practice", "anyone", "/practice/"),
    View("practice-test", "anyone", "/practice/test"),
    View("practice-end", "anyone", "/practice/end"),
    View("adjustments", "access", "/adjustments/?show=all"),
    View("adjustment-evidence", "access", "/adjustments/?show=all", (f"^/adjustments/{ID}$",)),
    View("words-to-candidates", "admin", "/people/words"),
    View("error-not-found", "anyone", "/nowhere"),
    View("error-forbidden", "employer", "/audit/"),
    View("preflight", "anyone", "/preflight/"),
    View("desk", "centre", "/desk"),
    View("desk-officer", "officer", "/desk"),
    View("profile", "writer", "/profile"),
    View("scenarios", "writer", "/bank/"),
    View("scenario", "writer", "/bank/scenarios/cypf-0101"),
    View("scenario-preview", "writer", "/bank/scenarios/cypf-0101/preview"),
    View("drafts", "writer", "/bank/drafts"),
    View("draft", "writer", "/bank/drafts", (f"^/bank/drafts/{ID}$",)),
    View("draft-preview", "writer", "/bank/drafts", (f"^/bank/drafts/{ID}$", "+/preview")),
    View("draft-mapping", "writer", "/bank/drafts", (f"^/bank/drafts/{ID}$", "+?part=mapping")),
    View("draft-send", "writer", "/bank/drafts", (f"^/bank/drafts/{ID}$", "+/send")),
    View("draft-history", "writer", "/bank/drafts", (f"^/bank/drafts/{ID}$", "/history$")),
    View("draft-merge", "writer", "/bank/drafts", (f"^/bank/drafts/{ID}$", "/merge/")),
    View("draft-new", "writer", "/bank/drafts/new"),
    View("version", "writer", "/bank/scenarios/cypf-0101", ("/versions/[0-9]+$",)),
    View("scenario-statistics", "writer", "/bank/scenarios/cypf-0101/statistics"),
    View("rules", "writer", "/bank/rules"),
    View("history", "developer", "/bank/scenarios/cypf-0101/history"),
    View("comments", "writer", "/bank/scenarios/cypf-0101/comments"),
    View("send-to-review", "writer", "/bank/scenarios/cypf-0102/send-to-review"),
    View("review", "reviewer", "/bank/scenarios/cypf-0101/review"),
    View("review-fairness", "fairness", "/bank/tasks", ("^/bank/scenarios/[^/]+/review$",)),
    View("compare", "developer", "/bank/scenarios/cypf-0101/compare"),
    View("tasks", "reviewer", "/bank/tasks"),
    View("task-new", "developer", "/bank/scenarios/cypf-0101/tasks"),
    View("suspend", "developer", "/bank/suspend?words=child"),
    View("suspension", "developer", "/bank/suspend", ("^/bank/suspensions/",)),
    View("likeness", "writer", "/bank/likeness"),
    View("scenarios-narrowed", "writer", "/bank/?facility_to=0.5&met_to=500"),
    View("coverage", "writer", "/bank/coverage?option=residential"),
    View("findings", "writer", "/bank/findings"),
    View("bank-import", "writer", "/bank/import"),
    View("bank-word", "writer", "/bank/import/word"),
    View("bank-health", "developer", "/bank/health/"),
    View("bank-health-behind", "developer", "/bank/health/behind/discrimination.0"),
    View("feedback", "writer", "/feedback/"),
    View("forms", "developer", "/forms/"),
    View("form-set", "developer", "/forms/", (f"^/forms/{ID}$",), last=True),
    View("form", "developer", "/forms/", (f"^/forms/{ID}$", r"^/forms/form/[^/]+$")),
    View("form-publish", "developer", "/forms/", (f"^/forms/{ID}$", r"^/forms/form/[^/]+$", "+/publish")),
    View("form-withdraw", "developer", "/forms/", (f"^/forms/{ID}$", r"^/forms/form/[^/]+$", "/withdraw$")),
    View("pool-build", "developer", "/forms/pools/new"),
    View("form-build", "developer", "/forms/new"),
    View("blueprints", "developer", "/forms/blueprints/"),
    View("blueprint", "developer", "/forms/blueprints/residential-20"),
    View("blueprint-edit", "developer", "/forms/blueprints/residential-20/edit"),
    View("blueprint-new", "developer", "/forms/blueprints/new"),
    View("blueprint-version", "developer", "/forms/blueprints/residential-20", ("/versions/",)),
    View("exposure", "developer", "/exposure/"),
    View("changed-keys", "developer", "/exposure/keys"),
    View("sessions", "centre", "/sessions/"),
    View("session-new", "centre", "/sessions/new"),
    View("session", "centre", "/sessions/{session}"),
    View("session-closed", "centre", "/sessions/{finished}"),
    View("session-forms", "centre", "/sessions/{session}/forms"),
    View("session-locked", "centre", "/sessions/{session}/locked"),
    View("session-start", "centre", "/sessions/{session}/start"),
    View("leak", "centre", "/room/{session}/reserve"),
    View("candidates", "centre", "/sessions/candidates"),
    View("candidate", "centre", "/sessions/candidates", (f"^/sessions/candidates/{ID}",)),
    View("booking", "centre", "/sessions/{session}", (f"^/sessions/bookings/{ID}",)),
    View("places", "centre", "/sessions/rooms"),
    View("computers", "centre", "/preflight/session/{session}"),
    View("preflight-room", "centre", "/preflight/session/{session}", (f"/preflight/{ID}$",)),
    View("papers", "centre", "/paper/{session}"),
    View("register", "centre", "/room/{session}/register", printed=True),
    View("room-report", "centre", "/room/{finished}/report", printed=True),
    View("room-pack", "centre", "/room/{finished}/pack", printed=True),
    View("failure-cards", "centre", "/room/cards", printed=True),
    View("rooms", "invigilator", "/room/"),
    View("room-cards", "invigilator", "/room/{session}/cards"),
    View("answer-files", "invigilator", "/room/{session}/emergency"),
    View("console-closed", "invigilator", "/room/{finished}"),
    View("marking", "assessor", "/marking/"),
    View("marking-script", "assessor", "/marking/", (f"^/marking/script/{ID}$",), last=True),
    View("marking-second", "moderator", "/marking/", (f"^/marking/script/{ID}$", "+/second")),
    View("marking-ties", "assessor", "/marking/ties"),
    View("analyses", "psychometrician", "/analysis/"),
    View("item-analysis", "psychometrician", "/analysis/sessions/{finished}", (r"[?&]part=(?!all)",), printed=True),
    View("item-detail", "psychometrician", "/analysis/sessions/{finished}", ("/items/",)),
    View("form-analysis", "psychometrician", "/analysis/", (r"^/analysis/forms/[^/]+$",)),
    View("form-item", "psychometrician", "/analysis/", (r"^/analysis/forms/[^/]+$", "/items/")),
    View("studies", "psychometrician", "/analysis/sessions/{finished}/studies"),
    *(
        View(f"study-{topic}", "psychometrician", f"/analysis/sessions/{{finished}}/studies/{topic}")
        for topic in ("model", "fairness", "drift", "equating", "security", "validity", "firmness", "what-if")
    ),
    View("form-studies", "psychometrician", "/analysis/", (r"^/analysis/forms/[^/]+$", "+/studies")),
    View("form-study", "psychometrician", "/analysis/", (r"^/analysis/forms/[^/]+$", "+/studies/fairness")),
    View("pass-marks", "psychometrician", "/results/pass-marks"),
    View("pass-mark", "psychometrician", "/results/pass-marks", (r"^/results/pass-marks/.+",)),
    View("pass-marks-set", "psychometrician", "/results/pass-marks", ("^/results/pass-marks/sets/",)),
    View("pass-marks-set", "psychometrician", "/results/pass-marks", ("^/results/pass-marks/sets/",)),
    View("pass-mark", "psychometrician", "/results/pass-marks", (r"^/results/pass-marks/(?!sets/).+",)),
    View("expert-panels", "psychometrician", "/panels/"),
    View("expert-panel-new", "psychometrician", "/panels/new"),
    View("expert-panel", "psychometrician", "/panels/", (f"^/panels/{ID}$",), last=True),
    View("expert-panel-item", "psychometrician", "/panels/", (f"^/panels/{ID}$", "/items/"), nth=1),
    View("expert-panel-settle", "psychometrician", "/panels/", (f"^/panels/{ID}$", "/settle$"), nth=1),
    View("expert-panel-leave-out", "psychometrician", "/panels/", (f"^/panels/{ID}$", "/leave-out/")),
    View("key-doubt", "psychometrician", "/panels/", (f"^/panels/{ID}$", "^/results/key-doubt/"), nth=1),
    View("validity", "psychometrician", "/panels/validity"),
    View("validity-scenario", "psychometrician", "/panels/validity", ("^/panels/scenarios/",)),
    View("my-panels", "expert", "/panels/mine/"),
    View("my-panel", "expert", "/panels/mine/", (f"^/panels/mine/{ID}$",), last=True),
    View("my-panel-question", "expert", "/panels/mine/", (f"^/panels/mine/{ID}$", "/answer/"), last=True),
    View("judging", "psychometrician", "/results/judging"),
    View("panel-new", "psychometrician", "/results/judging/new"),
    View("panel", "psychometrician", "/results/judging", (f"^/results/judging/{ID}$",)),
    View("judging-judge", "judge", "/results/judging"),
    View("rate", "judge", "/results/judging", ("/rate$",)),
    View("results", "officer", "/results/"),
    View("session-results", "officer", "/results/sessions/{finished}"),
    View("marks", "officer", "/results/sessions/{finished}", ("/marks$",)),
    View("corrections", "psychometrician", "/results/corrections"),
    View("correction-choose", "psychometrician", "/results/corrections/new"),
    View("correction-new", "psychometrician", "/results/corrections/new?item=cypf-0035-a"),
    View("correction", "officer", "/results/corrections", (f"^/results/corrections/{ID}$",)),
    View("re-award", "officer", "/results/sessions/{finished}/re-award"),
    View("statement", "officer", "/results/sessions/{finished}", ("/statement$",), printed=True),
    View("epa-records", "officer", "/epa/"),
    View("epa-record", "assessor", "/epa/?show=awarded", (f"^/epa/{ID}$",)),
    View("epa-record-begun", "assessor", "/epa/?show=interview", (f"^/epa/{ID}$",)),
    View("interview-pack", "assessor", "/epa/", (f"^/epa/{ID}$", "/interview$")),
    View("employer", "employer", "/epa/mine"),
    View("audit", "auditor", "/audit/"),
    View("audit-chain", "auditor", "/audit/?q=form", ("^/audit/chain/form",)),
    View("people", "admin", "/people"),
    View("person", "admin", "/people", (f"^/people/{ID}$",)),
    View("person-new", "admin", "/people/new"),
    View("jobs", "developer", "/jobs/"),
    View("job", "developer", "/jobs/", (f"^/jobs/{ID}$",)),
)


def links_of(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        "main a[href]", "(all) => all.map((one) => one.getAttribute('href').replace(location.origin, ''))"
    )
    return found


def reach(page: Page, view: View, words: dict[str, str]) -> bool:
    """Go where the view is; false, with a line on the error stream, if nothing leads there."""
    page.goto(view.start.format(**words))
    for step, pattern in enumerate(view.then):
        if pattern.startswith("+"):
            page.goto(page.url + pattern[1:])
            continue
        whole = "part=" in pattern  # of an analysis: one form's tab
        fitting = [link for link in links_of(page) if re.search(pattern, link if whole else link.split("?")[0])]
        if not fitting:
            print(f"{view.name}: nothing on {page.url} leads to {pattern}", file=sys.stderr)
            return False
        first = min(view.nth, len(fitting) - 1) if step == 0 else 0
        page.goto(fitting[-1 if view.last else first])
    return True


def staff(cast: Cast, artist: Artist, told: dict[str, Any], names: set[str]) -> None:
    words = {"session": told["session"], "finished": told["finished"][-1]}
    if not names or names & {"panel", "rate", "judging-judge"}:
        a_panel(cast["psychometrician"])
    if not names or names & {"corrections", "correction", "re-award"}:
        a_correction(cast, words["finished"])
    if not names or names & {one.name for one in STAFF_VIEWS if one.name.startswith("draft")}:
        two_edits(cast["writer"])
    if not names or names & {"form-analysis", "form-item"}:
        an_analysis(cast["psychometrician"])
    if not names or any(name.startswith("stud") for name in names):
        the_studies(cast["psychometrician"], words["finished"])
    for view in STAFF_VIEWS:
        if names and view.name not in names:
            continue
        page = cast[view.login]
        if not reach(page, view, words):
            continue
        if view.name.startswith("preflight"):
            expect(page.locator("[data-sum]")).not_to_contain_text("running", timeout=60_000)
        artist.draw(page, view.name)
        if view.printed:
            artist.print(page, view.name)
    if not names or names & PAGES:
        pool(cast, artist)
    if not names or "link" in names:
        invitation(cast, artist)


def a_panel(page: Page) -> None:
    """Start a panel, which the demonstration leaves to its visitors."""
    page.goto("/results/judging/new")
    page.get_by_label("What the panel is for").fill("Pass mark of the residential forms, autumn")
    page.locator("input[type=checkbox][name=forms]").first.check()
    for judge in page.locator("input[type=checkbox][name=judges]").all():
        judge.check()
    page.get_by_role("button", name="Start panel").click()


def a_correction(cast: Cast, session: str) -> None:
    """Have a key corrected after the test, signed by two officers, and its session marked by it."""
    page = cast["psychometrician"]
    page.goto("/results/corrections/new?item=cypf-0035-a")
    page.locator("[name=key]").fill("B > D > C > E > A")
    page.locator("[name=reason]").fill("A centre’s appeal showed that the first place belonged to another response.")
    page.get_by_role("button", name="Propose").click()
    page.wait_for_url(re.compile(f"/results/corrections/{ID}$"))
    for login in ("officer", "officer2"):
        cast[login].goto(page.url)
        cast[login].get_by_role("button", name="Sign this correction").click()
        cast[login].wait_for_load_state()
    page.goto(page.url)
    page.get_by_role("button", name=re.compile("^Mark .* anew$")).click()
    page.goto(f"/results/sessions/{session}")
    page.get_by_role("link", name="Re-award…").wait_for(timeout=120_000)


def two_edits(page: Page) -> None:
    """Have one scenario edited in two windows at once."""
    page.goto("/bank/scenarios/cypf-0101")
    page.get_by_role("button", name="Edit").click()
    page.wait_for_url("**/bank/drafts/*")
    other = page.context.new_page()
    other.goto(page.url)
    for window, title in ((page, "Said at the door"), (other, "Said on the stairs")):
        window.locator("[name=title]").fill(title)
        window.locator(".page-head button[value=save]").click()
        window.wait_for_load_state()
        window.wait_for_timeout(1_000)
    other.close()


def an_analysis(page: Page) -> None:
    """Have one form analysed over all its sessions, and wait for it."""
    page.goto("/analysis/")
    page.goto(next(link for link in links_of(page) if link.startswith("/analysis/forms/")))
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_selector("a[href*='/items/']", timeout=120_000)


def the_studies(page: Page, session: str) -> None:
    """Have the closer studies of one session made, and wait for the last."""
    page.goto(f"/analysis/sessions/{session}/studies")
    page.get_by_role("button", name="Run all studies").click()
    page.goto(f"/analysis/sessions/{session}/studies/firmness")
    page.wait_for_selector("#about", timeout=120_000)


def invitation(cast: Cast, artist: Artist) -> None:
    page = cast["admin"]
    page.goto("/people/new")
    page.get_by_label("Full name").fill("Hannah Winter-Oyelaran")
    page.get_by_label("Log-in name").fill("h.winter")
    page.locator("input[type=checkbox][name=roles]").first.check()
    page.get_by_role("button", name="Add person").click()
    artist.draw(page, "link-made")
    cast["anyone"].goto((page.locator("code").first.text_content() or "").strip())
    artist.draw(cast["anyone"], "link")
