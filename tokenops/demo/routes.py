"""Approval routes, days off and deputies: there before the first story is filed.

What is small goes by rule. A pipeline with personal data is seen by architect and CDO together,
every other story by the architect; then by TokenOps, from an amount on by the CFO, and a large one
by the CIO. Everything else is answered by any one of those who answer for spend.
"""

import datetime as dt
from typing import Any

from apps.access.roles import Role
from apps.approvals import selectors, services
from apps.approvals.models import ApprovalPolicy
from apps.common import clock
from apps.common.money import NANOS
from tokenops.demo.organization import Demo

DAYS_AGO = 130
LANE = "Small and harmless, by rule"
PERSONAL = "Pipelines with personal data"
STORIES = "Token Stories"
REST = "Everything else"
SMALL = 2_000 * NANOS
FINANCE_FROM = 2_500 * NANOS
CIO_FROM = 12_000 * NANOS
"""A month: below the first the rule approves, from the second the CFO decides, from the third the
CIO as well."""
Step = dict[str, Any]


def _at_least(amount: int) -> list[dict[str, Any]]:
    return [{"fact": "amount_month_nanos", "op": "ge", "value": amount}]


ARCHITECTURE: Step = {
    "name": "Architecture",
    "roles": ["ea"],
    "fallback_roles": ["cto"],
    "due_working_days": 2,
    "escalate_working_days": 2,
    "escalate_roles": ["cto"],
}
TOGETHER: Step = {
    "name": "Architecture and data",
    "roles": ["ea", "cdo"],
    "mode": "all",
    "fallback_roles": ["cto"],
    "due_working_days": 3,
    "escalate_working_days": 3,
    "escalate_roles": ["cio"],
}
LATER: list[Step] = [
    {
        "name": "TokenOps",
        "roles": ["tokenops_lead"],
        "fallback_roles": ["cio"],
        "due_working_days": 2,
        "escalate_working_days": 2,
        "escalate_roles": ["cio"],
    },
    {
        "name": "Finance",
        "roles": ["cfo"],
        "when": _at_least(FINANCE_FROM),
        "fallback_roles": ["owner"],
        "due_working_days": 3,
        "escalate_working_days": 2,
        "escalate_roles": ["cio"],
    },
    {
        "name": "Large amounts",
        "roles": ["cio"],
        "when": _at_least(CIO_FROM),
        "fallback_roles": ["owner"],
        "due_working_days": 5,
        "distinct": True,
    },
]
LANE_DOCUMENT: Step = {
    "lane": "auto",
    "when": [
        {"fact": "data_class", "op": "in", "value": ["public", "internal"]},
        {"fact": "amount_month_nanos", "op": "le", "value": SMALL},
    ],
    "guardrails": {"max_month_nanos": SMALL, "sample_percent": 100},
}
PERSONAL_WHEN = [
    {"fact": "kind", "op": "eq", "value": "pipeline"},
    {"fact": "data_class", "op": "in", "value": ["personal", "special"]},
]


def ensure_routes(demo: Demo, now: dt.datetime) -> None:
    """Written once, before anybody asks. Inside the organization's scope."""
    if ApprovalPolicy.objects.filter(is_default=False).exists():
        return
    with clock.at(now - dt.timedelta(days=DAYS_AGO)):
        _policies(demo)
        _days_off(demo, now.year)
    _deputies(demo, now)


def _policies(demo: Demo) -> None:
    lead = demo.role(Role.TOKENOPS_LEAD)
    for name, priority, document, note in (
        (LANE, 20, LANE_DOCUMENT,
         "A small use of public or internal data needs no meeting. In the first year TokenOps "
         "looks at each of them afterwards."),
        (PERSONAL, 40, {"when": PERSONAL_WHEN, "steps": [TOGETHER, *LATER]},
         "Design and data are looked at side by side: neither waits for the other."),
        (STORIES, 60, {"steps": [ARCHITECTURE, *LATER]},
         "Design before figures, figures before money. Below $2,500 a month TokenOps is the last."),
    ):  # fmt: skip
        services.create_policy(
            actor=lead,
            name=name,
            subject_type="story",
            priority=priority,
            note=note,
            document=document,
        )
    default = ApprovalPolicy.objects.get(is_default=True)
    services.change_policy(
        actor=lead,
        policy_id=default.id,
        version=default.current_version,
        name=REST,
        document=selectors.document_of(default),
        note="Requests, exceptions and findings: one of those who answer for spend.",
    )


def _days_off(demo: Demo, year: int) -> None:
    services.add_holidays(
        actor=demo.role(Role.TOKENOPS_LEAD),
        days=[
            (dt.date(year, 12, 25), "Christmas Day"),
            (dt.date(year, 12, 26), "Second day of Christmas"),
            (dt.date(year + 1, 1, 1), "New Year"),
        ],
    )


def _deputies(demo: Demo, now: dt.datetime) -> None:
    """Who was, is and will be away: days from today on, and for whom somebody stands in."""
    cfo, architect = demo.role(Role.CFO), demo.role(Role.EA)
    cio, cto = demo.role(Role.CIO), demo.role(Role.CTO)
    for person, deputy, first, last, limit, note in (
        (cfo, cio, -82, -72, None, "Quarterly close"),
        (architect, cto, -1, 4, None, "Architecture conference"),
        (cfo, cio, 6, 13, 20_000 * NANOS, "Board week"),
    ):
        if deputy.membership_id is None:
            continue
        with clock.at(now + dt.timedelta(days=min(first, 0) - 3)):
            today = now.date()
            services.create_delegation(
                actor=person,
                deputy_id=deputy.membership_id,
                kind="absence",
                starts_on=today + dt.timedelta(days=first),
                ends_on=today + dt.timedelta(days=last),
                max_amount_nanos=limit,
                note=note,
            )
