"""Runs as JSON."""

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import money
from apps.ledger.api.serializers import MoneySerializer
from apps.ledger.models import PART_COLUMNS, RUN_SUMS, UsageRun
from apps.ledger.rules import bands as rules
from apps.ledger.selectors import runs as selectors
from apps.ledger.selectors.runs import Totals


class PartsSerializer(serializers.Serializer):
    """Tokens of the parts of prompts, over the calls that state them; `rest` no part claims."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {name: serializers.IntegerField() for name in (*PART_COLUMNS, "rest")}


class BandSerializer(serializers.Serializer):
    measure = serializers.ChoiceField([m.key for m in rules.MEASURES])
    value = serializers.DecimalField(None, None, allow_null=True)
    low = serializers.DecimalField(None, None, allow_null=True)
    high = serializers.DecimalField(None, None, allow_null=True)
    position = serializers.ChoiceField(["", "below", "inside", "above"])


class WorstBloatSerializer(serializers.Serializer):
    """A workflow among those whose prompts hold least of the user's own text."""

    workflow = serializers.CharField(help_text="Empty: not stated.")
    bloat_ratio = serializers.DecimalField(None, None)
    context_per_call = serializers.IntegerField(allow_null=True)
    runs = serializers.IntegerField()


class RunFiguresSerializer(serializers.Serializer):
    """Figures of the runs in reach. Shares are between 0 and 1; a figure of nothing is null."""

    runs = serializers.IntegerField()
    calls = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    cost_per_run = MoneySerializer(allow_null=True)
    cost_p50 = MoneySerializer(allow_null=True)
    cost_p95 = MoneySerializer(allow_null=True)
    tokens = serializers.IntegerField()
    tokens_p50 = serializers.IntegerField(allow_null=True)
    tokens_p95 = serializers.IntegerField(allow_null=True)
    percentiles_of = serializers.IntegerField(help_text="So many of the latest runs.")
    calls_per_run = serializers.DecimalField(None, None, allow_null=True)
    retry_share = serializers.DecimalField(None, None, allow_null=True)
    failed_share = serializers.DecimalField(None, None, allow_null=True)
    tool_calls = serializers.IntegerField()
    unpriced_calls = serializers.IntegerField()
    bloat_ratio = serializers.DecimalField(None, None, allow_null=True)
    parts = PartsSerializer()
    worst_bloat = WorstBloatSerializer(many=True, help_text="The ten largest bloat ratios.")
    bands = BandSerializer(many=True, help_text="For one capability: against its kind's bands.")


_COUNTED = (
    "calls",
    "retries",
    "failed_calls",
    "tool_calls",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "unpriced_calls",
)


class RunSerializer(serializers.Serializer):
    """One run: the sums of its own calls. `run` is its code in addresses."""

    run = serializers.CharField(source="code")
    run_id = serializers.CharField()
    parent_run = serializers.CharField(allow_null=True)
    source_id = serializers.UUIDField()
    workflow = serializers.CharField()
    agent = serializers.CharField()
    unit_id = serializers.UUIDField(allow_null=True)
    capability_id = serializers.UUIDField(allow_null=True)
    story_id = serializers.UUIDField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField()
    calls = serializers.IntegerField()
    retries = serializers.IntegerField()
    failed_calls = serializers.IntegerField()
    tool_calls = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    unpriced_calls = serializers.IntegerField()
    parts = PartsSerializer()

    def to_representation(self, row: UsageRun) -> dict[str, Any]:
        names: selectors.Names = self.context["names"]
        totals = Totals(1, *(getattr(row, name) for name in RUN_SUMS))
        owners = {
            name: str(value) if (value := getattr(row, name)).int else None
            for name in ("unit_id", "capability_id", "story_id")
        }
        return {
            "run": row.code,
            "run_id": row.run_id,
            "parent_run": UsageRun(run_key=row.parent_key).code if row.parent_key else None,
            "source_id": str(row.source_id),
            "workflow": names.word(row.workflow_id),
            "agent": names.word(row.agent_id),
            **owners,
            "started_at": row.started_at.isoformat() if row.started_at else None,
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
            "outcome": row.get_outcome_display(),
            **{name: getattr(row, name) for name in _COUNTED},
            "cost": money(totals.known_cost, self.context["currency"]),
            "parts": totals.parts,
        }


class CallSerializer(serializers.Serializer):
    """One call of a run, in order."""

    number = serializers.IntegerField()
    occurred_at = serializers.DateTimeField()
    record_key = serializers.UUIDField()
    model = serializers.CharField()
    agent = serializers.CharField()
    tool = serializers.CharField()
    retry = serializers.BooleanField()
    outcome = serializers.CharField()
    input_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    parts = PartsSerializer(allow_null=True)


class RunDetailSerializer(RunSerializer):
    """A run with up to 500 of its calls and the runs it started."""

    call_list = CallSerializer(many=True)
    started_runs = serializers.ListField(child=serializers.CharField())
