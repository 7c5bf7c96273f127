"""Anthropic's fast mode and inference in one place: prices of their own, nothing counted twice."""

from collections import defaultdict
from dataclasses import replace
from datetime import date

import httpx
import pytest
import time_machine

from apps.common.tokens import KINDS
from apps.connectors.models import PullRun, Source
from apps.connectors.services import pull_source
from apps.ledger.enums import CostStatus
from apps.ledger.models import DimensionSet, UsageRecord
from tests.factories.connectors import NOW, Provider, make_source
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db

OLD = frozenset({"inference_geo", "speed"})
RATES = {"fast": (10_000, 1_000, 12_500, 20_000, 50_000),
         "standard+us": (2_200, 220, 2_750, 4_400, 11_000)}  # fmt: skip
"""Nanos per token of Claude Opus 5 in fast mode and of Claude Sonnet 5 in the US only."""
COUNTED = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output")


@pytest.fixture
def org(world):
    load_prices()
    return world.a


@pytest.fixture
def source(org):
    with time_machine.travel(NOW, tick=False), org.scope():
        return make_source("anthropic", history_from=date(2026, 11, 21))


def pull(org, source, provider):
    with time_machine.travel(NOW, tick=False):
        outcome = pull_source(
            organization_id=org.organization.id, source_id=source.id, transport=provider
        )
    with org.scope():
        return PullRun.objects.get(id=outcome.run_id)


def account_without(unknown):
    provider = Provider()
    provider.simulator.anthropic.unknown = frozenset(unknown)
    return provider


def ledger(org):
    """Records with their tier and region, by key."""
    with org.scope():
        sets = {item.id: item for item in DimensionSet.objects.all()}
        return {
            record.record_key: (record, sets[record.dimset_id])
            for record in UsageRecord.objects.all()
        }


def tokens(records):
    return {
        kind: sum(getattr(record, kind) or 0 for record, _ in records.values()) for kind in KINDS
    }


def live(records):
    """Without withdrawn buckets, which hold nothing any more."""
    return {
        key: found
        for key, found in records.items()
        if any(getattr(found[0], kind) for kind in KINDS)
    }


def usage_calls(provider):
    return [call for call in provider.calls if call.url.path.endswith("usage_report/messages")]


def test_each_is_priced_to_the_nano(org, source):
    run = pull(org, source, Provider())
    assert run.notes == []
    by_tier = defaultdict(list)
    for record, dims in ledger(org).values():
        by_tier[dims.service_tier].append((record, dims))
    assert set(by_tier) == {"standard", "batch", *RATES}
    for tier, rates in RATES.items():
        for record, dims in by_tier[tier]:
            counts = [getattr(record, kind) or 0 for kind in COUNTED]
            assert record.cost_nanos == sum(n * rate for n, rate in zip(counts, rates, strict=True))
            assert record.cost_status == CostStatus.EXACT
            assert dims.region == ("us" if tier == "standard+us" else "")


def test_after_an_upgrade_standard_rows_write_nothing_and_nothing_counts_twice(org, source):
    provider = account_without(OLD)
    pull(org, source, provider)
    before = ledger(org)
    assert {dims.service_tier for _, dims in before.values()} == {"standard", "batch"}
    provider.simulator.anthropic.unknown = frozenset()
    run = pull(org, source, provider)
    after = ledger(org)
    other = {key for key, (_, dims) in after.items() if dims.service_tier in RATES}
    moved = {
        key
        for key, (record, dims) in before.items()
        if (after[key][0].version, after[key][0].observed_at)
        != (record.version, record.observed_at)
    }
    assert run.rows_new == len(other) == len(moved) == run.rows_withdrawn > 0
    assert (run.rows_changed, run.rows_unchanged) == (0, len(before) - len(moved))
    assert set(after) == set(before) | other
    assert {before[key][1].model for key in moved} == {"claude-opus-5", "claude-sonnet-5"}
    assert not moved & set(live(after))
    assert tokens(after) == tokens(before)

    again = pull(org, source, provider)
    assert (again.rows_new, again.rows_changed, again.rows_withdrawn) == (0, 0, 0)


@pytest.mark.parametrize(
    ("unknown", "refused", "tiers", "said"),
    [
        ({"speed"}, 1, {"standard", "batch", "standard+us"}, "does not tell speeds"),
        (OLD, 2, {"standard", "batch"}, "neither speeds nor where inference ran"),
    ],
)
def test_an_older_account_is_read_without_and_the_run_says_so(
    org, source, unknown, refused, tiers, said
):
    provider = account_without(unknown)
    run = pull(org, source, provider)
    assert {dims.service_tier for _, dims in ledger(org).values()} == tiers
    assert len(run.notes) == 1
    assert said in run.notes[0]
    assert "group_by" in run.notes[0]
    grouped = [call for call in usage_calls(provider) if call.url.params.get("bucket_width")]
    assert sum("speed" in call.url.params.get_list("group_by[]") for call in grouped) == 1
    assert len(grouped) == refused + 1
    betas = [call.headers.get("anthropic-beta") for call in grouped]
    assert betas == ["fast-mode-2026-02-01", *[None] * refused]


def test_a_refusal_for_another_reason_is_the_runs_error(org, source):
    def refuse(request, _call):
        if request.url.path.endswith("usage_report/messages"):
            return httpx.Response(400, json={"error": {"message": "starting_at: too old"}})
        return None

    run = pull(org, source, Provider(interfere=refuse))
    assert (run.status, run.error_code) == ("failed", "bad_request")
    assert "too old" in run.error
    with org.scope():
        assert Source.objects.get(id=source.id).cursor is None
        assert not UsageRecord.objects.exists()


def test_what_has_no_documented_price_has_no_cost_and_the_run_says_why(org, source):
    provider = Provider()
    model = provider.simulator.model
    model.workloads = tuple(
        replace(work, geo="eu") if work.geo == "us" else work for work in model.workloads
    )
    run = pull(org, source, provider)
    found = [r for r, dims in ledger(org).values() if dims.service_tier == "standard+eu"]
    assert found
    assert {(r.cost_status, r.cost_nanos) for r in found} == {(CostStatus.UNPRICED, None)}
    assert run.notes == [
        f"{len(found)} rows without a cost: no price is documented for inference in “eu”."
    ]
