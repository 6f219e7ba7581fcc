"""The colours, stylesheets and templates keep the promises that design and content policy rest on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sjt.paths import template_dir

CSS = Path(__file__).resolve().parents[2] / "sjt" / "static" / "css"
TEMPLATES = Path(template_dir())
BLOCK = re.compile(r"(?P<selector>[^{}]+)\{(?P<body>[^{}]*)\}")
VALUE = re.compile(r"--(?P<name>[\w-]+):\s*(?P<value>#[0-9a-fA-F]{6})\s*;")
SCHEMES = ("staff", "white", "cream", "blue", "green", "pink", "grey", "dark", "yellow-on-black")
GROUNDS = ("page", "surface", "sunken")
STATES = ("ok", "warn", "danger", "info", "trial")
# 1.4.3: text 4.5; 1.4.11: what shows where a control is 3
TEXT, CONTROL = 4.5, 3.0


def palettes() -> dict[str, dict[str, str]]:
    """The colours of each scheme, a scheme's own over those of :root."""
    source = re.sub(r"/\*.*?\*/", "", (CSS / "tokens.css").read_text("utf-8"), flags=re.S)
    own: dict[str, dict[str, str]] = {}
    for block in BLOCK.finditer(source):
        selector = block["selector"].strip()
        scheme = re.fullmatch(r'\[data-scheme="([\w-]+)"\]', selector)
        name = "staff" if selector.startswith(":root,") else scheme[1] if scheme else None
        if name:
            own[name] = {found["name"]: found["value"] for found in VALUE.finditer(block["body"])}
    return {name: own["staff"] | own[name] for name in own}


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def pairs() -> list[tuple[str, str, float]]:
    """Every (colour, ground, least contrast) that a page may show."""
    wanted = [(ink, ground, TEXT) for ink in ("ink", "muted") for ground in GROUNDS]
    wanted += [("edge", ground, CONTROL) for ground in GROUNDS]
    wanted += [(colour, ground, TEXT) for colour in ("accent", *STATES) for ground in ("page", "surface")]
    wanted += [(state, f"{state}-soft", TEXT) for state in STATES]
    wanted += [("ink", f"{soft}-soft", TEXT) for soft in ("accent", *STATES)]
    wanted += [("accent-deep", "accent-soft", TEXT), ("accent-deep", "surface", TEXT)]
    wanted += [("on-accent", "accent", TEXT), ("on-accent", "accent-deep", TEXT), ("on-bar", "bar", TEXT)]
    wanted += [("focus", ground, CONTROL) for ground in GROUNDS]
    wanted += [("heat-ink", f"heat-{step}", TEXT) for step in range(4)]
    wanted += [("heat-on-deep", f"heat-{step}", TEXT) for step in (4, 5)]
    wanted += [(f"series-{n}", "surface", CONTROL) for n in range(1, 6)]
    return wanted


def test_every_scheme_of_the_design_is_there() -> None:
    assert set(palettes()) == set(SCHEMES)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_colours_can_be_read_on_their_grounds(scheme: str) -> None:
    colours = palettes()[scheme]
    faint = [
        f"{scheme}: {ink} on {ground} is {contrast(colours[ink], colours[ground]):.2f}, needs {least}"
        for ink, ground, least in pairs()
        if contrast(colours[ink], colours[ground]) < least
    ]
    assert not faint, "\n".join(faint)


def test_contrast_agrees_with_published_values() -> None:
    # WCAG: black on white is 21; the design page measured these on the staff page
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#1c2127", "#f6f5f2") == pytest.approx(14.9, abs=0.05)
    assert contrast("#0a5a68", "#f6f5f2") == pytest.approx(7.2, abs=0.05)


def test_colours_are_written_in_tokens_alone() -> None:
    literal = re.compile(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*[;}])")
    found = [
        f"{sheet.name}: {match[0]}"
        for sheet in sorted(CSS.glob("*.css"))
        if sheet.name != "tokens.css"
        for body in re.findall(r"\{([^{}]*)\}", sheet.read_text("utf-8"))
        for match in literal.finditer(body + "}")
    ]
    assert not found, found


def test_stylesheets_stay_short() -> None:
    long = {sheet.name: n for sheet in CSS.glob("*.css") if (n := len(sheet.read_text("utf-8").splitlines())) > 250}
    assert not long, long


def test_every_stylesheet_is_imported_once() -> None:
    imported = re.findall(r'@import url\("([\w-]+\.css)"\)', (CSS / "sjt.css").read_text("utf-8"))
    assert sorted(imported) == sorted(sheet.name for sheet in CSS.glob("*.css") if sheet.name != "sjt.css")


def test_fonts_lie_beside_their_licences() -> None:
    fonts = CSS.parent / "fonts"
    named = re.findall(r'url\("\.\./fonts/([^"]+)"\)', (CSS / "tokens.css").read_text("utf-8"))
    assert named
    assert all((fonts / name).is_file() for name in named)
    for family in {name.split("-latin")[0] for name in named}:
        assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts / f"OFL-{family}.txt").read_text("utf-8")


def templates() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


def name(template: Path) -> str:
    return template.relative_to(TEMPLATES).as_posix()


def test_every_page_extends_a_frame() -> None:
    """Macros and fragments begin with an underscore or lie in components."""
    bare = [
        name(page)
        for page in templates()
        if page.parent.name != "components" and not page.name.startswith("_") and name(page) != "frames/base.html"
        if not re.search(r'\{%-?\s*extends\s+"[\w/]+\.html"', page.read_text("utf-8"))
    ]
    assert not bare, bare


def test_templates_hold_nothing_the_content_policy_refuses() -> None:
    # an attribute follows a space inside a tag; macro arguments are Jinja and are taken out first
    refused = {
        "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
        "style element": re.compile(r"<style\b", re.I),
        "inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*\btype=.application/json.)[^>]*>", re.I),
        "event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
        "data: picture": re.compile(r"(?:src|href)\s*=\s*[\"']data:", re.I),
    }
    found = []
    for page in templates():
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", page.read_text("utf-8"), flags=re.S)
        found += [f"{name(page)}: {what}" for what, pattern in refused.items() if pattern.search(text)]
    assert not found, found
