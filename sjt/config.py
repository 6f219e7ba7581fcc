"""Settings, read once from the environment; every fault is named at once."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sjt.errors import ConfigError, Fault

_MIN_SECRET = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is told from outside; ``docs/settings.md`` explains each."""

    database_url: str = field(repr=False)
    data_dir: Path
    secret_key: str = field(repr=False)
    """Signs session cookies and single-use codes."""
    anchor_key_path: Path
    """Ed25519 key that signs the audit's anchors; kept outside the database."""
    base_url: str = ""
    """Public address, for links in mail and locked-browser files; empty: as the request says."""
    secure_cookies: bool = True
    trusted_proxies: int = 0
    worker_in_server: bool = True
    """``sjt serve`` starts one ``sjt worker`` beside it."""
    grace_seconds: int = 0
    outage_credit: str = "on"
    """``on``, ``off`` or ``ask``: whether time during which the server was down is given back."""
    mail_url: str = field(default="", repr=False)
    """SMTP server for invitations and resets, with its password: ``smtp://user:password@host:port/?from=…``."""
    testing: bool = False

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        env = os.environ if environ is None else environ
        faults: list[Fault] = []
        data_dir = Path(env.get("SJT_DATA") or "var").resolve()

        def whole(name: str, default: int, low: int, high: int) -> int:
            text = env.get(name, "")
            if not text:
                return default
            if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
                what = f"is {text!r}, which is not a whole number from {low} to {high}."
                faults.append(Fault("environment", "", name, what, f"Leave it out for {default}."))
                return default
            return int(text)

        def flag(name: str, *, default: bool) -> bool:
            text = env.get(name, "").strip().lower()
            if text in ("", "1", "yes", "true", "on", "0", "no", "false", "off"):
                return default if text == "" else text in ("1", "yes", "true", "on")
            faults.append(Fault("environment", "", name, f"is {text!r}.", "Use yes or no."))
            return default

        def one_of(name: str, default: str, allowed: tuple[str, ...]) -> str:
            text = env.get(name, "") or default
            if text not in allowed:
                faults.append(Fault("environment", "", name, f"is {text!r}.", f"Use one of: {', '.join(allowed)}."))
                return default
            return text

        try:
            secret = env.get("SJT_SECRET_KEY", "") or _secret_on_disk(data_dir)
        except OSError as error:
            what = f"is {str(data_dir)!r}, which cannot be written: {error.strerror}."
            faults.append(Fault("environment", "", "SJT_DATA", what, "Name a folder that sjt may write to."))
            secret = "?" * _MIN_SECRET
        if len(secret) < _MIN_SECRET:
            what = f"has {len(secret)} characters, fewer than {_MIN_SECRET}."
            faults.append(Fault("environment", "", "SJT_SECRET_KEY", what, "Leave it out, and sjt keeps its own."))
        url = env.get("SJT_DATABASE") or f"sqlite:///{data_dir / 'sjt.sqlite'}"
        if not url.startswith(("sqlite:", "postgresql")):
            what = "names a database that sjt does not know."
            faults.append(Fault("environment", "", "SJT_DATABASE", what, "Use sqlite:///FILE or postgresql://…"))
        base_url = env.get("SJT_BASE_URL", "").rstrip("/")
        if base_url and not _is_address(base_url, ("http", "https")):
            remedy = "Write it as in https://sjt.example.org."
            faults.append(Fault("environment", "", "SJT_BASE_URL", f"is {base_url!r}, no web address.", remedy))
        mail = env.get("SJT_MAIL", "")
        if mail and not _is_address(mail, ("smtp", "smtps")):
            remedy = "Write it as in smtp://user:password@mail.example.org:587/?from=sjt@example.org."
            faults.append(Fault("environment", "", "SJT_MAIL", "is no mail server's address.", remedy))
        settings = cls(
            database_url=url.replace("postgresql://", "postgresql+psycopg://", 1),
            data_dir=data_dir,
            secret_key=secret,
            anchor_key_path=Path(env.get("SJT_ANCHOR_KEY") or data_dir / "keys" / "anchor.pem"),
            base_url=base_url,
            secure_cookies=flag("SJT_SECURE_COOKIES", default=True),
            trusted_proxies=whole("SJT_TRUSTED_PROXIES", 0, 0, 5),
            worker_in_server=flag("SJT_WORKER_IN_SERVER", default=True),
            grace_seconds=whole("SJT_GRACE_SECONDS", 0, 0, 300),
            outage_credit=one_of("SJT_OUTAGE_CREDIT", "on", ("on", "off", "ask")),
            mail_url=mail,
        )
        if faults:
            raise ConfigError("sjt cannot start: its settings are wrong.", faults)
        return settings


def _is_address(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _secret_on_disk(data_dir: Path) -> str:
    """Keep one secret per data folder, made on first use and readable by its owner alone."""
    path = data_dir / "keys" / "secret"
    if path.is_file():
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(48)
    descriptor, made = tempfile.mkstemp(dir=path.parent)  # readable by its owner alone
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
    try:
        os.link(made, path)  # whole or not at all: another process must not read half a secret
    except FileExistsError:  # another process was first
        return path.read_text(encoding="ascii").strip()
    finally:
        os.unlink(made)
    return secret
