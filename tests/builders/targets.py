"""The size of what can be pressed, measured where it is pressed."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

CANDIDATE: Final = 44
STAFF: Final = 24
"""CSS px: WCAG 2.5.5 for whoever sits under a clock, 2.5.8 for the staff."""

TARGETS: Final = """(least) => {
    const words = (one) => (one.getAttribute("aria-label") ?? one.textContent ?? "").trim().replace(/\\s+/g, " ");
    const named = (one) => words(one).slice(0, 40) || one.outerHTML.slice(0, 80);
    const rects = (one) => {
        const parts = [one];
        if (one.matches("input[type=checkbox], input[type=radio], input[type=file]")) parts.push(...(one.labels ?? []));
        const all = parts.map((part) => part.getBoundingClientRect());
        const boxes = all.filter((box) => box.width > 1 && box.height > 1);
        const side = (name, best) => best(...boxes.map((box) => box[name]));
        return boxes.length ? {width: side("right", Math.max) - side("left", Math.min),
                               height: side("bottom", Math.max) - side("top", Math.min)} : null;
    };
    // a link within a line of text is as high as its line (the exception of both rules)
    const inText = (one) => one.matches("a") && getComputedStyle(one).display === "inline"
        && [...one.parentElement.childNodes].some((node) => node !== one && node.textContent.trim());
    const covers = (one) => one.closest(".seat") ?? one;  // the whole seat is its link
    const sizes = [];
    const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary";
    for (const one of document.querySelectorAll(controls)) {
        if (!one.checkVisibility({visibilityProperty: true, opacityProperty: true}) || one.matches(".skip")) continue;
        if (inText(one) || one.disabled) continue;
        const box = rects(one.matches(".seat a.name") ? covers(one) : one);
        if (!box) continue;
        sizes.push({size: Math.round(Math.min(box.width, box.height) * 10) / 10, name: named(one)});
    }
    sizes.sort((a, b) => a.size - b.size);
    return {count: sizes.length, smallest: sizes[0]?.size ?? null,
            small: sizes.filter((one) => one.size < least - 0.5).map((one) => `${one.size} px: ${one.name}`)};
}"""


def targets(page: Page, least: int) -> dict[str, Any]:
    """Measure every control that shows: how many, the smallest, and those under ``least`` with their names."""
    found: dict[str, Any] = page.evaluate(TARGETS, least)
    return found
