"""How times, numbers and marks read on a page; Jinja filters and globals."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from flask import Flask, current_app, g

from sjt import markdown
from sjt.times import in_local_zone
from sjt.web import guards, nav
from sjt.web.assets import asset
from sjt.web.paging import turned_to
from sjt.web.wording import (
    capital,
    deed_words,
    device_words,
    form_words,
    rule_words,
    tied_words,
    title_words,
    writer_words,
)

SIMULATED: Final = "sjt.simulated"
PLAN_TITLES: Final = "sjt.plan_titles"
ITEM_TITLES: Final = "sjt.item_titles"
MINUS: Final = "\N{MINUS SIGN}"
DASH: Final = "\N{EN DASH}"


def local_time(at: datetime | None) -> str:
    return DASH if at is None else f"{in_local_zone(at):%H:%M}"


def local_time_seconds(at: datetime | None) -> str:
    return DASH if at is None else f"{in_local_zone(at):%H:%M:%S}"


def local_date(at: datetime | date | None) -> str:
    if at is None:
        return DASH
    day = in_local_zone(at) if isinstance(at, datetime) else at
    return f"{day.day} {day:%B %Y}"


def local_datetime(at: datetime | None) -> str:
    return DASH if at is None else f"{local_date(at)}, {local_time(at)}"


def iso_utc(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def duration(value: timedelta | float | None) -> str:
    """Write 100 seconds as ``1 min 40 s``; whole minutes drop the seconds."""
    if value is None:
        return DASH
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = (MINUS if seconds < 0 else ""), abs(seconds)
    minutes, rest = divmod(seconds, 60)
    if minutes and rest:
        return f"{sign}{minutes} min {rest} s"
    return f"{sign}{minutes} min" if minutes else f"{sign}{rest} s"


def number(value: float | Fraction | None, places: int = 2) -> str:
    """Write a number with a true minus; undefined is a dash."""
    if value is None or value != value:
        return DASH
    text = f"{float(value):.{places}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float | None, places: int = 2) -> str:
    if value is None or value != value:
        return DASH
    return f"+{number(value, places)}" if value > 0 else number(value, places)


def marks(value: Fraction | float | str | None) -> str:
    """Write marks without trailing noughts: 17, 17.5, 8.33."""
    if value is None:
        return DASH
    text = f"{float(Fraction(value)):.2f}".rstrip("0").rstrip(".")
    return (text or "0").replace("-", MINUS)


def per_cent(value: float | Fraction | None, places: int = 0) -> str:
    return DASH if value is None or value != value else f"{number(float(value) * 100, places)} %"


def interval(low: float | None, high: float | None, places: int = 2) -> str:
    return DASH if low is None or high is None else f"{number(low, places)} to {number(high, places)}"


def words_of(value: str) -> str:
    """Turn a stored value into words: ``checked_in`` → ``checked in``."""
    return value.replace("_", " ").replace("-", " ")


def simulated() -> bool:
    """Tell whether this organisation is the demonstration, whose data are simulated."""
    told = current_app.extensions.get(SIMULATED)
    return bool(told()) if callable(told) else bool(told)


def _told(hook: str, value: str) -> str:
    """Ask a room above the page kit for a name, once for each request; what it does not know keeps its id."""
    if hook not in g:
        told = current_app.extensions.get(hook)
        setattr(g, hook, told() if callable(told) else {})
    return str(getattr(g, hook).get(value, value))


def plan_words(plan_id: str) -> str:
    """Name an assessment plan by its title."""
    return _told(PLAN_TITLES, plan_id)


def item_words(item_id: str) -> str:
    """Name an item by its scenario's title."""
    return _told(ITEM_TITLES, item_id)


def register(app: Flask) -> None:
    filters: dict[str, Any] = {
        "local_time": local_time,
        "local_time_seconds": local_time_seconds,
        "local_date": local_date,
        "local_datetime": local_datetime,
        "iso_utc": iso_utc,
        "duration": duration,
        "number": number,
        "signed": signed,
        "marks": marks,
        "per_cent": per_cent,
        "interval": lambda pair, places=2: interval(pair[0], pair[1], places) if pair else DASH,
        "words_of": words_of,
        "device_words": device_words,
        "rule_words": rule_words,
        "writer_words": writer_words,
        "form_words": form_words,
        "title_words": title_words,
        "plan_words": plan_words,
        "item_words": item_words,
        "deed_words": deed_words,
        "capital": capital,
        "tied_words": tied_words,
        "markdown": markdown.render,
        "markdown_inline": markdown.render_inline,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(asset=asset, simulated=simulated, me=guards.me, nav=nav.nav)
    app.jinja_env.globals.update(may=nav.may_now, may_open=nav.may_open, turned_to=turned_to)
