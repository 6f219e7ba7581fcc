"""Somebody who has no mouse: presses keys, comes to things by Tab, answers questions of each format."""

from __future__ import annotations

from playwright.sync_api import Page

IN_SIGHT = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return "nothing has the focus";
    const shown = one.matches("input") && one.closest("label") ? one.closest("label") : one;
    const box = shown.getBoundingClientRect();
    const points = [[.5, .5], [.1, .2], [.9, .8], [.1, .8], [.9, .2]];
    const seen = points.some(([x, y]) => {
        const hit = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
        return hit && (shown.contains(hit) || hit.contains(shown));
    });
    return seen ? "" : `${one.outerHTML.slice(0, 120)} is covered or out of the window`;
}"""


class Hands:
    """Somebody who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)

    def tab_to(self, selector: str) -> None:
        """Press Tab until what fits the selector has the focus; every stop on the way must be in sight."""
        for _ in range(120):
            self.press("Tab")
            if self.page.evaluate("document.activeElement === document.body"):
                continue  # the browser's own bar, then round again
            fault = self.page.evaluate(IN_SIGHT)
            assert not fault, fault
            if self.page.evaluate("(fits) => document.activeElement.matches(fits)", selector):
                return
        raise AssertionError(f"Tab never came to {selector} on {self.page.url}")


def answer(hands: Hands, here: str) -> str:
    """Answer the question in full and give its format."""
    kind = hands.page.locator(f"{here} [data-item]").get_attribute("data-format") or ""
    if kind == "rank":
        for place in "12345":
            hands.tab_to("[data-tray] [data-action='place']")
            hands.press(place)
        hands.press("Alt+ArrowUp")
    elif kind == "choose":
        for _ in range(3):
            hands.tab_to("input[type=checkbox]:not(:checked)")
            hands.press("Space")
    elif kind == "rate":
        for at in range(hands.page.locator(f"{here} fieldset.rate-row").count()):
            hands.tab_to("fieldset.rate-row input")
            hands.press("Space", *["ArrowRight"] * (at % 4))
    elif kind == "most_least":
        hands.tab_to("input[data-end='most']")
        hands.press("Space")
        hands.tab_to("input[data-end='least']")
        hands.press("ArrowDown")
    elif kind == "single":
        hands.tab_to("input[type=radio]")
        hands.press("Space", "ArrowDown")
    else:
        hands.tab_to("textarea")
        hands.type("I would listen first, then tell my manager.")
    return kind
