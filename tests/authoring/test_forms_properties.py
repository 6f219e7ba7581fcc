"""Whatever a blueprint asks of a bank: forms that meet every constraint, or words about what is short."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sjt.authoring.assembly import broken, check
from sjt.authoring.bank import load
from sjt.authoring.blueprint import parse
from sjt.authoring.form_bank import form_bank
from sjt.authoring.forms import Impossible, build_set, spec_of
from sjt.authoring.proof import make_proof, verify
from tests.builders.banks import blueprint_text, write_bank


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bank(tmp_path_factory.mktemp("small"), core=20, residential=8, seed=9).folder


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries({"rank": st.integers(2, 5), "choose": st.integers(2, 4), "rate": st.integers(2, 4)}),
    st.integers(1, 2),
    st.integers(0, 8),
    st.integers(1, 99),
)
def test_no_built_form_ever_breaks_a_constraint(
    folder: Path, formats: dict[str, int], forms: int, overlap: int, seed: int
) -> None:
    reading = load(folder)
    assert reading.bank is not None
    bank, files = reading.bank, reading.files
    n = sum(formats.values())
    text = blueprint_text(scenarios=n, formats=formats, overlap=overlap, exposure=None, minutes=(2.5 * n, 3.4 * n))
    plan = parse(text)
    source = form_bank(bank, files, plan)
    refused: Impossible | None = None
    try:
        built = build_set(source, plan, forms, seed=seed)
    except Impossible as error:
        refused = error
    if refused is not None:
        assert refused.faults
        assert all(fault.remedy for fault in refused.faults)
        return
    assert broken(check(source.assembly, spec_of(source, plan, forms), built.forms)) == []
    proof = make_proof(source, plan, built, seed)
    assert verify(proof, lambda blueprint: form_bank(bank, files, blueprint)) == []
