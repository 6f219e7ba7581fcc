"""Passwords: length counts, one's own name does not help, and nothing tells which names exist."""

from __future__ import annotations

import time

import pytest

from sjt.accounts import passwords
from sjt.accounts.model import check_password
from sjt.accounts.throttle import Throttle
from sjt.errors import InputError, Throttled


@pytest.mark.parametrize(
    "password",
    ["short", "aaaaaaaaaaaa", "priya-2026-x", "Nair nair nair", "x" * 201, "ababababababab"],
)
def test_a_weak_password_is_refused_with_a_remedy(password: str) -> None:
    with pytest.raises(InputError) as caught:
        check_password(password, login="priya", name="Priya Nair")
    assert all(fault.remedy for fault in caught.value.faults)


@pytest.mark.parametrize("password", ["three calm otters", "correct horse battery", "Priya rows on the lake at dawn"])
def test_three_words_will_do(password: str) -> None:
    check_password(password, login="priya", name="Priya Nair")


def test_a_hash_is_argon2id_and_matches_its_password_alone() -> None:
    stored = passwords.hashed("three calm otters")
    assert stored.startswith("$argon2id$")
    assert passwords.matches("three calm otters", stored)
    assert not passwords.matches("three calm otter", stored)
    assert not passwords.matches("three calm otters", "not a hash")
    assert not passwords.needs_rehash(stored)


def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    stored = passwords.hashed("three calm otters")

    def took(stored_hash: str | None) -> float:
        begun = time.process_time()
        for _ in range(5):
            assert not passwords.matches("wrong", stored_hash)
        return time.process_time() - begun

    wrong, unknown = took(stored), took(None)
    assert 0.2 < unknown / wrong < 5, "a decoy hash is verified, not skipped"


def test_the_decoy_password_signs_nobody_in() -> None:
    assert not passwords.matches("a password that nobody has", None)


def test_throttle_refuses_the_next_try_and_says_how_long() -> None:
    throttle = Throttle(tries=3, seconds=60)
    for _ in range(3):
        throttle.check("priya")
    with pytest.raises(Throttled) as caught:
        throttle.check("priya")
    assert 1 <= caught.value.retry_after <= 60
    throttle.check("somebody else")
    throttle.clear("priya")
    throttle.check("priya")


def test_throttle_lets_go_after_its_window() -> None:
    throttle = Throttle(tries=1, seconds=0.05)
    throttle.check("priya")
    time.sleep(0.06)
    throttle.check("priya")


def test_throttle_forgets_the_oldest_names_when_full() -> None:
    throttle = Throttle(tries=1, seconds=60, keys=5)
    for n in range(50):
        throttle.check(f"name {n}")
    assert len(throttle._seen) <= 5
