"""The whole journey in one go, by nine people in nine browsers: from a scenario to a grade."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from sjt.demo.people import PASSWORD, Apprentice, apprentices, as_csv
from tests.journey.conftest import Demonstration

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demonstration")]
LONDON = ZoneInfo("Europe/London")
WRITTEN = (
    "I would stay with the child, listen, and say honestly what I must pass on and to whom. I would ask what they "
    "want to happen, act at the lowest level that keeps them safe, tell my manager today and write down their words."
)


def heading(page: Page, words: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1, name=words)).to_be_visible()


def test_nine_people_walk_from_a_scenario_to_a_grade(
    demonstration: Demonstration, somebody: Callable[..., Page], tmp_path: Path
) -> None:
    writer_reads_the_bank(somebody("writer"))
    forms = developer_builds_and_publishes(somebody("developer"))
    person = next(apprentices(99, "residential", 1, today=datetime.now(LONDON).date(), start=77))
    slip, pin = administrator_schedules(somebody("centre"), forms, person, tmp_path)
    invigilator = somebody("invigilator")
    invigilator_checks_in(invigilator, person)
    candidate = somebody()
    candidate_enters(candidate, slip, pin, person)
    second_browser_is_refused(somebody(), slip, pin)
    room = invigilator_starts(invigilator)
    receipt = candidate_sits(candidate, invigilator, room, person)
    invigilator_ends(invigilator, room)
    results_wait_for_marking(somebody("officer"))
    assessor = somebody("assessor")
    assessor_marks(assessor)
    psychometrician_analyses_and_proposes(somebody("psychometrician"), forms)
    officers_adopt_and_release(somebody("officer"), somebody("officer2"), forms, person)
    assert receipt
    interview_and_award(assessor, somebody("officer"), person)
    auditor_verifies(somebody("auditor"))


def look_again(page: Page) -> None:
    """Reload after a second, as a person would; a page that is refreshing itself may be ahead of us."""
    page.wait_for_timeout(1000)
    with contextlib.suppress(PlaywrightError):
        page.reload()


def writer_reads_the_bank(page: Page) -> None:
    page.get_by_role("link", name="Scenarios", exact=True).first.click()
    heading(page, "Scenarios")
    page.goto("/bank/scenarios/cypf-0101")
    heading(page, re.compile("First evening"))
    expect(page.get_by_text(re.compile("^S18"))).not_to_have_count(0)
    preview = page.request.get("/bank/scenarios/cypf-0101/preview").text()
    assert "effectiveness" not in preview and 'data-format="rank"' in preview
    page.goto("/bank/coverage?option=residential")
    heading(page, re.compile("Coverage"))
    expect(page.get_by_role("table").first).to_be_visible()


def developer_builds_and_publishes(page: Page) -> list[str]:
    page.goto("/forms/new")
    page.get_by_label("Blueprint", exact=True).select_option(index=_residential(page))
    page.get_by_label(re.compile("^Forms|Number of forms")).fill("2")
    page.get_by_label("Seed").fill("7")
    page.get_by_role("button", name="Build forms").click()
    until = time.monotonic() + 240
    while time.monotonic() < until:  # the job's page, then the set's
        if "/forms/" in page.url and page.get_by_text("Side by side").count():
            break
        if page.get_by_role("link", name="See what came of it").count():
            page.get_by_role("link", name="See what came of it").click()
        look_again(page)
    heading(page, re.compile(r"^Set \d+: Residential 14"))
    set_url = page.url
    for name in ("A", "B"):
        page.goto(set_url)
        page.get_by_role("link", name=f"Publish form {name}…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(re.compile("^Live")).check()
        reason = dialog.get_by_label(re.compile("^(Reason|In your words)"))
        if reason.count():
            reason.fill("Demonstration: keys and judgements are illustrative and simulated.")
        dialog.get_by_role("button", name=f"Publish form {name}").click()
        expect(dialog).not_to_be_visible()
    page.goto(set_url)
    expect(page.get_by_text(re.compile("snapshot [0-9a-f]{12}"))).to_have_count(2)
    text = page.inner_text("main")
    found = sorted(set(re.findall(r"residential-14-s\d+-[ab]", text)))
    assert len(found) == 2
    return found


def _residential(page: Page) -> int:
    options = page.get_by_label("Blueprint", exact=True).locator("option").all_inner_texts()
    return next(at for at, words in enumerate(options) if "esidential" in words)


def administrator_schedules(page: Page, forms: list[str], person: Apprentice, tmp_path: Path) -> tuple[str, str]:
    starts = datetime.now(LONDON) + timedelta(minutes=7)
    page.goto("/sessions/new")
    page.get_by_label("Centre").fill("York, Station Road")
    page.get_by_label("Room").fill("Room J")
    page.get_by_label("Date").fill(f"{starts:%Y-%m-%d}")
    page.get_by_label("Start").fill(f"{starts:%H:%M}")
    for form in forms:
        page.locator(f'input[name=forms][value="{form}"]').check()
    page.get_by_label("Seats").fill("4")
    page.get_by_role("button", name=re.compile("session", re.IGNORECASE)).last.click()
    heading(page, "Room PIN")  # shown this once
    address = page.get_by_role("link", name="Back").get_attribute("href") or ""
    assert re.fullmatch(r"/sessions/[0-9a-f-]{36}", address)
    rows = list(csv.reader(io.StringIO(as_csv([person]))))
    faulty = [row[:] for row in rows] + [rows[1][:]]
    faulty[1][0], faulty[2][7] = "1234567890", "not a day"
    wrong, right = tmp_path / "wrong.csv", tmp_path / "right.csv"
    for path, table in ((wrong, faulty), (right, rows)):
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(table)
    page.goto(address)
    page.get_by_label("Candidates file (CSV)").set_input_files(wrong)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text(re.compile("check digit"))).not_to_have_count(0)
    expect(page.get_by_text(re.compile("row 3|line 3"))).not_to_have_count(0)
    page.goto(address)
    page.get_by_label("Candidates file (CSV)").set_input_files(right)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name=re.compile("^Load 1")).click()
    expect(page.get_by_text("Gateway not complete").first).to_be_visible()
    page.get_by_role("link", name=f"{person.given} {person.family}").first.click()
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    page.get_by_role("button", name=re.compile("evidence", re.IGNORECASE)).click()
    page.goto(address)
    expect(page.get_by_text("Booked").first).to_be_visible()
    page.get_by_role("button", name="Print code slips").click()
    code = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", page.inner_text("main"))
    assert code is not None
    slip = code.group(0)
    page.goto(address)
    page.get_by_role("button", name="New room PIN").click()
    pin_text = re.search(r"\b(\d{3}) (\d{3})\b", page.inner_text("main"))
    assert pin_text is not None
    return slip, pin_text.group(1) + pin_text.group(2)


def invigilator_checks_in(page: Page, person: Apprentice) -> None:
    page.goto("/room/")
    page.get_by_role("link", name=re.compile("Open York, Station Road")).click()
    page.get_by_role("link", name="Check-in").click()
    page.get_by_role("link", name=f"Check in {person.given} {person.family}").click()
    page.get_by_role("button", name="Confirm identity").click()
    expect(page.get_by_text(re.compile("Error"))).not_to_have_count(0)  # the box must be ticked first
    page.get_by_label(re.compile("I have seen photo identity")).check()
    page.get_by_role("button", name="Confirm identity").click()
    expect(page.get_by_text("Checked in").first).to_be_visible()


def candidate_enters(page: Page, slip: str, pin: str, person: Apprentice) -> None:
    page.goto("/")
    heading(page, "Enter your code")
    page.get_by_label("Access code").fill("AAAA-AAAA")
    page.get_by_label("Room PIN").fill(pin)
    page.get_by_role("button", name="Continue").click()
    heading(page, "Enter your code")
    page.get_by_label("Access code").fill(slip.lower().replace("-", " "))
    page.get_by_label("Room PIN").fill(pin)
    page.get_by_role("button", name="Continue").click()
    heading(page, "Is this you?")
    expect(page.get_by_text(f"{person.given} {person.family}")).to_be_visible()
    page.get_by_role("button", name="Yes, this is me").click()
    heading(page, "How should the test look?")
    page.get_by_role("button", name="Keep these settings").click()
    heading(page, "Before you start")
    page.get_by_role("button", name="I am ready").click()
    heading(page, "You are ready")
    assert "data-item" not in page.content(), "nothing of the paper before the start"


def second_browser_is_refused(page: Page, slip: str, pin: str) -> None:
    page.goto("/sit/")
    page.get_by_label("Access code").fill(slip)
    page.get_by_label("Room PIN").fill(pin)
    page.get_by_role("button", name="Continue").click()
    assert not page.get_by_role("heading", level=1, name="Is this you?").count()
    page.close()


def invigilator_starts(page: Page) -> str:
    page.get_by_role("link", name="Console").click()
    page.get_by_role("link", name="Start the room…").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Start")).click()
    expect(page.get_by_text("Running").first).to_be_visible()
    return page.url


def candidate_sits(page: Page, invigilator: Page, room: str, person: Apprentice) -> str:
    page.wait_for_selector("[data-item]:visible", timeout=60_000)
    seen: set[str] = set()
    for number in range(1, 40):
        formats = answer_what_shows(page)
        seen |= formats
        if number == 1:
            page.get_by_role("button", name=re.compile("Flag")).click()
        if number == 3:
            expect(page.locator("[data-save-text]")).to_have_text(re.compile("All answers saved"), timeout=60_000)
            page.reload()  # as good as a killed browser: the page comes back with everything
            page.wait_for_selector("[data-item]:visible", timeout=60_000)
        if number == 5:
            pause_and_add_time(page, invigilator, room, person)
        following = page.locator('[data-action="next"]:visible')
        if not following.count():
            break
        following.first.click()
        if page.get_by_role("heading", level=1, name=re.compile("Check your answers|All questions")).count():
            break
    assert seen == {"rank", "choose", "rate", "most_least", "single", "written"}, seen
    if not page.get_by_role("button", name=re.compile("Submit my test")).is_visible():
        page.locator('[data-action="review"]:visible').first.click()
    page.get_by_role("button", name=re.compile("Submit my test")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Submit")).click()
    heading(page, "Your test is submitted")
    receipt = page.locator(".receipt .code").inner_text()
    page.reload()
    heading(page, "Your test is submitted")
    assert page.locator(".receipt .code").inner_text() == receipt
    return receipt


def pause_and_add_time(page: Page, invigilator: Page, room: str, person: Apprentice) -> None:
    invigilator.goto(room)
    invigilator.get_by_role("link", name=f"{person.given} {person.family}").first.click()
    invigilator.get_by_role("link", name="Pause…").first.click()
    _give_reason(invigilator, "Pause")
    expect(page.get_by_role("heading", name="Your test is paused")).to_be_visible(timeout=60_000)
    assert not page.locator("[data-item]:visible").count(), "items are hidden while the clock is stopped"
    invigilator.get_by_role("link", name=re.compile("^(Resume|Go on)…")).first.click()
    _give_reason(invigilator, "Go on|Resume")
    page.wait_for_selector("[data-item]:visible", timeout=60_000)
    invigilator.get_by_role("link", name="Add time…").first.click()
    invigilator.get_by_role("dialog").get_by_label("Minutes to add").fill("5")
    _give_reason(invigilator, "Add time")


def _give_reason(page: Page, verb: str) -> None:
    dialog = page.get_by_role("dialog")
    reason = dialog.get_by_label("Reason")
    if reason.count():
        reason.first.select_option(index=1)
    words = dialog.get_by_label("In your words")
    if words.count():
        words.fill("Walked through in a test.")
    dialog.get_by_role("button", name=re.compile(f"^({verb})")).click()
    expect(dialog).not_to_be_visible()


def answer_what_shows(page: Page) -> set[str]:
    """Answer every item of the question on the page, by the controls a candidate has."""
    formats: set[str] = set()
    for item in page.locator("[data-item]:visible").all():
        kind = item.get_attribute("data-format") or ""
        formats.add(kind)
        if kind == "rank":
            for place in range(1, 6):
                item.locator(f'[data-tray] [data-action="place"][data-place="{place}"]:visible').first.click()
        elif kind == "choose":
            for label in item.locator("label:has(input[type=checkbox])").all()[:3]:
                label.click()
        elif kind == "rate":
            for at, row in enumerate(item.locator("fieldset.rate-row").all()):
                row.locator("label:has(input[type=radio])").nth(at % 4).click()
        elif kind == "most_least":
            item.locator('label:has(input[data-end="most"])').nth(0).click()
            item.locator('label:has(input[data-end="least"])').nth(1).click()
        elif kind == "single":
            item.locator("label:has(input[type=radio])").nth(1).click()
        elif kind == "written":
            item.get_by_role("textbox").fill(WRITTEN)
    assert formats, "a question shows"
    return formats


def invigilator_ends(page: Page, room: str) -> None:
    page.goto(room)
    page.get_by_role("link", name="End the session…").click()
    _give_reason(page, "End the session")
    expect(page.get_by_text("Closed").first).to_be_visible()


def _open_york(page: Page, where: str) -> None:
    page.goto(where)
    page.get_by_role("row", name=re.compile("York, Station Road")).first.get_by_role("link").first.click()


def results_wait_for_marking(page: Page) -> None:
    _open_york(page, "/results/")
    expect(page.get_by_text("Awaiting marking").first).to_be_visible()
    page.close()


def assessor_marks(page: Page) -> None:
    page.goto("/marking/")
    page.get_by_role("button", name="Mark next answer").click()
    for level in (3, 2):  # both written answers of the one candidate
        heading(page, re.compile("^Answer "))
        number = page.get_by_role("heading", level=1).inner_text()
        for criterion in page.locator("fieldset.criterion").all():
            criterion.get_by_role("radio").nth(level).check()
            criterion.get_by_role("textbox").fill("The answer says whom to tell, and asks the child first.")
        page.get_by_role("button", name=re.compile("^Save mark")).click()
        expect(page.get_by_text(f"The mark on {number[:1].lower()}{number[1:]} is saved.")).to_be_visible()
    heading(page, "Marking")


def psychometrician_analyses_and_proposes(page: Page, forms: list[str]) -> None:
    _open_york(page, "/analysis/")
    page.get_by_role("button", name=re.compile("^Analyse")).first.click()
    until = time.monotonic() + 240
    while time.monotonic() < until and not page.get_by_text("only counts are shown").count():
        look_again(page)
    expect(page.get_by_text("1 candidate: fewer than 10, so only counts are shown.")).to_be_visible()
    page.goto("/analysis/")
    page.get_by_role("row", name=re.compile("Leeds, Wellington Street, Room 2")).last.get_by_role("link").first.click()
    expect(page.get_by_text(re.compile("[Ff]acility")).first).to_be_visible()
    page.goto("/results/judging/new")
    page.get_by_label("What the panel is for").fill("Walked through")
    page.locator(f'input[type=checkbox][value="{forms[0]}"]').check()
    page.get_by_label(re.compile("Petra Lang")).check()
    page.get_by_role("button", name="Start panel").click()
    page.goto("/results/judging")
    page.get_by_role("link", name="Rate the items of Walked through").click()
    refused = False
    for _ in range(30):
        rating = page.get_by_label("Mark of the borderline candidate")
        if not rating.count():
            break
        words = page.inner_text("main")
        floor = re.search(r"guesses gets ([\d.]+) of ([\d.]+)", words)
        most = float(re.search(r"of ([\d.]+) marks", words).group(1))  # type: ignore[union-attr]
        if floor and not refused:
            rating.fill("0")
            page.get_by_role("button", name="Save and next").click()
            expect(page.get_by_text("There is a problem")).to_be_visible()
            expect(page.get_by_role("alert").get_by_text(re.compile(floor.group(1)))).to_be_visible()
            refused = True
            rating = page.get_by_label("Mark of the borderline candidate")
        low = float(floor.group(1)) if floor else 0.0
        rating.fill(f"{round(low + most) / 2 + (0.5 if low else 0):.1f}")
        with page.expect_navigation():
            page.get_by_role("button", name="Save and next").click()
        if page.url.endswith("/judging") or page.get_by_text("Every judge has rated every item").count():
            break
    assert refused, "a rating below chance is refused, with the chance mark shown"
    page.goto("/results/judging")
    page.get_by_role("link", name="Walked through", exact=True).click()
    page.get_by_role("button", name="Close the panel").click()
    expect(page.get_by_text("This panel is closed.")).to_be_visible()
    for form in forms:
        page.goto(f"/results/pass-marks/{form}")
        page.get_by_role("button", name=re.compile("^Propose")).click()
        expect(page.get_by_text("Proposed", exact=True).first).to_be_visible()


def officers_adopt_and_release(first: Page, second: Page, forms: list[str], person: Apprentice) -> None:
    for officer in (first, second):
        for form in forms:
            officer.goto(f"/results/pass-marks/{form}")
            officer.get_by_role("button", name="Sign this pass mark").click()
    expect(second.get_by_text("Adopted").first).to_be_visible()
    _open_york(first, "/results/")
    if first.get_by_role("button", name="Mark the session").count():
        first.get_by_role("button", name="Mark the session").click()
        until = time.monotonic() + 240
        while time.monotonic() < until and not first.get_by_role("button", name="Propose the release").count():
            time.sleep(1)
            _open_york(first, "/results/")
    first.get_by_role("button", name="Propose the release").click()
    expect(first.get_by_text("Waits for the second signature")).to_be_visible()
    assert not first.get_by_role("button", name=re.compile("^Release")).count(), "nobody releases alone"
    _open_york(second, "/results/")
    second.get_by_role("button", name=re.compile("^Release 1 result")).click()
    expect(second.get_by_text("Released").first).to_be_visible()
    statement = second.get_by_role("link", name=f"Statement of {person.family}, {person.given}")
    expect(statement).to_be_visible()
    statement.click()
    expect(second.get_by_text("Simulated data").first).to_be_visible()


def interview_and_award(assessor: Page, officer: Page, person: Apprentice) -> None:
    """The walked candidate answered without reading, so the interview stays shut; one who passed goes on."""
    assessor.goto(f"/epa/?q={person.family}")
    assessor.get_by_role("link", name=f"{person.given} {person.family}").first.click()
    outcome = assessor.inner_text("main")
    if "needs a pass in the situational judgement test" in outcome:
        assessor.get_by_label("Day of the interview").fill(f"{datetime.now(LONDON):%Y-%m-%d}")
        assessor.get_by_role("button", name="Book interview with me").click()
        expect(assessor.get_by_text(re.compile("cannot be booked"))).to_be_visible()
    assessor.goto("/epa/?show=interview")
    assessor.locator("tbody th a").last.click()
    record = assessor.url
    today = datetime.now(LONDON).date()
    if assessor.get_by_label("Handed in on").count():
        assessor.get_by_label("Handed in on").fill(f"{today - timedelta(days=30):%Y-%m-%d}")
        assessor.get_by_role("button", name="Save hand-in date").click()
        assessor.locator("#portfolio-outcome").select_option("distinction")
        assessor.locator("#portfolio-reason").fill("The pieces meet the criteria at the higher level throughout.")
        assessor.get_by_role("button", name="Save grade of showcase portfolio").click()
    assessor.get_by_label("Day of the interview").fill(f"{today:%Y-%m-%d}")
    assessor.get_by_role("button", name="Book interview with me").click()
    assessor.get_by_role("button", name="Open interview").click()
    heading(assessor, "Evidence pack")
    expect(assessor.get_by_text("Ask", exact=True).first).to_be_visible()
    assessor.goto(record)
    assessor.locator("#interview-outcome").select_option("distinction")
    assessor.locator("#interview-reason").fill("Every prompt was answered with reasons that fit the child.")
    assessor.get_by_role("button", name="Save grade of competence interview").click()
    assessor.get_by_role("button", name=re.compile("^Sign: ")).click()
    officer.goto(record.replace(assessor.url.split("/epa")[0], ""))
    expect(officer.get_by_text("ap-sjt-portfolio-interview").first).to_be_visible()
    officer.get_by_role("button", name=re.compile("^Sign: ")).click()
    expect(officer.get_by_text(re.compile("^Awarded: "))).to_be_visible()


def auditor_verifies(page: Page) -> None:
    page.goto("/audit/")
    heading(page, "Audit record")
    page.get_by_label("Find a chain").fill("form:")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name=re.compile("^form:")).first.click()
    expect(page.get_by_text("Holds").first).to_be_visible()
    assert PASSWORD not in page.content()
