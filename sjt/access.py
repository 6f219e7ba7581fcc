"""Who may do what: one table of roles and permissions, and nothing else decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    WRITER = "writer"
    REVIEWER = "reviewer"
    FAIRNESS = "fairness"
    EXPERT = "expert"
    TEST_DEVELOPER = "test-developer"
    CENTRE_ADMIN = "centre-admin"
    INVIGILATOR = "invigilator"
    ACCESS_OFFICER = "access-officer"
    CANDIDATE = "candidate"
    PSYCHOMETRICIAN = "psychometrician"
    JUDGE = "judge"
    ASSESSOR = "assessor"
    MODERATOR = "moderator"
    AWARDING_OFFICER = "awarding-officer"
    AUDITOR = "auditor"
    EMPLOYER = "employer"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    # authoring
    SEE_BANK = "see the bank"
    SEE_KEY = "see keys and rationales"
    EDIT_SCENARIO = "write scenarios"
    DISCUSS_SCENARIO = "comment on scenarios and keep tasks on them"
    REVIEW_SCENARIO = "review scenarios that somebody else wrote"
    SIGN_FAIRNESS = "sign off scenarios for fairness"
    APPROVE_SCENARIO = "approve scenarios for trial and live use, and suspend and retire them"
    ANSWER_PANEL = "answer a panel of experts"
    LEAD_PANELS = "lead panels of experts"
    SEE_PANELS = "see what panels of experts found"
    RECORD_THINK_ALOUD = "record think-aloud notes"
    IMPORT_BANK = "import and export a bank"
    SEE_FORMS = "see forms and their proofs"
    BUILD_FORMS = "build and publish forms"
    # delivery
    SCHEDULE = "schedule sessions and load candidates"
    SEE_CANDIDATES = "see candidates"
    RECORD_GATEWAY = "record gateway evidence"
    INVIGILATE = "run a room"
    KEEP_ADJUSTMENT_EVIDENCE = "see and keep the evidence behind adjustments"
    KEY_PAPER = "key answers from paper"
    SETTLE_PAPER = "settle what was keyed differently"
    SIT = "sit a test"
    # marking
    MARK = "mark written answers"
    ALLOCATE_MARKING = "allocate marking and ask for second marks"
    # analysis and results
    SEE_STATISTICS = "see item and test statistics"
    JUDGE_ITEMS = "rate items for the pass mark"
    PROPOSE_PASS_MARK = "propose a pass mark"
    ADOPT_PASS_MARK = "adopt a pass mark"
    CORRECT_KEY = "propose the correction of a key after the test"
    SIGN_KEY_CORRECTION = "sign the correction of a key"
    SEE_RESULTS = "see results"
    RELEASE_RESULTS = "release results"
    # grading
    SEE_EPA_RECORD = "see end-point assessment records"
    INTERVIEW = "open and grade interviews"
    GRADE_PORTFOLIO = "grade portfolios"
    AWARD = "sign the award"
    SEE_EMPLOYER_STATUS = "see the status of one's own apprentices"
    # the house
    SEE_AUDIT = "read and export the audit record"
    MANAGE_PEOPLE = "invite people and give roles"
    SEE_JOBS = "see background jobs"
    SEE_OWN_DESK = "see one's own desk"


_R = Role
_STAFF: Final = frozenset(Role) - {Role.CANDIDATE}

TABLE: Final[Mapping[Permission, frozenset[Role]]] = {
    Permission.SEE_BANK: frozenset(
        {_R.WRITER, _R.REVIEWER, _R.FAIRNESS, _R.TEST_DEVELOPER, _R.PSYCHOMETRICIAN, _R.AUDITOR}
    ),
    # Judges and experts answer blind to the key, so the key is not theirs to see.
    Permission.SEE_KEY: frozenset({_R.WRITER, _R.REVIEWER, _R.TEST_DEVELOPER, _R.PSYCHOMETRICIAN, _R.AUDITOR}),
    Permission.EDIT_SCENARIO: frozenset({_R.WRITER}),
    Permission.DISCUSS_SCENARIO: frozenset(
        {_R.WRITER, _R.REVIEWER, _R.FAIRNESS, _R.TEST_DEVELOPER, _R.PSYCHOMETRICIAN}
    ),
    # Whose own work it is may do none of these on it, whatever the role: authoring/life.py.
    Permission.REVIEW_SCENARIO: frozenset({_R.REVIEWER}),
    Permission.SIGN_FAIRNESS: frozenset({_R.FAIRNESS}),
    Permission.APPROVE_SCENARIO: frozenset({_R.TEST_DEVELOPER}),
    # An expert may see neither the bank nor its keys: panels/asking.py refuses whose other roles open them.
    Permission.ANSWER_PANEL: frozenset({_R.EXPERT}),
    Permission.LEAD_PANELS: frozenset({_R.TEST_DEVELOPER, _R.PSYCHOMETRICIAN}),
    Permission.SEE_PANELS: frozenset({_R.WRITER, _R.REVIEWER, _R.TEST_DEVELOPER, _R.PSYCHOMETRICIAN, _R.AUDITOR}),
    Permission.RECORD_THINK_ALOUD: frozenset({_R.WRITER, _R.REVIEWER, _R.TEST_DEVELOPER, _R.PSYCHOMETRICIAN}),
    Permission.IMPORT_BANK: frozenset({_R.WRITER, _R.TEST_DEVELOPER, _R.ADMINISTRATOR}),
    Permission.SEE_FORMS: frozenset({_R.TEST_DEVELOPER, _R.PSYCHOMETRICIAN, _R.AWARDING_OFFICER, _R.AUDITOR}),
    Permission.BUILD_FORMS: frozenset({_R.TEST_DEVELOPER}),
    Permission.SCHEDULE: frozenset({_R.CENTRE_ADMIN}),
    Permission.SEE_CANDIDATES: frozenset({_R.CENTRE_ADMIN, _R.INVIGILATOR, _R.AWARDING_OFFICER, _R.AUDITOR}),
    Permission.RECORD_GATEWAY: frozenset({_R.CENTRE_ADMIN}),
    Permission.INVIGILATE: frozenset({_R.INVIGILATOR}),
    # Health data: one role and no other, not the auditor's either. Whoever marks, examines, decides or runs rooms may
    # not hold it beside (delivery/evidence.py).
    Permission.KEEP_ADJUSTMENT_EVIDENCE: frozenset({_R.ACCESS_OFFICER}),
    Permission.KEY_PAPER: frozenset({_R.CENTRE_ADMIN, _R.INVIGILATOR, _R.AWARDING_OFFICER}),
    Permission.SETTLE_PAPER: frozenset({_R.AWARDING_OFFICER}),
    Permission.SIT: frozenset({_R.CANDIDATE}),
    Permission.MARK: frozenset({_R.ASSESSOR}),
    Permission.ALLOCATE_MARKING: frozenset({_R.MODERATOR, _R.AWARDING_OFFICER}),
    Permission.SEE_STATISTICS: frozenset({_R.PSYCHOMETRICIAN, _R.TEST_DEVELOPER, _R.AUDITOR}),
    Permission.JUDGE_ITEMS: frozenset({_R.JUDGE, _R.PSYCHOMETRICIAN}),
    Permission.PROPOSE_PASS_MARK: frozenset({_R.PSYCHOMETRICIAN}),
    Permission.ADOPT_PASS_MARK: frozenset({_R.AWARDING_OFFICER}),
    Permission.CORRECT_KEY: frozenset({_R.PSYCHOMETRICIAN}),
    # Two of them, and neither the one who proposed it: the table itself refuses anything else.
    Permission.SIGN_KEY_CORRECTION: frozenset({_R.AWARDING_OFFICER}),
    Permission.SEE_RESULTS: frozenset({_R.PSYCHOMETRICIAN, _R.AWARDING_OFFICER, _R.AUDITOR}),
    Permission.RELEASE_RESULTS: frozenset({_R.AWARDING_OFFICER}),
    Permission.SEE_EPA_RECORD: frozenset({_R.ASSESSOR, _R.MODERATOR, _R.AWARDING_OFFICER, _R.AUDITOR}),
    Permission.INTERVIEW: frozenset({_R.ASSESSOR}),
    Permission.GRADE_PORTFOLIO: frozenset({_R.ASSESSOR}),
    Permission.AWARD: frozenset({_R.ASSESSOR, _R.AWARDING_OFFICER}),
    Permission.SEE_EMPLOYER_STATUS: frozenset({_R.EMPLOYER}),
    Permission.SEE_AUDIT: frozenset({_R.AUDITOR, _R.AWARDING_OFFICER}),
    Permission.MANAGE_PEOPLE: frozenset({_R.ADMINISTRATOR}),
    Permission.SEE_JOBS: frozenset({_R.TEST_DEVELOPER, _R.PSYCHOMETRICIAN, _R.ADMINISTRATOR}),
    Permission.SEE_OWN_DESK: _STAFF,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a person with roles, or sjt itself."""

    id: str
    name: str
    roles: frozenset[Role]

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)


SYSTEM: Final = Actor(id="system", name="sjt", roles=frozenset())
"""Deeds that no person did: time-outs, jobs, the demonstration's builder."""


def may(actor: Actor | None, permission: Permission) -> bool:
    """Tell whether this person may do that."""
    return actor is not None and not actor.roles.isdisjoint(TABLE[permission])


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    held = frozenset(roles)
    return frozenset(permission for permission, allowed in TABLE.items() if held & allowed)
