"""The picture of a set's forms: every form is in it, and its words say what it shows."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from sjt.authoring.set_picture import describe, set_picture

SVG = "{http://www.w3.org/2000/svg}"
TENTHS = [[0.02 * k + 0.01 * n for k in range(10)] for n in range(5)]
PROOF = {
    "forms": [{"id": f"f{n}", "cut": {"exact": f"{921 + n}/4", "applied": 232}} for n in range(5)],
    "fairness": {"p_pass_borderline": [0.5, 0.51, 0.52, 0.53, 0.55], "by_tenth": TENTHS},
}


def test_every_form_has_its_curve_and_its_pass_mark_and_the_words_say_both() -> None:
    picture = ET.fromstring(set_picture(PROOF))
    assert len(picture.findall(f"{SVG}polyline")) == 5
    assert len(picture.findall(f"{SVG}circle")) == 5
    named = picture.get("aria-labelledby", "").split()
    assert {picture.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")} == set(named)  # type: ignore[union-attr]  # both are there, or the test fails
    words = describe(PROOF)
    assert "between 230.25 and 231.25 and are applied as 232" in words
    assert "between 50.0 % and 55.0 %" in words and "at most 4.0 points apart" in words
    assert "style=" not in set_picture(PROOF)


def test_forms_without_a_pass_mark_have_no_picture() -> None:
    bare = PROOF | {"forms": [{"id": "f", "cut": None}], "fairness": {"p_pass_borderline": [None], "by_tenth": [None]}}
    assert set_picture(bare) == "" and describe(bare) == "The forms have no pass mark."
