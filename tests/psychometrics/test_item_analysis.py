"""``sjt analyse``: what it answers, what it refuses, and that planted faults are found without false alarms."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.errors import InputError
from sjt.psychometrics import (
    analysis_intervals,
    classical,
    item_analysis,
    jackknife,
    options,
    report,
    resampled,
    simulate_cohort,
    simulate_files,
)
from sjt.psychometrics.classical import item_rest_correlation
from sjt.psychometrics.commands._io import plain_value
from sjt.psychometrics.commands.analyse import analyse as command
from sjt.psychometrics.consistency import livingston_lewis
from sjt.psychometrics.gram import MarkTable, pair_sums
from sjt.psychometrics.reliability import alpha
from sjt.psychometrics.report_text import REAL_FLAGS
from sjt.psychometrics.responses import ItemSpec, Responses, read_items, read_responses
from sjt.psychometrics.simulate_cohort import Cohort
from sjt.psychometrics.smallsample import shrink

HERE = Path(__file__).parent / "reference"


def analysed(text: str | bytes, items: str | None = None, **more: Any) -> dict[str, Any]:
    data = text.encode() if isinstance(text, str) else text
    specs = read_items(items.encode(), "ITEMS.csv") if items is not None else None
    answer = plain_value(item_analysis.analyse(read_responses(data, specs, file="RESPONSES.csv"), **more))
    json.dumps(answer, allow_nan=False)
    return dict(answer)


def refused(text: str | bytes, items: str | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        analysed(text, items)
    return [str(fault) for fault in caught.value.faults] or [caught.value.message]


def grid(marks: list[list[Any]]) -> str:
    head = "person," + ",".join(f"i{c + 1}" for c in range(len(marks[0])))
    return "\n".join([head, *(f"p{r}," + ",".join(str(m) for m in row) for r, row in enumerate(marks))]) + "\n"


# What it answers


def test_the_command_writes_what_the_contract_names(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    run = [str(HERE / "verbal_aggression.csv"), "--cut", "24", "--json", str(out)]
    assert CliRunner().invoke(command, run, catch_exceptions=False).exit_code == 0
    answer = json.loads(out.read_text("utf-8"))
    top = "n_persons n_items items test pass irt forms notes profile version data_sha256"
    assert set(top.split()) <= set(answer)
    item = (
        "item n omitted not_reached min max mean sd facility facility_ci facility_corrected item_total item_rest "
        "item_rest_ci item_rest_outside_testlet alpha_if_deleted d27 d27_fixed options flags"
    )
    assert all(set(item.split()) <= set(row) for row in answer["items"])
    test = (
        "mean sd alpha alpha_ci testlet_alpha stratified_alpha lambda2 lambda4 lambda6 lambda6_cor omega_total "
        "omega_total_minres omega_hierarchical sem g"
    )
    assert set(test.split()) <= set(answer["test"])
    assert answer["pass"]["rate"] == pytest.approx(0.212025316456)
    assert answer["test"]["alpha"] == pytest.approx(0.88760556547, abs=1e-10)


def test_every_undefined_statistic_has_its_reason() -> None:
    answer = analysed(grid([[1, 0], [0, 0], [1, 0], [1, 0]]))
    constant = answer["items"][1]
    assert constant["item_rest"] is None
    assert constant["undefined"]["item_rest"] == "Every person has the same mark on this item."
    assert "constant" in constant["flags"]
    assert answer["items"][0]["undefined"]["item_rest"] == "The other items' total has no variance."


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param([[1, 2, 0]], id="one person"),
        pytest.param([[1, 2], [0, 1], [2, 2]], id="two items"),
        pytest.param([[1], [0], [2]], id="one item"),
        pytest.param([[2, 2], [2, 2]], id="constant items"),
        pytest.param([[0, 4], [2, 0], [0, 4]], id="an empty category"),
        pytest.param([[1, 20], [0, 8], [1, 16], [0, 12]], id="unequal maxima"),
        pytest.param([[0.5, 1.5], [1, 0], [0, 2.5]], id="half marks"),
        pytest.param([["", ""], ["", ""]], id="all missing"),
        pytest.param([["", 1, 2], ["", 0, 2], ["", 1, 1]], id="an item nobody saw"),
        pytest.param([[1, 2, ""], ["", 1, 2], ["", "", ""]], id="a row without marks"),
        pytest.param([["omitted", 1], ["not_reached", 0], [1, 1]], id="omitted and not reached"),
        pytest.param([[0.123456789, 3], [7.1, 2], [0.3333333333, 1]], id="marks on no grid"),
        pytest.param([[-1, 2], [1, -2], [0, 0]], id="negative marks"),
    ],
)
def test_small_and_odd_tables_get_a_defined_answer_and_a_report(marks: list[list[Any]]) -> None:
    answer = analysed(grid(marks), cut=2)
    assert answer["n_persons"] == len(marks)
    page = report.render(answer, title="Odd")
    assert not re.search(r"\b(nan|inf)\b", page, re.IGNORECASE)


def test_omitted_counts_as_nought_and_is_counted_apart() -> None:
    answer = analysed(grid([["omitted", 1], ["not_reached", 0], [2, 1], ["", 1]]))
    first = answer["items"][0]
    assert (first["n"], first["omitted"], first["not_reached"]) == (3, 1, 1)
    assert first["mean"] == pytest.approx(2 / 3)


def test_pairs_never_seen_together_have_values_for_each_form_instead() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for form in range(2):
        for _ in range(20):
            marks = rng.integers(0, 3, 3).tolist()
            rows.append([*marks, "", "", ""] if form == 0 else ["", "", "", *marks])
    answer = analysed(grid(rows))
    assert answer["test"]["alpha"] is None
    assert "never presented" in answer["test"]["undefined"]["alpha"]
    assert len(answer["forms"]) == 2
    for form in answer["forms"].values():
        assert form["alpha"] is not None
    assert all(row["item_rest_pooled"] is not None for row in answer["items"])


def test_forms_are_pooled_on_fishers_z_by_their_size() -> None:
    rng = np.random.default_rng(5)
    rows = ["person,@form,x,y,z"]
    for n in range(52):
        able = rng.integers(0, 3)
        rows.append(f"p{n},{'A' if n < 12 else 'B'}," + ",".join(str(able + rng.integers(0, 3)) for _ in range(3)))
    answer = analysed("\n".join(rows))
    of_form = [answer["forms"][name]["items"][0]["item_rest"] for name in ("A", "B")]
    z = np.arctanh(of_form)
    assert answer["items"][0]["item_rest_pooled"] == pytest.approx(np.tanh((9 * z[0] + 37 * z[1]) / 46))


def test_planned_missing_follows_the_pairwise_rule() -> None:
    rng = np.random.default_rng(3)
    marks = rng.integers(0, 5, (90, 6)).astype(float)
    marks[:30, 0] = marks[30:60, 2] = marks[60:, 4] = np.nan
    cov = np.empty((6, 6))
    for i in range(6):
        for j in range(6):
            both = np.isfinite(marks[:, i]) & np.isfinite(marks[:, j])
            cov[i, j] = np.cov(marks[both, i], marks[both, j])[0, 1] if i != j else marks[both, i].var(ddof=1)
    got = pair_sums(MarkTable.of(marks)).covariance()
    np.testing.assert_allclose(got, cov, atol=1e-12)
    rows = [["" if math.isnan(m) else int(m) for m in row] for row in marks.tolist()]
    answer = analysed(grid(rows))
    assert answer["test"]["alpha"] == pytest.approx(alpha(cov), abs=1e-12)
    expected = item_rest_correlation(cov)
    assert [row["item_rest"] for row in answer["items"]] == pytest.approx(expected.tolist(), abs=1e-12)
    assert answer["test"]["sd"] == pytest.approx(math.sqrt(cov.sum()), abs=1e-12)
    assert any("missing by design" in note for note in answer["notes"])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_table_gets_an_answer_without_nan(data: st.DataObject) -> None:
    n, k = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 6))
    cell = st.sampled_from(["", "", 0, 1, 2, 0.5, 3.25, "omitted", "not_reached", -1, 100])
    marks = [[data.draw(cell) for _ in range(k)] for _ in range(n)]
    answer = analysed(grid(marks), cut=data.draw(st.sampled_from([None, 0, 1.5])))
    for row in answer["items"]:
        for name in ("mean", "sd", "facility", "item_rest", "item_total", "alpha_if_deleted", "d27"):
            assert row[name] is not None or name in row["undefined"]
        if row["facility_ci"] is not None and row["facility"] is not None:
            assert row["facility_ci"][0] - 1e-9 <= row["facility"] <= row["facility_ci"][1] + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_order_of_persons_changes_no_digit(seed: int, missing: bool) -> None:
    rng = np.random.default_rng(seed)
    marks = rng.integers(0, 9, (40, 5)) / 2
    if missing:
        marks[rng.random(marks.shape) < 0.2] = np.nan
    one = pair_sums(MarkTable.of(marks)).covariance()
    other = pair_sums(MarkTable.of(marks[rng.permutation(40)])).covariance()
    np.testing.assert_array_equal(one, other)


# What it accepts and refuses


def test_marks_quotes_separators_and_line_ends_of_any_kind_give_the_same_answer() -> None:
    plain = "person,a,b\np1,1,2.5\np2,0,1\np3,1,0\n"
    variants = [
        b"\xef\xbb\xbf" + plain.encode(),
        plain.replace("\n", "\r\n").encode(),
        plain.replace(",", ";").replace("2.5", "2,5").encode(),
        plain.replace(",", "\t").encode(),
        plain.replace("p1", '"p1"').encode(),
        (plain + "\n\n").encode(),
        plain.encode("utf-16"),
    ]
    want = analysed(plain)
    for variant in variants:
        got = analysed(variant)
        assert {**got, "data_sha256": ""} == {**want, "data_sha256": ""}


def test_all_faults_are_named_at_once_with_row_and_column() -> None:
    text = "person,a,b\np1,1,2\np1,inf,x\np3,1\np4,nan,9\n"
    faults = refused(text, "item,max\na,2\nb,3\n")
    for place in ("row 3, person", "row 3, a", "row 3, b", "row 4", "row 5, a", "row 5, b"):
        assert any(f"RESPONSES.csv, {place}" in fault for fault in faults), place


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("person,a\n", "no row below the header"),
        ("person\np1\n", "no column of marks"),
        ("person,a,a\np1,1,1\n", "same name"),
        ("person,a,\np1,1,1\n", "no name"),
        ('person,a\np1,"1\n', "quotes"),
        (b"person,a\np1,\xff\n", "UTF-8"),
        (b"person,a\np1,\x00\n", "NUL"),
    ],
)
def test_unreadable_files_are_refused_in_words(text: str | bytes, words: str) -> None:
    assert any(words in fault for fault in refused(text))


def test_marks_outside_their_range_are_refused_by_row_and_item() -> None:
    (fault,) = refused(grid([[1, 2], [1, 5]]), "item,min,max\ni1,0,2\ni2,0,4\n")
    assert "row 3, i2: The mark 5 is outside 0 to 4." in fault


def test_a_bad_list_of_items_is_refused_with_every_fault() -> None:
    faults = refused(grid([[1, 2]]), "item,min,max,chance\ni1,0,x,\ni1,3,2,\ni2,0,4,9\n")
    assert len(faults) == 4


# Planted faults


def responses_of(cohort: Cohort) -> tuple[Responses, dict[str, options.RawItem]]:
    specs = {}
    for item in cohort.items:
        key = json.dumps(dict(cohort.scored_keys.get(item.id, item.key)))
        specs[item.id] = ItemSpec(item.id, None, item.max, item.chance, item.scenario, item.format, key)
    zeros = np.zeros(len(cohort.items), dtype=np.int64)
    ids = [item.id for item in cohort.items]
    table, rows = MarkTable.of(cohort.marks), np.arange(len(cohort.persons))
    data = Responses("simulated", cohort.persons, ids, table, zeros, zeros, {}, specs, rows, "0" * 64)
    raw = {}
    for i, item in enumerate(cohort.items):
        answered = np.flatnonzero((cohort.response[:, i] >= 0) & cohort.presented[:, i])
        answers = [item.responses[index] for index in cohort.response[answered, i]]
        if item.format == "written":
            answers = [{"text": "…"} for _ in answers]
        raw[item.id] = options.RawItem(answered, answers, cohort.ms[answered, i] / 1000)
    return data, raw


KEY_FLAGS = {"weak", "negative", "key_check"}


def flags_of(persons: int, seed: int, plants: dict[str, int]) -> tuple[set[str], dict[str, set[str]]]:
    cohort = simulate_cohort.simulate(persons, seed=seed, plants=plants)
    data, raw = responses_of(cohort)
    answer = item_analysis.analyse(data, raw=options.analyse_options(data, raw), replications=0)
    planted = {item for plant in cohort.planted for item in plant["items"]}
    return planted, {row["item"]: set(row["flags"]) for row in answer["items"]}


def test_planted_wrong_and_reversed_keys_are_found_at_200() -> None:
    found = doubted = of = 0
    for seed in range(3):
        planted, flags = flags_of(200, seed, {"miskey": 2, "reversed": 1})
        of += len(planted)
        found += sum(bool(KEY_FLAGS & flags[item]) for item in planted)
        doubted += sum("key_check" in flags[item] for item in planted)
    assert found / of >= 0.8
    assert doubted / of >= 0.6


@pytest.mark.parametrize("persons", [20, 50, 200])
def test_sound_items_are_flagged_in_at_most_one_case_in_twenty(persons: int) -> None:
    false = of = 0
    for seed in range(2):
        _, flags = flags_of(persons, seed + 50, {})
        of += len(flags)
        false += sum(bool(REAL_FLAGS & named) for named in flags.values())
    assert false / of <= 0.05


def test_rapid_answers_are_flagged_where_they_were_planted() -> None:
    cohort = simulate_cohort.simulate(200, seed=4, plants=("rapid",))
    data, raw = responses_of(cohort)
    found = {item for item, row in options.analyse_options(data, raw).items() if row["rapid"]}
    planted = set(cohort.planted[0]["items"])
    assert len(found & planted) >= 0.8 * len(planted)
    assert not found - planted


def test_a_read_raw_file_says_the_same_as_the_answers_themselves(tmp_path: Path) -> None:
    cohort = simulate_cohort.simulate(40, seed=2, scenarios=8, plants=())
    simulate_files.write_files(cohort, tmp_path)
    data = read_responses(tmp_path / "RESPONSES.csv", read_items(tmp_path / "ITEMS.csv"))
    told = options.analyse_options(data, options.read_raw(tmp_path / "RAW.csv", data))
    for item in cohort.items:
        rows = told[item.id]["options"]
        if item.format in ("choose", "rank", "rate"):
            assert rows is not None
            assert {row["option"] for row in rows} == set(item.options)
            assert any(row["key"] for row in rows)


def test_raw_answers_of_strangers_and_broken_json_are_refused(tmp_path: Path) -> None:
    data = read_responses(b"person,a\np1,1\np2,0\n")
    raw = b'person,form,item,response\np1,F,a,B\np1,F,a,C\np9,F,a,B\np2,F,a,"{""A"":"\n'
    with pytest.raises(InputError) as caught:
        options.read_raw(raw, data, file="RAW.csv")
    assert [fault.where for fault in caught.value.faults] == ["row 3", "row 4", "row 5"]


# The report


def test_the_report_is_one_file_that_fetches_nothing_and_repeats(tmp_path: Path) -> None:
    cohort = simulate_cohort.simulate(60, seed=2, scenarios=6)
    simulate_files.write_files(cohort, tmp_path)
    pages = []
    for name in ("one.html", "two.html"):
        run = [
            str(tmp_path / "RESPONSES.csv"),
            *("--items", str(tmp_path / "ITEMS.csv"), "--raw", str(tmp_path / "RAW.csv")),
            *("--cut", "70", "--html", str(tmp_path / name)),
        ]
        assert CliRunner().invoke(command, run, catch_exceptions=False).exit_code == 0
        pages.append((tmp_path / name).read_text("utf-8"))
    assert pages[0] == pages[1]
    for word in ("<script", "src=", "@import", "http://", "url(http"):
        assert word not in pages[0].replace("http://www.w3.org", "")
    ids = [part.split('"')[0] for part in pages[0].split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    assert pages[0].count('role="img"') == pages[0].count("aria-label=")
    assert "data SHA-256" in pages[0]


def test_words_from_the_data_cannot_become_markup() -> None:
    answer = analysed('person,"<b>x</b>",b\np1,1,0\np2,0,1\np3,1,1\n')
    page = report.render(answer, title="<script>", texts={"<b>x</b>": "<img src=x>"})
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>x</b>" not in page


# Intervals


def test_every_coefficient_of_the_test_and_its_items_has_an_interval_around_it() -> None:
    random = np.random.default_rng(3)
    marks = np.clip(np.round(2 + random.normal(size=(40, 1)) + random.normal(size=(40, 8))), 0, 4).astype(int)
    items = "item,min,max,chance,testlet,format\n" + "".join(
        f"i{c + 1},0,4,1,s{c // 2},{'rank' if c < 4 else 'rate'}\n" for c in range(8)
    )
    answer = analysed(grid(marks.tolist()), items, cut=16)
    test, first = answer["test"], answer["items"][0]
    for name in ("alpha", "testlet_alpha", "stratified_alpha", "lambda2", "sem", "sd"):
        low, high = test[f"{name}_ci_bootstrap"]
        assert low < test[name] < high, name
    for name in ("alpha", "testlet_alpha", "mean", "standardised_alpha", "stratified_alpha_testlet"):
        low, high = test[f"{name}_ci"]
        assert low < test[name] < high, name
    for name in ("phi", "E_rho2", "phi_lambda"):
        assert test["g"][f"{name}_ci"][0] < test["g"][name] < test["g"][f"{name}_ci"][1], name
    assert test["g"]["E_rho2_ci_bootstrap"][0] < test["g"]["E_rho2"] < test["g"]["E_rho2_ci_bootstrap"][1]
    named = ("mean", "sd", "facility", "facility_corrected", "item_total", "item_rest", "item_rest_outside_testlet")
    for name in (*named, "alpha_if_deleted", "d27", "d27_fixed"):
        low, high = first[f"{name}_ci"]
        assert low < first[name] < high, name
    assert answer["test"]["g"]["on_shares"] is None
    passing = answer["pass"]
    ends = test[f"{passing['reliability_used']}_ci"]
    ranged = [livingston_lewis(test["mean"], test["sd"] ** 2, end, 16, test["max"], test["min"]) for end in ends]
    for name in ("accuracy", "consistency", "kappa", "FP", "FN"):
        assert passing["classification_range"][name] == pytest.approx([getattr(one, name) for one in ranged]), name
    assert len({round(value, 6) for value in passing["classification_range"]["accuracy"]}) == 2


@pytest.mark.parametrize("persons", [60, 240, 2400])
def test_a_coefficient_has_an_interval_at_any_size_or_a_reason_why_not(persons: int) -> None:
    random = np.random.default_rng(8)
    shared = np.repeat(random.normal(size=(persons, 3)), 3, axis=1)
    latent = random.normal(size=(persons, 1)) + 0.9 * shared + random.normal(size=(persons, 9))
    marks = np.clip(np.round(2 + latent), 0, 4)
    marks[:, 8] *= 2  # items worth different marks, so that Φ is also of shares
    zeros, ids = np.zeros(9, dtype=np.int64), [f"i{c}" for c in range(9)]
    names = [str(p) for p in range(persons)]
    data = Responses("", names, ids, MarkTable.of(marks), zeros, zeros, {}, {}, np.arange(persons), "0" * 64)
    answer = item_analysis.analyse(data, cut=20, replications=200)
    test = answer["test"]
    for name in analysis_intervals.COEFFICIENTS:
        if test[name] is None:
            assert name in test["undefined"] or name.startswith("stratified"), name
        elif name in test["no_interval"]:
            assert name.startswith("omega"), name
            assert persons != 240, name
        else:
            low, high = test[f"{name}_ci"]
            assert low < test[name] < high, name
            assert "bootstrap" in test["interval_methods"][name] or "jackknife" in test["interval_methods"][name]
    assert "no_interval" in test
    assert "lambda4" in test["no_interval"]
    for study in (test["g"], test["g"]["on_shares"]):
        for name in ("E_rho2", "phi", "phi_lambda"):
            assert study[f"{name}_ci"][0] < study[name] < study[f"{name}_ci"][1], name
    for row in answer["items"]:
        for name in ("d27", "sd", "alpha_if_deleted"):
            assert row[f"{name}_ci"][0] < row[name] < row[f"{name}_ci"][1], name


def test_resampling_everyone_once_is_the_upper_lower_index_itself() -> None:
    random = np.random.default_rng(5)
    marks = random.integers(0, 5, (43, 6)).astype(float)
    marks[:11, 0] = np.nan
    table, low, high = MarkTable.of(marks), np.zeros(6), np.full(6, 4.0)
    score = classical.scores(table, low, high)
    want = classical.upper_lower(table, score, low, high)
    there = np.isfinite(marks)
    got = resampled.upper_lower(np.ones((1, 43)), np.nan_to_num(marks), there.astype(float), score.value)
    np.testing.assert_allclose(got["d27"][0] / 4, want.d_cut, atol=1e-12)
    np.testing.assert_allclose(got["d27_fixed"][0] / 4, want.d_fixed, atol=1e-12)


def test_leaving_out_a_group_is_the_analysis_of_the_others() -> None:
    marks = np.random.default_rng(6).integers(0, 5, (30, 4)).astype(float)
    marks[:9, 1] = np.nan
    table = MarkTable.of(marks)
    left = list(jackknife.leave_outs(table, pair_sums(table), seed=1, groups=30))
    order = np.random.default_rng([1, 30]).permutation(30)
    for person, sums in zip(order, left, strict=True):
        np.testing.assert_array_equal(
            sums.covariance(), pair_sums(MarkTable.of(np.delete(marks, person, axis=0))).covariance()
        )


def test_shrunken_intervals_hold_where_the_items_differ_little() -> None:
    random = np.random.default_rng(1)
    held = of = 0
    for _ in range(100):
        true = 0.15 + 0.05 * random.normal(size=30)
        low, high = shrink(true + 0.1 * random.normal(size=30), np.full(30, 0.1)).interval()
        held, of = held + int(((low <= true) & (true <= high)).sum()), of + 30
    assert held / of >= 0.9
