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
        if (inText(one) || one.disabled || one.matches(".visually-hidden")) continue;
        const box = rects(one.matches(".seat a.name") ? covers(one) : one);
        if (!box) continue;
        const at = one.getBoundingClientRect(), size = Math.round(Math.min(box.width, box.height) * 10) / 10;
        sizes.push({size, name: named(one), at, x: at.x + at.width / 2, y: at.y + at.height / 2});
    }
    // WCAG 2.5.8: a smaller target is well if a circle of that size around its middle meets no other target, nor the
    // circle of another small one; 2.5.5 knows no such exception
    const away = (one, two) => Math.hypot(Math.max(two.at.left - one.x, 0, one.x - two.at.right),
        Math.max(two.at.top - one.y, 0, one.y - two.at.bottom));
    const alone = (one) => least === 24 && sizes.every((two) => two === one || (away(one, two) >= 12
        && (two.size >= 23.5 || Math.hypot(one.x - two.x, one.y - two.y) >= 24)));
    sizes.sort((a, b) => a.size - b.size);
    return {count: sizes.length, smallest: sizes[0]?.size ?? null,
            spaced: sizes.filter((one) => one.size < least - 0.5 && alone(one)).length,
            small: sizes.filter((one) => one.size < least - 0.5 && !alone(one))
                .map((one) => `${one.size} px: ${one.name}`)};
}"""


def targets(page: Page, least: int) -> dict[str, Any]:
    """Measure every control that shows: how many, the smallest, and those under ``least`` with their names.

    A control under 24 px that has room around it (WCAG 2.5.8, spacing) is counted as ``spaced``, not named as small.
    """
    found: dict[str, Any] = page.evaluate(TARGETS, least)
    return found
