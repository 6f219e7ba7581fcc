"""An assessment plan as versioned data: gateway, components, grade table and who may assess which code.

Pure. Nothing here knows a particular plan; a plan that leaves something open says so (``gaps``) and stays open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass

from pydantic import Field, JsonValue
from pydantic.dataclasses import dataclass

from sjt.authoring.standard import CAMEL, CORE, Standard
from sjt.errors import InputError

GATEWAY = "gateway"
FAIL = "fail"
ANY_COMPONENT = "anyComponent"
TEST_METHOD = "situational-judgement-test"
TALK_METHODS = ("interview", "professional-discussion")
"""How a component is assessed says what it is; its id and title are the plan's own."""


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class Evidence:
    """One thing the gateway asks for; ``detail`` is for the apprentice's option once it was asked for."""

    id: str
    evidence: str
    by: str
    detail: str
    approx_words: int | None = None
    percent: float | None = None
    by_option: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class Gateway:
    """Who decides that an apprentice may be assessed, and on what evidence."""

    decided_by: str
    notified_to: str = ""
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class Component:
    """One part of the assessment; without ``outcomes`` it cannot be graded."""

    id: str
    title: str
    method: str
    outcomes: tuple[str, ...] | None
    prerequisites: tuple[str, ...] = ()
    must_pass_before: tuple[str, ...] = ()
    weight_group: str = ""
    mode: str = ""
    marked_by: str = ""
    marked_before: str = ""
    contact: int | None = None
    place: str = ""
    submit_days_before: JsonValue = None
    minimum_contents: tuple[str, ...] = ()
    uses_evidence_from: tuple[str, ...] = ()
    employer_may_attend: bool | None = None
    employer_may_decide: bool | None = None


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class WeightGroup:
    """Components that share a published weight; the award does not use it unless the plan says so."""

    id: str
    components: tuple[str, ...]
    weight_percent: float
    outcomes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class GradeRow:
    """One row of the grade table: every condition must hold; ``anyComponent`` holds if one component has it."""

    when: Mapping[str, str]
    award: str


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class GradeCalculator:
    """The rows in the order they are tried."""

    rule: str
    rows: tuple[GradeRow, ...]
    weights_used_in_award: bool = False


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class AssessedBy:
    """Which components may cover a code: the default, and codes for which it is otherwise."""

    default: tuple[str, ...]
    by_code: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class MustCover:
    """What every form of the judgement test has to touch, in the plan's words."""

    practice_outcomes: str = ""
    behaviours: str = ""
    option_areas: str = ""


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class Policies:
    """Decisions the source leaves open; an organisation changes them with a signature."""

    note: str = ""
    cut_rounding: str = "up-to-next-multiple-of-mark-unit"
    provider_view_veto: bool = False
    release_needs: tuple[str, ...] = ()
    annual_moderation_delays_release: bool = False
    sjt_form_must_cover: MustCover = MustCover()


@plain_dataclass(frozen=True, slots=True)
class FormCover:
    """What one form must contain for an option: codes by primary tag, practice outcomes, option areas."""

    codes: tuple[str, ...]
    outcomes: tuple[str, ...]
    areas: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, config=CAMEL)
class Plan:
    """One assessment plan; facts that no rule uses are kept as they stand."""

    id: str
    title: str
    default: bool
    overall_grades: tuple[str, ...]
    gateway: Gateway
    components: tuple[Component, ...]
    weight_groups: tuple[WeightGroup, ...] | None = None
    grade_calculator: GradeCalculator | None = None
    assessed_by: AssessedBy | None = None
    policies: Policies = Policies()
    gaps: tuple[str, ...] = ()
    source: JsonValue = None
    typical_timeline_months: JsonValue = None
    on_programme_portfolio: JsonValue = None
    assurance: JsonValue = None
    results_to: tuple[str, ...] = ()
    status: JsonValue = None

    @property
    def component_ids(self) -> tuple[str, ...]:
        return tuple(component.id for component in self.components)

    def component(self, component_id: str) -> Component:
        """Return a component; a name the plan does not have is an error of the caller's."""
        for component in self.components:
            if component.id == component_id:
                return component
        raise InputError(
            f"Plan {self.id} has no component {component_id}. Its components are {', '.join(self.component_ids)}."
        )

    @property
    def test_id(self) -> str:
        """The component that is the judgement test, by its method; empty where the plan has none."""
        return next((one.id for one in self.components if one.method.startswith(TEST_METHOD)), "")

    @property
    def interview_id(self) -> str:
        """The component in which an assessor talks with the apprentice over the evidence; empty where there is none."""
        return next((one.id for one in self.components if one.method.startswith(TALK_METHODS)), "")

    @property
    def graded_ids(self) -> tuple[str, ...]:
        """The components that an assessor grades beside the test and the interview, such as a portfolio."""
        return tuple(one for one in self.component_ids if one not in (self.test_id, self.interview_id))

    @property
    def options(self) -> frozenset[str] | None:
        """The options the plan states evidence for; None when it makes no difference between options."""
        named = [set(evidence.by_option) for evidence in self.gateway.evidence if evidence.by_option]
        return frozenset(set.intersection(*named)) if named else None

    def evidence_required(self, option: str) -> tuple[Evidence, ...]:
        """Return what the gateway asks of an apprentice of this option, worded for the option."""
        served = self.options
        if served is not None and option not in served:
            raise InputError(
                f"Plan {self.id} does not say what the gateway asks for option {option}; it does for "
                f"{', '.join(sorted(served))}. Choose a plan that serves the option, or add the option's evidence."
            )
        return tuple(
            Evidence(
                id=evidence.id,
                evidence=evidence.evidence,
                by=evidence.by,
                detail=f"{evidence.detail}: {evidence.by_option[option]}"
                if len(evidence.by_option) > 1
                else evidence.detail,
                approx_words=evidence.approx_words,
                percent=evidence.percent,
                by_option=evidence.by_option,
            )
            for evidence in self.gateway.evidence
        )

    def prerequisites(self, component_id: str) -> tuple[str, ...]:
        """Return what must be so before a component opens: ``gateway``, ``sjt:pass``, ``portfolio:marked``."""
        stated = self.component(component_id).prerequisites
        passed_first = tuple(f"{other.id}:pass" for other in self.components if component_id in other.must_pass_before)
        return stated + tuple(need for need in passed_first if need not in stated)

    def components_covering(self, code: str) -> tuple[str, ...]:
        """Return the components that may cover a code; every one where the plan does not divide the standard."""
        if self.assessed_by is None:
            return self.component_ids
        return self.assessed_by.by_code.get(code, self.assessed_by.default)

    def is_tested(self, code: str) -> bool:
        """Tell whether the judgement test may be where a code is assessed."""
        component_id = self.test_id
        return component_id not in self.component_ids or component_id in self.components_covering(code)

    def codes_form_must_cover(self, option: str, standard: Standard) -> tuple[str, ...]:
        """Return the codes every form must carry: those only this component covers, and all behaviours if so asked."""
        must = self.policies.sjt_form_must_cover
        behaviours = (
            {s.code for s in standard.statements if s.kind == "behaviour"} if must.behaviours == "all" else set()
        )
        return tuple(
            code
            for code in standard.required_by_option.get(option, ())
            if code in behaviours or self.components_covering(code) == (self.test_id,)
        )

    def form_cover(self, option: str, standard: Standard) -> FormCover:
        """Return everything a form of this option must touch under this plan's policy."""
        must = self.policies.sjt_form_must_cover
        core = tuple(o.id for o in standard.practice_outcomes if o.scope == CORE)
        return FormCover(
            codes=self.codes_form_must_cover(option, standard),
            outcomes=core if must.practice_outcomes == "all of the core" else (),
            areas=standard.areas_of(option) if must.option_areas == "all of the option" else (),
        )

    @property
    def why_no_award(self) -> str | None:
        """Why this plan can never award a grade as it stands; None when it can."""
        open_components = [component.id for component in self.components if component.outcomes is None]
        if self.grade_calculator is None or open_components:
            reason = "; ".join(self.gaps) or "it has no grade table"
            return f"Plan {self.id} cannot award a grade: {reason}."
        return None

    def award(self, outcomes: Mapping[str, str | None]) -> str | None:
        """Return the grade by the first row that holds; None while an open outcome could still decide it.

        A component left out of ``outcomes``, or None in it, has no outcome yet.
        """
        for component_id, outcome in outcomes.items():
            component = self.component(component_id)
            if outcome is not None and outcome not in (component.outcomes or ()):
                raise InputError(
                    f"Plan {self.id}: component {component_id} cannot have the outcome {outcome}; it can have "
                    f"{', '.join(component.outcomes or ()) or 'none yet'}."
                )
        if self.why_no_award is not None or self.grade_calculator is None:
            return None
        known = {component_id: outcomes.get(component_id) for component_id in self.component_ids}
        for row in self.grade_calculator.rows:
            holds = _holds(row, known)
            if holds is None:
                return None
            if holds:
                return row.award
        return None


def _holds(row: GradeRow, known: Mapping[str, str | None]) -> bool | None:
    """Tell whether a row holds; None when an outcome it needs is not there yet."""
    answers: list[bool | None] = []
    for name, wanted in row.when.items():
        if name == ANY_COMPONENT:
            if wanted in known.values():
                answers.append(True)
            else:
                answers.append(None if None in known.values() else False)
        else:
            outcome = known.get(name)
            answers.append(None if outcome is None else outcome == wanted)
    if False in answers:
        return False
    return None if None in answers else True
