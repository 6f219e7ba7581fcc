"""The means to draw: a page at each width, what prints as it comes out of the printer, and who is signed in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page

from sjt.demo.people import PASSWORD
from tests.builders.tour import beyond_the_edge

DESKTOP: Final = (1280, 900)
PHONE: Final = (390, 844)
NARROW: Final = 320
"""1280 px at 400 % zoom."""
PAGES_SHOWN: Final = 4
FILE: Final = re.compile(r"\.(csv|json|seb|zip|svg|js)`|<path:filename>|/(healthz|readyz|state)`|/PROOF")
ONLY_LEADS_ON: Final = frozenset({"web.front_door", "results.rate_next", "web.styleguide"})


def build(data: Path) -> None:
    """Build a demonstration, or copy the one that ``SJT_TEST_DEMONSTRATION`` names."""
    ready = os.environ.get("SJT_TEST_DEMONSTRATION")
    if ready:
        shutil.copytree(ready, data)
        return
    command = f"from sjt.cli import main; main(['demo', '--data', {str(data)!r}, '--no-serve'])"
    subprocess.run([sys.executable, "-c", command], env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=True)


class Artist:
    """Draws what a page shows and says what would not fit at 320 px."""

    def __init__(self, into: Path, *, whole: bool) -> None:
        self.into, self.whole, self.drawn, self.faults = into, whole, 0, 0
        self.seen: set[str] = set()

    def draw(self, page: Page, name: str, *, narrow: bool = True, zoomed: bool = False) -> None:
        """Draw a page wide and as on a phone; zoomed: at 400 % too."""
        self.seen.add(re.sub(r"^https?://[^/]+|[?#].*$", "", page.url))
        sizes = [(DESKTOP, ""), (PHONE, "-phone"), *([((NARROW, 900), "-320")] if zoomed else [])]
        for (width, height), suffix in sizes:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("document.fonts.ready")
            page.screenshot(
                path=self.into / f"{name}{suffix}.png", full_page=self.whole, animations="disabled", scale="css"
            )
            self.drawn += 1
        if narrow:
            self.check(page, name, NARROW)
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})

    def shot(self, page: Page, name: str, width: int, height: int = 900) -> None:
        """Draw one picture at one width, never beyond the window: what a person sees without scrolling."""
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("document.fonts.ready")
        page.mouse.move(2, 2)
        page.screenshot(path=self.into / f"{name}.png", animations="disabled", scale="css")
        self.drawn += 1
        self.check(page, name, width)
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})

    def check(self, page: Page, name: str, width: int) -> None:
        page.set_viewport_size({"width": width, "height": 900})
        for fault in beyond_the_edge(page):
            self.faults += 1
            print(f"{name}: beyond {width} px: {fault}", file=sys.stderr)

    def print(self, page: Page, name: str) -> None:
        """Print to PDF as Chromium's own dialog would, and draw the first sheets."""
        self.seen.add(re.sub(r"^https?://[^/]+|[?#].*$", "", page.url))
        pdf = self.into / f"print-{name}.pdf"
        page.emulate_media(media="print")
        page.pdf(path=pdf, prefer_css_page_size=True, format="A4")
        page.emulate_media(media="screen")
        painter = shutil.which("pdftoppm")
        if painter is None:
            print("no pdftoppm here (poppler-utils): the PDF is left as it is", file=sys.stderr)
            return
        prefix = self.into / f"print-{name}"
        subprocess.run([painter, "-r", "80", "-png", "-l", str(PAGES_SHOWN), pdf, prefix], check=True)
        self.drawn += len(list(self.into.glob(f"print-{name}-*.png")))


def shrink_kept(into: Path) -> None:
    """Give the pictures that git keeps a palette of 255 colours, a third of the bytes; the others are left."""
    pictures = sorted(into.glob("*.png"))
    asked = "\n".join(str(one) for one in pictures)
    told = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"], input=asked, capture_output=True, text=True, cwd=into
    )
    ignored = set(told.stdout.splitlines())
    for one in pictures:
        if str(one) not in ignored and told.returncode in (0, 1):  # 128: no git here
            with Image.open(one) as drawn:
                drawn.convert("RGB").quantize(255, dither=Image.Dither.NONE).save(one, optimize=True)


class Cast:
    """One browser, and a signed-in page for each person who is asked for."""

    def __init__(self, browser: Browser, address: str, *, bypass_csp: bool = False) -> None:
        self.browser, self.address, self.bypass_csp = browser, address, bypass_csp
        self.pages: dict[str, Page] = {}

    def __getitem__(self, login: str) -> Page:
        if login not in self.pages:
            context = self.browser.new_context(
                base_url=self.address,
                locale="en-GB",
                viewport={"width": DESKTOP[0], "height": DESKTOP[1]},
                device_scale_factor=1,
                bypass_csp=self.bypass_csp,
            )
            page = self.pages[login] = context.new_page()
            page.set_default_timeout(60_000)
            if login not in ("candidate", "anyone"):
                page.goto("/sign-in")
                page.get_by_label("Log-in name").fill(login)
                page.get_by_label("Password").fill(PASSWORD)
                page.get_by_role("button", name="Sign in").click()
                page.wait_for_url("**/desk")
        return self.pages[login]


def not_drawn(seen: set[str], addresses: str) -> Iterator[str]:
    """Name every page of the list of addresses (docs/urls.md) that no picture shows."""
    for line in addresses.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 5 or not cells[1].startswith("`/") or "GET" not in cells[2] or FILE.search(cells[1]):
            continue
        address, endpoint = cells[1].strip("`"), cells[3].strip("`")
        path = re.sub("<path:[a-z_]+>", ".+", address)
        pattern = re.sub(r"<(?:[a-z]+:)?[a-z_]+>", "[^/]+", path)
        if endpoint not in ONLY_LEADS_ON and not any(re.fullmatch(pattern, one) for one in seen):
            yield f"{address} ({endpoint})"
