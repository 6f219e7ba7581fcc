"""A pool of forms, asked for, prepared and published, and a set whose forms wait: what the demonstration has not."""

from __future__ import annotations

import re
from typing import Final

from playwright.sync_api import Page

from tools.screenshots_drawing import Artist, Cast

PAGES: Final = frozenset({"pool-new", "pool", "pool-publish", "pool-published", "pool-pass-marks", "set-publish"})
FORMS: Final = 12
PATIENCE: Final = 300_000
"""Milliseconds for a job of the worker."""
BLUEPRINT: Final = """schema = "sjt.blueprint/1"
id = "residential-8"
title = "Residential, 8 scenarios"
bank = "cypf"
option = "residential"
scenarios = 8
trial = 0
minutes = [10, 26]
minutes_apart = 4
max_random_pass = 0.05
max_strategy_pass = 0.3

[marks]
rank = 20
choose = 12
rate = 20
most_least = 8
single = 4
written = 12

[counts.format]
rank = 2
choose = 2
rate = 1
most_least = 1
single = 1
written = 1

[counts.option]
core = 6
residential = 2

[cut]
source = "angoff"
band_marks = 0.5

[[target]]
attr = "facility"
tolerance = 0.3

[maximise]
attr = "discrimination"
"""


def pool(cast: Cast, artist: Artist) -> None:
    """Have a pool prepared and published, and draw each page of it on the way."""
    page = cast["developer"]
    page.goto("/forms/blueprints/")
    page.locator("input[type=file]").set_input_files(
        {"name": "residential-8.toml", "mimeType": "application/toml", "buffer": BLUEPRINT.encode()}
    )
    page.locator("form:has(input[type=file]) button").click()
    page.goto("/forms/pools/new?blueprint=residential-8")
    artist.draw(page, "pool-new", zoomed=True)
    page.locator("[name=forms]").fill(str(FORMS))
    page.get_by_role("button", name="Prepare pool").click()
    page.wait_for_url(re.compile("/forms/pools/[0-9a-f-]{36}$"))
    address = page.url
    waiting = page.get_by_role("link", name=f"Publish {FORMS} forms…")
    waiting.wait_for(timeout=PATIENCE)
    page.goto(address)
    artist.draw(page, "pool", zoomed=True)
    waiting.click()
    artist.draw(page, "pool-publish", zoomed=True)
    page.locator("input[name=use][value=live]").check()
    reason = page.locator("[name=reason_text]")
    if reason.count():
        reason.fill("Drawn for the pictures of the pages.")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(address)
    page.get_by_text("Published, live").nth(FORMS - 1).wait_for(timeout=PATIENCE)
    page.get_by_role("link", name="Look again").wait_for(state="detached", timeout=PATIENCE)
    page.goto(address)
    artist.draw(page, "pool-published", zoomed=True)
    officer = cast["psychometrician"]
    officer.goto(f"/results/pass-marks/sets/{address.rsplit('/', 1)[-1]}")
    artist.draw(officer, "pool-pass-marks", zoomed=True)
    a_set(page)
    artist.draw(page, "set-publish", zoomed=True)


def a_set(page: Page) -> None:
    """Have a set of two built and ask to publish all its forms."""
    page.goto("/forms/new?blueprint=blueprints/residential-8.toml")
    page.locator("[name=forms]").fill("2")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(re.compile("/jobs/[0-9a-f-]{36}$"))
    page.get_by_role("link", name="See what came of it").wait_for(timeout=PATIENCE)
    page.goto("/forms/")
    page.goto(
        next(
            link
            for link in page.eval_on_selector_all("main a[href]", "(all) => all.map((one) => one.getAttribute('href'))")
            if re.fullmatch(r"/forms/[0-9a-f-]{36}", link)
        )
    )
    page.goto(page.url + "/publish")
