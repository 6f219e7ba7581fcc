"""The fold's rule for any arrival: batching, repeats, order and overlap change neither answers nor ``content_head``."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from sjt.audit import chain
from sjt.delivery import folding
from sjt.delivery.model import ClientEvent, EventKind, Instant, LedgerEntry
from tests.builders.sittings import NINE

responses = st.one_of(
    st.none(), st.sampled_from("ABCD"), st.dictionaries(st.sampled_from("ABC"), st.integers(1, 5)), st.text(max_size=8)
)


@st.composite
def events(draw: Any) -> list[tuple[int, ClientEvent]]:
    places = draw(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 30)), unique=True, min_size=1, max_size=20))
    return [
        (
            lease,
            ClientEvent(
                UUID(int=lease * 1000 + seq),
                seq,
                draw(st.sampled_from([EventKind.ANSWER, EventKind.FLAG, EventKind.VIEW, EventKind.BLUR])),
                draw(st.sampled_from(["a", "b", "c"])),
                draw(responses),
            ),
        )
        for lease, seq in places
    ]


def entry_of(n: int, lease: int, event: ClientEvent) -> LedgerEntry:
    body = {"event": event.content(lease)}
    return LedgerEntry(UUID(int=1), n, Instant(NINE, "b", n), "c", event.kind, body, lease, event.seq)


@settings(max_examples=1000, deadline=None)
@given(st.data(), events())
def test_any_arrival_gives_the_same_answers_and_content_head(data: Any, sent: list[tuple[int, ClientEvent]]) -> None:
    repeats = data.draw(st.lists(st.sampled_from(sent), max_size=10))
    arrived = data.draw(st.permutations([*sent, *repeats]))
    stored = list({event.id: (lease, event) for lease, event in arrived}.values())
    for kind in folding.FOLDED_KINDS:
        here = folding.fold([entry_of(n, *one) for n, one in enumerate(stored, 1)], kind)
        there = folding.fold(
            [entry_of(n, *one) for n, one in enumerate(sorted(sent, key=lambda e: (e[0], e[1].seq)), 1)], kind
        )
        assert {k: (v.response, v.lease, v.seq) for k, v in here.items()} == {
            k: (v.response, v.lease, v.seq) for k, v in there.items()
        }
    assert folding.content_head(arrived) == folding.content_head(sent)


@settings(max_examples=300, deadline=None)
@given(events())
def test_one_changed_sign_changes_the_content_head(sent: list[tuple[int, ClientEvent]]) -> None:
    lease, first = sent[0]
    changed = ClientEvent(first.id, first.seq, first.kind, first.item, [first.response, "x"])
    assert folding.content_head([(lease, changed), *sent[1:]]) != folding.content_head(sent)


@settings(max_examples=500, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=12,
    )
)
def test_the_fast_canonical_form_is_the_audit_chain_s(value: Any) -> None:
    assert folding.canonical(value) == chain.canonical(value)
    assert json.loads(folding.canonical(value)) == value
