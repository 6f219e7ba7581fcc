"""A candidate on paper, from the sheets to what two people keyed; and the slips, which come out once."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tools.screenshots_drawing import Artist, Cast
from tools.screenshots_sitting import confirm, identity


def on_paper(cast: Cast, artist: Artist, told: dict[str, Any]) -> None:
    centre, invigilator, papers = cast["centre"], cast["invigilator"], f"/paper/{told['session']}"
    identity(invigilator, f"/room/{told['session']}/check-in", told["codes"][-1]["name"])
    confirm(invigilator)
    centre.goto(papers)
    who = centre.locator("#booking")
    person = who.locator("option", has_text=told["codes"][-1]["name"]).text_content()
    who.select_option(label=person)
    centre.get_by_label("Reason").fill("Large print arranged")
    centre.get_by_role("button", name="Put on paper").click()
    artist.draw(centre, "papers")
    for button, name in (("on A4", "paper"), ("in large print", "paper-large")):
        centre.goto(papers)
        centre.get_by_role("button", name=re.compile(f"{button}$")).click()
        artist.draw(centre, name)
        artist.print(centre, name)
    invigilator.goto(papers)
    invigilator.locator("summary", has_text="record the times").click()
    for label, text in (("Began", "00:01"), ("Came in", "00:02"), ("Why", "Sat on paper in a room of its own")):
        invigilator.get_by_label(label, exact=True).fill(text)
    invigilator.get_by_role("button", name="Record times").click()
    expect(invigilator.get_by_text("The times are recorded.")).to_be_visible()
    for at, keyer in enumerate((invigilator, centre)):
        key(artist, keyer, papers, differs=at == 1)
    officer = cast["officer"]
    officer.goto(papers)
    officer.get_by_role("link", name=re.compile("^Settle")).click()
    artist.draw(officer, "paper-settle")


def key(artist: Artist, page: Page, papers: str, *, differs: bool) -> None:
    page.goto(papers)
    mark = (page.locator("td.mono").first.text_content() or "").strip()
    page.get_by_role("link", name=re.compile("^Key the")).click()
    page.get_by_label("Check mark on the sheets").fill(mark)
    for box in page.locator(".key-row input").all():
        box.fill("-")  # left empty on the sheet
    for at, area in enumerate(page.locator(".key-row textarea").all()):
        area.fill("I would listen first." if differs and at == 0 else "I would listen.")
    if not differs:
        artist.draw(page, "paper-key")
    page.get_by_role("button", name="Keep this keying").click()
    page.wait_for_url(f"**{papers}")


def slips(cast: Cast, artist: Artist, told: dict[str, Any]) -> None:
    """Print code slips, and with them the codes that stood before fall."""
    page = cast["centre"]
    page.goto(f"/sessions/{told['session']}")
    page.get_by_role("button", name="Print code slips").click()
    artist.draw(page, "slips")
    artist.print(page, "slips")
    page.goto(f"/room/{told['session']}/pack")
    artist.draw(page, "room-pack-before")
    artist.print(page, "room-pack-before")
