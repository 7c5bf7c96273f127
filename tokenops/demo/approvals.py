"""Routes beside the standard one, a deputy, days off, a question, and requests that wait."""

import datetime as dt

from apps.access.roles import Role
from apps.approvals import services
from apps.approvals.models import ApprovalDelegation, ApprovalPolicy
from apps.approvals.selectors import open_request_of
from apps.asks.models import Ask
from apps.asks.services import AskInput, file_ask
from apps.common import clock
from apps.common.money import NANOS
from apps.stories.models import TokenStory
from tokenops.demo.organization import Demo

LANE = "Small and low risk"
SENSITIVE = "Personal data"


def ensure_approvals(demo: Demo, now: dt.datetime) -> None:
    """What is not there yet. Inside the organization's scope, after the stories are filed."""
    manager = demo.role(Role.TOKENOPS_LEAD)
    if ApprovalPolicy.objects.filter(name=LANE).exists():
        return
    services.create_policy(
        actor=manager,
        name=LANE,
        subject_type="story",
        priority=20,
        note="A small use of public or internal data needs no meeting.",
        document={
            "lane": "auto",
            "when": [
                {"fact": "data_class", "op": "in", "value": ["public", "internal"]},
                {"fact": "amount_month_nanos", "op": "le", "value": 300 * NANOS},
            ],
            "guardrails": {"max_month_nanos": 300 * NANOS, "sample_percent": 20},
        },
    )
    services.create_policy(
        actor=manager,
        name=SENSITIVE,
        subject_type="story",
        priority=40,
        note="Personal data is seen by the CDO before the money is.",
        document={
            "when": [{"fact": "data_class", "op": "in", "value": ["personal", "special"]}],
            "steps": [
                {"name": "Data", "roles": ["cdo"], "fallback_roles": ["cio"]},
                {
                    "name": "Money",
                    "roles": ["cfo", "cio"],
                    "due_working_days": 4,
                    "escalate_working_days": 2,
                    "escalate_roles": ["owner"],
                },
            ],
        },
    )
    year = now.year
    services.add_holidays(
        actor=manager,
        days=[
            (dt.date(year, 12, 25), "Christmas Day"),
            (dt.date(year, 12, 26), "Second day of Christmas"),
            (dt.date(year + 1, 1, 1), "New Year"),
        ],
    )
    _people(demo, now)


def _people(demo: Demo, now: dt.datetime) -> None:
    cfo, lead = demo.role(Role.CFO), demo.role(Role.TOKENOPS_LEAD)
    today = clock.today()
    if not ApprovalDelegation.objects.exists() and lead.membership_id:
        services.create_delegation(
            actor=cfo,
            deputy_id=lead.membership_id,
            kind="absence",
            starts_on=today + dt.timedelta(days=6),
            ends_on=today + dt.timedelta(days=13),
            max_amount_nanos=20_000 * NANOS,
            note="Board week",
        )
    waiting = TokenStory.objects.filter(status="submitted").order_by("number").first()
    request = open_request_of("story", waiting.id) if waiting else None
    if request is not None:
        services.ask_question(
            actor=cfo, request_id=request.id, text="Who measures the value, and from which day?"
        )
    if waiting is not None and not Ask.objects.exists():
        author = demo.role(Role.CTO)
        file_ask(
            actor=author,
            asked=AskInput(
                kind="exception",
                rule="model",
                title="A preview model for scanned letters",
                reason="The standard model fails on handwriting. Twenty users, four weeks.",
                about="Structured claims from first notice",
                unit_id=waiting.unit_id,
                amount_nanos=800 * NANOS,
                starts_on=today,
                ends_on=today + dt.timedelta(days=28),
            ),
        )
