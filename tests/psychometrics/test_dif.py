"""DIF against R (difR, stats, MASS) and the worked cases, on files with faults, and against planted truth."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.errors import InputError, ShapeError
from sjt.psychometrics import dif
from sjt.psychometrics.commands.dif import dif as command
from sjt.psychometrics.dif_analysis import bands_for
from sjt.psychometrics.dif_logistic import logistic_dif
from sjt.psychometrics.irt_dif import irt_lr_dif, joined

HERE = Path(__file__).parent / "reference"
CASES = json.loads((HERE / "dif.json").read_text())
MATH = json.loads((HERE / "math14w.json").read_text())["dif"]
VERBAL = json.loads((HERE / "verbal_aggression.json").read_text())["dif"]


def run(*args: Any) -> dict[str, Any]:
    result = CliRunner().invoke(command, [*map(str, args), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.output, parse_constant=lambda word: pytest.fail(word))
    return answer


def values(block: dict[str, Any], name: str) -> list[float]:
    found: list[float] = block["values"][name]
    return found


def counts_of(case: dict[str, Any]) -> np.ndarray[Any, Any]:
    y, group = np.array(case["y"]), np.array(case["group"])
    stratum = np.unique(case["match"], return_inverse=True)[1]
    return dif.tabulate(stratum, group, y, stratum.max() + 1, y.max() + 1)


@pytest.mark.parametrize("case", CASES["dichotomous"], ids=lambda case: case["id"])
def test_mantel_haenszel_meets_the_worked_cases(case: dict[str, Any]) -> None:
    found, want = dif.mantel_haenszel(counts_of(case)), case["expected"]
    for mine, name in (("alpha", "alpha_mh"), ("ln_se", "ln_se"), ("delta", "mh_d_dif"), ("se_delta", "se_d")):
        assert getattr(found, mine) == pytest.approx(want[name], abs=1e-8), name
    assert found.chi2 == pytest.approx(want["mh_chi2_cc"], abs=1e-8)
    assert found.p == pytest.approx(want["p"], abs=1e-8)
    assert dif.ets_class(found.delta, found.se_delta, found.p) == want["ets"]


@pytest.mark.parametrize("case", CASES["polytomous"], ids=lambda case: case["id"])
def test_ordered_items_meet_the_worked_cases(case: dict[str, Any]) -> None:
    counts, want = counts_of(case), case["expected"]
    scores = np.arange(counts.shape[2])
    chi, gap, ratio = (
        dif.mantel(counts, scores),
        dif.standardised_mean_difference(counts, scores),
        dif.liu_agresti(counts),
    )
    sd = float(np.std(case["y"], ddof=1))
    assert chi.chi2 == pytest.approx(want["mantel_chi2"], abs=1e-8)
    assert chi.p == pytest.approx(want["p"], abs=1e-8)
    assert gap.smd == pytest.approx(want["smd"], abs=1e-8)
    assert sd == pytest.approx(want["item_sd"], abs=1e-8)
    assert ratio.alpha == pytest.approx(want["liu_agresti_alpha_ref_over_focal"], abs=1e-8)
    assert ratio.log_alpha == pytest.approx(want["la_log"], abs=1e-8)
    assert ratio.delta_like == pytest.approx(want["delta_like"], abs=1e-8)
    assert dif.smd_class(gap.smd / sd, chi.p) == want["class_smd"] * 2


@pytest.mark.parametrize(("block", "extra"), [("mh", ()), ("mh_purified", ("--purify",))])
def test_the_command_meets_difr_on_real_answers(block: str, extra: tuple[str, ...]) -> None:
    answer = run(HERE / "math14w.csv", "--group", "@gender", *extra)
    assert answer["group"] == {
        "column": "gender", "reference": "male", "focal": "female", "n_reference": 403, "n_focal": 326
    }  # fmt: skip
    rows = [row["mh"] for row in answer["items"]]
    want = MATH[block]
    np.testing.assert_allclose([row["chi2"] for row in rows], values(want, "chisq"), atol=1e-8)
    np.testing.assert_allclose([row["alpha"] for row in rows], values(want, "alpha"), atol=1e-8)
    np.testing.assert_allclose([row["delta"] for row in rows], values(want, "delta"), atol=1e-8)
    np.testing.assert_allclose([row["ln_se"] ** 2 for row in rows], values(want, "var_log_alpha"), atol=1e-8)
    if extra:
        assert answer["purified"] == ["quad"] and answer["purification_steps"] == 1


def test_logistic_dif_of_right_and_wrong_items_meets_difr() -> None:
    rows = [row["logistic"] for row in run(HERE / "math14w.csv", "--group", "gender")["items"]]
    for block, lr, r2 in (
        ("logistic_udif", "lr_uniform", "delta_r2_uniform"),
        ("logistic_nudif", "lr_nonuniform", "delta_r2_nonuniform"),
        ("logistic_both", "lr_both", "delta_r2"),
    ):
        np.testing.assert_allclose([row[lr] for row in rows], values(MATH[block], "lr"), atol=1e-4)
        np.testing.assert_allclose([row[r2] for row in rows], values(MATH[block], "delta_nagelkerke_r2"), atol=1e-6)


def test_standardised_difference_of_right_and_wrong_items_meets_difr() -> None:
    rows = run(HERE / "math14w.csv", "--group", "gender")["items"]
    np.testing.assert_allclose([-row["smd"] for row in rows], [-x for x in values(MATH["std"], "std_p_dif")], atol=1e-8)


def test_ordered_items_meet_r_on_real_answers() -> None:
    rows = run(HERE / "verbal_aggression.csv", "--group", "gender", "--reference", "female")["items"]
    want = VERBAL["mantel_1963"]
    for name, mine in (("chisq", "chi2"), ("p", "p"), ("observed_minus_expected",) * 2, ("variance", "variance")):
        np.testing.assert_allclose([row["mantel"][mine] for row in rows], values(want, name), atol=1e-8)
    np.testing.assert_allclose([row["smd"] for row in rows], values(want, "smd"), atol=1e-8)
    np.testing.assert_allclose([row["smd_over_sd"] for row in rows], values(want, "smd_over_sd"), atol=1e-8)


def test_ordinal_logistic_meets_polr() -> None:
    rows = [r["logistic"] for r in run(HERE / "verbal_aggression.csv", "--group", "gender")["items"]]
    want = VERBAL["ordinal_logistic"]
    for name in ("lr_uniform", "lr_nonuniform", "lr_both"):
        np.testing.assert_allclose([row[name] for row in rows], values(want, name), atol=1e-4)
    for i in range(3):
        np.testing.assert_allclose([row["r2"][i] for row in rows], values(want, f"r2_m{i + 1}"), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=16, max_size=16))
def test_liu_agresti_of_two_categories_is_mantel_haenszel_with_its_error(cells: list[int]) -> None:
    table = np.array(cells).reshape(4, 2, 2)
    one, two = dif.mantel_haenszel(table), dif.liu_agresti(table)
    if np.isfinite(one.ln_se):
        assert two.alpha == pytest.approx(one.alpha)
        assert two.se == pytest.approx(one.ln_se)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=24, max_size=24))
def test_exchanging_the_groups_turns_every_sign(cells: list[int]) -> None:
    table = np.array(cells).reshape(4, 2, 3)
    there, back = dif.liu_agresti(table), dif.liu_agresti(table[:, ::-1])
    assert dif.mantel(table, [0, 1, 2]).chi2 == pytest.approx(dif.mantel(table[:, ::-1], [0, 1, 2]).chi2, nan_ok=True)
    if np.isfinite(there.se):
        assert there.log_alpha == pytest.approx(-back.log_alpha, abs=1e-9)
        assert there.se == pytest.approx(back.se)


def test_the_liu_agresti_error_covers_its_own_spread() -> None:
    rng = np.random.default_rng(5)
    logs, errors = [], []
    for _ in range(200):
        theta, group = rng.normal(size=300), rng.integers(0, 2, 300)
        y = (theta[:, None] + rng.logistic(size=300)[:, None] > np.array([-1.0, 0.0, 1.0])).sum(axis=1)
        stratum = np.clip(np.round(theta * 4), -8, 8).astype(int) + 8
        found = dif.liu_agresti(dif.tabulate(stratum, group, y, 17, 4))
        logs.append(found.log_alpha)
        errors.append(found.se)
    assert np.mean(errors) == pytest.approx(np.std(logs), rel=0.12)


def responses(path: Path, n: int, size: float, seed: int, items: int = 20, missing: bool = False) -> Path:
    """Marks 0 to 4 on every item; the first item is harder for group b by ``size`` logits."""
    rng = np.random.default_rng(seed)
    theta, group = rng.normal(size=n), rng.integers(0, 2, n)
    shift = np.zeros((n, items, 1))
    shift[group == 1, 0, 0] = size
    cuts = np.array([-1.5, -0.5, 0.5, 1.5]) + rng.normal(0, 0.4, (items, 1))
    noise = rng.logistic(size=(n, items))
    marks = ((theta[:, None] + noise)[:, :, None] > cuts[None] + shift).sum(axis=2)
    lines = ["person,@sex," + ",".join(f"i{j}" for j in range(items))]
    for p in range(n):
        cells = ["" if missing and (p + j) % 4 == 0 else str(marks[p, j]) for j in range(items)]
        lines.append(f"p{p},{'ab'[group[p]]}," + ",".join(cells))
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("missing", [False, True])
def test_planted_dif_is_found_and_little_else(tmp_path: Path, missing: bool) -> None:
    found, false, clean = 0, 0, 0
    for seed in range(6):
        path = responses(tmp_path / "r.csv", 500, 1.2, seed, items=12, missing=missing)
        rows = run(path, "--group", "sex", "--reference", "a", "--purify")["items"]
        found += "dif" in rows[0]["flags"] and rows[0]["smd"] < 0
        false += sum("dif" in row["flags"] for row in rows[1:])
        clean += len(rows) - 1
    assert found >= 5
    assert false / clean <= 0.08


@pytest.mark.parametrize("n", [30, 100])
def test_small_cohorts_rarely_condemn_a_fair_item(tmp_path: Path, n: int) -> None:
    flagged = total = 0
    for seed in range(6):
        rows = run(responses(tmp_path / "r.csv", n, 0.0, 100 + seed), "--group", "sex")["items"]
        flagged += sum("dif" in row["flags"] for row in rows)
        total += len(rows)
        assert all("small_n" in row["flags"] for row in rows)
    assert flagged / total <= 0.08


def test_one_person_who_missed_an_item_takes_no_flag_away(tmp_path: Path) -> None:
    rested_on_size = 0
    for seed in range(4):
        path = responses(tmp_path / "r.csv", 200, 0.7, seed, items=12)
        whole = run(path, "--group", "sex", "--reference", "a")["items"][0]
        lines = path.read_text().splitlines()
        cells = lines[-1].split(",")
        place = lines[0].split(",").index(whole["item"])
        path.write_text("\n".join([*lines[:-1], ",".join([*cells[:place], "", *cells[place + 1 :]])]) + "\n")
        less = run(path, "--group", "sex", "--reference", "a")["items"][0]
        assert less["n"] == 199 and ("dif" in less["flags"]) == ("dif" in whole["flags"])
        rested_on_size += "dif" in less["flags"] and less["eb"]["p_a"] > 0.5
        assert ("dif" in whole["flags"]) <= ((whole["mh"] or whole["mantel"])["p"] < 0.04)
    assert rested_on_size


def test_empirical_bayes_pulls_towards_the_other_items_and_its_odds_sum_to_one() -> None:
    odds = dif.empirical_bayes([0.1, -0.2, 0.0, -2.4, np.nan], [0.5, 0.5, 0.5, 0.5, 0.5])
    assert odds[4] is None
    known = [each for each in odds if each is not None]
    assert -2.4 < known[3].mean < -0.5
    assert all(each.p_a + each.p_b + each.p_c == pytest.approx(1) for each in known)
    alone = dif.empirical_bayes([-2.4], [0.1], prior=(0.0, 10.0))[0]
    assert alone is not None and alone.p_c > 0.99


def test_a_group_of_nine_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("person,@g,x,y\n" + "\n".join(f"p{i},{'b' if i < 9 else 'a'},{i % 2},{i % 3}" for i in range(60)))
    answer = run(path, "--group", "g")
    for row in answer["items"]:
        assert row["class"] is None and row["mh"] is None and row["smd"] is None and row["n_focal"] is None
        assert "cannot_tell" in row["flags"] and "fewer than 10" in row["why"]


def test_nasty_items_get_an_answer_or_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    rng = np.random.default_rng(1)
    lines = ["person,@g,constant,group_itself,half,never,big"]
    for i in range(80):
        g = i % 2
        half = rng.choice(["0", "0.5", "1", ""])
        lines.append(f"p{i},{'ab'[g]},1,{g},{half},,{rng.integers(0, 21)}")
    path.write_text("\n".join(lines))
    for extra in ((), ("--purify",), ("--match", "rest"), ("--bands", "5")):
        rows = {row["item"]: row for row in run(path, "--group", "g", *extra)["items"]}
        assert rows["constant"]["flags"][0] == "constant"
        assert rows["never"]["n"] == 0 and rows["never"]["class"] is None
        assert rows["half"]["mh"] is None and rows["half"]["class"] in ("AA", "BB", "CC")


def test_faults_of_the_groups_are_named(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("person,@g,x\np1,a,1\np2,a,0\np3,,1\n")
    for args, words in (
        (("--group", "nothing"), "no such attribute"),
        (("--group", "g"), "It has one group."),
        (("--group", "g", "--reference", "z"), "Nobody has the reference value z"),
    ):
        result = CliRunner().invoke(command, [str(path), *args])
        assert isinstance(result.exception, InputError)
        assert words in str([fault.what + fault.remedy for fault in result.exception.faults])


def test_more_than_two_groups_are_compared_in_pairs(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    rows = [f"p{i},{'aaabbc'[i % 6]},{i % 2},{i % 5}" for i in range(120)]
    path.write_text("person,@g,x,y\n" + "\n".join(rows))
    first = run(path, "--group", "g")
    assert (first["group"]["reference"], first["group"]["focal"]) == ("a", "b")
    assert any("Left out" in note and "c" in note for note in first["notes"])
    assert run(path, "--group", "g", "--focal", "c")["group"]["focal"] == "c"


def test_years_are_pooled_without_being_mixed(tmp_path: Path) -> None:
    path = responses(tmp_path / "r.csv", 300, 0.9, 3)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0] + ",@year", *(f"{line},{2020 + i % 3}" for i, line in enumerate(lines[1:]))]))
    assert run(path, "--group", "sex", "--within", "year")["items"][0]["smd"] < 0


def test_separated_categories_give_a_likelihood_ratio_and_say_so() -> None:
    fit = logistic_dif([1, 2, 3, 4] * 10, [0, 0, 1, 1] * 10, [0, 0, 1, 1] * 10)
    assert fit is not None and np.isfinite(fit.lr_both) and not fit.converged


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ShapeError, match="strata"):
        dif.mantel(np.zeros((3, 3)), [0, 1, 2])
    with pytest.raises(ShapeError, match="negative"):
        dif.mantel(np.full((1, 2, 2), -1.0), [0, 1])
    with pytest.raises(ShapeError, match="two categories"):
        dif.mantel_haenszel(np.ones((1, 2, 3)))


@pytest.mark.parametrize(
    ("name", "focal", "items"), [("math14w", "female", [0, 5, 8]), ("verbal_aggression", "male", [7])]
)
def test_likelihood_ratios_of_response_models_meet_mirt(name: str, focal: str, items: list[int]) -> None:
    """mirt's multipleGroup and DIF: every item's slope and intercepts freed from the constrained model."""
    lines = (HERE / f"{name}.csv").read_text().replace('"', "").splitlines()
    k, column = len(values(MATH["mh"] if name == "math14w" else VERBAL["mantel_1963"], "chisq")), lines[0].split(",")
    cells = [line.split(",") for line in lines[1:]]
    marks = np.array([[float(cell) for cell in row[:k]] for row in cells])
    group = [int(row[column.index("gender")] == focal) for row in cells]
    want = (MATH if name == "math14w" else VERBAL)["irt_lr"]["values"]
    found = irt_lr_dif(marks, group, items=items)
    assert found.loglik == pytest.approx(want["loglik_constrained"], abs=1e-5)
    assert found.focal_mean == pytest.approx(want["focal_mean"], abs=1e-4)
    for one, j in zip(found.items, items, strict=True):
        assert one.lr_both == pytest.approx(want["x2"][j], abs=1e-4)
        assert one.df_both == want["df"][j]
        assert one.p_both == pytest.approx(want["p"][j], abs=1e-5)
        assert one.lr_uniform + one.lr_nonuniform == pytest.approx(one.lr_both, abs=1e-6)
        assert one.lr_nonuniform >= 0 and one.difference_absolute >= abs(one.difference) - 1e-12


def test_likelihood_ratios_tell_a_harder_item_from_a_blunter_one(tmp_path: Path) -> None:
    """The first item is harder for group b, the second tells less about it; the anchor is purified of both."""
    rng = np.random.default_rng(11)
    n = 600
    theta, g = rng.normal(size=n), np.arange(n) % 2
    slope = np.full((n, 6), 1.5)
    slope[g == 1, 1] = 0.4
    hard = np.zeros((n, 6))
    hard[g == 1, 0] = 1.0
    right = (rng.uniform(size=(n, 6)) < 1 / (1 + np.exp(-slope * theta[:, None] + hard))).astype(int)
    path = tmp_path / "r.csv"
    lines = [f"p{i},{'ab'[g[i]]}," + ",".join(map(str, right[i])) for i in range(n)]
    path.write_text("person,@g,u,v,w,x,y,z\n" + "\n".join(lines))
    answer = run(path, "--group", "g", "--reference", "a", "--purify", "--irt-lr")
    rows = [row["irt_lr"] for row in answer["items"]]
    assert answer["irt_lr"]["model"] == "2pl" and answer["irt_lr"]["purified"] == ["u", "v"]
    assert rows[0]["p_uniform"] < 1e-4 and rows[0]["p_nonuniform"] > 0.01 and rows[0]["difference"] < -0.1
    assert rows[1]["p_nonuniform"] < 1e-4 and abs(rows[1]["difference"]) < rows[1]["difference_absolute"]
    assert all(row["p_both"] > 0.01 for row in rows[2:])


def test_likelihood_ratios_say_why_there_are_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    marks, group = rng.integers(0, 21, (120, 4)).astype(float), np.arange(120) % 2
    marks[:, 1] = np.where(group == 1, 0, marks[:, 1] > 9)  # one group has one mark only
    alike = joined(marks, group)
    assert [np.unique(column).size for column in alike.T] == [5, 2, 5, 5]
    assert (np.corrcoef(marks[:, 0], alike[:, 0])[0, 1]) > 0.9
    found = irt_lr_dif(alike, group, items=[1])
    assert found.items[0].why is not None and "same marks" in found.items[0].why
    with pytest.raises(ShapeError, match="30 in each"):
        irt_lr_dif(marks[:40], group[:40])
    path = tmp_path / "r.csv"
    path.write_text("person,@g,x,y\n" + "\n".join(f"p{i},{'ab'[i % 2]},{i % 3},{i % 2}" for i in range(40)))
    answer = run(path, "--group", "g", "--irt-lr")
    assert "30 in each" in answer["irt_lr"]["why"] and answer["items"][0]["irt_lr"] is None


def test_from_two_hundred_persons_a_class_needs_no_odds(tmp_path: Path) -> None:
    rows = run(responses(tmp_path / "r.csv", 220, 0.8, 5, items=12), "--group", "sex", "--bands", "5")["items"]
    assert all("small_n" in row["flags"] for row in rows)
    assert all(("dif" in row["flags"]) == (row["class"] not in ("A", "AA")) for row in rows)
    assert rows[0]["class"] in ("BB", "CC")
    assert [bands_for(n) for n in (199, 500, 5000)] == [5, 10, None]
