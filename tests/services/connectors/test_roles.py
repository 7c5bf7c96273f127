"""Channel of record or comparison only: what a source's usage becomes, and what it never does."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from apps.access.actors import system_actor
from apps.common.errors import Invalid
from apps.common.tokens import KINDS
from apps.connectors import selectors, services
from apps.connectors.enums import PULLED_KINDS, RunStatus, SourceKind, SourceRole, default_role
from apps.connectors.models import ComparisonUsage, PullRun, Source
from apps.connectors.services.compare import store_comparison
from apps.connectors.services.pull import pull_source
from apps.ledger.models import SourceCoverage, UsageRecord
from apps.ledger.schema import UsageIn
from tests.factories.connectors import NOW, Provider, make_source

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
WINDOW = (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def org(world):
    return world.a


def source_in(org, kind="openai", **fields):
    with time_machine.travel(NOW, tick=False), org.scope():
        return make_source(kind, **fields)


def pull(org, source, provider, at=NOW):
    provider.now = at
    with time_machine.travel(at, tick=False):
        outcome = pull_source(
            organization_id=org.organization.id, source_id=source.id, transport=provider
        )
    assert outcome.status == RunStatus.SUCCEEDED, outcome.error
    with org.scope():
        return PullRun.objects.get(id=outcome.run_id)


def counted(org):
    """Tokens by kind in the ledger and in the comparison table."""
    with org.scope():
        return tuple(
            [
                sum(row[i] or 0 for row in model.objects.values_list(*KINDS))
                for i in range(len(KINDS))
            ]
            for model in (UsageRecord, ComparisonUsage)
        )


def usage(hour=1, **fields):
    given = {"provider": "openai", "model": "gpt-5", "granularity": "hour", "input_uncached": 10}
    at = datetime(2026, 11, 20, hour, tzinfo=UTC)
    return UsageIn(**{"occurred_at": at, **given, **fields})


def test_each_pulled_kind_has_its_role():
    record = {kind for kind in PULLED_KINDS if default_role(kind) == SourceRole.RECORD}
    assert record == {
        SourceKind.OPENAI,
        SourceKind.ANTHROPIC,
        SourceKind.COPILOT,
        SourceKind.CURSOR,
    }


def test_a_comparison_source_leaves_the_ledger_alone(org):
    record = source_in(org, name="counted")
    pull(org, record, Provider())
    ledger, _ = counted(org)
    compared = source_in(org, name="compared", role="comparison")
    run = pull(org, compared, Provider())
    after, comparison = counted(org)
    assert after == ledger
    assert comparison == ledger
    assert run.rows_new > 0
    with org.scope():
        assert [row.name for row in SourceCoverage.objects.all()] == ["counted"]
    again = pull(org, compared, Provider())
    assert (again.rows_new, again.rows_changed, again.rows_withdrawn) == (0, 0, 0)
    assert 0 < again.rows_unchanged < run.rows_new


def test_restatements_replace_and_days_are_whole(org):
    source, provider = source_in(org, role="comparison"), Provider()
    for hours in (0, 1, 2, 26, 50, 98):
        pull(org, source, provider, NOW + timedelta(hours=hours))
    other, fresh = source_in(org, name="late"), Provider()
    pull(org, other, fresh, NOW + timedelta(hours=98))
    ledger, comparison = counted(org)
    assert comparison == ledger


def test_a_changed_role_moves_usage_and_never_counts_it_twice(org):
    source, provider = source_in(org), Provider()
    pull(org, source, provider)
    ledger, nothing = counted(org)
    assert sum(nothing) == 0
    with time_machine.travel(NOW, tick=False), org.scope():
        source = services.change_source(
            actor=system_actor("tests"), source_id=source.id, version=1, role="comparison"
        )
    pull(org, source, provider)
    empty, comparison = counted(org)
    assert sum(empty) == 0
    assert comparison == ledger
    with time_machine.travel(NOW, tick=False), org.scope():
        services.change_source(
            actor=system_actor("tests"), source_id=source.id, version=2, role="record"
        )
        assert ComparisonUsage.objects.count() == 0
    pull(org, source, provider)
    assert counted(org) == (ledger, nothing)


@pytest.mark.parametrize(
    ("kind", "role"), [("csv", "both"), ("openai", "both"), ("claude_code", "record")]
)
def test_roles_that_make_no_sense_are_refused(org, kind, role):
    with org.scope():
        with pytest.raises(Invalid) as caught:
            make_source(kind, role=role)
        assert [error.field for error in caught.value.errors] == ["role"]
        assert Source.objects.count() == 0


def test_rows_are_folded_replaced_and_removed(org):
    source = source_in(org, role="comparison")

    def store(*batch):
        with org.scope():
            return store_comparison(source, batch, window=WINDOW, observed_at=NOW)

    first = store(
        usage(1, requests=2, cost=Decimal("0.5"), api_key_id="k", api_key="Key"),
        usage(5, output=7, requests=1, cost=Decimal("0.25"), api_key_id="k", api_key="Key"),
        usage(5, model="gpt-5-mini"),
    )
    assert (first.new, first.changed, first.withdrawn) == (2, 0, 0)
    with org.scope():
        [key, mini] = selectors.comparison_days(DAY, DAY + timedelta(days=1))
        assert (key.counts.input_uncached, key.counts.output, key.requests) == (20, 7, 3)
        assert (key.cost_nanos, key.without_cost, key.api_key) == (750_000_000, 0, "Key")
        assert (mini.model, mini.requests, mini.without_cost) == ("gpt-5-mini", None, 1)
    second = store(usage(1, requests=2, cost=Decimal("0.6"), api_key_id="k", api_key="Key"))
    assert (second.new, second.changed, second.withdrawn) == (0, 1, 1)
    with org.scope():
        [line] = selectors.comparison_days(DAY, DAY + timedelta(days=1), by=("source_id", "model"))
        assert (line.model, line.cost_nanos, line.day) == ("gpt-5", 600_000_000, None)
        with pytest.raises(ValueError, match="input_uncached"):
            selectors.comparison_days(DAY, DAY, by=("input_uncached",))
    store()
    with org.scope():
        assert ComparisonUsage.objects.count() == 0


def test_another_organization_sees_nothing_of_it(world):
    source = source_in(world.a, role="comparison")
    with world.a.scope():
        store_comparison(source, [usage()], window=WINDOW, observed_at=NOW)
    with world.b.scope():
        assert selectors.comparison_days(DAY, DAY + timedelta(days=1)) == []
