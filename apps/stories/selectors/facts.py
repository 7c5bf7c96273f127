"""What approval policies may ask about a story, and the route that follows."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.access.actors import Actor
from apps.approvals.selectors import PlannedStep, preview_route
from apps.portfolio.models import Capability
from apps.pricing.enums import Standing
from apps.pricing.selectors import standings
from apps.stories.design import Design, load_design
from apps.stories.estimator import Estimate, load
from apps.stories.models import Plan
from apps.stories.selectors.estimating import models_of

SUBJECT = "story"


def policy_facts(plan: Plan, result: Estimate, tier: str) -> dict[str, Any]:
    """Facts of `approvals.rules.policy.FACTS`; the lifetime amount is the high case (P90)."""
    return facts(
        capability=plan.capability,
        kind=plan.kind,
        cap_nanos=plan.cap_nanos,
        result=result,
        tier=tier,
        models=models_of(load(plan.assumptions)),
        design=load_design(plan.design),
    )


def facts(
    *,
    capability: Capability | None,
    kind: str,
    cap_nanos: int | None,
    result: Estimate | None,
    tier: str = "",
    models: Sequence[tuple[str, str]] = (),
    design: Design | None = None,
) -> dict[str, Any]:
    """Facts of a story that may not be complete yet: what is unknown is left out.

    ``tier`` is the estimate's; without one the capability's counts. ``models`` are those of the
    mix: the worst of their standings is a fact once the organization has decided about any model.
    """
    found: dict[str, Any] = {"kind": kind}
    if cap_nanos is not None:
        found["amount_month_nanos"] = cap_nanos
    if result is not None:
        found["amount_lifetime_nanos"] = result.lifetime.cost.range.p90
    if tier or (capability is not None and capability.tier):
        found["tier"] = tier or (capability.tier if capability else "")
    if capability is not None:
        found |= {
            "stage": capability.stage,
            "data_class": capability.data_class,
        }
    if design is not None:
        found["design_reviewed"] = design.is_reviewed
        if design.score is not None:
            found["design_score"] = design.score
    worst = standings().worst(models) if models else None
    if worst is not None:
        found |= {"model_status": worst.value, "model_standard": worst is Standing.STANDARD}
    return found


def route_of(
    actor: Actor, *, unit_id: UUID | None, known: dict[str, Any], author_id: UUID | None = None
) -> list[PlannedStep]:
    """Who would decide, were it submitted now by the actor."""
    excluded = [member for member in (actor.membership_id, author_id) if member is not None]
    return preview_route(subject_type=SUBJECT, unit_id=unit_id, facts=known, excluded=excluded)
