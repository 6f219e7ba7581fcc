"""What programs call by their own strings has a name on pages."""

from __future__ import annotations

import pytest

from sjt.web.wording import deed_words, device_words, form_words, rule_words, title_words, writer_words

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"{WINDOWS} Chrome/140.0.0.0 Safari/537.36", "Chrome 140 on Windows"),
        (f"{WINDOWS} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.3485.54", "Edge 140 on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0.0.0 Safari/537.36", "Chromium 140 on Linux"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox 143 on Linux"),
        (
            "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Safari/604.1",
            "Safari 18 on iPad",
        ),
        ("curl/8.5", "curl/8.5"),
        ("x" * 80, "x" * 57 + "…"),
        ("", ""),
    ],
)
def test_a_device_is_named_by_browser_and_system(agent: str, words: str) -> None:
    assert device_words(agent) == words


def test_rules_and_writers_have_names_and_unknown_ones_stay_readable() -> None:
    assert rule_words("rank_distance@1") == "distance from the keyed places"
    assert rule_words("some_new_rule@2") == "some new rule"
    assert writer_words("writer-03") == "Writer 3"
    assert writer_words("Wanda Price") == "Wanda Price"


def test_forms_and_deeds_have_names_and_unknown_ones_stay_as_they_are() -> None:
    assert form_words("residential-14-s1-a") == "Residential 14, set 1, form A"
    assert form_words("early-years-20-s12-ab") == "Early years 20, set 12, form AB"
    assert form_words("form-1") == "form-1"
    assert title_words("residential-14, set 1, form A") == "Residential 14, set 1, form A"
    assert title_words("Pilot of May, form B") == "Pilot of May, form B"
    assert deed_words("sitting.code_tried") == "Sitting code tried"
