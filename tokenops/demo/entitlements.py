"""Tiers of teams, entitlements that hold, end soon and wait, asked for and decided by people."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from apps.access.roles import Role
from apps.approvals.models import ApprovalRequest
from apps.approvals.selectors import steps_of
from apps.approvals.services import decide
from apps.asks.services import AskInput, EntitlementInput, file_ask
from apps.common import clock
from apps.entitlements.models import TierAssignment
from apps.entitlements.services import set_tier
from apps.organizations.selectors import actor_for_membership, membership_by_id
from tokenops.demo.answers import at_work
from tokenops.demo.organization import Demo

TIERS = (("PLT", "heavy"), ("CLM", "standard"))
MOST_STEPS = 4
ASKED_BEFORE = 5
"""Days between asking and the first day asked for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One request. `back` days ago it begins, `ahead` days from now it ends."""

    capability: str
    title: str
    reason: str
    back: int
    ahead: int
    to: dict[str, Any] = field(default_factory=dict)
    granted: bool = True


WISHES = (
    Wish(
        "contract-extraction",
        "Whole contracts in one call",
        "A clause on page 4 changes what page 90 says.",
        back=60,
        ahead=120,
        to={
            "gives": "context",
            "context_tokens": 400_000,
            "evidence": "120 contracts: 93% of the obligations found whole, 78% in parts.",
        },
    ),
    Wish(
        "contract-review",
        "A frontier model for contract review",
        "Counsel signs what it says; the standard model misses carve-outs in long clauses.",
        back=20,
        ahead=9,
        to={"gives": "premium", "reach": "frontier", "evidence": "Blind test of 200 clauses."},
    ),
    Wish(
        "policy-chat",
        "A frontier model for complaints",
        "Complaints about bodily injury need a second reading.",
        back=0,
        ahead=90,
        to={"gives": "premium", "reach": "frontier"},
        granted=False,
    ),
)


def ensure_entitlements(demo: Demo) -> None:
    """What is not there yet. Inside the organization's scope, after routes and stories."""
    if TierAssignment.objects.exists():
        return
    architect, today = demo.role(Role.EA), clock.today()
    known = [(demo.units[code], tier) for code, tier in TIERS if code in demo.units]
    for unit_id, tier in known:
        set_tier(
            actor=architect,
            unit_id=unit_id,
            tier=tier,
            version=0,
            reason="Agreed in the architecture board.",
        )
    for wish in WISHES:
        if wish.capability in demo.capabilities:
            _ask(demo, wish, today)


def _ask(demo: Demo, wish: Wish, today: dt.date) -> None:
    """Asked some days before it begins, and answered the day after."""
    asked_at = at_work(clock.now() - dt.timedelta(days=wish.back + ASKED_BEFORE))
    with clock.at(asked_at):
        ask = file_ask(
            actor=demo.role(Role.CTO),
            asked=AskInput(
                kind="entitlement",
                title=wish.title,
                reason=wish.reason,
                starts_on=today - dt.timedelta(days=wish.back),
                ends_on=today + dt.timedelta(days=wish.ahead),
                entitlement=EntitlementInput(
                    capability_id=demo.capabilities[wish.capability], **wish.to
                ),
            ),
        )
    if wish.granted and ask.request_id is not None:
        with clock.at(at_work(asked_at + dt.timedelta(hours=29))):
            _approve(ask.request_id)


def _approve(request_id: Any) -> None:
    """Every step by the first person on it."""
    for _ in range(MOST_STEPS):
        request = ApprovalRequest.objects.get(id=request_id)
        people = [
            person.membership_id
            for step in steps_of(request)
            if step.status == "active"
            for person in step.people  # type: ignore[attr-defined]
            if person.is_open
        ]
        if request.status != "pending" or not people:
            return
        decide(
            actor=actor_for_membership(membership_by_id(people[0])),
            request_id=request.id,
            version=request.version,
            decision="approve",
        )
