"""Static files are kept for good only under an address that changes with them, and so is all that they draw in."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from sjt.paths import static_dir
from sjt.web import assets

DRAWS_IN = (
    re.compile(r'@import url\("([^"]+)"\)'),
    re.compile(r'(?<!@import )url\("([^"]+)"\)'),
    re.compile(r'^(?:import|export)[^;]*?from "([^"]+)"', re.MULTILINE),
    re.compile(r'^import "([^"]+)"', re.MULTILINE),
)


def addresses_on(app: Any, path: str) -> set[str]:
    page = app.test_client().get(path).get_data(as_text=True)
    return set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))


def test_everything_a_page_draws_in_carries_the_hash_and_is_kept_for_good(app: Any) -> None:
    client = app.test_client()
    waiting, seen = addresses_on(app, "/sign-in"), set()
    assert waiting
    while waiting:
        address = waiting.pop()
        seen.add(address)
        assert address.startswith(f"/static/{assets.MARK}{assets.version(static_dir())}/"), address
        reply = client.get(address, buffered=True)
        reply.close()
        assert reply.status_code == 200, address
        assert reply.cache_control.max_age == assets.FOR_GOOD, address
        assert reply.cache_control.immutable, address
        assert not reply.cache_control.no_cache, address
        if address.endswith((".css", ".js")):
            text = reply.get_data(as_text=True)
            waiting |= {urljoin(address, found) for rule in DRAWS_IN for found in rule.findall(text)} - seen
    assert len([address for address in seen if address.endswith(".css")]) == len([*static_dir().glob("css/*.css")])
    assert any(address.endswith("js/dialog.js") for address in seen)
    assert any(address.endswith(".woff2") for address in seen)


def test_the_hash_changes_with_a_sheet_that_another_imports(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    shutil.copytree(static_dir(), folder)
    before = assets.version(folder)
    assert assets.version(folder) == before
    sheet = folder / "css" / "tables.css"
    sheet.write_text(sheet.read_text("utf-8") + "\n.more { color: inherit; }\n", encoding="utf-8")
    assert assets.version(folder) != before


@pytest.mark.parametrize("address", ["/static/css/tables.css", f"/static/{assets.MARK}000000000000/css/tables.css"])
def test_any_other_address_gives_the_file_and_has_it_asked_for_anew(app: Any, address: str) -> None:
    reply = app.test_client().get(address, buffered=True)
    reply.close()
    assert reply.status_code == 200
    assert reply.cache_control.no_cache
    assert not reply.cache_control.max_age
    etag = reply.headers["ETag"]
    again = app.test_client().get(address, headers={"If-None-Match": etag})
    again.close()
    assert again.status_code == 304


@pytest.mark.parametrize("address", [f"/static/{assets.MARK}x/../../app.py", f"/static/{assets.MARK}x/nowhere.css"])
def test_no_hash_opens_a_way_out_of_the_folder(app: Any, address: str) -> None:
    assert app.test_client().get(address).status_code == 404
