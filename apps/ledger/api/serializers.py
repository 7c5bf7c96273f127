"""The ledger as JSON. Money as nanos, currency and exact amount; missing is null, never 0."""

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import money
from apps.common.tokens import KINDS
from apps.ledger.enums import JobStatus
from apps.ledger.models import RecostJob
from apps.ledger.query import GROUPINGS, Result, Row
from apps.ledger.query.convert import RULE, Reported
from apps.ledger.query.plan import GRAINS, ORDERS
from apps.ledger.selectors.adjustments import SHOWN
from apps.ledger.selectors.records import Words, counts_of
from apps.ledger.selectors.suggestions import Orphan
from apps.ledger.services.recost import Recost


class QuerySerializer(serializers.Serializer):
    """Parameters of a query. `filter` values repeat: `?unit=…&unit=…&model=…`."""

    start = serializers.DateField(help_text="First day, in the organization's time zone.")
    end = serializers.DateField(help_text="Day after the last one.")
    grain = serializers.ChoiceField(GRAINS, default="total")
    group_by = serializers.ListField(
        child=serializers.ChoiceField(GROUPINGS), max_length=2, default=list
    )
    order = serializers.ChoiceField([*ORDERS, *(f"-{o}" for o in ORDERS)], default="-cost")
    limit = serializers.IntegerField(min_value=1, max_value=10_000, required=False)
    runs = serializers.BooleanField(
        default=False,
        help_text="Count the runs that began, too: by unit, capability, kind, story and source.",
    )
    currency = serializers.RegexField(
        "^[A-Z]{3}$",
        required=False,
        help_text="Also convert costs into this currency; default the reporting currency.",
    )


UNCOUNTED = "Null where there are tokens and no source of them counts requests."


class TokensSerializer(serializers.Serializer):
    """Tokens by disjoint kind."""

    def get_fields(self) -> dict[str, serializers.Field]:
        names = (*KINDS, "total")
        return {name: serializers.IntegerField() for name in names}


class MoneySerializer(serializers.Serializer):
    nanos = serializers.IntegerField()
    currency = serializers.CharField()
    amount = serializers.CharField()


class RowSerializer(serializers.Serializer):
    keys = serializers.ListField(child=serializers.CharField(allow_null=True))
    labels = serializers.ListField(child=serializers.CharField())
    period = serializers.CharField(allow_null=True)
    tokens = TokensSerializer()
    requests = serializers.IntegerField(allow_null=True, help_text=UNCOUNTED)
    cost = MoneySerializer(allow_null=True, help_text="Known cost; null when nothing has a price.")
    unpriced_tokens = serializers.IntegerField()
    unpriced_requests = serializers.IntegerField(allow_null=True, help_text=UNCOUNTED)
    converted = MoneySerializer(
        allow_null=True,
        required=False,
        help_text="The cost in the other currency; null without a rate. Absent unless converted.",
    )


class ConversionSerializer(serializers.Serializer):
    """How costs were converted: each day with the last rate published on or before it."""

    currency = serializers.CharField()
    rates_from = serializers.DateField(allow_null=True, help_text="Oldest publishing day in use.")
    rates_to = serializers.DateField(allow_null=True, help_text="Latest publishing day in use.")
    missing_days = serializers.ListField(child=serializers.DateField())
    reason = serializers.CharField(help_text="Why figures are null; empty when none is.")
    rule = serializers.CharField()


class SourceCoverageSerializer(serializers.Serializer):
    source_id = serializers.UUIDField()
    name = serializers.CharField()
    complete_through = serializers.DateTimeField(allow_null=True)
    lag_seconds = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(["ok", "lagging", "never", "open", "off"])


class CoverageSerializer(serializers.Serializer):
    complete_through = serializers.DateTimeField(allow_null=True)
    sources = SourceCoverageSerializer(many=True)


class ResultSerializer(serializers.Serializer):
    rows = RowSerializer(many=True)
    total = RowSerializer()
    groups = serializers.IntegerField()
    currency = serializers.CharField()
    timezone = serializers.CharField()
    data_as_of = serializers.DateTimeField(allow_null=True)
    coverage = CoverageSerializer()
    confidence = serializers.DictField(child=serializers.FloatField())
    conversion = ConversionSerializer(allow_null=True)


def row_json(row: Row, currency: str) -> dict[str, Any]:
    """A row of an answer."""
    return {
        "keys": list(row.keys),
        "labels": list(row.labels),
        "period": row.period.isoformat() if row.period else None,
        "tokens": {**row.tokens.as_dict(), "total": row.tokens.total},
        "requests": row.counted_requests,
        "cost": money(row.cost_nanos, currency),
        "unpriced_tokens": row.unpriced_tokens,
        "unpriced_requests": row.counted_unpriced_requests,
        "runs": row.runs,
    }


def result_json(result: Result, currency: str = "") -> dict[str, Any]:
    """An answer of the query service, converted where a currency is asked for or reported in."""
    reported = result.convert(currency) if currency else result.reported
    rows = [row_json(row, result.currency) for row in result.rows]
    total = row_json(result.total, result.currency)
    if reported is not None:
        for row, nanos in zip([*rows, total], [*reported.rows, reported.total_nanos], strict=True):
            row["converted"] = money(nanos, reported.currency)
    return {
        "rows": rows,
        "total": total,
        "conversion": _conversion(reported),
        "groups": result.groups,
        "currency": result.currency,
        "timezone": result.timezone,
        "data_as_of": result.data_as_of,
        "coverage": CoverageSerializer(result.coverage).data,
        "confidence": result.confidence,
    }


def _conversion(reported: Reported | None) -> dict[str, Any] | None:
    if reported is None:
        return None
    return {
        "currency": reported.currency,
        "rates_from": reported.first,
        "rates_to": reported.last,
        "missing_days": list(reported.missing),
        "reason": reported.reason,
        "rule": RULE,
    }


class RecordSerializer(serializers.Serializer):
    """The current version of one record, with the words of its source. `code` is its address."""

    code = serializers.CharField()
    record_key = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    observed_at = serializers.DateTimeField()
    granularity = serializers.CharField()
    version = serializers.IntegerField()
    provider = serializers.CharField()
    model = serializers.CharField()
    model_as_sent = serializers.CharField()
    api_key_id = serializers.CharField()
    api_key = serializers.CharField()
    project = serializers.CharField()
    user = serializers.CharField()
    source_id = serializers.UUIDField()
    unit_id = serializers.UUIDField(allow_null=True)
    capability_id = serializers.UUIDField(allow_null=True)
    story_id = serializers.UUIDField(allow_null=True)
    phase = serializers.CharField()
    decided_by = serializers.CharField(help_text="The rule that gave the owner, or how else.")
    rule_id = serializers.UUIDField(allow_null=True)
    tokens = TokensSerializer()
    requests = serializers.IntegerField(allow_null=True)
    cost = MoneySerializer(allow_null=True)
    cost_status = serializers.CharField()
    cost_basis = serializers.CharField()

    def to_representation(self, record: Any) -> dict[str, Any]:
        words: Words = self.context["words"]
        found, owner, tokens = words.of(record.dimset_id), words.owner(record), counts_of(record)
        return {
            "code": record.code,
            "record_key": str(record.record_key),
            "occurred_at": record.occurred_at.isoformat(),
            "observed_at": record.observed_at.isoformat(),
            "granularity": record.get_granularity_display().lower(),
            "version": record.version,
            "provider": found.provider_name,
            "model": found.model_name,
            "model_as_sent": found.model,
            "api_key_id": found.api_key_id,
            "api_key": found.api_key,
            "project": found.project or found.project_id,
            "user": found.user,
            "source_id": str(found.source_id),
            "unit_id": owner and owner.unit_id and str(owner.unit_id),
            "capability_id": owner and owner.capability_id and str(owner.capability_id),
            "story_id": owner and owner.story_id and str(owner.story_id),
            "phase": owner.phase if owner else "",
            "decided_by": words.decider(record),
            "rule_id": owner and owner.rule_id and str(owner.rule_id),
            "tokens": {**tokens.as_dict(), "total": tokens.total},
            "requests": record.requests,
            "cost": money(record.cost_nanos, self.context["currency"]),
            "cost_status": record.get_cost_status_display(),
            "cost_basis": record.get_cost_basis_display(),
        }


class RestatementSerializer(serializers.Serializer):
    """A superseded version of a record and what replaced it."""

    id = serializers.UUIDField()
    record_key = serializers.UUIDField()
    occurred_at = serializers.DateTimeField()
    restated_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    reason = serializers.CharField()
    old_tokens = serializers.IntegerField()
    new_tokens = serializers.IntegerField()
    old_cost = MoneySerializer(allow_null=True)
    new_cost = MoneySerializer(allow_null=True)
    difference = MoneySerializer()

    def to_representation(self, row: Any) -> dict[str, Any]:
        currency = self.context["currency"]
        return {
            "id": str(row.id),
            "record_key": str(row.record_key),
            "occurred_at": row.occurred_at.isoformat(),
            "restated_at": row.restated_at.isoformat(),
            "version": row.version,
            "reason": row.reason,
            "old_tokens": row.old_tokens,
            "new_tokens": row.new_tokens,
            "old_cost": money(row.old_cost_nanos, currency),
            "new_cost": money(row.new_cost_nanos, currency),
            "difference": money(row.difference_nanos, currency),
        }


class GroupSerializer(serializers.Serializer):
    by = serializers.ChoiceField(["source", "day", "model", "reason"], default="source")


class RestatedGroupSerializer(serializers.Serializer):
    """Restatements of one source, day, model or reason. Unknown costs count as nothing."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField()
    old_tokens = serializers.IntegerField()
    new_tokens = serializers.IntegerField()
    old_cost = MoneySerializer()
    new_cost = MoneySerializer()
    difference = MoneySerializer()
    unknown_before = serializers.IntegerField(help_text="Versions that had no cost before.")

    def to_representation(self, row: Any) -> dict[str, Any]:
        currency = self.context["currency"]
        names = ("key", "label", "count", "old_tokens", "new_tokens", "unknown_before")
        return {
            **{name: getattr(row, name) for name in names},
            "old_cost": money(row.old_cost_nanos, currency),
            "new_cost": money(row.new_cost_nanos, currency),
            "difference": money(row.difference_nanos, currency),
        }


class AdjustmentSerializer(serializers.Serializer):
    """A change that reached a closed month, counted on `posted_on`."""

    id = serializers.UUIDField()
    origin_day = serializers.DateField()
    posted_on = serializers.DateField()
    unit = serializers.CharField()
    capability = serializers.CharField()
    model = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    records = serializers.IntegerField()
    tokens = TokensSerializer()
    requests = serializers.IntegerField()
    cost = MoneySerializer()
    created_at = serializers.DateTimeField()

    def to_representation(self, row: Any) -> dict[str, Any]:
        words = self.context["words"]
        tokens = {kind: getattr(row, kind) for kind in KINDS}
        return {
            "id": str(row.id),
            "origin_day": row.origin_day.isoformat(),
            "posted_on": row.posted_on.isoformat(),
            **{axis.name.lower(): words.of(row.slice_id, axis) for axis in SHOWN},
            "records": row.records,
            "tokens": {**tokens, "total": sum(tokens.values())},
            "requests": row.requests,
            "cost": money(row.cost_nanos, self.context["currency"]),
            "created_at": row.created_at.isoformat(),
        }


class CheckSerializer(serializers.Serializer):
    """A line of the checklist; `bad` ones need a note to close all the same."""

    key = serializers.CharField()
    state = serializers.ChoiceField(["ok", "warn", "bad"])
    title = serializers.CharField()
    detail = serializers.CharField()


class PeriodSerializer(serializers.Serializer):
    """A month of the books."""

    month = serializers.CharField(source="key")
    status = serializers.CharField()
    version = serializers.IntegerField()
    tokens = serializers.IntegerField()
    cost = serializers.SerializerMethodField()
    unpriced_records = serializers.IntegerField()
    adjustments = serializers.IntegerField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField()
    digest = serializers.CharField(help_text="SHA-256 of all cells at the close.")

    def get_cost(self, row: Any) -> dict[str, Any] | None:
        return money(row.cost_nanos, self.context["currency"])


class SuggestionSerializer(serializers.Serializer):
    """The likeliest owner. Accept it by adding an attribution rule."""

    kind = serializers.ChoiceField(["capability", "unit"])
    id = serializers.UUIDField()
    name = serializers.CharField()
    score = serializers.FloatField(help_text="How sure, 0 to 1.")
    reason = serializers.CharField()


class UnattributedSerializer(serializers.Serializer):
    """Usage that belongs to nobody, the last 90 days: of one API key and project, or, where no key
    is stated, of one project and user. `field` and `value` are what a rule would compare."""

    api_key_id = serializers.CharField(allow_null=True)
    api_key = serializers.CharField()
    project_id = serializers.CharField(allow_null=True)
    project = serializers.CharField()
    user = serializers.CharField(allow_null=True)
    field = serializers.CharField()
    value = serializers.CharField()
    tokens = serializers.IntegerField()
    requests = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    suggestion = SuggestionSerializer(allow_null=True)


def orphan_json(found: Orphan, currency: str) -> dict[str, Any]:
    """A line of the unattributed queue."""
    row, part, guess = found.row, found.part, found.suggestion
    return {
        "api_key_id": part.api_key,
        "api_key": part.api_key_label,
        "project_id": part.project,
        "project": part.project_label,
        "user": part.user,
        "field": part.field,
        "value": part.value,
        "tokens": row.tokens.total,
        "requests": row.requests,
        "cost": money(row.cost_nanos, currency),
        "suggestion": guess
        and {
            "kind": guess.candidate.kind,
            "id": str(guess.candidate.id),
            "name": guess.candidate.name,
            "score": round(guess.score, 3),
            "reason": guess.reason,
        },
    }


class ReattributionSerializer(serializers.Serializer):
    """A run of the attribution rules over recorded usage of open periods."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(JobStatus.choices)
    total = serializers.IntegerField(help_text="Dimension sets to look at.")
    looked = serializers.IntegerField()
    changed = serializers.IntegerField()
    moved = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_moved(self, row: Any) -> dict[str, Any] | None:
        return money(row.moved_nanos, self.context["currency"])


class UnpricedSerializer(serializers.Serializer):
    """A model whose usage of the last year has no price: its cost is unknown, not zero."""

    provider = serializers.CharField(allow_null=True)
    model = serializers.CharField(allow_null=True)
    tokens = serializers.IntegerField()
    requests = serializers.IntegerField()
    records = serializers.IntegerField()


class DayCostSerializer(serializers.Serializer):
    day = serializers.DateField()
    records = serializers.IntegerField()
    cost = MoneySerializer()


class RecostSerializer(serializers.Serializer):
    """What pricing the records without a cost does: before, none of these had any."""

    looked = serializers.IntegerField(help_text="Records looked at.")
    more = serializers.BooleanField(help_text="The preview stopped before the last record.")
    records = serializers.IntegerField(help_text="Records that get a cost.")
    cost = MoneySerializer()
    adjusted = serializers.IntegerField(help_text="Of them, in closed months: adjustments.")
    adjusted_cost = MoneySerializer()
    waiting = serializers.IntegerField(help_text="Records that still have no price.")
    closed = serializers.IntegerField(help_text="Records of closed months that stay.")
    by_day = DayCostSerializer(many=True)


class RecostJobSerializer(RecostSerializer):
    """The job and how far it is."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(JobStatus.choices)
    total = serializers.IntegerField()
    requested_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class AskRecostSerializer(serializers.Serializer):
    adjust_closed = serializers.BooleanField(
        default=False, help_text="Price closed months too, by adjustments in an open one."
    )


def recost_json(found: Recost, currency: str) -> dict[str, Any]:
    """A preview."""
    return {
        "looked": found.looked,
        "more": found.more,
        "records": found.records,
        "cost": money(found.cost_nanos, currency),
        "adjusted": found.adjusted,
        "adjusted_cost": money(found.adjusted_nanos, currency),
        "waiting": found.waiting,
        "closed": found.closed,
        "by_day": [
            {"day": day, "records": records, "cost": money(nanos, currency)}
            for day, (records, nanos) in sorted(found.by_day.items())
        ],
    }


def recost_job_json(job: RecostJob, currency: str) -> dict[str, Any]:
    """A job."""
    return {
        "id": str(job.id),
        "status": job.status,
        "total": job.total,
        "looked": job.looked,
        "more": False,
        "records": job.records,
        "cost": money(job.cost_nanos, currency),
        "adjusted": job.adjusted_records,
        "adjusted_cost": money(job.adjusted_nanos, currency),
        "waiting": job.waiting,
        "closed": job.closed,
        "by_day": [
            {"day": day, "records": records, "cost": money(nanos, currency)}
            for day, records, nanos in job.by_day
        ],
        "requested_by": job.requested_by,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
    }


class MonthKeptSerializer(serializers.Serializer):
    """A month of raw records under a retention."""

    month = serializers.CharField(source="key")
    status = serializers.CharField(help_text="open, settling or closed")
    state = serializers.CharField(help_text="kept, due, held (not closed), going or gone")
    records = serializers.IntegerField()
    pruned_records = serializers.IntegerField()
    pruned_at = serializers.DateTimeField(allow_null=True)


class RetentionSerializer(serializers.Serializer):
    """How many months of raw records are kept; null keeps all. Rollups always stay."""

    months = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()


class RetentionAnswerSerializer(RetentionSerializer):
    """The setting in force and every month, as `?months=` would treat it when given."""

    results = MonthKeptSerializer(many=True)


class KeepSerializer(serializers.Serializer):
    months = serializers.IntegerField(required=False, min_value=1, max_value=1200)


class OnePeriodSerializer(PeriodSerializer):
    """A month with its checklist (empty once closed) and, with `?verify=true`, its proof."""

    checklist = CheckSerializer(many=True)
    unchanged = serializers.BooleanField(
        allow_null=True, help_text="Whether a closed month has the cells of its close."
    )


class VerifySerializer(serializers.Serializer):
    verify = serializers.BooleanField(default=False)


class StepSerializer(serializers.Serializer):
    """A step of a period: settle, close or reopen, from the version that was read."""

    step = serializers.ChoiceField(["settle", "close", "reopen"])
    version = serializers.IntegerField(min_value=0)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
