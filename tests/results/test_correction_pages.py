"""The pages of corrected keys and re-awards: proposed, signed by two, marked anew, awarded again, told on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from sjt import db
from sjt.access import SYSTEM, Role
from sjt.results import jobs, joining, service, store
from sjt.results.model import CorrectionState
from tests.builders.forms import NINE, OFFICER_A, OFFICER_B, PSYCHOMETRICIAN, a_sat_session, put_form, random_answers

Clients = Callable[..., Any]
REASON = "Two experts showed that the key had the first two places the wrong way round."
WHY = "It looks at what the person wants, weighs one danger, and leaves room to think again."
NEW = "/results/corrections/new?item=s1-a&version=" + "s1" * 32


def text(page: Any) -> str:
    return re.sub(r"\s+", " ", page.soup.main.get_text(" ", strip=True))


def by_the_worker(session_id: Any) -> int:
    """Do what the job does."""
    done: Any = SimpleNamespace(
        by="psychometrician",
        session=db.session,
        transaction=db.transaction,
        check_cancelled=lambda: None,
        progress=lambda *said: None,
    )
    return jobs.mark_waiting(session_id, done, reason="marked")


def test_a_key_is_corrected_and_results_are_awarded_again_on_pages(app: Any, client_as: Clients) -> None:
    with db.transaction() as session:
        put_form(session, written=False)
        sat = a_sat_session(session, random_answers(12))
        cut_id = service.propose(session, "form-1", by=PSYCHOMETRICIAN, now=NINE)
        for officer in (OFFICER_A, OFFICER_B):
            service.adopt(session, cut_id, by=officer, now=NINE)
        service.mark_session(session, sat.id, by=SYSTEM, now=NINE)
        proposal = service.propose_release(session, sat.id, by=OFFICER_A, now=NINE)
        service.release(session, proposal, by=OFFICER_B, now=NINE)
    lead, ann, ben = (
        client_as(Role.PSYCHOMETRICIAN, login="lead"),
        client_as(Role.AWARDING_OFFICER, login="ann"),
        client_as(Role.AWARDING_OFFICER, login="ben"),
    )
    assert "No key has been corrected." in text(lead.get("/results/corrections"))
    assert ann.get(NEW).status_code == 403 and client_as(Role.WRITER).get("/results/corrections").status_code == 403
    assert "s1-a" in text(lead.get("/results/corrections/new")) and "B > A > C > D > E" in text(lead.get(NEW))

    reasons = {f"why_{letter}": WHY for letter in "ABCDE"}
    bad = lead.post(NEW, {"kind": "key", "key": "B > A > C > C > Z", "reason": "x", **reasons, "why_B": "No."})
    assert bad.status_code == 422
    for part in (
        "in 20 to 4000 characters",
        "names C twice",
        "names Z, which is no option",
        "leaves out D, E",
        "reason for B has 1 words",
    ):
        assert part in text(bad), "every fault at once"
    made = lead.post(NEW, {"kind": "key", "key": "E > D > C > A > B", "reason": REASON, **reasons})
    assert made.status_code == 303
    where = made.headers["Location"]
    page = text(lead.get(where))
    assert "B > A > C > D > E" in page and "E > D > C > A > B" in page and "Waits for two officers" in page
    assert "Pass → Fail" in page and "1000000043" in page and "O’Neil" not in page and "O'Neil" not in page
    with app.test_request_context("/"), db.session() as session:
        assert "Corrected keys to sign" in {task.label for task in joining.tasks(session, OFFICER_A, NINE)}
    for officer in (ann, ben):
        assert officer.post(f"{where}/sign").status_code == 303
    assert "Stands" in text(ann.get(where)) and "12 to mark anew" in text(ann.get(where))
    shown = f"/results/sessions/{sat.id}"
    assert "A key was corrected" in text(ann.get(shown)) and "12 sittings are marked by a key" in text(ann.get(shown))
    assert lead.post(f"{where}/mark").status_code == 303
    assert by_the_worker(sat.id) == 12 and by_the_worker(sat.id) == 0
    with db.transaction() as session:
        session.execute(sa.text("UPDATE job SET state = 'done'"))

    with db.session() as session:
        moved = service.affected_by_reaward(session, sat.id)
        stay = {one.sitting_id for one in moved if one.stands}
        one = next(one for one in moved if not one.stands)
        before = service.outcome_of_sitting(session, one.sitting_id)
        assert store.corrections(session)[0].state is CorrectionState.ADOPTED
    assert f"Marks moved since the release: {len(moved)}" in text(ann.get(shown))
    assert before is not None and f"A later one gives {one.raw[1]} of 64" in text(
        ann.get(f"/results/sittings/{one.sitting_id}/marks")
    )
    again = f"{shown}/re-award"
    listed = text(ann.get(again))
    assert f"Results affected {len(moved)}" in listed and f"{len(stay)} stand" in listed and "O’Neil" not in listed
    assert lead.post(again, {"reason": REASON, "spare": "y"}).status_code == 403
    assert ann.post(again, {"reason": "Short."}).status_code == 422
    assert ann.post(again, {"reason": REASON, "spare": "y"}).status_code == 303
    assert "You proposed it, so somebody else signs." in text(ann.get(again))
    found = re.search(r"re-award/[0-9a-f-]{36}/sign", ben.get(again).text)
    assert found is not None
    assert ann.post(f"{shown}/{found[0]}").status_code == 409
    assert ben.post(f"{shown}/{found[0]}").status_code == 303
    done = text(ben.get(again))
    assert f"{len(moved) - len(stay)} results awarded again" in done and "Nobody." in done and REASON in done
    assert "Awarded again" in text(ben.get(shown)) and "Marks moved" not in text(ben.get(shown))
    statement = text(ben.get(f"/results/sittings/{one.sitting_id}/statement"))
    assert "This result replaces the result of 14 March 2026." in statement and REASON in statement
    assert "The key was corrected on 14 March 2026" in statement
    spared = text(ben.get(f"/results/sittings/{next(iter(stay))}/statement"))
    assert "replaces" not in spared and "corrected" not in spared
    explained = text(ben.get(f"/results/sittings/{one.sitting_id}/marks"))
    assert "signed by two awarding officers" in explained and "marked by corrected keys" in explained
