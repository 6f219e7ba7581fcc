"""Who works in the demonstration organisation, and who sits there; all invented."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sjt.access import Role
from sjt.delivery.ulns import check_digit_holds

PASSWORD: Final = "only for the demonstration"
EMPLOYERS: Final = (
    "Beechfield Children’s Homes",
    "Harbour Family Trust",
    "Northgate Youth Services",
    "Willow Lane Care",
)
PROVIDERS: Final = ("Pennine College", "Severn Training")
EMPLOYER_CONTACT: Final = "employer"


@dataclass(frozen=True, slots=True)
class Person:
    login: str
    name: str
    roles: frozenset[Role]


STAFF: Final = (
    Person("writer", "Wanda Price", frozenset({Role.WRITER})),
    Person("reviewer", "Rashid Khan", frozenset({Role.REVIEWER})),
    Person("reviewer2", "Ruth Bell", frozenset({Role.REVIEWER})),
    Person("fairness", "Femi Adeyemi", frozenset({Role.FAIRNESS})),
    Person("expert", "Effie Stone", frozenset({Role.EXPERT})),
    Person("developer", "Dina Marsh", frozenset({Role.TEST_DEVELOPER})),
    Person("centre", "Callum Reid", frozenset({Role.CENTRE_ADMIN})),
    Person("invigilator", "Ines Whitfield", frozenset({Role.INVIGILATOR})),
    Person("access", "Alun Bevan", frozenset({Role.ACCESS_OFFICER})),
    Person("assessor", "Asha Nair", frozenset({Role.ASSESSOR})),
    Person("assessor2", "Arthur Bell", frozenset({Role.ASSESSOR})),
    Person("moderator", "Mo Hughes", frozenset({Role.MODERATOR})),
    Person("psychometrician", "Petra Lang", frozenset({Role.PSYCHOMETRICIAN})),
    Person("judge", "Joy Okoro", frozenset({Role.JUDGE})),
    Person("officer", "Olive Grant", frozenset({Role.AWARDING_OFFICER})),
    Person("officer2", "Owen Shah", frozenset({Role.AWARDING_OFFICER})),
    Person("auditor", "Audrey Cole", frozenset({Role.AUDITOR})),
    Person(EMPLOYER_CONTACT, "Elena Rossi", frozenset({Role.EMPLOYER})),
    Person("admin", "Ada Wong", frozenset({Role.ADMINISTRATOR})),
)

_GIVEN: Final = (
    "Aisha", "Ben", "Chloe", "Daniel", "Ellie", "Faye", "Grace", "Hamza", "Imogen", "Jamal", "Katie", "Liam", "Maya",
    "Noor", "Owen", "Priya", "Rhys", "Sam", "Tamsin", "Uma", "Victor", "Wei", "Yusuf", "Zofia", "Amara", "Callum",
    "Deepa", "Ewan", "Farida", "Gareth",
)  # fmt: skip
_FAMILY: Final = (
    "Khan", "Pritchard", "Nguyen", "Osei", "Marsh", "Donnelly", "Adeyemi", "Hollis", "Yusuf", "Clarke", "Edwards",
    "O’Rourke", "Foster", "Patel", "Brennan", "Siddiqui", "Hughes", "Nair", "Bowen", "Rahimi", "Whittle", "Reid",
    "Joshi", "Lane", "Okafor", "MacDonald", "Kowalska", "Begum", "Evans", "Li",
)  # fmt: skip


def _uln(rng: random.Random) -> str:
    while True:
        nine = str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(8))
        fitting = [nine + str(digit) for digit in range(10) if check_digit_holds(nine + str(digit))]
        if fitting:
            return fitting[0]


@dataclass(frozen=True, slots=True)
class Apprentice:
    uln: str
    given: str
    family: str
    born: date
    employer: str
    provider: str
    option: str
    started: date
    extra_percent: int
    theta: float
    """The ability that this person's answers are drawn from."""


def apprentices(seed: int, option: str, count: int, *, today: date, start: int = 0) -> Iterator[Apprentice]:
    """Invent people, the same for the same seed."""
    rng = random.Random(f"{seed}:{option}:{start}")
    names = [(given, family) for given in _GIVEN for family in _FAMILY]
    rng.shuffle(names)
    for number in range(count):
        given, family = names[number % len(names)]
        yield Apprentice(
            uln=_uln(rng),
            given=given,
            family=family,
            born=date(1985, 1, 1) + timedelta(days=rng.randint(0, 365 * 20)),
            employer=EMPLOYERS[rng.randrange(len(EMPLOYERS))],
            provider=PROVIDERS[rng.randrange(len(PROVIDERS))],
            option=option,
            started=today - timedelta(days=rng.randint(560, 760)),
            extra_percent=25 if rng.random() < 0.08 else 0,
            theta=rng.gauss(0.0, 1.0),
        )


def as_csv(people: list[Apprentice]) -> str:
    """Write people as the candidates file that a centre would load."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["uln", "given_name", "family_name", "date_of_birth", "employer", "provider", "option", "start_date",
         "extra_time_percent", "notes"]
    )  # fmt: skip
    for one in people:
        writer.writerow(
            [one.uln, one.given, one.family, one.born.isoformat(), one.employer, one.provider, one.option,
             one.started.isoformat(), one.extra_percent or "", ""]
        )  # fmt: skip
    return out.getvalue()
