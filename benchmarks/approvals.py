"""Server time and queries of the approval pages with 10,000 stories and 2,000 open requests.

    python -m benchmarks.approvals [--times 30] [--stories 10000] [--open 2000]

One story goes through the product's own services; the others are copies of its rows with ids,
numbers, teams, amounts and days of their own. Pages are asked for through Django's whole stack, as
the database's app role, and take turns.
"""

import argparse
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.access.roles import Role
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalCondition,
    ApprovalDecision,
    ApprovalParty,
    ApprovalRequest,
    ApprovalStep,
)
from apps.approvals.services import decide
from apps.budgets.models import Budget, BudgetEntry
from apps.common import clock
from apps.common.ids import uuid7
from apps.common.periods import month_of
from apps.stories.models import PhaseEstimate, StoryRevision, TokenStory
from benchmarks import report, world
from benchmarks.meter import Meter, p50, p95
from tests.factories.approvals import set_route
from tests.factories.budgets import make_budget
from tests.factories.ledger import take, usage
from tests.factories.stories import make_assumptions, make_prices, make_submitted
from tests.world import OrganizationWorld, World
from tokenops import memory

TARGET_MS = 150
QUERIES = 40
BATCH = 2_000
MONTHS_PLANNED = 11
USED = 2_000
"""Approved stories whose use is measured: what the calibration of a story reads a part of."""
REASONS = ("no_value", "too_expensive", "not_now", "duplicate")


class Seed:
    """Copies of one story and its request, spread over teams, amounts and days."""

    def __init__(self, side: OrganizationWorld, story: TokenStory) -> None:
        self.random = random.Random(7)
        self.units = [unit.id for unit in side.units.values()]
        self.story = story
        self.revision = StoryRevision.objects.get(id=story.current_revision_id)
        self.phases = list(PhaseEstimate.objects.filter(revision_id=self.revision.id))
        self.request = ApprovalRequest.objects.get(id=story.request_id)
        self.steps = list(ApprovalStep.objects.filter(request_id=self.request.id))
        self.people = list(ApprovalAssignment.objects.filter(request_id=self.request.id))
        self.parties = list(ApprovalParty.objects.filter(request_id=self.request.id))

    def run(self, stories: int, opened: int) -> None:
        for start in range(0, stories, BATCH):
            self._batch(start, min(BATCH, stories - start), opened)

    def _batch(self, start: int, count: int, opened: int) -> None:
        rows: dict[type, list[Any]] = {}

        def add(row: Any) -> Any:
            rows.setdefault(type(row), []).append(row)
            return row

        now = clock.now()
        for n in range(start + 2, start + count + 2):
            waiting = n - 2 < opened
            unit = self.random.choice(self.units)
            amount = self.random.randrange(100, 60_000) * 1_000_000_000
            days = timedelta(days=self.random.random() * (6 if waiting else 300))
            at, title = now - days, f"Story {n} about claims and quotes"
            story, revision, request = uuid7(), uuid7(), uuid7()
            standing = {"status": "submitted"} if waiting else {
                "status": "live", "approved_revision_id": revision, "approved_at": at,
                "approved_cap_nanos": amount,
            }  # fmt: skip
            add(
                self._twin(
                    self.story, story, number=n, ref=f"TS-{n:05d}", title=title, unit_id=unit,
                    title_norm=title.lower(), current_revision_id=revision, request_id=request,
                    cap_nanos=amount, updated_at=at, **standing,
                )
            )  # fmt: skip
            add(
                self._twin(
                    self.revision, revision, story_id=story, title=title, unit_id=unit,
                    cap_nanos=amount,
                )
            )  # fmt: skip
            if not waiting:
                self._budget(add, story, f"TS-{n:05d} {title}", unit, amount, at)
            for phase in self.phases:
                add(self._twin(phase, uuid7(), revision_id=revision))
            status = "pending" if waiting else self.random.choice(("approved", "rejected"))
            closed = None if waiting else at + timedelta(hours=self.random.randrange(2, 90))
            add(
                self._twin(
                    self.request, request, subject_id=story, subject_ref=f"TS-{n:05d}",
                    revision_id=revision, title=title, title_norm=title.lower(), unit_id=unit,
                    amount_nanos=amount, approved_nanos=amount, status=status, opened_at=at,
                    due_at=at + timedelta(days=4), closed_at=closed,
                    closed_by_name="" if waiting else "CFO Acme",
                    closed_reason=self.random.choice(REASONS) if status == "rejected" else "",
                )
            )  # fmt: skip
            for known in self.steps:
                step = uuid7()
                active = waiting and known.position == 1
                add(
                    self._twin(
                        known, step, request_id=request, opened_at=at,
                        due_at=at + timedelta(days=4), closed_at=closed,
                        status="active" if active else "waiting" if waiting else status,
                    )
                )  # fmt: skip
                for place in self.people:
                    if place.step_id == known.id:
                        add(
                            self._twin(
                                place, uuid7(), request_id=request, step_id=step, is_open=active
                            )
                        )
            for party in self.parties:
                add(self._twin(party, uuid7(), request_id=request))
        order = (
            TokenStory, StoryRevision, PhaseEstimate, ApprovalRequest, ApprovalStep,
            ApprovalAssignment, ApprovalParty, Budget, BudgetEntry,
        )  # fmt: skip
        for model in order:
            model.objects.bulk_create(rows.get(model, []), batch_size=1_000)

    @staticmethod
    def _budget(
        add: Callable[[Any], None], story: UUID, name: str, unit: UUID, amount: int, at: datetime
    ) -> None:
        """What an approval opens: a budget of its own, below that of its team."""
        budget = Budget(
            name=name, name_norm=name.lower(), scope="story", unit_id=unit, story_id=story,
            period_kind="month", starts_on=at.date(), timezone="UTC",
        )  # fmt: skip
        add(budget)
        add(
            BudgetEntry(
                budget_id=budget.id, kind="initial", effective_on=at.date(), amount_nanos=amount,
                budget_version=1, actor_name="CFO Acme",
            )
        )  # fmt: skip

    @staticmethod
    def _twin(row: Any, new_id: Any, **changes: Any) -> Any:
        values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        twin = type(row)(**values | {"id": new_id})
        for name, value in changes.items():
            setattr(twin, name, value)
        return twin


def build(side: OrganizationWorld, stories: int, opened: int) -> None:
    lead = side.actor(Role.UNIT_LEAD)
    for role in (Role.CFO, Role.CIO, Role.CTO, Role.TOKENOPS_LEAD, Role.EA, Role.CDO):
        side.person(role)
    side.person(Role.CFO, "platform")
    with side.scope():
        make_prices()
        set_route(
            {"name": "TokenOps", "roles": ["tokenops_lead", "cfo"]},
            {"name": "Money", "roles": ["cfo", "cio"]},
        )
        begun = month_of(clock.today()).shift(-MONTHS_PLANNED).start
        assumptions = msgspec.structs.replace(
            make_assumptions(), starts_on=begun, live_on=month_of(begun).shift(1).start
        )
        make_budget(starts_on=begun, amount_nanos=400_000_000_000_000_000)
        for unit in side.units.values():
            make_budget(
                scope="unit", unit_id=unit.id, starts_on=begun, amount_nanos=90_000_000_000_000_000
            )
        story = make_submitted(lead, side.units["platform"].id, assumptions=assumptions)
        Seed(side, story).run(stories, opened)
        _measure_use()
        first = ApprovalRequest.objects.filter(status="pending").order_by("id").first()
        decide(actor=side.actor(Role.CFO), request_id=first.id, version=first.version,
               decision="approve")  # fmt: skip
        ApprovalCondition.objects.bulk_create(
            [
                ApprovalCondition(
                    request_id=r.id, decision_version=1, subject_type="story",
                    subject_id=r.subject_id, text=f"Review after {n % 90 + 10} days",
                    asked_by_name="CFO Acme", due_on=clock.today() + timedelta(days=n % 120 - 30),
                )
                for n, r in enumerate(
                    ApprovalRequest.objects.filter(status="approved").order_by("id")[:3_000]
                )
            ]
        )  # fmt: skip
        assert ApprovalDecision.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("ANALYZE")


def _measure_use() -> None:
    """A day of calls in each of the last two whole months, for the latest approved stories."""
    used = TokenStory.objects.filter(approved_at__isnull=False).order_by("-approved_at")
    refs = list(used.values_list("ref", flat=True)[:USED])
    for back in (1, 2):
        day = month_of(clock.today()).shift(-back).start + timedelta(days=9)
        take(
            [
                usage(
                    occurred_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
                    granularity="day",
                    provider="atlas",
                    model="medium",
                    input_uncached=0,
                    output=10_000_000 + 1_000 * n,
                    requests=10_000,
                    story=ref,
                )
                for n, ref in enumerate(refs)
            ]
        )


def pages(side: OrganizationWorld) -> list[tuple[str, str, Client]]:
    cfo, unit_cfo, lead = (
        side.client(Role.CFO),
        side.client(Role.CFO, "platform"),
        side.client(Role.UNIT_LEAD),
    )
    queue = side.url("approvals:list")
    with side.scope():
        one = ApprovalRequest.objects.filter(status="pending").order_by("-id").first()
        policy = one.policy_id
    return [
        ("Queue, mine", queue, cfo),
        ("Queue, mine, page 40", f"{queue}?page=40", cfo),
        ("Queue, mine, past the last page", f"{queue}?page=9999", cfo),
        ("Queue, mine, by money", f"{queue}?sort=-amount", cfo),
        ("Queue, mine, search", f"{queue}?q=story+1234", cfo),
        ("Queue, my units", f"{queue}?tab=unit", cfo),
        ("Queue, with others", f"{queue}?tab=others", cfo),
        ("Queue, decided", f"{queue}?tab=decided", cfo),
        ("One request", side.url("approvals:detail", one.id), cfo),
        ("Queue, mine, CFO of one unit", queue, unit_cfo),
        ("Queue, with others, lead", f"{queue}?tab=others", lead),
        ("Several at once", side.url("approvals:bulk"), cfo),
        ("Conditions", side.url("approvals:conditions"), cfo),
        ("Metrics, a year", side.url("approvals:metrics") + "?days=365", cfo),
        ("Routes", side.url("approvals:policies"), cfo),
        ("One route", side.url("approvals:policy", policy), cfo),
    ]


def measure(times: int, stories: int, opened: int) -> bool:
    world_ = World()
    side = world_.a
    begun = time.perf_counter()
    build(side, stories, opened)
    built = time.perf_counter() - begun
    connection.close()
    cases = pages(side)
    taken: dict[str, list[float]] = {name: [] for name, _, _ in cases}
    queries: dict[str, int] = {}
    for name, url, browser in cases:
        with CaptureQueriesContext(connection) as caught:
            response = browser.get(url)
        assert response.status_code in {200, 302}, (name, response.status_code)
        queries[name] = len(caught)
    memory.settle()
    cpu = dict.fromkeys(taken, 0.0)
    for _ in range(times):
        for name, url, browser in cases:
            with Meter() as meter:
                browser.get(url)
            taken[name].append(meter.wall * 1000)
            cpu[name] += meter.cpu * 1000 / times
    rows = [[n, queries[n], p50(t), p95(t), cpu[n]] for n, t in taken.items()]
    worst = max(row[3] for row in rows)
    passed = worst < TARGET_MS
    report.save(
        "approvals",
        title="Approvals: 10,000 stories, 2,000 open requests",
        head=["Page", "Queries", "p50 ms", "p95 ms", "CPU ms"],
        rows=rows,
        figures={
            "stories": stories,
            "open_requests": opened,
            "worst_p95_ms": worst,
            "most_queries": max(queries.values()),
        },
        notes=[
            f"{stories:,} stories and {opened:,} open requests, built by bulk in {built:.0f} s; "
            f"{times} calls of each page in turns. Target: p95 under {TARGET_MS} ms, at most "
            f"{QUERIES} queries."
        ],
        passed=passed and max(queries.values()) <= QUERIES,
    )
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--stories", type=int, default=10_000)
    parser.add_argument("--open", type=int, default=2_000)
    parser.add_argument("--keep", action="store_true")
    asked = parser.parse_args()
    with world.database("approvals_bench", keep=asked.keep):
        return 0 if measure(asked.times, asked.stories, asked.open) else 1


if __name__ == "__main__":
    raise SystemExit(main())
