"""A whole sitting by keyboard alone at 400 % zoom, as a film: a picture for each key that does something."""

from __future__ import annotations

import json
import re
import tempfile
import time
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.builders.hands import Hands, answer
from tests.builders.server import CHROMIUM_ARGUMENTS, serving
from tools.screenshots_drawing import Cast, build

MILLISECONDS: Final = 450
TRIES: Final = 10
SHEET: Final = 6
"""Pictures in a row of the sheet."""


class Filmed(Hands):
    """Somebody who has no mouse, and each of whose keys is on film."""

    def __init__(self, page: Page, into: Path) -> None:
        super().__init__(page)
        self.into = into
        self.frames: list[tuple[Path, str]] = []
        self.marks: list[int] = []
        self.is_searching = False
        into.mkdir(parents=True, exist_ok=True)
        for old in into.glob("*.png"):
            old.unlink()

    def look(self, words: str, *, mark: bool = False) -> None:
        path = self.into / f"{len(self.frames):03d}.png"
        for left in reversed(range(TRIES)):
            self.page.wait_for_load_state()
            try:
                self.page.screenshot(path=path, animations="disabled", scale="css")
                break
            except Error:  # the key has led to another page, which is just coming
                if not left:
                    raise
                time.sleep(0.5)
        self.frames.append((path, words))
        if mark:
            self.marks.append(len(self.frames) - 1)

    def press(self, *keys: str) -> None:
        for key in keys:
            super().press(key)
            if not self.is_searching:
                self.look(key)

    def type(self, words: str) -> None:
        super().type(words)
        self.look("words typed")

    def tab_to(self, selector: str) -> None:
        self.is_searching = True
        super().tab_to(selector)
        self.is_searching = False
        self.look("Tab")

    def write(self, into: Path) -> None:
        """Make the film, and a sheet of the pictures that say most."""
        pictures = [Image.open(path).convert("RGB") for path, _ in self.frames]
        film = [captioned(one, words) for one, (_, words) in zip(pictures, self.frames, strict=True)]
        film[0].save(
            into / "keyboard-400.webp", save_all=True, append_images=film[1:], duration=MILLISECONDS, loop=0, quality=40
        )
        shown = [film[n].resize((240, 498)) for n in self.marks]
        rows = -(-len(shown) // SHEET)
        sheet = Image.new("RGB", (SHEET * 250 - 10, rows * 508 - 10), "white")
        for n, one in enumerate(shown):
            sheet.paste(one, (n % SHEET * 250, n // SHEET * 508))
        sheet.save(into / "keyboard-400.png", optimize=True)


def captioned(picture: Image.Image, words: str) -> Image.Image:
    """Write the key that was pressed under a picture."""
    whole = Image.new("RGB", (picture.width, picture.height + 24), "black")
    whole.paste(picture, (0, 0))
    ImageDraw.Draw(whole).text((8, picture.height + 6), words, fill="white")
    return whole


def by_keyboard(into: Path, chromium: str | None) -> int:
    """Film the sitting; the demonstration is one of its own."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        build(data)
        told = json.loads((data / "demonstration.json").read_text(encoding="utf-8"))
        with serving(data, seconds=180) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_ARGUMENTS, "--lang=en-GB"])
            hands = film(browser, address, told, into / "keyboard-400")
            hands.write(into)
            browser.close()
    print(f"{len(hands.frames)} pictures of a sitting by keyboard in {into / 'keyboard-400'}")
    return 0


def film(browser: Browser, address: str, told: dict[str, object], into: Path) -> Filmed:
    codes = told["codes"]
    assert isinstance(codes, list)
    seat, room = codes[-1], f"/room/{told['session']}"
    invigilator = Cast(browser, address)["invigilator"]
    invigilator.goto(f"{room}/check-in")
    invigilator.get_by_role("link", name=f"Check in {seat['name']}").click()
    invigilator.get_by_label(re.compile("I have seen photo identity")).check()
    invigilator.get_by_role("button", name="Confirm identity").click()
    page = browser.new_context(base_url=address, viewport={"width": 320, "height": 640}).new_page()
    page.set_default_timeout(60_000)
    hands = Filmed(page, into)
    page.goto("/sit/")
    hands.type(seat["code"])
    hands.press("Tab")
    hands.type(str(told["pin"]))
    hands.look("The code and the PIN", mark=True)
    hands.press("Enter")
    hands.tab_to("button.btn-primary")
    hands.look("Is this you?", mark=True)
    hands.press("Enter")
    hands.tab_to("input[type=radio]")
    hands.press("ArrowRight")
    hands.look("Colours, with the arrow keys", mark=True)
    hands.tab_to("main button.btn-primary")
    hands.press("Enter")
    page.get_by_role("heading", level=1, name="Before you start").wait_for()
    hands.look("Before you start", mark=True)
    hands.tab_to("main button.btn-primary")
    hands.press("Enter")
    page.wait_for_selector("[data-waiting]")
    hands.look("Waiting for the room", mark=True)
    invigilator.goto(room)
    invigilator.get_by_role("link", name="Start the room…").click()
    invigilator.get_by_role("dialog").get_by_role("button", name=re.compile("^Start")).click()
    page.wait_for_selector("[data-item]:visible")
    questions(hands)
    hands.tab_to("[data-action='submit']")
    hands.look("Check, then submit", mark=True)
    hands.press("Enter")
    hands.tab_to("[data-action='submit-now']")
    hands.look("Submit now", mark=True)
    hands.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Your test is submitted")).to_be_visible(timeout=60_000)
    hands.look("Receipt", mark=True)
    return hands


def questions(hands: Filmed) -> None:
    """Answer every question; the first of each format is filmed key by key, the others at their end."""
    page, seen = hands.page, set()
    last = page.locator("article[data-question]").count()
    for number in range(1, last + 1):
        here = f"#question-{number}"
        page.wait_for_selector(f"{here}:not([hidden])")
        kind = str(page.locator(f"{here} [data-item]").get_attribute("data-format"))
        hands.look(f"Question {number} of {last}", mark=kind not in seen)
        plain = Hands(page)
        answer(plain if kind in seen else hands, here)
        hands.look(f"Question {number}: {kind}, answered", mark=kind not in seen)
        seen.add(kind)
        plain.tab_to("[data-action='next']")
        hands.look("Tab to the next question")
        hands.press("Enter")
    page.wait_for_selector("#check:not([hidden])")
