"""After any history, every rollup cell and run is what the records say, to the nano."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.access.actors import system_actor
from apps.attribution.services import RuleDraft, create_rule, retire_rule
from apps.common.ids import uuid7
from apps.ledger import services
from apps.ledger.models import AccountingPeriod, UsageRecord, UsageRestatement
from apps.ledger.query import Query, run
from apps.ledger.schema import PromptTokens, RunIn, UsageIn
from apps.ledger.selectors.periods import is_unchanged
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.selectors.verify_runs import verify_runs
from apps.organizations.models import Organization
from apps.tenancy.scope import tenant_scope
from tests.factories import ledger as make
from tests.factories.organizations import make_organization, make_unit
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db

START = datetime(2026, 8, 30, tzinfo=UTC)
DAYS = 75
MONTHS = (date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1))
ALL = {"start": date(2026, 1, 1), "end": date(2027, 1, 1)}

counts = st.integers(0, 3_000_000)
parts = st.builds(PromptTokens, system_prompt=counts, retrieved_context=counts, user_text=counts)
runs = st.builds(
    RunIn,
    id=st.sampled_from(["r1", "r2", "r3"]),
    parent_id=st.sampled_from(["", "r1", "r9"]),
    agent=st.sampled_from(["", "planner", "writer"]),
    workflow=st.sampled_from(["", "triage"]),
    tool=st.sampled_from(["", "search"]),
    retry=st.booleans(),
    outcome=st.sampled_from(["", "success", "error"]),
    prompt_tokens=st.none() | parts,
)
usages = st.fixed_dictionaries(
    {
        "number": st.integers(0, 40),
        "minute": st.integers(0, DAYS * 24 * 60 - 1),
        "granularity": st.sampled_from(["event", "event", "hour", "day"]),
        "model": st.sampled_from(["m1", "m2", "m3"]),
        "api_key_id": st.sampled_from(["", "k1", "k2"]),
        "project": st.sampled_from(["", "blue"]),
        "user": st.sampled_from(["", "ada"]),
        "capability": st.sampled_from(["", "", "search"]),
        "phase": st.sampled_from(["", "testing"]),
        "service_tier": st.sampled_from(["", "batch"]),
        "input_uncached": counts,
        "cache_read": counts,
        "output": counts,
        "reasoning": st.sampled_from([0, 0, 7]),
        "image_input": st.sampled_from([0, 0, 0, 5]),
        "requests": st.sampled_from([None, 1, 12]),
        "cost": st.sampled_from([None, None, None, Decimal("0.000000001"), Decimal("1.25")]),
        "currency": st.sampled_from(["USD", "USD", "EUR"]),
        "run": st.none() | runs,
    }
)


def _usage(raw: dict, observed_at: datetime) -> UsageIn:
    fields = dict(raw)
    number, minute = fields.pop("number"), fields.pop("minute")
    at = START + timedelta(minutes=minute)
    if fields["granularity"] == "event":
        # The time is part of an event's identity: one time per id.
        at = START + timedelta(minutes=number * 2_600 % (DAYS * 1_440))
        fields["event_id"] = f"e{number}"
        return UsageIn(occurred_at=at, provider="acme", observed_at=observed_at, **fields)
    fields["run"] = None
    if fields["granularity"] == "hour":
        at = at.replace(minute=0)
    else:
        at = at.replace(hour=0, minute=0)
    return UsageIn(occurred_at=at, provider="acme", observed_at=observed_at, **fields)


class Ledger(RuleBasedStateMachine):
    """Two sources, two units, prices, rules and periods in an organization of New York."""

    @initialize()
    def found(self) -> None:
        self.organization = make_organization()
        with tenant_scope(self.organization.id):
            Organization.objects.update(timezone="America/New_York")
            make.price("m1")
            make.price("m2", input_per_mtok="0.0375", output_per_mtok="0.15")
            self.unit = make_unit("Blue team")
            make_capability("Search", slug="search")
        self.sources = [uuid7(), uuid7()]
        self.clock = START + timedelta(days=DAYS)
        self.sent: list[tuple[int, list[UsageIn]]] = []
        self.rules: list[tuple] = []
        self.has_price = False

    def _ingest(self, source: int, batch: list[UsageIn], **kw):
        with_scope = len(self.sent) % 2
        if with_scope:
            with tenant_scope(self.organization.id):
                return make.take(batch, self.sources[source], **kw)
        return services.ingest(
            organization_id=self.organization.id,
            source_id=self.sources[source],
            batch=batch,
            **kw,
        )

    @rule(raws=st.lists(usages, min_size=1, max_size=12), source=st.integers(0, 1))
    def send(self, raws: list[dict], source: int) -> None:
        self.clock += timedelta(seconds=1)
        batch = [_usage(raw, self.clock) for raw in raws]
        result = self._ingest(source, batch)
        assert not result.errors
        assert result.new + result.changed + result.unchanged == len(batch)
        self.sent.append((source, batch))

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def repeat_last(self, data: st.DataObject) -> None:
        source, batch = self.sent[-1]
        again = data.draw(st.permutations(batch))
        with tenant_scope(self.organization.id):
            before = UsageRestatement.objects.count()
        result = self._ingest(source, again)
        with tenant_scope(self.organization.id):
            assert UsageRestatement.objects.count() == before
        assert (result.new, result.changed) == (0, 0)

    @precondition(lambda self: len(self.sent) > 1)
    @rule(data=st.data())
    def deliver_late(self, data: st.DataObject) -> None:
        """An old delivery that comes again loses against everything observed later."""
        source, batch = data.draw(st.sampled_from(self.sent))
        result = self._ingest(source, batch)
        assert result.new == 0

    @rule(source=st.integers(0, 1), day=st.integers(0, DAYS - 2), raws=st.lists(usages, max_size=3))
    def pull_whole_window(self, source: int, day: int, raws: list[dict]) -> None:
        self.clock += timedelta(seconds=1)
        low = START + timedelta(days=day)
        batch = [
            _usage(
                raw | {"granularity": "hour", "minute": day * 1_440 + raw["minute"] % 2_880},
                self.clock,
            )
            for raw in raws
        ]
        self._ingest(
            source,
            batch,
            complete_window=(low, low + timedelta(days=2)),
            accepted_at=self.clock,
        )
        self.sent.append((source, batch))

    @rule(key=st.sampled_from(["k1", "k2"]), day=st.one_of(st.none(), st.integers(0, DAYS)))
    def add_rule(self, key: str, day: int | None) -> None:
        with tenant_scope(self.organization.id):
            row = create_rule(
                actor=system_actor("tests"),
                draft=RuleDraft(
                    name=f"{key} is blue",
                    conditions=[{"field": "api_key", "operator": "equals", "values": [key]}],
                    unit_id=self.unit.id,
                    starts_on=None if day is None else (START + timedelta(days=day)).date(),
                ),
                position=1,
            )
        self.rules.append((row.id, row.version))
        services.reattribute(organization_id=self.organization.id)

    @precondition(lambda self: self.rules)
    @rule()
    def retire_newest_rule(self) -> None:
        rule_id, _ = self.rules.pop()
        with tenant_scope(self.organization.id):
            from apps.attribution.models import AttributionRule

            version = AttributionRule.objects.get(id=rule_id).version
            retire_rule(actor=system_actor("tests"), rule_id=rule_id, version=version)
        services.reattribute(organization_id=self.organization.id)

    @rule(month=st.sampled_from(MONTHS))
    def close(self, month: date) -> None:
        with tenant_scope(self.organization.id):
            row = AccountingPeriod.objects.filter(month=month).first()
            if row and row.status == "closed":
                return
            actor, version = system_actor("tests"), row.version if row else 0
            if not row or row.status == "open":
                version = services.settle_period(actor=actor, month=month, version=version).version
            services.close_period(actor=actor, month=month, version=version, note="x")

    @rule(month=st.sampled_from(MONTHS))
    def reopen(self, month: date) -> None:
        with tenant_scope(self.organization.id):
            row = AccountingPeriod.objects.filter(month=month, status="closed").first()
            if row:
                services.reopen_period(
                    actor=system_actor("tests"), month=month, version=row.version, reason="late"
                )

    @rule()
    def price_the_unpriced(self) -> None:
        if not self.has_price:
            with tenant_scope(self.organization.id):
                make.price("m3", input_per_mtok="0.123456789012")
            self.has_price = True
        services.recost(organization_id=self.organization.id, adjust_closed=True)

    @invariant()
    def every_cell_is_right(self) -> None:
        if not hasattr(self, "organization"):
            return
        with tenant_scope(self.organization.id):
            found = verify_rollups()
            assert found.ok, found.differences[:3]
            found = verify_runs()
            assert found.ok, found.differences[:3]

    @invariant()
    def totals_agree_on_every_path(self) -> None:
        if not hasattr(self, "organization"):
            return
        with tenant_scope(self.organization.id):
            tokens = cost = 0
            for row in UsageRecord.objects.all():
                tokens += row.input_uncached + row.output + (row.cache_read or 0)
                tokens += (row.reasoning or 0) + (row.image_input or 0)
                cost += row.cost_nanos or 0
            for query in (
                Query(**ALL),
                Query(**ALL, group_by=("unit",), grain="month"),
                Query(**ALL, group_by=("model", "confidence")),
                Query(**ALL, group_by=("api_key", "user"), limit=1),
            ):
                total = run(query).total
                assert total.tokens.total == tokens
                assert (total.cost_nanos or 0) == cost

    @invariant()
    def closed_months_did_not_move(self) -> None:
        if not hasattr(self, "organization"):
            return
        with tenant_scope(self.organization.id):
            for row in AccountingPeriod.objects.filter(status="closed"):
                assert is_unchanged(row.month)


def test_every_cell_equals_the_recomputation_after_any_history():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=8,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
