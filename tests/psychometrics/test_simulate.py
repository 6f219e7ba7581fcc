"""The simulation: exact responses, known truth, planted faults of their stated sizes, and the same bytes again."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.errors import InputError
from sjt.psychometrics import scoring, simulate, simulate_cohort, simulate_files, simulate_judges
from sjt.psychometrics.commands.simulate import simulate as command
from sjt.psychometrics.gram import MarkTable, pair_sums
from sjt.psychometrics.reliability import testlet_alpha as alpha_of_testlets

ITEMS = simulate.default_items(25)


def test_the_default_test_has_all_six_formats() -> None:
    assert {item.format for item in ITEMS} == set(simulate.FORMATS)


@pytest.mark.parametrize("format", simulate.FORMATS)
@settings(max_examples=25, deadline=None)
@given(theta=st.floats(-6, 6), seed=st.integers(0, 10_000))
def test_every_response_is_one_the_scorer_accepts(format: str, theta: float, seed: int) -> None:
    item = next(item for item in ITEMS if item.format == format)
    response, ms = simulate.respond(np.random.default_rng(seed), item, theta)
    score = scoring.score(item.rule, item.key, response, options=item.options, settings=item.settings)
    assert score.status == ("unmarked" if format == "written" else "complete")
    assert ms >= 3000


def test_a_candidate_of_no_ability_earns_the_chance_mark() -> None:
    for item in ITEMS:
        lost = np.array([-item.ease / item.discrimination])  # where the drive to answer well is zero
        if item.format != "written":
            assert item.model.expected(lost)[0] == pytest.approx(float(item.chance), abs=1e-9)


def test_marks_are_drawn_with_the_probabilities_of_the_model() -> None:
    item = next(item for item in ITEMS if item.format == "rank")
    theta = np.zeros(40_000)
    marks = item.marks_under(item.key)[simulate.draw(np.random.default_rng(1), item, theta).index]
    share = np.array([(marks == mark).mean() for mark in item.model.marks])
    np.testing.assert_allclose(share, item.model.probabilities(np.zeros(1))[0], atol=0.01)


def test_steps_are_where_neighbouring_marks_are_equally_likely() -> None:
    model = ITEMS[0].model
    for k, step in enumerate(model.steps):
        p = model.probabilities(np.array([step]))[0]
        assert p[k] == pytest.approx(p[k + 1])


def test_reliability_is_that_of_a_judgement_test_of_25_scenarios() -> None:
    cohort = simulate_cohort.simulate(3000, plants=())
    cov = pair_sums(MarkTable.of(cohort.marks)).covariance()
    assert 0.45 < alpha_of_testlets(cov, [item.scenario for item in cohort.items]) < 0.65


def test_planted_faults_have_their_stated_sizes() -> None:
    cohort = simulate_cohort.simulate(20_000, seed=3, unreached=0, omitted=0, plants=("dif", "leak"))
    dif, leak = cohort.planted
    column = [item.id for item in cohort.items].index(dif["items"][0])
    marks, focal = cohort.marks[:, column], np.array(cohort.group) == "B"
    strata = np.digitize(cohort.theta, [-1, -0.3, 0.3, 1])
    gaps = [marks[focal & (strata == s)].mean() - marks[~focal & (strata == s)].mean() for s in range(5)]
    assert np.mean(gaps) / marks.std() == pytest.approx(-0.35, abs=0.06)
    item = next(item for item in cohort.items if item.id == leak["items"][0])
    marks = cohort.marks[:, cohort.items.index(item)] / float(item.max)
    knows = np.isin(cohort.persons, leak["persons"])
    assert marks[knows].mean() - marks[~knows].mean() == pytest.approx(0.25, abs=0.02)
    assert knows.mean() == pytest.approx(0.30, abs=0.02)


def test_copied_items_are_the_same_in_both_persons() -> None:
    cohort = simulate_cohort.simulate(50, plants=("copy",), omitted=0, unreached=0)
    (plant,) = cohort.planted
    first, second = (cohort.persons.index(person) for person in plant["persons"])
    columns = [[item.id for item in cohort.items].index(item) for item in plant["items"]]
    assert (cohort.response[first, columns] == cohort.response[second, columns]).all()
    keyed = sum(item.format != "written" for item in cohort.items)
    assert len(columns) == round(0.6 * keyed)


def test_rapid_guessers_are_a_tenth_on_a_quarter_of_the_items() -> None:
    cohort = simulate_cohort.simulate(200, plants=("rapid",), unreached=0)
    (plant,) = cohort.planted
    assert len(plant["persons"]) == 20
    rows = [cohort.persons.index(person) for person in plant["persons"]]
    columns = [[item.id for item in cohort.items].index(item) for item in plant["items"]]
    assert cohort.ms[np.ix_(rows, columns)].max() < 4000


@pytest.mark.parametrize("change", [simulate_cohort.swapped_key, simulate_cohort.reversed_key])
def test_faulty_keys_are_keys_the_scorer_takes_and_differ(change: object) -> None:
    for item in ITEMS:
        if item.format != "written":
            assert callable(change)
            marks = item.marks_under(change(item))
            assert not np.array_equal(marks, item.marks_under(item.key))


def test_forms_leave_out_whole_scenarios() -> None:
    cohort = simulate_cohort.simulate(60, forms=3, plants=())
    assert np.isnan(cohort.marks).any()
    for name in {item.scenario for item in cohort.items}:
        columns = [i for i, item in enumerate(cohort.items) if item.scenario == name]
        assert (cohort.presented[:, columns].all(axis=1) | ~cohort.presented[:, columns].any(axis=1)).all()


def test_a_seed_repeats_byte_for_byte_and_another_does_not(tmp_path: Path) -> None:
    runner = CliRunner()
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        run = ["--persons", "20", "--scenarios", "6", "--seed", seed, "--out", str(tmp_path / name)]
        assert runner.invoke(command, run, catch_exceptions=False).exit_code == 0
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    expected = "ANSWERS.jsonl ITEMS.csv RAW.csv RESPONSES.csv angoff.csv markers.csv panel.csv truth.json"
    assert files == expected.split(" ")
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a/RESPONSES.csv").read_bytes() != (tmp_path / "c/RESPONSES.csv").read_bytes()


def test_the_files_tell_one_story(tmp_path: Path) -> None:
    cohort = simulate_cohort.simulate(15, scenarios=8, seed=2)
    simulate_files.write_files(cohort, tmp_path)
    marks = {row["person"]: row for row in csv.DictReader((tmp_path / "RESPONSES.csv").read_text().splitlines())}
    items = {row["item"]: row for row in csv.DictReader((tmp_path / "ITEMS.csv").read_text().splitlines())}
    of = {item.id: item for item in cohort.items}
    for line in (tmp_path / "ANSWERS.jsonl").read_text("utf-8").splitlines():
        answer = json.loads(line)
        item, mark = of[answer["item"]], marks[answer["person"]][answer["item"]]
        if answer["response"] is None:
            assert mark == "omitted"
        elif item.format != "written":
            key = json.loads(items[item.id]["key"])
            score = scoring.score(key["rule"], key, answer["response"], options=item.options, settings=item.settings)
            assert float(mark) == float(score.total or 0)
    told = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert set(told) >= {"seed", "version", "persons", "items", "planted"}
    assert all(len(row["steps"]) == len(row["marks"]) - 1 for row in told["items"])


def test_an_unknown_plant_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="Unknown fault typo"):
        simulate_cohort.simulate(5, plants=("typo",))


def test_judges_never_rate_below_chance() -> None:
    rows = simulate_judges.angoff_rows(ITEMS, judges=8)
    chance = {item.id: float(item.chance) for item in ITEMS}
    assert all(row["rating"] >= chance[row["item"]] - 1e-9 for row in rows)
    assert {row["round"] for row in rows} == {1, 2}


def test_trial_statistics_carry_their_source_and_error() -> None:
    rows = simulate_judges.trial_statistics(ITEMS[:8], n=60, date="2026-01-12")
    assert {row["name"] for row in rows} == {
        "facility",
        "discrimination",
        "sd",
        "borderline_mean",
        "borderline_sd",
        "minutes",
    }
    assert all(row["source"] == "simulated trial" and row["se"] > 0 for row in rows)
