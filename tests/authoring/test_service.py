"""The authoring room's deeds: a bank in and out, statistics, forms that freeze."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sjt import db
from sjt.access import SYSTEM, Actor, Role
from sjt.authoring import service, snapshot
from sjt.authoring.bank import read_files
from sjt.authoring.states import FormState, FormUse, ScenarioState, Statistic
from sjt.errors import InputError, MoveRefused, NotFound
from sjt.paths import bank_dir
from sjt.psychometrics import scoring

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
DEVELOPER = Actor("user:dev", "Dev", frozenset({Role.TEST_DEVELOPER}))


def changed_bank(tmp_path: Path, name: str, find: str, put: str) -> Path:
    """Give a copy of the shipped bank in which one file says something else."""
    folder = tmp_path / "bank"
    shutil.copytree(bank_dir(), folder)
    file = next(folder.glob(name))
    text = file.read_text(encoding="utf-8")
    assert find in text
    file.write_text(text.replace(find, put), encoding="utf-8")
    if file.name == "scenario.md":  # the key is read against the new text and set on it
        key = file.with_name("key.toml")
        old, new = (hashlib.sha256(held.encode()).hexdigest() for held in (text, file.read_text(encoding="utf-8")))
        key.write_text(key.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return folder


def test_export_gives_back_every_byte_of_what_was_imported(imported: db.Database, tmp_path: Path) -> None:
    with db.session() as session:
        service.export_bank(session, "cypf", tmp_path / "out")
    assert read_files(tmp_path / "out") == read_files(bank_dir())


def test_export_into_a_folder_that_holds_files_is_refused(imported: db.Database, tmp_path: Path) -> None:
    (tmp_path / "stale.txt").write_text("left behind")
    with db.session() as session, pytest.raises(InputError, match="not empty"):
        service.export_bank(session, "cypf", tmp_path)


def test_a_bank_with_one_error_changes_nothing_and_lists_it(imported: db.Database, tmp_path: Path) -> None:
    folder = changed_bank(tmp_path, "scenarios/cypf-0012-*/scenario.md", 'role = "primary"', 'role = "main"')
    with db.session() as session:
        before = service.bank_files(session)
    with pytest.raises(InputError) as caught, db.transaction() as session:
        service.import_bank(session, folder, by=DEVELOPER, now=NOW)
    assert any("cypf-0012" in fault.file and fault.where.startswith("line ") for fault in caught.value.faults)
    with db.session() as session:
        assert service.bank_files(session) == before


def test_importing_the_same_bank_twice_makes_no_new_version(imported: db.Database) -> None:
    with db.transaction() as session:
        service.import_bank(session, bank_dir(), by=SYSTEM, now=NOW)
    with db.session() as session:
        assert {line.version for line in service.scenarios(session)} == {1}


def test_a_changed_scenario_becomes_a_new_version_and_the_old_one_stays(imported: db.Database, tmp_path: Path) -> None:
    folder = changed_bank(
        tmp_path, "scenarios/cypf-0012-*/key.toml", "A warm and real question", "A warm, real question"
    )
    with db.transaction() as session:
        service.import_bank(session, folder, by=DEVELOPER, now=NOW)
    with db.session() as session:
        assert service.scenario_line(session, "cypf-0012").version == 2
        assert [version.n for version in service.versions(session, "cypf-0012")] == [2, 1]
        assert {line.version for line in service.scenarios(session) if line.id != "cypf-0012"} == {1}
        service.export_bank(session, "cypf", tmp_path / "out")
    assert read_files(tmp_path / "out") == read_files(folder)


def test_recorded_statistics_come_out_with_the_export_and_count_for_their_version(imported: db.Database) -> None:
    row = Statistic("cypf-0012-a", "", "facility", 0.61, 0.02, 118, "session 7", "2026-03-14")
    with db.transaction() as session:
        assert service.record_statistics(session, [row], by=SYSTEM, now=NOW) == 1
    with db.session() as session:
        kept = [one for one in service.statistics_of(session, "cypf-0012-a") if one.source == "session 7"]
        assert kept[0].scenario_sha256 == service.scenario(session, "cypf-0012").sha256
        assert b"session 7" in service.bank_files(session)["statistics/recorded.csv"]


def test_undefined_statistics_and_unknown_items_are_refused_all_at_once(imported: db.Database) -> None:
    rows = [
        Statistic("cypf-0012-a", "", "discrimination", float("nan"), None, 9, "session 7", ""),
        Statistic("cypf-9999-a", "", "facility", 0.5, None, 9, "session 7", ""),
    ]
    with pytest.raises(InputError) as caught, db.transaction() as session:
        service.record_statistics(session, rows, by=SYSTEM, now=NOW)
    assert len(caught.value.faults) == 2


def test_recorded_judgements_stand_in_the_bank(imported: db.Database) -> None:
    rows = [{"judge": "J1", "round": 1, "item": "cypf-0012-a", "max": 20, "rating": 14}]
    with db.transaction() as session:
        path = service.record_judgements(session, "spring-panel", rows, by=SYSTEM, now=NOW)
    with db.session() as session:
        assert service.judgement_files(session)[path].splitlines()[1] == "J1,1,cypf-0012-a,20,14"


def test_publishing_freezes_paper_and_secret_under_one_hash(built_set: UUID) -> None:
    with db.transaction() as session:
        line = service.publish_form(session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)
    with db.session() as session:
        paper, secret = service.paper(session, line.form_id), service.secret(session, line.form_id)
    texts = snapshot.paper_to_json(paper), snapshot.secret_to_json(secret)
    assert snapshot.snapshot_sha256(*texts) == line.snapshot_sha256
    assert line.use is FormUse.LIVE and line.keys == "illustrative" and line.simulated and paper.simulated
    assert secret.max_marks == line.max_marks == 200
    assert secret.cut is not None and line.cut_applied is not None and line.cut_applied >= (line.cut_exact or 0)
    for word in ("key", "effectiveness", "rule", "why", "worth", "angoff_mean", "live"):
        assert f'"{word}"' not in texts[0]


def test_every_frozen_item_can_be_marked_from_its_secret_alone(built_set: UUID) -> None:
    with db.transaction() as session:
        service.publish_form(session, "residential-14-s1-b", use="live", by=DEVELOPER, now=NOW)
    with db.session() as session:
        paper, secret = service.paper(session, "residential-14-s1-b"), service.secret(session, "residential-14-s1-b")
    formats = set()
    for item in paper.items():
        held = secret.item(item.id)
        assert held is not None
        formats.add(item.format.value)
        options = item.option_ids()
        assert scoring.raw_max(held.rule, held.key, options, held.settings) == held.raw_max
        assert 0 <= held.chance < held.worth
        assert held.angoff_mean is not None and held.angoff_mean <= held.worth
    assert len(formats) == 6
    assert sum((item.angoff_mean or 0) for item in secret.live_items()) == service_cut(secret)


def service_cut(secret: snapshot.Secret) -> Any:
    from fractions import Fraction

    assert secret.cut is not None
    return Fraction(secret.cut["exact"])


def test_a_later_edit_of_the_bank_changes_nothing_of_a_published_form(built_set: UUID, tmp_path: Path) -> None:
    with db.transaction() as session:
        line = service.publish_form(session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)
    with db.session() as session:
        scenario = service.paper(session, line.form_id).scenarios[0]
        before = service.paper(session, line.form_id), service.secret(session, line.form_id)
        assert service.changed_keys(session) == []
        (held,) = service.form_uses(session)
    assert scenario.id in {name for name, _, _ in held.scenarios} and held.set_forms == 2
    folder = changed_bank(tmp_path, f"scenarios/{scenario.id}-*/scenario.md", scenario.title, "Another title")
    (key,) = folder.glob(f"scenarios/{scenario.id}-*/key.toml")
    key.write_text(key.read_text("utf-8") + "# looked at again\n", "utf-8")
    with db.transaction() as session:
        service.import_bank(session, folder, by=DEVELOPER, now=NOW)
    with db.session() as session:
        (change,) = service.changed_keys(session)
        assert (change.scenario, change.forms) == (scenario.id, (line.form_id,))
        assert service.scenario(session, scenario.id).title == "Another title"
        assert (service.paper(session, line.form_id), service.secret(session, line.form_id)) == before
        assert service.form_line(session, line.form_id).snapshot_sha256 == line.snapshot_sha256


def test_a_form_whose_scenario_changed_since_it_was_built_cannot_be_published(built_set: UUID, tmp_path: Path) -> None:
    with db.session() as session:
        scenario = service.held_form(session, "residential-14-s1-a").paper.scenarios[0]
    folder = changed_bank(tmp_path, f"scenarios/{scenario.id}-*/scenario.md", scenario.title, "Another title")
    with db.transaction() as session:
        service.import_bank(session, folder, by=DEVELOPER, now=NOW)
    with pytest.raises(MoveRefused, match=scenario.id), db.transaction() as session:
        service.publish_form(session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)


def test_a_form_published_for_trial_has_no_pass_mark(built_set: UUID) -> None:
    with db.transaction() as session:
        line = service.publish_form(session, "residential-14-s1-a", use="trial", by=DEVELOPER, now=NOW)
    with db.session() as session:
        assert service.secret(session, line.form_id).cut is None
        assert line.cut_applied is None
        assert [one.form_id for one in service.published_forms(session, use="trial")] == [line.form_id]
        assert service.published_forms(session, use="live") == []
        assert service.scenario_line(session, "cypf-0001").state is ScenarioState.LIVE, "a form moves nothing live"


def test_a_published_form_is_not_published_again(built_set: UUID) -> None:
    with db.transaction() as session:
        service.publish_form(session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)
    with pytest.raises(MoveRefused, match="published already"), db.transaction() as session:
        service.publish_form(session, "residential-14-s1-a", use="trial", by=DEVELOPER, now=NOW)


def test_a_draft_form_has_no_paper_for_other_rooms(built_set: UUID) -> None:
    with db.session() as session, pytest.raises(NotFound, match="not published"):
        service.paper(session, "residential-14-s1-a")


def test_a_withdrawn_form_serves_no_new_session_and_keeps_its_snapshot(built_set: UUID) -> None:
    with db.transaction() as session:
        service.publish_form(session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)
        service.withdraw_form(session, "residential-14-s1-a", by=DEVELOPER, now=NOW, reason="a response was doubtful")
    with db.session() as session:
        assert service.published_forms(session) == []
        assert service.form_line(session, "residential-14-s1-a").state is FormState.WITHDRAWN
        assert service.paper(session, "residential-14-s1-a").scenarios
        with pytest.raises(MoveRefused, match="withdrawn"):
            service.form_facts(session, "residential-14-s1-a")


def alter(form_id: str, change: Callable[[Any, Any], None]) -> None:
    """Change a draft's rows by hand, as a bank without judgements or with another key would have made them."""
    from sjt.authoring import store_forms

    with db.transaction() as session:
        form = store_forms.form(session, form_id)
        assert form is not None
        made = store_forms.form_set(session, form.set_id)
        change(form, made)
        session.add(form)
        session.add(made)


def test_without_judgements_a_form_can_be_published_for_trial_only(built_set: UUID) -> None:
    def unjudge(form: Any, made: Any) -> None:
        import json

        data = json.loads(form.secret)
        data["items"][3]["angoff_mean"] = None
        data["cut"] = None
        form.secret = json.dumps(data)

    alter("residential-14-s1-a", unjudge)
    with pytest.raises(MoveRefused, match=r"1 of its 14 live items have no pass-mark judgement"), db.transaction() as s:
        service.publish_form(s, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)
    with db.transaction() as session:
        assert (
            service.publish_form(session, "residential-14-s1-a", use="trial", by=DEVELOPER, now=NOW).use
            is FormUse.TRIAL
        )


def _proof_says(**values: Any) -> Callable[[Any, Any], None]:
    def change(form: Any, made: Any) -> None:
        import json

        proof = json.loads(made.proof)
        proof["forms"][form.position].update(values)
        made.proof = json.dumps(proof)

    return change


def test_a_form_that_random_answering_passes_too_often_is_refused(built_set: UUID) -> None:
    alter("residential-14-s1-a", _proof_says(p_random_pass=0.031))
    with pytest.raises(MoveRefused, match=r"3\.10%.*allows 1\.00%"), db.transaction() as session:
        service.publish_form(session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)


def test_a_strategy_above_the_ceiling_needs_a_signed_reason(built_set: UUID) -> None:
    alter("residential-14-s1-a", _proof_says(p_strategy_pass={"spot_the_worst": 0.12}))
    with pytest.raises(InputError, match="spot the worst 12%"), db.transaction() as session:
        service.publish_form(session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)
    with db.transaction() as session:
        service.publish_form(
            session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW, reason="pilot with panel's consent"
        )
    with db.session() as session:
        assert service.held_form(session, "residential-14-s1-a").reason == "pilot with panel's consent"


def test_a_plan_and_its_gateway_evidence_come_by_option(imported: db.Database) -> None:
    with db.session() as session:
        plan = service.plan(session, "ap-sjt-portfolio-interview")
        evidence = service.plan_evidence(session, plan.id, "residential")
        with pytest.raises(NotFound, match="ap-sjt-portfolio-interview"):
            service.plan(session, "ap-nothing")
    assert evidence


def test_the_web_side_of_authoring_never_imports_numpy() -> None:
    code = (
        "import sys, sjt.authoring.routes.scenarios, sjt.authoring.routes.papers, sjt.authoring.joining;"
        "sys.exit('numpy' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_simulated_judgements_and_statistics_repeat_byte_for_byte_and_say_so() -> None:
    from sjt.authoring.bank import load
    from sjt.authoring.simulated_statistics import CONCORDANCE_FILE, JUDGEMENTS_FILE, STATISTICS_FILE, simulated_files

    bank = load(bank_dir()).bank
    assert bank is not None
    found = simulated_files(bank, seed=1)
    assert set(found) == {CONCORDANCE_FILE, JUDGEMENTS_FILE, STATISTICS_FILE}
    assert all("simulated" in name and b"simulated" in content for name, content in found.items())
    for name, content in found.items():
        held = (bank_dir() / name).read_bytes()
        assert held == content, f"{name} is not in step: sjt bank simulate-statistics scenario_bank/cypf --seed 1"


def refused(session: Any, statement: str) -> bool:
    """Tell whether the database itself refuses a change."""
    import sqlalchemy as sa

    try:
        with session.begin_nested():
            session.execute(sa.text(statement))
    except sa.exc.DBAPIError as error:
        return "never" in str(error)
    return False


def assert_final(session: Any) -> None:
    assert refused(session, "UPDATE scenario_version SET folder = 'x'")
    assert refused(session, "DELETE FROM scenario_version")
    assert refused(session, "UPDATE form SET secret = '{}' WHERE id = 'residential-14-s1-a'")
    assert refused(session, "UPDATE form SET state = 'draft' WHERE id = 'residential-14-s1-a'")
    assert refused(session, "DELETE FROM form WHERE id = 'residential-14-s1-a'")
    assert not refused(session, "UPDATE form SET reason = 'x' WHERE id = 'residential-14-s1-b'")


def test_the_database_itself_keeps_versions_and_published_forms(built_set: UUID) -> None:
    with db.transaction() as session:
        service.publish_form(session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)
    with db.transaction() as session:
        assert_final(session)


@pytest.mark.postgresql
def test_on_postgresql_a_bank_imports_a_form_publishes_and_both_are_kept(
    frozen_set: Callable[..., Any], postgresql_database: db.Database, tmp_path: Path
) -> None:
    import json

    from sjt.authoring import sets
    from sjt.authoring.forms_job import freeze_all
    from sjt.authoring.freezing import key_versions

    source, reading, _, text = frozen_set()
    with db.transaction() as session:
        service.import_bank(session, bank_dir(), by=SYSTEM, now=NOW)
    with db.transaction() as session:
        made = service.put_set(session, "blueprints/residential-14.toml", forms=2, seed=1, by=SYSTEM, now=NOW)
        frozen = freeze_all(source, made, json.loads(text), key_versions(reading.files, reading.key_files))
        sets.keep_built(session, made.id, text, frozen, by=SYSTEM, now=NOW)
        service.publish_form(session, "residential-14-s1-a", use="live", by=DEVELOPER, now=NOW)
    with db.session() as session:
        service.export_bank(session, "cypf", tmp_path / "out")
        assert len(service.published_forms(session, option="residential", use="live")) == 1
    assert read_files(tmp_path / "out") == read_files(bank_dir())
    with db.transaction() as session:
        assert_final(session)
