"""What calls say about their runs: stored beside the records, summed per run and day."""

from datetime import timedelta

import pytest

from apps.common.ids import uuid7
from apps.ledger.enums import RunOutcome
from apps.ledger.models import RollupRun, RunWord, UsageRecord, UsageRun, UsageRunDetail
from apps.ledger.schema import PromptTokens, RunIn
from apps.ledger.selectors.verify_runs import verify_runs
from tests.factories.ledger import AT, price, take, usage
from tests.factories.runs import call

pytestmark = pytest.mark.django_db


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
        yield world.a


def test_calls_of_a_run_are_summed(side):
    source = uuid7()
    parts = PromptTokens(system_prompt=300, retrieved_context=500, user_text=100)
    take(
        [
            call(at=0, agent="planner", workflow="triage", prompt_tokens=parts),
            call(at=2, tool="search", outcome="error"),
            call(at=3, tool="search", retry=True, outcome="success", cache_read=2_000),
            call("r2", parent_id="r1", at=4),
            usage(),
        ],
        source,
    )
    run = UsageRun.objects.get(run_id="r1")
    assert (run.calls, run.requests, run.retries, run.failed_calls, run.tool_calls) == (
        3,
        3,
        1,
        1,
        2,
    )
    assert (run.input_tokens, run.cached_tokens, run.output_tokens) == (5_000, 2_000, 300)
    # 3,000 x 2 + 2,000 x 0.2 + 300 x 8 USD per million tokens
    assert (run.cost_nanos, run.tokens, run.unpriced_calls) == (8_800_000, 5_300, 0)
    assert (run.started_at, run.ended_at) == (AT, AT + timedelta(seconds=3))
    assert run.outcome == RunOutcome.SUCCESS
    assert (run.parted_calls, run.parted_input) == (1, 1_000)
    assert (run.system_prompt, run.retrieved_context, run.user_text) == (300, 500, 100)
    child = UsageRun.objects.get(run_id="r2")
    assert (child.parent_key, child.calls) == (run.run_key, 1)
    assert dict(RunWord.objects.values_list("id", "text"))[run.workflow_id] == "triage"
    assert sum(RollupRun.objects.values_list("runs", flat=True)) == 2
    assert UsageRunDetail.objects.count() == 4
    assert verify_runs().ok


def test_a_run_without_calls_of_its_own_is_only_a_parent(side):
    take([call("child", parent_id="orchestrator")])
    parent = UsageRun.objects.get(run_id="orchestrator")
    assert (parent.calls, parent.day) == (0, None)
    assert sum(RollupRun.objects.values_list("runs", flat=True)) == 1


def test_a_repeat_writes_nothing(side):
    source, batch = uuid7(), [call(at=n, agent="a", tool="t") for n in range(4)]
    take(batch, source)
    before = [list(m.objects.values()) for m in (UsageRunDetail, UsageRun, RollupRun)]
    result = take(list(reversed(batch)), source)
    assert (result.new, result.changed, result.unchanged) == (0, 0, 4)
    assert [list(m.objects.values()) for m in (UsageRunDetail, UsageRun, RollupRun)] == before


def test_a_restated_record_restates_its_run(side):
    source = uuid7()
    take([call(event_id="e", agent="a", observed_at=AT), call(at=1)], source)
    later = AT + timedelta(hours=1)
    take([call(event_id="e", agent="b", output=600, observed_at=later)], source)
    run = UsageRun.objects.get()
    assert (run.calls, run.output_tokens, run.cost_nanos) == (2, 700, 9_600_000)
    assert RunWord.objects.get(id=run.agent_id).text == "b"
    assert verify_runs().ok
    # Without a run it says nothing about runs: the sums follow the record, the details stay.
    take([usage(event_id="e", output=700, observed_at=later + timedelta(hours=1))], source)
    assert UsageRun.objects.get().output_tokens == 800
    assert verify_runs().ok


def test_a_call_that_moves_leaves_its_old_run_empty(side):
    source = uuid7()
    take([call("wrong", event_id="e", observed_at=AT)], source)
    take([call("right", event_id="e", observed_at=AT + timedelta(minutes=1))], source)
    assert dict(UsageRun.objects.values_list("run_id", "calls")) == {"wrong": 0, "right": 1}
    assert UsageRun.objects.get(run_id="wrong").day is None
    take([call("wrong", event_id="e", observed_at=AT)], source)
    assert dict(UsageRun.objects.values_list("run_id", "calls")) == {"wrong": 0, "right": 1}
    assert UsageRecord.objects.get().version == 1
    assert verify_runs().ok


def test_an_earlier_call_moves_the_run_to_its_day(side):
    source = uuid7()
    take([call(at=0)], source)
    take([call(at=-86_400, agent="first")], source)
    run = UsageRun.objects.get()
    assert (run.calls, run.day) == (2, (AT - timedelta(days=1)).date())
    assert list(RollupRun.objects.exclude(runs=0).values_list("day", "runs")) == [(run.day, 1)]
    assert verify_runs().ok


def test_the_last_observed_details_win_in_any_order(side):
    one = call("a", event_id="same", observed_at=AT)
    two = call("a", event_id="same", observed_at=AT, outcome="error")
    late = call("c", event_id="same", observed_at=AT + timedelta(seconds=1))
    outcomes = set()
    for batches in ([[one], [two]], [[two], [one]], [[one, two]], [[two, one]]):
        source = uuid7()
        for batch in batches:
            take(batch, source)
        outcomes.add(UsageRun.objects.get(source_id=source, calls=1).outcome)
    assert outcomes == {RunOutcome.ERROR}
    source = uuid7()
    take([late, one], source)
    take([two], source)
    assert UsageRun.objects.get(source_id=source, calls=1).run_id == "c"
    assert verify_runs().ok


def test_a_bucket_belongs_to_no_run(side):
    result = take([usage(granularity="hour", run=RunIn(id="r"))])
    assert [(e.field, e.fix) for e in result.errors] == [
        ("run", "Send one record per call, or leave `run` out.")
    ]
    assert not UsageRecord.objects.exists()
    assert not UsageRun.objects.exists()


def test_python_callers_are_held_to_the_same_types(side):
    bad = [
        RunIn(id=""),
        RunIn(id="r", outcome="exploded"),
        RunIn(id="r", prompt_tokens=PromptTokens(user_text=-1)),
    ]
    result = take([usage(run=run) for run in bad] + [call()])
    assert [error.field for error in result.errors] == [
        "run.id",
        "run.outcome",
        "run.prompt_tokens.user_text",
    ]
    assert (result.new, UsageRun.objects.get().calls) == (1, 1)
