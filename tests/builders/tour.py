"""Every page that a person can reach by following links, one of each kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from urllib.parse import urlsplit

from playwright.sync_api import Page

LEFT_OUT = ("/static/", "/sign-in", "/styleguide", "/sit/worker.js")
FILES = re.compile(r"(\.csv|\.zip|\.json|\.svg|\.xlsx|\.docx|\.seb|/export|/file|/PROOF)$", re.IGNORECASE)
NOTHING_BEYOND_THE_EDGE = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const scrolls = (one) => {
        for (let up = one.parentElement; up; up = up.parentElement) {
            if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(up).overflowX)) return true;
        }
        return false;
    };
    return [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > width + 1 && !scrolls(one))
        .slice(-6)
        .map((one) => `${one.tagName.toLowerCase()}.${one.getAttribute("class") ?? ""}: `
            + `${Math.round(one.getBoundingClientRect().right)} px, "${(one.textContent ?? "").trim().slice(0, 40)}"`);
}"""


def shape(path: str) -> str:
    """Give an address with its ids taken out, so that pages of one kind look alike."""
    return "/".join("*" if re.search(r"[\d.]", part) else part for part in path.split("/"))


def pages_of(page: Page, starts: Sequence[str] = ("/desk",), *, known: Set[str] = frozenset()) -> Iterator[str]:
    """Give one address of each kind, opened in this browser when it is given; known kinds but the starts are left."""
    waiting, seen = list(starts), {shape(start) for start in starts} | known
    while waiting:
        address = waiting.pop(0)
        reply = page.goto(address)
        assert reply is not None
        assert reply.status < 400, f"{address}: {reply.status}"
        if urlsplit(page.url).path.startswith("/sign-in"):
            continue
        links = page.eval_on_selector_all("a[href]", "(all) => all.map((one) => one.getAttribute('href'))")
        yield address
        for link in links:
            found = urlsplit(link)
            if found.netloc or not found.path.startswith("/") or found.path.startswith(LEFT_OUT):
                continue
            if FILES.search(found.path) or shape(found.path) in seen:
                continue
            seen.add(shape(found.path))
            waiting.append(link)


def beyond_the_edge(page: Page) -> list[str]:
    """Name what makes a page scroll sideways, innermost last; nothing if it does not."""
    found: list[str] = page.evaluate(NOTHING_BEYOND_THE_EDGE)
    return found
