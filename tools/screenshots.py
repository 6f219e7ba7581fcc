"""Draw every page as its user, wide and as on a phone, from a demonstration that is built, served and sat.

``python tools/screenshots.py [--into docs/images] [--whole] [name …]`` — ``--whole`` draws pages to their end,
names draw only those pages (of staff; ``sitting``, ``paper`` and ``slips`` are one piece each). With
``SJT_TEST_DEMONSTRATION`` a demonstration that stands is copied, which saves building one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.builders.server import CHROMIUM_ARGUMENTS, serving  # noqa: E402 - the checkout must be on the path first
from tools.screenshots_drawing import NARROW, Artist, Cast, build, not_drawn, shrink_kept  # noqa: E402
from tools.screenshots_keyboard import by_keyboard  # noqa: E402
from tools.screenshots_paper import on_paper, slips  # noqa: E402
from tools.screenshots_sitting import sitting  # noqa: E402
from tools.screenshots_staff import staff  # noqa: E402


def main() -> int:
    told_to = argparse.ArgumentParser(description="Draw every page as its user.")
    told_to.add_argument("names", nargs="*", help="draw only these; `sitting` is the candidate's and the room's")
    told_to.add_argument("--into", type=Path, default=ROOT / "docs" / "images")
    told_to.add_argument("--whole", action="store_true", help="draw each page to its end")
    asked = told_to.parse_args()
    asked.into.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("SJT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    artist, names = Artist(asked.into, whole=asked.whole), set(asked.names)
    pieces = {"slips": slips, "sitting": sitting, "paper": on_paper}
    if names == {"keyboard"}:
        return by_keyboard(asked.into, chromium)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        build(data)
        told = json.loads((data / "demonstration.json").read_text(encoding="utf-8"))
        with serving(data, seconds=180) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_ARGUMENTS, "--lang=en-GB"])
            cast = Cast(browser, address)
            staff(cast, artist, told, names)
            for name in ("sitting", "paper", "slips"):  # slips last: they make every code new
                if not names or name in names:
                    pieces[name](cast, artist, told)
            browser.close()
    if not names or "keyboard" in names:  # a sitting of its own needs a demonstration whose session still waits
        by_keyboard(asked.into, chromium)
    if not names:
        shrink_kept(asked.into.resolve())
    print(f"{artist.drawn} pictures in {asked.into}; {artist.faults} parts beyond {NARROW} px")
    missing = [] if names else list(not_drawn(artist.seen, (ROOT / "docs" / "urls.md").read_text(encoding="utf-8")))
    for one in missing:
        print(f"no picture of {one}", file=sys.stderr)
    return 1 if artist.faults or missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
