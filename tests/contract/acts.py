"""Transitions that no single call of the API makes: by the engine, by a date, by a last answer."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.asks import services as asks
from apps.asks.services import AskInput, EntitlementInput
from apps.audits.models import Audit
from apps.audits.services import sign_off
from apps.common import clock
from apps.entitlements import services as entitlements
from apps.stories import services
from apps.stories.models import TokenStory
from tests.contract.grown import APPROVED, NOW, WAITING, an_issued_audit, request_of
from tests.factories.approvals import set_route
from tests.factories.stories import make_submitted
from tests.world import OrganizationWorld


def _decide(org: OrganizationWorld, request_id: Any, decision: str = "approve") -> None:
    request = ApprovalRequest.objects.get(id=request_id)
    approvals.decide(
        actor=org.actor(Role.CFO), request_id=request.id, version=request.version,
        decision=decision, note="",
    )  # fmt: skip


def by_rule(org: OrganizationWorld) -> None:
    approvals.create_policy(
        actor=org.actor(Role.CIO), name="Small", note="Try.", priority=1,
        document={
            "lane": "auto",
            "when": [{"fact": "amount_month_nanos", "op": "ge", "value": 0}],
            "guardrails": {"max_month_nanos": 1 << 60},
        },
    )  # fmt: skip
    make_submitted(org.actor(Role.UNIT_LEAD), org.units["platform"].id)


def first_of_two(org: OrganizationWorld) -> None:
    set_route({"name": "Money", "roles": ["cfo"]}, {"name": "Design", "roles": ["cto"]})
    story = make_submitted(org.actor(Role.UNIT_LEAD), org.units["platform"].id)
    _decide(org, story.request_id)


def newer_version(org: OrganizationWorld) -> None:
    lead, story = org.actor(Role.UNIT_LEAD), TokenStory.objects.get(ref=WAITING)
    opened = services.amend(actor=lead, story_id=story.id)
    services.submit(actor=lead, story_id=story.id, version=opened.version)


def overdue(org: OrganizationWorld) -> None:
    set_route(
        {
            "name": "Money",
            "roles": ["cfo"],
            "due_working_days": 1,
            "escalate_working_days": 1,
            "escalate_roles": ["cio"],
        }
    )
    make_submitted(org.actor(Role.UNIT_LEAD), org.units["platform"].id)
    with clock.at(NOW + dt.timedelta(days=14)):
        approvals.run_deadlines()


def replaced(org: OrganizationWorld) -> None:
    lead, story = org.actor(Role.UNIT_LEAD), TokenStory.objects.get(ref=APPROVED)
    new = services.supersede(actor=lead, story_id=story.id)
    submitted = services.submit(actor=lead, story_id=new.id, version=new.version)
    _decide(org, submitted.request_id)


def undone(org: OrganizationWorld) -> None:
    _decide(org, request_of(WAITING).id)
    approvals.undo_decision(
        actor=org.actor(Role.CFO), request_id=request_of(WAITING).id,
        version=request_of(WAITING).version,
    )  # fmt: skip


def entitled_and_taken_back(org: OrganizationWorld) -> None:
    ask = _entitled(org)
    request = ApprovalRequest.objects.get(id=ask.request_id)
    approvals.undo_decision(
        actor=org.actor(Role.CFO), request_id=request.id, version=request.version
    )


def entitled_until_its_end(org: OrganizationWorld) -> None:
    _entitled(org)
    with clock.at(NOW + dt.timedelta(days=400)):
        assert (entitlements.lapse(), entitlements.lapse()) == (1, 0)


def _entitled(org: OrganizationWorld) -> Any:
    platform = org.units["platform"].id
    ask = asks.file_ask(
        actor=org.actor(Role.UNIT_LEAD),
        asked=AskInput(
            kind="entitlement", title="Whole policies in one call", unit_id=platform,
            reason="Split policies lose what one clause says of another.",
            starts_on=dt.date(2026, 12, 1), ends_on=dt.date(2027, 5, 31),
            entitlement=EntitlementInput(
                gives="context", context_tokens=400_000, evidence="94% against 71%.",
            ),
        ),
    )  # fmt: skip
    _decide(org, ask.request_id)
    return ask


def signed_and_taken_back(org: OrganizationWorld) -> None:
    given = an_issued_audit(org)
    for role in (Role.CIO, Role.CFO):
        audit = Audit.objects.get()
        sign_off.sign_report(
            actor=org.actor(role), audit=audit, version=audit.version, role=role.value,
            sha256=given.ids["SHA256-OF-THE-REPORT"],
        )  # fmt: skip
    request = ApprovalRequest.objects.get(subject_id=Audit.objects.get().id)
    approvals.undo_decision(
        actor=org.actor(Role.CFO), request_id=request.id, version=request.version
    )


ACTS: tuple[Callable[[OrganizationWorld], None], ...] = (
    by_rule,
    first_of_two,
    newer_version,
    overdue,
    replaced,
    undone,
    entitled_and_taken_back,
    entitled_until_its_end,
    signed_and_taken_back,
)
