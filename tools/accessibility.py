"""Write docs/accessibility.md: what axe, the Tab key and a ruler find on every kind of page, at each width.

It serves a copy of a demonstration (``SJT_TEST_DEMONSTRATION``, or one it builds), signs in as each role, follows every
link to one page of each kind, goes to the pages that no link leads to, and takes a candidate through a sitting. What
was measured is kept in ``--keep FILE`` page by page: the next run looks only at what is missing there or had a fault.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, sync_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sjt.demo.people import PASSWORD, STAFF  # noqa: E402 - the checkout must be on the path first
from tests.builders.forced import lost_in_forced_colours, moves_unwanted  # noqa: E402
from tests.builders.hands import Hands, answer  # noqa: E402
from tests.builders.server import CHROMIUM_ARGUMENTS, serving  # noqa: E402
from tests.builders.targets import CANDIDATE, targets  # noqa: E402
from tests.builders.targets import STAFF as STAFF_TARGET  # noqa: E402
from tests.builders.tour import beyond_the_edge, pages_of, shape  # noqa: E402
from tests.builders.walker import ALIKE, PHONE, SCROLLERS, STILL, WIDE, ZOOMED, Walker, axe_faults  # noqa: E402
from tools.screenshots_drawing import Cast, build, not_drawn  # noqa: E402
from tools.screenshots_staff import (  # noqa: E402
    STAFF_VIEWS,
    a_correction,
    a_panel,
    an_analysis,
    reach,
    the_studies,
    two_edits,
)

LOGINS: Final = [person.login for person in STAFF if not person.login.endswith("2")]


PYTHON: Final = ("Markup(", " object at 0x", "<built-in", "<bound")


@dataclass
class Row:
    """What was found on one kind of page."""

    kind: str
    role: str
    least: int
    axe: dict[int, int] = field(default_factory=dict)
    stops: int = 0
    smallest: dict[int, float | None] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    reflow: bool = True
    forced: int = 0
    moving: int = 0
    path: str = ""


class Crawl:
    """Measures pages; a kind that was measured is not measured again."""

    def __init__(self, keep: Path | None = None) -> None:
        self.walker = Walker()
        self.keep = keep
        self.rows: dict[str, Row] = {}
        if keep and keep.exists():
            kept = [Row(**one) for one in json.loads(keep.read_text(encoding="utf-8"))]
            for row in kept:
                row.axe = {int(width): count for width, count in row.axe.items()}
                row.smallest = {int(width): size for width, size in row.smallest.items()}
            self.rows = {row.kind: row for row in kept if not row.faults}

    def kept(self) -> None:
        if self.keep:
            self.keep.write_text(json.dumps([asdict(row) for row in self.rows.values()]), encoding="utf-8")

    def measure(self, page: Page, role: str, least: int, *, kind: str = "", tab: bool = True) -> None:
        kind = kind or shape(urlsplit(page.url).path)
        if kind in self.rows:
            return
        row = self.rows[kind] = Row(kind, role, least, path=urlsplit(page.url).path)
        for size in (WIDE, PHONE, ZOOMED):
            page.set_viewport_size(size)
            measured = targets(page, least)
            row.smallest[size["width"]] = measured["smallest"]
            row.faults += [f"{size['width']} px: too small: {one}" for one in measured["small"]]
        row.faults += [f"shows a value of Python: {mark}" for mark in PYTHON if mark in page.inner_text("body")]
        page.set_viewport_size(WIDE)
        lost, moving = lost_in_forced_colours(page), moves_unwanted(page)
        row.forced, row.moving = len(lost), len(moving)
        row.faults += [*(f"forced colours: {one}" for one in lost), *(f"reduced motion: {one}" for one in moving)]
        if tab:  # the pages of one question after another keep what they are made of
            page.evaluate(STILL)
            page.evaluate(ALIKE)
        for size in (WIDE, PHONE, ZOOMED):
            page.set_viewport_size(size)
            if size is not ZOOMED:
                found = axe_faults(page)
                row.axe[size["width"]] = len(found)
                row.faults += [f"{size['width']} px: {one}" for one in found]
        beyond = beyond_the_edge(page)
        row.reflow = not beyond
        row.faults += [f"beyond {ZOOMED['width']} px: {one}" for one in beyond]
        row.faults += list(page.evaluate(SCROLLERS))
        page.set_viewport_size(WIDE)
        if tab:
            before = self.walker.stops
            row.faults += list(self.walker.by_tab(page))
            row.stops = self.walker.stops - before
        print(f"{role:16} {kind}" + "".join(f"\n    {fault}" for fault in row.faults), flush=True)
        self.kept()


def prepare(cast: Cast, finished: str) -> None:
    """Bring about what the demonstration leaves to its visitors, each with pages of its own."""
    writer, leader = cast["writer"], cast["psychometrician"]
    deeds: tuple[Callable[[], None], ...] = (
        lambda: a_panel(leader),
        lambda: a_correction(cast, finished),
        lambda: two_edits(writer),
        lambda: an_analysis(leader),
        lambda: the_studies(leader, finished),
    )
    for number, deed in enumerate(deeds):
        try:
            deed()
        except Error as error:  # the pages that need it are then named as not reached
            print(f"preparation {number + 1}: {error.message.splitlines()[0]}", file=sys.stderr)


def staff(crawl: Crawl, cast: Cast, told: dict[str, Any], until: float) -> list[str]:
    """Walk as each role; give those whose pages were not all looked at when the time was over."""
    left: list[str] = []
    words = {"session": told["session"], "finished": told["finished"][-1]}
    with contextlib.suppress(KeyboardInterrupt):  # what was found until then is written
        for login in LOGINS:
            left.append(login)
            page = cast[login]
            for _ in pages_of(page):
                crawl.measure(page, login, STAFF_TARGET)
                if time.monotonic() > until:
                    return [*left, *LOGINS[LOGINS.index(login) + 1 :]]
            left.remove(login)
        for view in STAFF_VIEWS:
            if time.monotonic() > until:
                break
            page = cast[view.login]
            if reach(page, view, words):
                if view.name.startswith("preflight"):
                    page.locator("[data-sum]:not(:has-text('running'))").wait_for()
                least = CANDIDATE if view.start.startswith(("/practice", "/sit")) else STAFF_TARGET
                crawl.measure(page, view.login, least)
    return left


def public(crawl: Crawl, browser: Browser, address: str) -> None:
    page = browser.new_context(base_url=address, bypass_csp=True, viewport=WIDE).new_page()
    for path in ("/sign-in", "/accessibility", "/privacy", "/nowhere"):
        page.goto(path)
        crawl.measure(page, "anybody", STAFF_TARGET)
    for path in ("/sit/", "/practice/", "/practice/end"):
        page.goto(path)
        crawl.measure(page, "anybody", CANDIDATE)
    page.goto("/practice/test")
    for number in range(1, 7):
        page.evaluate(f"location.hash = '#question-{number}'")
        page.wait_for_selector(f"#question-{number}:not([hidden])")
        kind = page.locator(f"#question-{number} .item").get_attribute("data-format")
        crawl.measure(page, "anybody", CANDIDATE, kind=f"/practice/test, {kind}", tab=False)
    page.context.close()


def sitting(crawl: Crawl, browser: Browser, address: str, told: dict[str, Any]) -> None:
    """Take one candidate from the code to the receipt."""
    seat, room = told["codes"][-1], f"/room/{told['session']}"
    invigilator = browser.new_context(base_url=address, viewport=WIDE).new_page()
    invigilator.goto("/sign-in")
    invigilator.get_by_label("Log-in name").fill("invigilator")
    invigilator.get_by_label("Password").fill(PASSWORD)
    invigilator.get_by_role("button", name="Sign in").click()
    invigilator.goto(f"{room}/check-in")
    invigilator.get_by_role("link", name=f"Check in {seat['name']}").click()
    invigilator.get_by_label(re.compile("I have seen photo identity")).check()
    invigilator.get_by_role("button", name="Confirm identity").click()
    page = browser.new_context(base_url=address, bypass_csp=True, viewport=WIDE).new_page()

    def here(kind: str, *, tab: bool = True) -> None:
        crawl.measure(page, "candidate", CANDIDATE, kind=kind, tab=tab)

    page.goto("/sit/")
    page.fill("#code", seat["code"])
    page.fill("#pin", told["pin"])
    page.keyboard.press("Enter")
    for kind, button in (
        ("you", "Yes, this is me"),
        ("display", "Keep these settings"),
        ("instructions", "I am ready"),
    ):
        page.get_by_role("button", name=button).wait_for()
        here(f"/sit/{kind}")
        page.goto(f"/sit/{kind}")  # the walk by Tab has left the page as it likes
        page.get_by_role("button", name=button).click()
    page.wait_for_selector("[data-waiting]")
    here("/sit/test, waiting", tab=False)
    invigilator.goto(room)
    invigilator.get_by_role("link", name="Start the room…").click()
    invigilator.get_by_role("dialog").get_by_role("button", name=re.compile("^Start")).click()
    page.wait_for_selector("[data-item]:visible")
    hands, seen = Hands(page), set()
    for number in range(1, page.locator("article[data-question]").count() + 1):
        page.evaluate(f"location.hash = '#question-{number}'")
        page.wait_for_selector(f"#question-{number}:not([hidden])")
        kind = str(page.locator(f"#question-{number} .item").get_attribute("data-format"))
        if kind in seen:
            continue
        seen.add(kind)
        here(f"/sit/test, {kind}", tab=False)
        answer(hands, f"#question-{number}")
    page.evaluate("location.hash = '#check'")
    page.wait_for_selector("#check:not([hidden])")
    here("/sit/test, check", tab=False)
    page.click("[data-action='submit']")
    here("/sit/test, submit", tab=False)
    page.click("[data-action='submit-now']")
    page.wait_for_url("**/receipt*")
    here("/sit/receipt")
    page.goto("/sit/comments")
    here("/sit/comments")
    page.context.close()
    invigilator.context.close()


def written(rows: list[Row], version: str, seconds: int, left: list[str], unseen: list[str]) -> Iterator[str]:
    faulty = [row for row in rows if row.faults]
    widths = (WIDE["width"], PHONE["width"], ZOOMED["width"])
    yield "# What the crawl of accessibility finds"
    yield (
        "Written by `make accessibility` (`tools/accessibility.py`), which serves the demonstration, signs in as each "
        "role, follows every link to one page of each kind, and takes a candidate through a sitting. One row is one "
        "kind of page."
    )
    yield ""
    yield (
        f"{len(rows)} kinds of page in {version}, {datetime.now(UTC):%d %B %Y}, {seconds // 60} min. "
        f"Axe findings: {sum(sum(row.axe.values()) for row in rows)}. Stops of the Tab key: "
        f"{sum(row.stops for row in rows)}. Kinds with a fault of any sort: {len(faulty)}."
    )
    yield ""
    if left:
        yield f"**This run was stopped.** Roles whose pages were not all walked: {', '.join(left)}."
        yield ""
    yield (
        "- **axe**: findings at 1,280 and 390 px, rules for WCAG 2.0 to 2.2 A and AA and best practice.\n"
        "- **stops**: stops of the Tab key (of rows alike three), each looked at for name, order, a "
        "visible focus and being covered; – where the page was walked by `tests/journey/test_keyboard_browser.py`.\n"
        "- **smallest target**: the smallest control in CSS px at 1,280, 390 and 320 px; links within a sentence are "
        f"left out. Candidates’ pages must have {CANDIDATE}, the staff’s {STAFF_TARGET}.\n"
        "- **320 px**: nothing reaches beyond the edge at 400 % zoom (wide tables scroll by themselves).\n"
        "- **forced**: what a dark system of forced colours takes away: a control’s edge, the sign of what is chosen, "
        "a drawing or its words, a patch of colour that says something alone. That the focus shows by its outline, "
        "which forced colours keep, is part of the stops.\n"
        "- **motion**: what moves, or would, for somebody whose system asks for none."
    )
    yield ""
    yield "| page | seen as | axe 1280 / 390 | stops | smallest target 1280 / 390 / 320 | 320 px | forced | motion |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in rows:
        sizes = " / ".join("–" if row.smallest[one] is None else f"{row.smallest[one]:g}" for one in widths)
        axe = f"{row.axe[widths[0]]} / {row.axe[widths[1]]}"
        fits = "fits" if row.reflow else "beyond"
        line = f"| `{row.kind}` | {row.role} | {axe} | {row.stops or '–'} | {sizes} | {fits} "
        yield f"{line}| {row.forced} | {row.moving} |"
    yield ""
    if unseen:
        yield "Pages of `docs/urls.md` that this run did not come to: " + ", ".join(unseen) + "."
        yield ""
    if faulty:
        yield "## Faults"
        for row in faulty:
            yield f"- `{row.kind}`: " + "; ".join(fault.replace("|", "/").replace("`", "'") for fault in row.faults[:6])
        yield ""
    yield (
        "What this does not show: what a screen reader says, how voice control, switches and other hardware fare, and "
        "what people who use them think. See the statement at `/accessibility`."
    )


def main() -> int:
    told_to = argparse.ArgumentParser(description="Crawl every page for accessibility and write the table.")
    told_to.add_argument("--into", type=Path, default=ROOT / "docs" / "accessibility.md")
    told_to.add_argument("--minutes", type=float, default=600, help="stop walking the staff's pages after so long")
    told_to.add_argument("--keep", type=Path, help="a JSON file of what was measured; a run begun anew goes on there")
    asked = told_to.parse_args()
    chromium = os.environ.get("SJT_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "chromium-headless-shell"))), None
    )
    crawl, began = Crawl(asked.keep), datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        build(data)
        told = json.loads((data / "demonstration.json").read_text(encoding="utf-8"))
        with serving(data, seconds=180) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
            until = time.monotonic() + asked.minutes * 60
            cast = Cast(browser, address, bypass_csp=True)
            public(crawl, browser, address)
            sitting(crawl, browser, address, told)
            prepare(cast, told["finished"][-1])
            left = staff(crawl, cast, told, until)
            version = f"Chromium {browser.version}"
            browser.close()
    rows = sorted(crawl.rows.values(), key=lambda row: row.kind)
    seconds = round((datetime.now(UTC) - began).total_seconds())
    unseen = list(not_drawn({row.path for row in rows}, (ROOT / "docs" / "urls.md").read_text(encoding="utf-8")))
    asked.into.write_text("\n".join(written(rows, version, seconds, left, unseen)) + "\n", encoding="utf-8")
    faults = sum(len(row.faults) for row in rows)
    print(f"{len(rows)} kinds of page, {faults} faults: {asked.into}")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
