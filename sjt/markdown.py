"""The one Markdown renderer: CommonMark with tables, raw HTML off, links only to https and mail."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup

_renderer = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table")
_renderer.disable(["image", "html_block", "html_inline"])


@lru_cache(maxsize=4096)
def render(text: str) -> Markup:
    """Render Markdown to safe HTML."""
    return Markup(_renderer.render(text))


@lru_cache(maxsize=4096)
def render_inline(text: str) -> Markup:
    """Render one line of Markdown (emphasis, no blocks) to safe HTML."""
    return Markup(_renderer.renderInline(text))
