"""Which test holds which row of docs/validation.md to its tolerance: family, part of the statistic's name, test."""

from __future__ import annotations

ROOM = "tests/psychometrics/"
EVERY_CASE = "test_score_command.py::test_every_case_of_every_reference_set_is_marked_as_computed_elsewhere"
BRUTE_FORCE = "test_scoring_properties.py::test_a_forms_chance_equals_brute_force_over_all_its_answers"
DEPARTS = "test_decisions.py::test_betafunctions_departs_by_its_divisor_and_its_treatment_of_low_scores_alone"
ON_SCORES = "test_decisions.py::test_the_command_meets_betafunctions_on_the_scores_it_was_given"
TESTS: tuple[tuple[str, str, str], ...] = (
    ("Scoring", "", EVERY_CASE),
    ("Consensus scoring", "39 persons", "test_score_command.py::test_six_rules_on_the_real_panel_set_match"),
    ("Consensus scoring", "", EVERY_CASE),
    ("Chance", "P(random pass), nine", EVERY_CASE),
    ("Chance", "P(random pass) at", BRUTE_FORCE),
    ("Chance", "", "test_chance.py::test_spotting_only_the_worst_of_each_ranking_averages_fifteen"),
    ("Item analysis", "alpha if", "test_classical_reference.py::test_items_agree_with_r"),
    ("Item analysis", "alpha", "test_classical_reference.py::test_alpha_and_its_interval_agree_with_psych"),
    ("Item analysis", "SEM", "test_classical_reference.py::test_alpha_and_its_interval_agree_with_psych"),
    ("Item analysis", "lambda", "test_classical_reference.py::test_guttman_coefficients_agree_with_r"),
    ("Item analysis", "omega", "test_classical_reference.py::test_omegas_agree_with_lavaan_and_psych"),
    ("Item analysis", "D (", "test_classical_reference.py::test_upper_lower_groups_agree_with_r"),
    ("Item analysis", "", "test_classical_reference.py::test_items_agree_with_r"),
    ("Generalisability", "", "test_classical_reference.py::test_generalisability_agrees_with_the_analysis_of_variance"),
    ("Pass marks", "Angoff", "test_passmark_command.py::test_angoff_meets_the_reference"),
    ("Pass marks", "Ebel", "test_passmark_command.py::test_ebel_meets_the_reference"),
    ("Pass marks", "Hofstee", "test_passmark_command.py::test_hofstee_meets_the_reference"),
    ("Pass marks", "Beuk", "test_passmark_command.py::test_beuk_meets_the_reference"),
    ("Pass marks", "Cohen", "test_passmark_command.py::test_cohen_meets_the_reference"),
    ("Pass marks", "borderline", "test_passmark_command.py::test_borderline_regression_meets_the_reference"),
    ("Pass marks", "contrasting", "test_passmark_command.py::test_contrasting_groups_meets_counting_every_cut"),
    ("Classification", "Livingston–Lewis accuracy, from mean", DEPARTS),
    ("Classification", "Livingston–Lewis accuracy, from scores", ON_SCORES),
    ("Classification", "Livingston–Lewis consistency, from scores", ON_SCORES),
    ("Classification", "Livingston", "test_decisions.py::test_worked_cases_with_the_cut_rounded_up"),
    ("Panels", "", "test_agreement.py::test_panel_statistics_meet_the_reference"),
    ("Markers", "", "test_agreement.py::test_marker_agreement_meets_the_reference"),
    ("Fairness", "adverse", "test_decisions.py::test_adverse_impact_agrees_with_the_worked_cases"),
    ("Fairness", "Wilson", "test_decisions.py::test_wilson_agrees_with_the_worked_cases"),
    ("Fairness", "shrinkage", "test_decisions.py::test_shrinkage_agrees_with_the_worked_case"),
    ("DIF", "Mantel–", "test_dif.py::test_mantel_haenszel_meets_the_worked_cases"),
    ("DIF", "Mantel ", "test_dif.py::test_ordered_items_meet_the_worked_cases"),
    ("DIF", "standardised", "test_dif.py::test_ordered_items_meet_the_worked_cases"),
    ("DIF", "Liu", "test_dif.py::test_ordered_items_meet_the_worked_cases"),
    ("DIF", "likelihood ratio", "test_dif.py::test_likelihood_ratios_of_response_models_meet_mirt"),
    ("DIF", "logistic", "test_dif.py::test_logistic_dif_of_right_and_wrong_items_meets_difr"),
    ("Response models", "conditional", "test_irt_cml.py::test_items_and_errors_meet_r"),
    ("Response models", "Andersen", "test_irt_cml.py::test_andersens_test_meets_erm"),
    ("Response models", "S-X²", "test_irt_limited.py::test_s_x2_meets_mirt_cell_by_cell"),
    ("Response models", "M2", "test_irt_limited.py::test_the_overall_fit_meets_mirt"),
    ("Response models", "C2", "test_irt_limited.py::test_the_overall_fit_meets_mirt"),
    ("Response models", "Q3", "test_irt_fit.py::test_mean_squares_q3_and_person_fit_meet_mirt"),
    ("Response models", "EAP", "test_irt.py::test_scores_and_information_meet_mirt"),
    ("Response models", "test information", "test_irt.py::test_scores_and_information_meet_mirt"),
    ("Response models", "", "test_irt.py::test_the_fit_meets_mirt"),
    ("Classification", "Lee", "test_irt_classification.py::test_decisions_meet_r"),
    ("Content", "Fleiss", "test_content.py::test_kappa_of_many_raters_meets_the_published_value"),
    ("Content", "interval", "test_content.py::test_the_single_rater_interval_meets_the_published_one"),
    ("Content", "", "test_content.py::test_relevance_without_chance_meets_the_published_table"),
    ("Equating", "equivalent groups", "test_equate.py::test_equivalent_groups_meet_r"),
    ("Equating", "common items", "test_equate.py::test_common_items_meet_r"),
    ("Equating", "", "test_irt_linking.py::test_characteristic_curve_links_meet_equateirt"),
)  # fmt: skip
"""The first line that fits a row counts."""


def test_of(family: str, statistic: str) -> str:
    """Path and name of the test that holds a row; empty where none is named here."""
    return next((ROOM + test for room, part, test in TESTS if room == family and part in statistic), "")
