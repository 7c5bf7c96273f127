"""Runs against the simulated provider: what they write, and what they leave alone."""

from datetime import date, timedelta

import httpx
import pytest
import time_machine

from apps.connectors import selectors
from apps.connectors.enums import EntryKind, RunKind, RunStatus, SourceStatus
from apps.connectors.models import DirectoryEntry, ProviderCost, PullRun, Source
from apps.connectors.services import pull_source
from apps.ledger.models import SourceCoverage, UsageRecord, UsageRestatement
from apps.pricing.seed import seed_price_book
from tests.conftest import as_owner
from tests.factories.connectors import NOW, SIMULATOR_URL, Provider, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def org(world):
    return world.a


@pytest.fixture
def prices(db):
    with as_owner():
        seed_price_book()


def pull(org, source, provider, at=None, **options):
    provider.now = at or provider.now
    slept = []
    with time_machine.travel(provider.now, tick=False):
        outcome = pull_source(
            organization_id=org.organization.id,
            source_id=source.id,
            transport=provider,
            sleep=slept.append,
            **options,
        )
    outcome_slept = slept
    return outcome, outcome_slept


def source_in(org, kind="openai", **fields):
    with time_machine.travel(NOW, tick=False), org.scope():
        return make_source(kind, **fields)


def the_run(org, outcome):
    with org.scope():
        return PullRun.objects.get(id=outcome.run_id)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_first_pull_reads_history_directory_and_bill(org, kind):
    source = source_in(org, kind)
    outcome, _ = pull(org, source, Provider())
    run = the_run(org, outcome)
    assert (run.status, run.error) == (RunStatus.SUCCEEDED, "")
    assert run.kind == RunKind.BACKFILL
    assert run.rows_new == run.rows_read > 1000
    assert (run.rows_changed, run.rows_refused, run.mismatches) == (0, 0, 0)
    with org.scope():
        source = Source.objects.get(id=source.id)
        assert UsageRecord.objects.count() == run.rows_new
        assert source.cursor == NOW.replace(minute=0)
        assert source.settled_through == NOW.replace(minute=0) - timedelta(hours=72)
        assert source.lease_run is None
        assert DirectoryEntry.objects.filter(kind=EntryKind.API_KEY).count() > 10
        assert ProviderCost.objects.filter(day=date(2026, 11, 20)).exists()
        coverage = SourceCoverage.objects.get(source_id=source.id)
        assert (coverage.name, coverage.complete_through) == (source.name, source.cursor)
        assert bool(source.account) == (kind == "anthropic")


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_an_address_may_end_in_the_version(org, kind):
    source = source_in(org, kind, base_url=f"{SIMULATOR_URL}/v1/")
    outcome, _ = pull(org, source, Provider(), check_only=True)
    assert outcome.status == RunStatus.SUCCEEDED


def test_pulling_again_writes_nothing(org):
    source, provider = source_in(org), Provider()
    pull(org, source, provider)
    with org.scope():
        before = list(UsageRecord.objects.values_list("record_key", "version", "observed_at"))
    outcome, _ = pull(org, source, provider)
    run = the_run(org, outcome)
    assert (run.rows_new, run.rows_changed, run.rows_withdrawn) == (0, 0, 0)
    assert run.rows_unchanged == run.rows_read > 0
    assert run.cost_rows == 0
    with org.scope():
        after = list(UsageRecord.objects.values_list("record_key", "version", "observed_at"))
        assert sorted(after) == sorted(before)
        assert UsageRestatement.objects.count() == 0


def test_restated_and_late_hours_become_versions_and_records(org, prices):
    source, provider = source_in(org), Provider()
    pull(org, source, provider)
    outcome, _ = pull(org, source, provider, NOW + timedelta(hours=30))
    run = the_run(org, outcome)
    assert run.rows_changed > 0
    assert run.rows_new > 0
    assert run.restated_nanos > 0
    with org.scope():
        assert UsageRestatement.objects.count() == run.rows_changed
        record = UsageRecord.objects.filter(version=2).first()
        assert record is not None


def test_after_settling_the_ledger_holds_the_final_figures(org):
    source, provider = source_in(org, history_from=date(2026, 11, 22)), Provider()
    for hours in (0, 24, 48, 72, 96):
        pull(org, source, provider, NOW + timedelta(hours=hours))
    simulator = provider.simulator
    final = simulator.model.visible(date(2026, 11, 22), NOW + timedelta(days=30))
    openai = [i for i, w in enumerate(simulator.model.workloads) if w.provider == "openai"]
    wanted = int(final[:, openai, :8].sum())
    with org.scope():
        records = UsageRecord.objects.filter(
            occurred_at__gte="2026-11-22T00:00Z", occurred_at__lt="2026-11-23T00:00Z"
        )
        fields = ("input_uncached", "cache_read", "cache_write_5m", "output", "audio_input",
                  "audio_output", "image_input")  # fmt: skip
        found = sum(sum(v or 0 for v in row) for row in records.values_list(*fields))
    assert found == wanted


def test_history_is_read_in_windows(org):
    source = source_in(org, history_from=date(2026, 10, 20))
    provider = Provider()
    kinds, more = [], True
    while more:
        outcome, _ = pull(org, source, provider)
        more = outcome.more
        run = the_run(org, outcome)
        kinds.append((run.window_start.date(), run.window_end.date()))
    assert kinds == [
        (date(2026, 10, 20), date(2026, 11, 3)),
        (date(2026, 11, 3), date(2026, 11, 17)),
        (date(2026, 11, 17), date(2026, 11, 23)),
    ]


def test_a_month_is_read_again_once_a_day(org):
    source, provider = source_in(org), Provider()
    pull(org, source, provider)
    outcome, _ = pull(org, source, provider, NOW + timedelta(hours=25))
    assert the_run(org, outcome).kind == RunKind.REREAD
    outcome, _ = pull(org, source, provider, NOW + timedelta(hours=26))
    assert the_run(org, outcome).kind == RunKind.PULL


def test_a_failing_page_leaves_nothing_half_written(org):
    def second_page_fails(request: httpx.Request, call: int):
        if "page=" in str(request.url) and "usage/completions" in request.url.path:
            return httpx.Response(500, json={"error": {"message": "boom"}})
        return None

    source = source_in(org, history_from=date(2026, 11, 10))
    provider = Provider(interfere=second_page_fails)
    outcome, slept = pull(org, source, provider)
    run = the_run(org, outcome)
    assert (run.status, run.error_code) == (RunStatus.FAILED, "provider_error")
    assert (run.retries, len(slept)) == (5, 5)
    assert run.http_calls > 6
    with org.scope():
        source = Source.objects.get(id=source.id)
        assert (source.cursor, source.failures, source.lease_run) == (None, 1, None)
        assert "boom" in source.last_error
        assert not UsageRecord.objects.exists()
        assert not ProviderCost.objects.exists()
    provider.interfere = lambda request, call: None
    outcome, _ = pull(org, source, provider)
    with org.scope():
        assert Source.objects.get(id=source.id).failures == 0
        assert UsageRecord.objects.exists()


def test_scheduled_trouble_is_survived(org):
    from tokenops.simulator.faults import Schedule

    source = source_in(org)
    provider = Provider(schedule=Schedule(limited_every=3, broken_every=7, retry_after=2))
    outcome, slept = pull(org, source, provider)
    run = the_run(org, outcome)
    assert run.status == RunStatus.SUCCEEDED
    assert run.retries == len(slept) > 5
    assert any(2 <= pause < 2.5 for pause in slept)


def test_a_refused_credential_blocks_the_source(org):
    source = source_in(org, credential="sk-admin-wrong-0000")
    outcome, slept = pull(org, source, Provider())
    assert slept == []
    with org.scope():
        source = Source.objects.get(id=source.id)
        assert source.status == SourceStatus.BLOCKED
        assert source.last_error_code == "credential_refused"
        assert "sk-admin-wrong-0000" not in source.last_error
        assert selectors.due_sources(NOW + timedelta(days=1)) == []
    outcome, _ = pull(org, source, Provider())
    assert outcome.run_id is None


def test_a_check_answers_and_unblocks(org):
    source = source_in(org)
    with org.scope():
        Source.objects.filter(id=source.id).update(status=SourceStatus.BLOCKED)
    outcome, _ = pull(org, source, Provider(), check_only=True)
    run = the_run(org, outcome)
    assert (run.kind, run.status) == (RunKind.CHECK, RunStatus.SUCCEEDED)
    with org.scope():
        source = Source.objects.get(id=source.id)
        assert (source.status, source.cursor) == (SourceStatus.ACTIVE, None)
        assert not UsageRecord.objects.exists()


MALFORMED = [
    b"<html>maintenance</html>",
    b'{"data": [{"start_time": 1}], "has_more": false}',
    b'{"data": [], "has_more": true, "next_page": null}',
    b'{"data": [{"start_time": 1, "end_time": 2, "results": [{"input_tokens": "many"}]}],'
    b' "has_more": false}',
    b"",
]


@pytest.mark.parametrize("body", MALFORMED)
def test_malformed_answers_end_the_run(org, body):
    def garbage(request: httpx.Request, call: int):
        return httpx.Response(200, content=body) if "/usage/" in request.url.path else None

    source = source_in(org)
    outcome, slept = pull(org, source, Provider(interfere=garbage))
    run = the_run(org, outcome)
    assert (run.status, run.error_code, slept) == (RunStatus.FAILED, "malformed", [])
    with org.scope():
        assert Source.objects.get(id=source.id).cursor is None


def test_redirects_are_not_followed(org):
    def elsewhere(request: httpx.Request, call: int):
        return httpx.Response(302, headers={"location": "http://169.254.169.254/latest"})

    source = source_in(org)
    provider = Provider(interfere=elsewhere)
    outcome, _ = pull(org, source, provider)
    assert the_run(org, outcome).error_code == "redirect"
    assert len(provider.calls) == 1


def test_a_long_retry_after_ends_the_run_and_is_respected(org):
    def slow_down(request: httpx.Request, call: int):
        return httpx.Response(429, headers={"retry-after": "5400"}, json={})

    source = source_in(org)
    outcome, slept = pull(org, source, Provider(interfere=slow_down))
    assert slept == []
    with org.scope():
        source = Source.objects.get(id=source.id)
        assert source.last_error_code == "rate_limited"
        assert source.next_pull_at == NOW + timedelta(seconds=5400)


def test_a_dead_worker_is_noticed_and_its_window_read_again(org):
    source, provider = source_in(org), Provider()

    def die(request: httpx.Request, call: int):
        raise SystemExit

    provider.interfere = die
    with pytest.raises(SystemExit):
        pull(org, source, provider)
    provider.interfere = lambda request, call: None
    outcome, _ = pull(org, source, provider, NOW + timedelta(seconds=60))
    assert outcome.run_id is None
    with org.scope():
        assert selectors.due_sources(NOW + timedelta(seconds=60)) == []
        assert selectors.due_sources(NOW + timedelta(seconds=181)) == [source.id]
    outcome, _ = pull(org, source, provider, NOW + timedelta(seconds=181))
    with org.scope():
        statuses = list(PullRun.objects.order_by("id").values_list("status", flat=True))
    assert statuses == [RunStatus.LOST, RunStatus.SUCCEEDED]


def test_a_run_whose_source_was_paused_writes_nothing(org):
    source = source_in(org)

    def pause(request: httpx.Request, call: int):
        with org.scope():
            Source.objects.filter(id=source.id).update(
                status=SourceStatus.PAUSED, lease_run=None, lease_until=None
            )

    outcome, _ = pull(org, source, Provider(interfere=pause))
    assert outcome.status == RunStatus.LOST
    with org.scope():
        assert not UsageRecord.objects.exists()


def test_bill_and_usage_agree(org, prices):
    """Tokens x list price is the bill, but for the discount and the model without a price."""
    source, provider = source_in(org, "anthropic", history_from=date(2026, 11, 16)), Provider()
    pull(org, source, provider)
    day = date(2026, 11, 17)
    with org.scope():
        billed = sum(
            row.amount_nanos
            for row in ProviderCost.objects.filter(day=day).exclude(line_item="Web Search Usage")
        )
        records = UsageRecord.objects.filter(
            occurred_at__gte="2026-11-17T00:00Z", occurred_at__lt="2026-11-18T00:00Z"
        )
        computed = sum(cost for (cost,) in records.values_list("cost_nanos") if cost)
    assert billed > 1_000 * 10**9
    assert abs(billed - computed) < 10**6
