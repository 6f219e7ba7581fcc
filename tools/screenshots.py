"""Draw every page as its user, wide and as on a phone, from a demonstration that is built, served and sat.

``python tools/screenshots.py [--into docs/images] [--whole] [name …]`` — ``--whole`` draws pages to their end,
names draw only those pages (of staff; the sitting is always one piece, named ``sitting``).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sjt.demo.people import PASSWORD  # noqa: E402 - the checkout must be on the path first
from tests.builders.server import CHROMIUM_ARGUMENTS, serving  # noqa: E402
from tests.builders.tour import beyond_the_edge  # noqa: E402

DESKTOP: Final = (1280, 900)
PHONE: Final = (390, 844)
NARROW: Final = 320
WRITTEN: Final = (
    "I would stay with Ellie, listen, and say honestly what I must pass on and to whom. "
    "I would write down her words and tell my manager today."
)


@dataclass(frozen=True)
class View:
    """A page of the staff: whose it is, where it begins, and which links lead on (the first whose address fits)."""

    name: str
    login: str
    start: str
    then: tuple[str, ...] = ()


STAFF_VIEWS: Final = (
    View("desk", "centre", "/desk"),
    View("profile", "writer", "/profile"),
    View("scenarios", "writer", "/bank/"),
    View("scenario", "writer", "/bank/scenarios/cypf-0101"),
    View("coverage", "writer", "/bank/coverage?option=residential"),
    View("findings", "writer", "/bank/findings"),
    View("bank-import", "writer", "/bank/import"),
    View("forms", "developer", "/forms/"),
    View("form-set", "developer", "/forms/", (r"^/forms/[0-9a-f-]{36}$",)),
    View("form", "developer", "/forms/", (r"^/forms/[0-9a-f-]{36}$", r"^/forms/form/[^/]+$")),
    View("form-build", "developer", "/forms/new"),
    View("sessions", "centre", "/sessions/"),
    View("session-new", "centre", "/sessions/new"),
    View("session", "centre", "/sessions/{session}"),
    View("candidates", "centre", "/sessions/candidates"),
    View("candidate", "centre", "/sessions/candidates", (r"^/sessions/candidates/[0-9a-f-]{36}",)),
    View("booking", "centre", "/sessions/{session}", (r"^/sessions/bookings/[0-9a-f-]{36}",)),
    View("rooms", "centre", "/sessions/rooms"),
    View("register", "centre", "/room/{session}/register"),
    View("room-report", "centre", "/room/{finished}/report"),
    View("room-pack", "centre", "/room/{finished}/pack"),
    View("failure-cards", "centre", "/room/cards"),
    View("computers", "centre", "/preflight/session/{session}"),
    View("preflight", "centre", "/preflight/"),
    View("marking", "assessor", "/marking/"),
    View("marking-script", "assessor", "/marking/", (r"^/marking/script/[0-9a-f-]{36}$",)),
    View("marking-ties", "assessor", "/marking/ties"),
    View("analyses", "psychometrician", "/analysis/"),
    View("item-analysis", "psychometrician", "/analysis/sessions/{finished}", (r"[?&]part=(?!all)",)),
    View("item-detail", "psychometrician", "/analysis/sessions/{finished}", (r"/items/",)),
    View("pass-marks", "psychometrician", "/results/pass-marks"),
    View("pass-mark", "psychometrician", "/results/pass-marks", (r"^/results/pass-marks/.+",)),
    View("judging", "psychometrician", "/results/judging"),
    View("panel-new", "psychometrician", "/results/judging/new"),
    View("results", "officer", "/results/"),
    View("session-results", "officer", "/results/sessions/{finished}"),
    View("marks", "officer", "/results/sessions/{finished}", (r"/marks$",)),
    View("statement", "officer", "/results/sessions/{finished}", (r"/statement$",)),
    View("epa-records", "officer", "/epa/"),
    View("epa-record", "assessor", "/epa/?show=awarded", (r"^/epa/[0-9a-f-]{36}$",)),
    View("interview-pack", "assessor", "/epa/", (r"^/epa/[0-9a-f-]{36}$", r"/interview$")),
    View("employer", "employer", "/epa/mine"),
    View("audit", "auditor", "/audit/"),
    View("audit-chain", "auditor", "/audit/?q=form", (r"^/audit/chain/form",)),
    View("people", "admin", "/people"),
    View("person-new", "admin", "/people/new"),
    View("jobs", "developer", "/jobs/"),
    View("job", "developer", "/jobs/", (r"^/jobs/[0-9a-f-]{36}$",)),
)


class Artist:
    """Draws what a page shows, at two widths, and says what would not fit at 320 px."""

    def __init__(self, into: Path, *, whole: bool) -> None:
        self.into, self.whole, self.drawn, self.faults = into, whole, 0, 0

    def draw(self, page: Page, name: str, *, narrow: bool = True) -> None:
        for (width, height), suffix in ((DESKTOP, ""), (PHONE, "-phone")):
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("document.fonts.ready")
            page.screenshot(
                path=self.into / f"{name}{suffix}.png", full_page=self.whole, animations="disabled", scale="css"
            )
            self.drawn += 1
        if narrow:
            page.set_viewport_size({"width": NARROW, "height": 900})
            for fault in beyond_the_edge(page):
                self.faults += 1
                print(f"{name}: beyond {NARROW} px: {fault}", file=sys.stderr)
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


def shot(artist: Artist, page: Page, name: str, width: int, height: int = 900) -> None:
    """Draw one picture of the series that shows one sitting from check-in to receipt."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("document.fonts.ready")
    page.mouse.move(2, 2)
    page.screenshot(path=artist.into / f"sitting-{name}.png", animations="disabled", scale="css")
    artist.drawn += 1
    for fault in beyond_the_edge(page):
        artist.faults += 1
        print(f"sitting-{name}: beyond {width} px: {fault}", file=sys.stderr)
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


def without_a_line(artist: Artist, candidate: Page) -> None:
    """Cut the candidate's line for three minutes of the page's time, then to the end and back."""
    candidate.context.set_offline(True)
    candidate.locator("[data-action=flag]").click()
    expect(candidate.locator("[data-save][data-state=offline]")).to_be_visible(timeout=30_000)
    candidate.clock.fast_forward("03:00")
    expect(candidate.locator("[data-exam] [data-file-offer]")).to_be_visible()
    shot(artist, candidate, "5-no-line", DESKTOP[0], DESKTOP[1])
    shot(artist, candidate, "5-no-line-320", NARROW)
    candidate.clock.fast_forward("02:00:00")
    expect(candidate.locator("[data-held=time]")).to_be_visible()
    candidate.clock.fast_forward("01:00")
    expect(candidate.locator("[data-held=time] [data-file-offer]")).to_be_visible()
    shot(artist, candidate, "6-time-up-no-line", 390)
    candidate.context.set_offline(False)
    expect(candidate.locator("[data-exam]")).to_be_visible(timeout=30_000)
    expect(candidate.locator("[data-save-text]")).to_have_text(re.compile("All answers saved"), timeout=30_000)


class Cast:
    """One browser, and a signed-in page for each person who is asked for."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.pages: dict[str, Page] = {}

    def __getitem__(self, login: str) -> Page:
        if login not in self.pages:
            context = self.browser.new_context(
                base_url=self.address, viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, device_scale_factor=1
            )
            page = self.pages[login] = context.new_page()
            page.set_default_timeout(20_000)
            if login != "candidate":
                page.goto("/sign-in")
                page.get_by_label("Log-in name").fill(login)
                page.get_by_label("Password").fill(PASSWORD)
                page.get_by_role("button", name="Sign in").click()
                page.wait_for_url("**/desk")
        return self.pages[login]


def staff(cast: Cast, artist: Artist, told: dict[str, Any], names: set[str]) -> None:
    words = {"session": told["session"], "finished": told["finished"][-1]}
    for view in STAFF_VIEWS:
        if names and view.name not in names:
            continue
        page = cast[view.login]
        page.goto(view.start.format(**words))
        for pattern in view.then:
            links = page.eval_on_selector_all("main a[href]", "(all) => all.map((one) => one.getAttribute('href'))")
            whole = "part=" in pattern  # of an analysis: one form's tab
            fitting = [link for link in links if re.search(pattern, link if whole else link.split("?")[0])]
            if not fitting:
                print(f"{view.name}: nothing on {page.url} leads to {pattern}", file=sys.stderr)
                break
            page.goto(fitting[-1] if view.name in ("marking-script", "form-set") else fitting[0])
        else:
            artist.draw(page, view.name)


def sitting(cast: Cast, artist: Artist, told: dict[str, Any]) -> None:
    """Let one candidate sit the session that waits, with an invigilator beside."""
    seat, invigilator, candidate = told["codes"][0], cast["invigilator"], cast["candidate"]
    room = f"/room/{told['session']}"
    invigilator.goto(f"{room}/check-in")
    artist.draw(invigilator, "check-in")
    for one in told["codes"][:3]:
        invigilator.goto(f"{room}/check-in")
        invigilator.get_by_role("link", name=f"Check in {one['name']}").click()
        if one is seat:
            artist.draw(invigilator, "identity")
        invigilator.get_by_label(re.compile("I have seen photo identity")).check()
        invigilator.get_by_role("button", name="Confirm identity").click()
    candidate.clock.install()
    candidate.goto("/sit/")
    artist.draw(candidate, "candidate-enter")
    shot(artist, candidate, "1-code", 390)
    candidate.get_by_label("Access code").fill(seat["code"])
    candidate.get_by_label("Room PIN").fill(told["pin"])
    candidate.get_by_role("button", name="Continue").click()
    artist.draw(candidate, "candidate-you")
    candidate.get_by_role("button", name="Yes, this is me").click()
    artist.draw(candidate, "candidate-display")
    candidate.get_by_role("button", name="Keep these settings").click()
    artist.draw(candidate, "candidate-instructions")
    candidate.get_by_role("button", name="I am ready").click()
    artist.draw(candidate, "candidate-waiting")
    shot(artist, candidate, "2-waiting-320", NARROW)
    invigilator.goto(room)
    artist.draw(invigilator, "console-before")
    invigilator.get_by_role("link", name="Start the room…").click()
    dialog = invigilator.get_by_role("dialog")
    artist.draw(invigilator, "console-start", narrow=False)
    dialog.get_by_role("button", name=re.compile("^Start")).click()
    expect(dialog).not_to_be_visible()
    candidate.wait_for_selector("[data-item]:visible")
    seen: set[str] = set()
    for _ in range(40):
        kind = answer(candidate)
        if kind not in seen:
            seen.add(kind)
            expect(candidate.locator("[data-save-text]")).to_have_text(re.compile("All answers saved"))
            artist.draw(candidate, "candidate-question" if kind == "rank" else f"candidate-{kind.replace('_', '-')}")
        following = candidate.locator('[data-action="next"]:visible')
        if len(seen) == 6 or not following.count():
            break
        following.first.click()
    candidate.locator('[data-action="review"]:visible').first.click()
    candidate.locator(".review-list a").first.click()
    shot(artist, candidate, "3-question", DESKTOP[0], DESKTOP[1])
    shot(artist, candidate, "4-question-320", NARROW)
    without_a_line(artist, candidate)
    invigilator.goto(room)
    artist.draw(invigilator, "console")
    invigilator.get_by_role("link", name=seat["name"]).first.click()
    artist.draw(invigilator, "console-seat")
    invigilator.goto(f"{room}/incidents")
    artist.draw(invigilator, "incidents")
    invigilator.goto(room)
    invigilator.get_by_role("link", name="Evacuate…").click()
    dialog = invigilator.get_by_role("dialog")
    artist.draw(invigilator, "console-stop", narrow=False)
    dialog.get_by_role("button", name="Stop all now").click()
    invigilator.wait_for_url("**/evacuation")
    artist.draw(invigilator, "evacuation")
    expect(candidate.get_by_role("heading", name="Your test is paused")).to_be_visible()
    artist.draw(candidate, "candidate-paused")
    invigilator.get_by_role("link", name="Go on for all…").click()
    reason = invigilator.get_by_label("Reason")
    if reason.count():
        reason.first.select_option(index=1)
    words = invigilator.get_by_label("In your words")
    if words.count():
        words.first.fill("A false alarm; all are back in their seats.")
    invigilator.get_by_role("button", name=re.compile("^Go on")).last.click()
    candidate.wait_for_selector("[data-item]:visible")
    candidate.locator('[data-action="review"]:visible').first.click()
    artist.draw(candidate, "candidate-check")
    candidate.get_by_role("button", name=re.compile("Submit my test")).click()
    artist.draw(candidate, "candidate-submit", narrow=False)
    candidate.get_by_role("dialog").get_by_role("button", name=re.compile("Submit")).click()
    candidate.wait_for_selector(".receipt .code")
    artist.draw(candidate, "candidate-receipt")
    shot(artist, candidate, "7-receipt", DESKTOP[0], DESKTOP[1])
    candidate.get_by_role("link", name="Comment on the test").click()
    shot(artist, candidate, "8-comments", 390)


def answer(page: Page) -> str:
    """Answer what shows, leaving something open, and give its format."""
    item = page.locator("[data-item]:visible").first
    kind = item.get_attribute("data-format") or ""
    if kind == "rank":
        for place in (1, 2, 3):
            item.locator(f'[data-tray] [data-action="place"][data-place="{place}"]:visible').first.click()
    elif kind == "choose":
        for at in (0, 3):
            item.locator("label:has(input[type=checkbox])").nth(at).click()
    elif kind == "rate":
        for at, row in enumerate(item.locator("fieldset.rate-row").all()[:3]):
            row.locator("label:has(input[type=radio])").nth(at).click()
    elif kind == "most_least":
        item.locator('label:has(input[data-end="most"])').nth(0).click()
    elif kind == "single":
        item.locator("label:has(input[type=radio])").nth(1).click()
    else:
        item.get_by_role("textbox").fill(WRITTEN)
    page.mouse.move(2, 2)
    page.evaluate("document.activeElement?.blur(); scrollTo(0, 0)")
    return kind


def build(data: Path) -> None:
    ready = os.environ.get("SJT_TEST_DEMONSTRATION")
    if ready:  # a built one, to copy: saves a minute while working on the pages
        shutil.copytree(ready, data)
        return
    command = f"from sjt.cli import main; main(['demo', '--data', {str(data)!r}, '--no-serve'])"
    subprocess.run([sys.executable, "-c", command], env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=True)


def main() -> int:
    told_to = argparse.ArgumentParser(description="Draw every page as its user.")
    told_to.add_argument("names", nargs="*", help="draw only these; `sitting` is the candidate's and the room's")
    told_to.add_argument("--into", type=Path, default=ROOT / "docs" / "images")
    told_to.add_argument("--whole", action="store_true", help="draw each page to its end")
    asked = told_to.parse_args()
    asked.into.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("SJT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    artist, names = Artist(asked.into, whole=asked.whole), set(asked.names)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        build(data)
        told = json.loads((data / "demonstration.json").read_text(encoding="utf-8"))
        with serving(data, seconds=180) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
            cast = Cast(browser, address)
            if not names:
                page = cast["candidate"]
                page.goto("/sign-in")
                artist.draw(page, "sign-in")
            staff(cast, artist, told, names)
            if not names or "sitting" in names:
                sitting(cast, artist, told)
            browser.close()
    print(f"{artist.drawn} pictures in {asked.into}; {artist.faults} parts beyond {NARROW} px")
    return 1 if artist.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
