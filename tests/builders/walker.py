"""What a walk over pages asks of each: axe, the whole page by Tab, and nothing beyond the edge at 400 % zoom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Page, ViewportSize

from tests.builders.tour import beyond_the_edge, shape

WIDE: Final[ViewportSize] = {"width": 1280, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
ZOOMED: Final[ViewportSize] = {"width": 320, "height": 640}
"""1280 px at 400 % zoom (WCAG 1.4.10)."""
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

# What a page is made of: an axe run on a page that has nothing new would find nothing new.
PARTS: Final = """() => [...new Set([...document.querySelectorAll("body *")].map((one) =>
    [one.tagName, one.getAttribute("class"), one.getAttribute("role"), one.getAttribute("type"),
     one.hasAttribute("aria-label"), one.parentElement.getAttribute("class")].join(" ")))]"""

# A page that renews itself would bring back, in the middle of the walk, what ALIKE took out: it stands still from here.
STILL: Final = """() => {
    window.fetch = () => new Promise(() => {});
    DOMParser.prototype.parseFromString = () => document.implementation.createHTMLDocument();
    for (const part of document.querySelectorAll("[data-poll]")) part.removeAttribute("data-poll");
}"""

# Rows and cards that hold nothing of another kind than those before them say nothing more.
ALIKE: Final = """() => {
    const kinds = (one) => [one, ...one.querySelectorAll("*")].map((part) =>
        [part.tagName, part.getAttribute("class"), part.getAttribute("role"), part.getAttribute("type")].join(" "));
    for (const parent of document.querySelectorAll("main, main :is(tbody, ul, ol, section, div)")) {
        const met = new Map();
        for (const child of [...parent.children]) {
            if (!child.matches("tr, li, section, article, details, .card, .panel")) continue;
            const group = `${child.tagName} ${child.getAttribute("class")}`;
            const known = met.get(group) ?? {count: 0, parts: new Set()};
            met.set(group, known);
            const parts = kinds(child);
            if ((known.count += 1) > 3 && parts.every((part) => known.parts.has(part))) child.remove();
            else parts.forEach((part) => known.parts.add(part));
        }
    }
}"""

# No rule among these reads style sheets, so they are not fetched a second time; a frame's page is walked by itself.
AXE: Final = """async (tags) => {
    const found = await axe.run(document, {
        runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], reporter: "no-passes",
        preload: {assets: ["media"]}, iframes: false});
    return found.violations.map((one) => `axe ${one.id} (${one.help}): `
        + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "));
}"""

# Regions that scroll by themselves must be reached and named, else a keyboard cannot read them.
SCROLLERS: Final = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.checkVisibility()
        && ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && !one.matches("textarea, input, select"))
    .filter((one) => one.tabIndex < 0 || !(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby")))
    .map((one) => `scrolls but has no stop or no name: ${one.outerHTML.slice(0, 120)}`)"""

TABBING: Final = """() => {
    const look = (one) => {
        const style = getComputedStyle(one);  // not the shadow, which forced colours take away
        return [style.outlineStyle, style.outlineWidth, style.outlineColor].join(" ");
    };
    const shown = (one) => one.matches("input[type=checkbox], input[type=radio], input[type=file]")
        ? one.closest("label") ?? one
        : one.closest(".code-area")  // the lines' numbers and the text have one outline
        ?? (one.matches(".seat a.name") ? one.closest(".seat") : one);  // the whole seat is its target
    const name = (one) => {
        const by = (one.getAttribute("aria-labelledby") ?? "").split(/\\s+/).filter(Boolean)
            .map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
        const label = [...(one.labels ?? [])].map((words) => words.textContent).join(" ");
        const within = one.matches("input, select, textarea, iframe, [role=region], [role=group]") ? "" :
            one.textContent + [...one.querySelectorAll("img")].map((image) => image.alt).join(" ");
        const button = one.matches("input[type=submit], input[type=button]") ? one.value : "";
        return [by, one.getAttribute("aria-label") ?? "", label, within, button, one.title].join(" ").trim();
    };
    const called = (one) => one.outerHTML.slice(0, 120).replace(/\\s+/g, " ");
    const all = [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [tabindex], audio[controls]")]
        .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({visibilityProperty: true}));
    document.activeElement?.blur();  // a page may open with the focus on its first field
    const before = new Map(all.map((one) => [one, [look(one), look(shown(one))]]));
    const parted = "iframe, input[type=date], input[type=time], input[type=datetime-local]";
    const reached = [], faults = [];
    let round = false;
    window.walk = {
        // look at where the focus is, until it is back at the window or at its beginning
        stop() {
            const one = document.activeElement;
            if (round || !one || one === document.body) { round ||= reached.length > 0; return; }
            if (one === reached.at(-1) && one.matches(parted)) return;  // a stop inside: a frame, a day, a month
            if (one === reached[0]) { round = true; return; }
            if (reached.includes(one)) { faults.push(`the focus comes round to ${called(one)}`); round = true; return; }
            const last = reached.at(-1);
            reached.push(one);
            if (last && !(last.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING))
                faults.push(`the focus goes backwards to ${called(one)}`);
            const box = shown(one);
            const [own, around] = before.get(one) ?? ["", ""];
            if (look(one) === own && look(box) === around && !one.matches("iframe"))
                faults.push(`no sign of the focus on ${called(one)}`);
            if (!name(one)) faults.push(`no name: ${called(one)}`);
            const boxes = [...box.getClientRects()];
            const points = [[.5, .5], [.1, .2], [.9, .8], [.1, .8], [.9, .2]];
            const seen = boxes.some((rect) => points.some(([x, y]) => {
                const hit = document.elementFromPoint(rect.left + rect.width * x, rect.top + rect.height * y);
                return hit && (box.contains(hit) || hit.contains(box) && hit !== document.documentElement);
            }));
            if (!seen) faults.push(`covered or out of the window: ${called(one)}`);
        },
        end() {
            this.stop();
            if (!round) faults.push("the focus does not leave the page");
            const groups = new Set(reached.filter((one) => one.type === "radio").map((one) => one.name));
            for (const one of all) {
                if (reached.includes(one) || (one.type === "radio" && groups.has(one.name))) continue;
                if (one.matches("iframe")) continue;  // its keys go to its own document, itself a page of the walk
                if (!one.isConnected || !one.checkVisibility({visibilityProperty: true})) continue;
                faults.push(`Tab never comes to ${called(one)}`);
            }
            return faults;
        },
    };
    // by the next key the browser has scrolled to where the last one led
    document.addEventListener("keydown", (event) => { if (event.key === "Tab") walk.stop(); }, true);
    // from the beginning, wherever the page has put the focus
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    const parts = (one) => one.matches("iframe") ? 60 : one.matches(parted) ? 8 : 1;
    return all.reduce((sum, one) => sum + parts(one), 0);
}"""


@cache
def axe_source() -> str:
    """Give axe's own script, as the package brings it."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def axe_faults(page: Page) -> list[str]:
    """Say what axe finds on the page as it shows now; its script is put in where it is not yet."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe_source())
    found: list[str] = page.evaluate(AXE, list(TAGS))
    return found


class Walker:
    """Looks at pages one by one and keeps what is wrong with them."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.parts: set[str] = set()
        self.looked_at = 0
        self.stops = 0

    def faults_of(self, page: Page) -> Iterator[str]:
        """Say everything that is wrong with the page that shows."""
        kind, parts = shape(urlsplit(page.url).path), set(page.evaluate(PARTS))
        # a part may have been met on pages of other kinds; each kind of page is looked at once in any case
        if kind in self.kinds and parts <= self.parts:
            return
        self.kinds.add(kind)
        self.parts |= parts
        self.looked_at += 1
        page.evaluate(STILL)
        page.evaluate(ALIKE)
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            for fault in axe_faults(page):
                yield f"{size['width']} px: {fault}"
        page.set_viewport_size(ZOOMED)
        for fault in [*(f"beyond the edge: {one}" for one in beyond_the_edge(page)), *page.evaluate(SCROLLERS)]:
            yield f"{ZOOMED['width']} px: {fault}"
        page.set_viewport_size(WIDE)
        yield from self.by_tab(page)

    def by_tab(self, page: Page) -> Iterator[str]:
        """Press Tab from the window to the page's end and round to it again, then take the skip link."""
        page.evaluate("scrollTo(0, 0)")
        stops: int = page.evaluate(TABBING)
        keys = page.context.new_cdp_session(page)
        for _ in range(stops + 2):
            keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Tab", "windowsVirtualKeyCode": 9})
        keys.detach()
        self.stops += stops
        yield from page.evaluate("walk.end()")
        skipped: Any = page.evaluate("document.querySelector('a.skip') !== null")
        if not skipped:
            yield "no skip link"
            return
        page.evaluate("document.querySelector('a.skip').focus()")
        page.keyboard.press("Enter")
        if not page.evaluate("document.activeElement === document.getElementById('main')"):
            yield "the skip link does not lead into main"


def report(faults: list[tuple[str, str]]) -> str:
    """Write each fault once, with the pages that have it."""
    pages: dict[str, list[str]] = {}
    for address, fault in faults:
        pages.setdefault(fault, []).append(address)
    return "\n".join(f"{fault}\n    on {json.dumps(found)}" for fault, found in pages.items())
