"""What waits for a price, and the jobs that give it one."""

from datetime import timedelta
from uuid import UUID

from django.db.models import Count

from apps.common import clock
from apps.common.errors import NotFound
from apps.ledger.enums import CostStatus
from apps.ledger.models import Reattribution, RecostJob, UsageRecord
from apps.ledger.query import Query, Row, run
from apps.ledger.selectors.state import ledger_settings

WINDOW_DAYS = 366


def latest_recost() -> RecostJob | None:
    """The last job that was asked for."""
    return RecostJob.objects.order_by("-created_at", "-id").first()


def recost_job(job_id: UUID) -> RecostJob:
    """NotFound for one of another organization as for none at all."""
    found = RecostJob.objects.filter(id=job_id).first()
    if found is None:
        raise NotFound("There is no such job.", code="recost_not_found")
    return found


def latest_reattribution() -> Reattribution | None:
    """The last run of the attribution rules over recorded usage."""
    return Reattribution.objects.order_by("-created_at", "-id").first()


def unconverted() -> dict[str, int]:
    """Records that wait for an exchange rate, by currency."""
    rows = (
        UsageRecord.objects.filter(
            cost_status__gte=CostStatus.UNPRICED, cost_status=CostStatus.UNCONVERTED
        )
        .values_list("source_currency")
        .annotate(n=Count("*"))
        .order_by("source_currency")
    )
    return {code or "": n for code, n in rows}


def unpriced_models(units: frozenset[UUID] | None) -> list[Row]:
    """Usage of the last year without a price, by provider and model, most tokens first."""
    today = clock.today(ledger_settings().timezone)
    rows = run(
        Query(
            start=today - timedelta(days=WINDOW_DAYS),
            end=today + timedelta(days=2),
            group_by=("provider", "model"),
            unit_ids=units,
        )
    ).rows
    return sorted((row for row in rows if row.unpriced_records), key=lambda r: -r.unpriced_tokens)


def unpriced_days(provider: str, model: str) -> list[Row]:
    """The days of the last year on which a model was used without a price, the first one first."""
    today = clock.today(ledger_settings().timezone)
    rows = run(
        Query(
            start=today - timedelta(days=WINDOW_DAYS),
            end=today + timedelta(days=2),
            grain="day",
            order="period",
            filters={"model": [model], "provider": [provider]},
        )
    ).rows
    return [row for row in rows if row.unpriced_records]
