"""What was last decided about a story under way, and whether a revision stays within it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.approvals.enums import Lane, RequestStatus
from apps.approvals.models import ApprovalRequest
from apps.approvals.selectors import requests_of_subject, same_route
from apps.stories import rules
from apps.stories.design import load_design
from apps.stories.estimator import Assumptions, Estimate, load
from apps.stories.material import Stand, material_changes, models_of
from apps.stories.models import Plan, StoryRevision, TokenStory
from apps.stories.selectors import estimating
from apps.stories.selectors.facts import SUBJECT, facts, fit_now
from apps.stories.selectors.stories import revision_by_id
from apps.stories.selectors.value import value_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a revision stands against the last decision. No reasons: it takes effect at once."""

    decided: ApprovalRequest
    reasons: list[str]
    percent: int
    cap_nanos: int

    @property
    def is_material(self) -> bool:
        return bool(self.reasons)

    @property
    def words(self) -> str:
        """Why nobody need decide again, in a sentence."""
        what = f"{self.decided.subject_ref} v{self.decided.revision_number}"
        if not self.percent:
            return f"Nothing that {what} was approved for changes."
        return f"Nothing that {what} was approved for moves by more than {self.percent}%."


def approvals_of(story: TokenStory) -> QuerySet[ApprovalRequest]:
    """Approvals of a story that people or a policy's rule gave, newest first."""
    return (
        requests_of_subject(SUBJECT, story.id)
        .filter(status=RequestStatus.APPROVED)
        .exclude(lane=Lane.WITHIN)
    )


def last_decided(story: TokenStory) -> tuple[ApprovalRequest, StoryRevision] | None:
    """The last approval that people or a policy's rule gave, and its revision."""
    request = approvals_of(story).first()
    revision = revision_by_id(request.revision_id) if request else None
    return (request, revision) if request and revision else None


def cap_in_force(story: TokenStory, asked: int) -> int:
    """The cap a revision would run at. Asking for what was asked before keeps what was given."""
    if story.approved_cap_nanos is None or story.approved_revision_id is None:
        return asked
    current = revision_by_id(story.approved_revision_id)
    if current is not None and current.cap_nanos == asked:
        return story.approved_cap_nanos
    return asked


def verdict(
    story: TokenStory,
    plan: Plan,
    a: Assumptions,
    result: Estimate,
    *,
    tier: str,
    percent: int,
) -> Verdict | None:
    """Whether a plan of a story under way needs a decision; None where it does in any case.

    `plan` carries team, capability, category, cap and value; `a` and `result` its assumptions and
    their estimate. A change that would take another route is material whatever its size.
    """
    if story.state not in rules.UNDER_WAY or plan.cap_nanos is None:
        return None
    found = last_decided(story)
    if found is None:
        return None
    request, revision = found
    cap = cap_in_force(story, plan.cap_nanos)
    wanted = Stand(
        unit_id=plan.unit_id,
        capability_id=plan.capability_id or story.capability_id,
        kind=plan.kind,
        tier=tier,
        models=models_of(a),
        currency=plan.currency,
        cap=cap,
        month_p50=result.month.cost.range.p50,
        month_p90=result.month.cost.range.p90,
        lifetime_p50=result.lifetime.cost.range.p50,
        value_month=value_of(plan, result.volume),
    )
    reasons = list(material_changes(_decided(story, request, revision), wanted, percent=percent))
    known = _facts(plan, a, result, tier, cap)
    reasons += [words for name, words in _STANDS if _differs(request.facts, known, name)]
    if not reasons and not same_route(SUBJECT, plan.unit_id, request.facts, known):
        reasons.append("it would take another route")
    return Verdict(request, reasons, percent, cap)


_STANDS = (
    ("data_class", "its data class is another"),
    ("stage", "its stage is another"),
    ("model_status", "its models stand differently now"),
)


def _differs(decided: Mapping[str, object], wanted: Mapping[str, object], name: str) -> bool:
    """Whether a fact is another than the one decided on. One nobody knew then is not."""
    return name in decided and wanted.get(name) != decided[name]


def _facts(plan: Plan, a: Assumptions, result: Estimate, tier: str, cap: int) -> dict[str, object]:
    return facts(
        capability=plan.capability,
        kind=plan.kind,
        cap_nanos=cap,
        result=result,
        tier=tier,
        models=estimating.models_of(a),
        design=load_design(plan.design),
        fit=fit_now(a, capability=plan.capability, unit_id=plan.unit_id, tier=tier),
    )


def _decided(story: TokenStory, request: ApprovalRequest, revision: StoryRevision) -> Stand:
    """What was decided. A revision that named no capability got the story's by its approval."""
    capability: UUID | None = revision.capability_id or story.capability_id
    return Stand(
        unit_id=revision.unit_id,
        capability_id=capability,
        kind=revision.kind,
        tier=revision.tier,
        models=models_of(load(revision.assumptions)),
        currency=revision.currency,
        cap=request.approved_nanos or 0,
        month_p50=revision.month_cost_p50,
        month_p90=revision.month_cost_p90,
        lifetime_p50=revision.lifetime_cost_p50,
        value_month=revision.value_month_nanos,
    )
