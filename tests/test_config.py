"""Settings: everything wrong is told at once, with the variable and the remedy."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sjt.config import Settings
from sjt.errors import ConfigError

WRONG = {
    "SJT_SECRET_KEY": "short",
    "SJT_DATABASE": "mysql://host/name",
    "SJT_BASE_URL": "sjt.example.org",
    "SJT_MAIL": "mail.example.org",
    "SJT_SECURE_COOKIES": "perhaps",
    "SJT_TRUSTED_PROXIES": "6",
    "SJT_WORKER_IN_SERVER": "2",
    "SJT_GRACE_SECONDS": "²",
    "SJT_OUTAGE_CREDIT": "maybe",
}


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = Settings.from_env({"SJT_DATA": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'sjt.sqlite'}"
    assert settings.secure_cookies and settings.worker_in_server and not settings.testing
    assert len(settings.secret_key) >= 32


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({"SJT_DATA": str(tmp_path), **WRONG})
    assert {fault.field for fault in caught.value.faults} == set(WRONG)
    assert all(fault.what and fault.remedy for fault in caught.value.faults)


def test_a_password_in_an_address_is_never_told(tmp_path: Path) -> None:
    env = {"SJT_DATA": str(tmp_path), "SJT_MAIL": "imap://u:hunter2@host", "SJT_DATABASE": "mysql://u:hunter2@host"}
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(env)
    assert "hunter2" not in str(caught.value)
    good = Settings.from_env(
        {
            "SJT_DATA": str(tmp_path),
            "SJT_MAIL": "smtp://u:hunter2@host/?from=a@b.org",
            "SJT_DATABASE": "postgresql://u:hunter2@host/sjt",
        }
    )
    assert "hunter2" not in repr(good) and good.secret_key not in repr(good)
    assert good.database_url.startswith("postgresql+psycopg://")


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = Settings.from_env({"SJT_DATA": str(tmp_path)}).secret_key
    assert Settings.from_env({"SJT_DATA": str(tmp_path)}).secret_key == first
    path = tmp_path / "keys" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["secret"]


def test_a_data_folder_that_is_a_file_is_a_fault_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({"SJT_DATA": str(tmp_path / "data"), "SJT_GRACE_SECONDS": "-1"})
    assert [fault.field for fault in caught.value.faults] == ["SJT_DATA", "SJT_GRACE_SECONDS"]


@pytest.mark.parametrize("text", ["yes", "1", "TRUE", " on "])
def test_yes_is_said_in_many_ways(tmp_path: Path, text: str) -> None:
    assert Settings.from_env({"SJT_DATA": str(tmp_path), "SJT_SECURE_COOKIES": text}).secure_cookies


@given(st.dictionaries(st.sampled_from(sorted(WRONG)), st.text(max_size=40)))
def test_whatever_stands_in_the_environment_gives_settings_or_faults(env: dict[str, str]) -> None:
    env = {"SJT_SECRET_KEY": "x" * 40, "SJT_DATA": "var", **env}
    if not env["SJT_SECRET_KEY"]:
        return
    with contextlib.suppress(ConfigError):
        assert Settings.from_env(env).secret_key
