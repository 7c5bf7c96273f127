"""Runs of one agentic capability, pushed the way an agent platform would: over the records API.

Ten days ago the team gave its agents twice the retrieved context. Cost per run, retries and the
bloat ratio have risen since: what the pages of runs are there to show.
"""

import datetime as dt
import json
from collections.abc import Iterator
from random import Random
from typing import Any

from apps.access.roles import Role
from apps.budgets.services import create_budget
from apps.common.money import NANOS
from apps.common.periods import month_of
from apps.connectors.enums import SourceKind
from apps.connectors.models import Source
from apps.connectors.push.services import accept_usage
from apps.ledger.changelog.services import record_change
from apps.ledger.models import UsageRestatement
from apps.ledger.selectors.periods import closed_months
from apps.ledger.services import fold
from apps.portfolio.models import Capability
from apps.portfolio.services import create_capability
from apps.tenancy.scope import tenant_scope
from tokenops.demo.organization import Demo

SLUG, TEAM = "claims-triage-agents", "CLM"
SOURCE = "Agent platform"
DAYS, CHANGED_DAYS_AGO = 30, 10
SEED = 20_261
CORRECTED = 24
LOOPS = 60
PILOT = 60 * NANOS
"""What the pilot may cost: at its own pace it lasts, with one looping run it does not."""
WORKFLOWS = (
    ("motor-claims", 100),
    ("household-claims", 160),
    ("travel-claims", 260),
    ("liability-claims", 60),
)
"""What the agents work through in turn, and how much its claimants write, in percent of usual."""
READING = "document-reading"
TOOLS = ("policy-search", "damage-estimate", "fraud-check", "letter-draft")
Record = dict[str, Any]


def push_runs(demo: Demo, now: dt.datetime) -> None:
    """The last thirty days, once."""
    with tenant_scope(demo.organization.id):
        if Source.objects.filter(kind=SourceKind.RECORDS_API, name=SOURCE).exists():
            return
        if not Capability.objects.filter(slug=SLUG).exists():
            create_capability(
                actor=demo.role(Role.TOKENOPS_LEAD),
                name="Claims triage agents",
                slug=SLUG,
                kind="production",
                unit_id=demo.units[TEAM],
                stage="pilot",
                data_class="personal",
                owner_membership_id=demo.lead_of(TEAM).membership_id,
                description="Agents that read a claim, look up its policy and propose what to do.",
            )
        body = "\n".join(json.dumps(record) for record in records(now))
        accept_usage(actor=demo.role(Role.ADMIN), data=body.encode(), lines=True, source=SOURCE)
    fold(organization_id=demo.organization.id)
    record_changes(demo, now)
    open_pilot(demo, now)


def open_pilot(demo: Demo, now: dt.datetime) -> None:
    """The pilot's budget, which the looping run burns."""
    with tenant_scope(demo.organization.id):
        capability = Capability.objects.get(slug=SLUG)
        create_budget(
            actor=demo.role(Role.TOKENOPS_LEAD),
            name="Claims triage pilot",
            scope="capability",
            capability_id=capability.id,
            amount_nanos=PILOT,
            period_kind="custom",
            starts_on=now.date() - dt.timedelta(days=20),
            ends_on=now.date() + dt.timedelta(days=40),
        )


def record_changes(demo: Demo, now: dt.datetime) -> None:
    """What the team changed in these days: the pages show which of it moved the figures."""
    with tenant_scope(demo.organization.id):
        capability = Capability.objects.get(slug=SLUG)
        for kind, title, ago, detail in (
            ("release", "1.4", 21, "Letters are drafted in the customer’s language."),
            ("prompt", "v7", CHANGED_DAYS_AGO - 1, "Twice the policy text goes into each call."),
            ("configuration", "Fraud check after triage", 3, ""),
        ):
            record_change(
                actor=demo.role(Role.TOKENOPS_LEAD),
                capability_id=capability.id,
                kind=kind,
                title=title,
                occurred_at=now - dt.timedelta(days=ago),
                detail=detail,
                reference=f"claims-triage-{kind}-{ago}",
            )


def push_corrections(demo: Demo, now: dt.datetime) -> None:
    """What comes later, once: corrected counts of calls, and a call of a month that is closed."""
    with tenant_scope(demo.organization.id):
        source = Source.objects.get(kind=SourceKind.RECORDS_API, name=SOURCE)
        closed = closed_months()
        if not closed or UsageRestatement.objects.filter(source_id=source.id).exists():
            return
        since = (now - dt.timedelta(days=3)).isoformat()
        again = [record for record in records(now) if record["occurred_at"] >= since][:CORRECTED]
        for record in again:
            record["output"] += 64
        late = dt.datetime.combine(month_of(closed[0]).end, dt.time(14), dt.UTC)
        run = {
            "id": "triage-late",
            "agent": "triage",
            "workflow": WORKFLOWS[0][0],
            "prompt_tokens": {"system_prompt": 1_450, "retrieved_context": 2_900, "user_text": 280},
        }
        again.append(
            _call(
                run=run,
                event_id="triage-late-0",
                at=late - dt.timedelta(days=1),
                model="claude-sonnet-5-5",
                cached=0,
                output=9_300,
            )
        )
        body = "\n".join(json.dumps(record) for record in again)
        accept_usage(actor=demo.role(Role.ADMIN), data=body.encode(), lines=True, source=SOURCE)
    fold(organization_id=demo.organization.id)


def records(now: dt.datetime) -> Iterator[Record]:
    """Every call of every run, the same for the same moment."""
    random = Random(SEED)  # noqa: S311 -- invented data, the same every time
    for ago in range(DAYS, -1, -1):
        day = (now - dt.timedelta(days=ago)).replace(hour=0, minute=0, second=0, microsecond=0)
        runs = random.randint(13, 19) if day.weekday() < 5 else random.randint(3, 6)
        for number in range(1, runs + 1):
            start = day + dt.timedelta(seconds=random.randint(7 * 3600, 18 * 3600))
            run_id, work = f"triage-{day:%m%d}-{number:02}", WORKFLOWS[number % len(WORKFLOWS)]
            run = _run(random, run_id, start, ago < CHANGED_DAYS_AGO, work)
            if start + dt.timedelta(minutes=10) < now:
                yield from run
    yield from _loop(now - dt.timedelta(hours=3))


def _run(
    random: Random, run_id: str, start: dt.datetime, changed: bool, work: tuple[str, int]
) -> list[Record]:
    """One claim: the triage agent calls its tools, and now and then a reader of documents."""
    calls, found, at = random.randint(4, 9), list[Record](), start
    history = tools = 0
    failed = False
    for number in range(calls):
        at += dt.timedelta(seconds=random.randint(3, 25))
        tool = random.choice(TOOLS) if number else ""
        retry = failed
        failed = bool(tool) and not retry and random.random() < (0.11 if changed else 0.04)
        output = random.randint(120, 420)
        prompt = {
            "system_prompt": 1_450,
            "safety_instructions": 380,
            "retrieved_context": random.randint(2_600, 3_400) * (2 if changed else 1),
            "conversation_history": history,
            "tool_use": tools,
            "multimodal_input": 1_280 if number == 0 and random.random() < 0.3 else 0,
            "user_text": random.randint(160, 340) * work[1] // 100,
        }
        found.append(
            _call(
                run={
                    "id": run_id,
                    "agent": "triage",
                    "workflow": work[0],
                    "tool": tool,
                    "retry": retry,
                    "outcome": "error" if failed else "success",
                    "prompt_tokens": prompt,
                },
                event_id=f"{run_id}-{number}",
                at=at,
                model="claude-sonnet-5-5",
                cached=1_830 if number else 0,
                output=0 if failed else output,
            )
        )
        history += output
        tools += random.randint(200, 700) if tool else 0
    if random.random() < 0.35:
        found += _reader(random, run_id, at)
    return found


def _loop(start: dt.datetime) -> Iterator[Record]:
    """A run that asked the same question again and again until somebody saw it."""
    for number in range(LOOPS):
        prompt = {"system_prompt": 1_450, "conversation_history": 36_000, "user_text": 260}
        yield _call(
            run={
                "id": "triage-loop",
                "agent": "triage",
                "workflow": WORKFLOWS[0][0],
                "tool": "policy-search",
                "outcome": "timeout" if number == LOOPS - 1 else "success",
                "prompt_tokens": prompt,
            },
            event_id=f"triage-loop-{number}",
            at=start + dt.timedelta(seconds=40 * number),
            model="claude-sonnet-5-5",
            cached=0,
            output=180,
        )


def _reader(random: Random, parent: str, start: dt.datetime) -> list[Record]:
    """A run of its own that reads the claim's documents for the one that started it."""
    found, run_id = [], f"{parent}-reader"
    for number in range(random.randint(1, 3)):
        prompt = {
            "system_prompt": 600,
            "retrieved_context": random.randint(6_000, 14_000),
            "user_text": random.randint(60, 120),
        }
        found.append(
            _call(
                run={
                    "id": run_id,
                    "parent_id": parent,
                    "agent": "reader",
                    "workflow": READING,
                    "outcome": "success",
                    "prompt_tokens": prompt,
                },
                event_id=f"{run_id}-{number}",
                at=start + dt.timedelta(seconds=8 * (number + 1)),
                model="claude-haiku-5-5",
                cached=600 if number else 0,
                output=random.randint(200, 500),
            )
        )
    return found


def _call(
    *, run: dict[str, Any], event_id: str, at: dt.datetime, model: str, cached: int, output: int
) -> Record:
    whole = sum(run["prompt_tokens"].values())
    return {
        "event_id": event_id,
        "occurred_at": at.isoformat(),
        "provider": "anthropic",
        "model": model,
        "account": "merrowdale-agents",
        "capability": SLUG,
        "phase": "production",
        "input_uncached": whole - cached,
        "cache_read": cached,
        "output": output,
        "run": run,
    }
