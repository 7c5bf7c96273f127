"""Usage without a price, and pricing it later."""

from typing import Any

from rest_framework import serializers

from apps.common.api.fields import money
from apps.ledger.api.serializers.figures import MoneySerializer
from apps.ledger.enums import JobStatus
from apps.ledger.models import RecostJob
from apps.ledger.services.recost import Recost


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
