"""What approval policies may ask about a story, and the route that follows."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.access.actors import Actor
from apps.approvals.selectors import PlannedStep, preview_route
from apps.common import clock
from apps.entitlements.selectors.context import Fit, fit_of
from apps.portfolio.models import Capability
from apps.pricing.enums import Standing
from apps.pricing.selectors import standings
from apps.stories.design import Design, load_design
from apps.stories.estimator import Assumptions, Estimate, load
from apps.stories.models import Plan
from apps.stories.selectors.estimating import models_of

SUBJECT = "story"


def policy_facts(plan: Plan, result: Estimate, tier: str) -> dict[str, Any]:
    """Facts of `approvals.rules.policy.FACTS`; the lifetime amount is the high case (P90)."""
    assumptions = load(plan.assumptions)
    return facts(
        capability=plan.capability,
        kind=plan.kind,
        cap_nanos=plan.cap_nanos,
        result=result,
        tier=tier,
        design=load_design(plan.design),
        models=models_of(assumptions),
        fit=fit_now(assumptions, capability=plan.capability, unit_id=plan.unit_id, tier=tier),
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
    fit: Fit | None = None,
) -> dict[str, Any]:
    """Facts of a story that may not be complete yet: what is unknown is left out.

    ``tier`` is the estimate's; without one the capability's counts. ``models`` are those of the
    mix: the worst of their standings is a fact once the organization has decided about any model.
    ``fit`` is the design against its entitlements.
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
    if fit is not None:
        found["over_entitlement"] = fit.is_over
    return found


def fit_now(
    assumptions: Assumptions, *, capability: Capability | None, unit_id: UUID | None, tier: str
) -> Fit:
    """The design against what its capability (or team) is entitled to today."""
    return fit_of(
        capability=capability,
        unit_id=unit_id,
        tier=tier,
        models=models_of(assumptions),
        input_per_call=int(assumptions.production.parts.asked.to_integral_value()),
        on=clock.today(),
    )


def route_of(
    actor: Actor, *, unit_id: UUID | None, known: dict[str, Any], author_id: UUID | None = None
) -> list[PlannedStep]:
    """Who would decide, were it submitted now by the actor."""
    excluded = [member for member in (actor.membership_id, author_id) if member is not None]
    return preview_route(subject_type=SUBJECT, unit_id=unit_id, facts=known, excluded=excluded)
