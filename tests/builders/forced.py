"""What a page still says when the system takes its colours away, and what still moves when motion is not wanted."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page

# A dark system, since whatever a sheet paints in dark ink is lost on it.
FORCED: Final = """async () => {
    const called = (one) => one.outerHTML.slice(0, 110).replace(/\\s+/g, " ");
    const faults = [];
    const shows = (one) => one.checkVisibility({visibilityProperty: true, opacityProperty: true});
    const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
    const light = (colour) => {
        const [r, g, b] = channels(colour).map((one) => (one /= 255) <= .04045 ? one / 12.92
            : ((one + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const clear = (colour) => !colour.startsWith("rgb") || channels(colour)[3] === 0;
    const against = (colour, ground) => {
        const [a, b] = [light(colour), light(ground)].sort((x, y) => y - x);
        return (a + .05) / (b + .05);
    };
    const probe = document.createElement("i");
    probe.style.color = "Canvas";
    document.body.append(probe);
    const canvas = getComputedStyle(probe).color;
    probe.remove();
    const sides = ["Top", "Right", "Bottom", "Left"];
    const edge = (style) => sides.some((side) => style[`border${side}Style`] !== "none"
        && parseFloat(style[`border${side}Width`]) >= 1 && against(style[`border${side}Color`], canvas) >= 3);

    // 1. a control is told from text by its edge or by being underlined
    const native = "[type=checkbox], [type=radio], [type=range], [type=file], [type=hidden]";
    for (const one of document.querySelectorAll("button, .btn, select, textarea, input")) {
        if (!shows(one) || one.matches(native) || one.disabled) continue;
        const style = getComputedStyle(one);
        if (style.appearance !== "none" && !one.matches("a")) continue;
        if (edge(style) || style.textDecorationLine.includes("underline")) continue;
        if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) continue;
        if (edge(getComputedStyle(one.parentElement))) continue;  // the box around it is its edge
        faults.push(`no edge: ${called(one)}`);
    }

    // 2. what is chosen, pressed or current does not look like its neighbours
    const look = (one) => {
        const style = getComputedStyle(one);
        const signs = [...one.querySelectorAll("svg, use, input, .tag")].filter(shows).map((part) =>
            part.getAttribute("href") ?? part.tagName).join();
        const made = ["::before", "::after"].map((part) => getComputedStyle(one, part).content).join();
        const under = clear(style.backgroundColor) ? canvas : style.backgroundColor;
        return [style.color, under, style.fontWeight, style.textDecorationLine, style.outlineStyle,
            style.outlineWidth, ...sides.flatMap((side) => [style[`border${side}Width`], style[`border${side}Style`],
            style[`border${side}Color`]]), signs, made].join(" ");
    };
    const words = {"aria-pressed": "true", "aria-selected": "true", "aria-checked": "true"};
    for (const one of document.querySelectorAll("[aria-current], [aria-pressed=true], [aria-selected=true], "
            + "[role][aria-checked=true]")) {
        if (!shows(one) || one.getAttribute("aria-current") === "false") continue;
        const list = one.closest("ul, ol, nav, [role=group], [role=tablist], tr, fieldset, div") ?? document.body;
        const other = [...list.querySelectorAll(one.tagName)].find((two) => two !== one && shows(two)
            && (two.getAttribute("class") ?? "").split(" ")[0] === (one.getAttribute("class") ?? "").split(" ")[0]
            && (two.getAttribute("aria-current") ?? "false") === "false"
            && !Object.entries(words).some(([name, value]) => two.getAttribute(name) === value));
        if (other && look(one) === look(other)) faults.push(`chosen looks like its neighbour: ${called(one)}`);
    }

    for (const one of document.querySelectorAll("input:is([type=radio], [type=checkbox]):checked")) {
        const box = one.getBoundingClientRect(), words = one.labels?.[0];
        if (box.width > 4 || !words || !shows(words)) continue;  // the system draws those that show themselves
        const other = [...document.querySelectorAll(`input[type=${one.type}]:not(:checked)`)]
            .find((two) => two.name === one.name && two.labels?.[0] && shows(two.labels[0]));
        if (other && look(words) === look(other.labels[0]))
            faults.push(`chosen looks like its neighbour: ${called(words)}`);
    }

    // 3. a drawing has something to be seen, and all its words
    const paints = (style) => [style.fill, style.stroke].filter((one) => !clear(one));
    const ground = (one) => {
        for (let up = one; up; up = up.parentElement) {
            const colour = getComputedStyle(up).backgroundColor;
            if (!clear(colour)) return colour;
        }
        return canvas;
    };
    for (const svg of document.querySelectorAll("svg")) {
        if (!shows(svg)) continue;
        const under = ground(svg);
        const shapes = [...svg.querySelectorAll("path, rect, circle, line, polyline, polygon, ellipse, use")];
        const words = [...svg.querySelectorAll("text")].filter((one) => one.textContent.trim());
        const seen = (one) => paints(getComputedStyle(one)).some((colour) => against(colour, under) >= 3);
        if (shapes.length && !words.length && !shapes.some(seen)) faults.push(`drawing not to be seen: ${called(svg)}`);
        // words upon a shape of the drawing have that for their ground
        const grounds = shapes.filter((one) => one.matches("rect, circle")).map((one) => [one.getBoundingClientRect(),
            getComputedStyle(one).fill]).filter(([, fill]) => !clear(fill));
        for (const one of words) {
            const box = one.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
            const on = grounds.filter(([at]) => at.left <= x && at.right >= x && at.top <= y && at.bottom >= y)
                .at(-1)?.[1] ?? under;
            if (against(getComputedStyle(one).fill, on) < 4.5)
                faults.push(`words of a drawing lost: "${one.textContent.trim().slice(0, 30)}" in ${called(svg)}`);
        }
    }
    for (const one of document.querySelectorAll("img")) {
        if (!shows(one) || !one.complete || !one.naturalWidth) continue;
        const paper = Object.assign(document.createElement("canvas"), {width: 8, height: 8});
        const pen = paper.getContext("2d");
        pen.drawImage(one, 0, 0, 8, 8);
        const alpha = pen.getImageData(0, 0, 1, 1).data[3];
        if (alpha < 250 && clear(getComputedStyle(one).backgroundColor))
            faults.push(`picture without a ground: ${called(one)}`);
    }

    // 4. nothing is said by a patch of colour alone
    for (const one of document.querySelectorAll("main i, main span, main b, main td, main div, main li")) {
        if (one.childNodes.length || !shows(one) || one.closest("svg")) continue;
        const box = one.getBoundingClientRect(), style = getComputedStyle(one);
        if (box.width < 4 || box.height < 4 || clear(style.backgroundColor) || edge(style)) continue;
        if (style.forcedColorAdjust === "none") continue;
        faults.push(`a patch of colour says it alone: ${called(one)}`);
    }
    return [...new Set(faults)];
}"""

MOVES: Final = """() => {
    const called = (one) => one.outerHTML.slice(0, 110).replace(/\\s+/g, " ");
    const long = (all) => all.split(",").some((one) => parseFloat(one) > (one.trim().endsWith("ms") ? 1 : .001));
    const faults = document.getAnimations().filter((one) => one.playState === "running")
        .map((one) => `moves: ${called(one.effect.target)}`);
    for (const one of document.querySelectorAll("*")) {
        const style = getComputedStyle(one);
        if (long(style.transitionDuration)) faults.push(`would move: ${called(one)}`);
        if (style.animationName !== "none" && long(style.animationDuration)) faults.push(`would move: ${called(one)}`);
        if (style.scrollBehavior === "smooth") faults.push(`scrolls by itself: ${called(one)}`);
    }
    return [...new Set(faults)];
}"""


def lost_in_forced_colours(page: Page) -> list[str]:
    """Name what a page no longer says in the system's colours, on a dark system; the page is left as it was."""
    page.emulate_media(forced_colors="active", color_scheme="dark")
    try:
        found: list[str] = page.evaluate(FORCED)
    finally:
        page.emulate_media(forced_colors="none", color_scheme="light")
    return found


def moves_unwanted(page: Page) -> list[str]:
    """Name what moves for a person whose system asks for no motion."""
    page.emulate_media(reduced_motion="reduce")
    try:
        found: list[str] = page.evaluate(MOVES)
    finally:
        page.emulate_media(reduced_motion="no-preference")
    return found
