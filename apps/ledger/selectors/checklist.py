"""What stands between a month and its close."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apps.common import clock, fmt
from apps.common.periods import instants, month_of
from apps.ledger.enums import BatchStatus
from apps.ledger.models import IngestBatch, UsageRestatement
from apps.ledger.quality.selectors import live
from apps.ledger.query import Query, run
from apps.ledger.rules import periods as rules
from apps.ledger.selectors.coverage import coverage
from apps.ledger.selectors.state import ledger_settings

STILL = timedelta(days=3)
"""A month that was restated within these days is still moving."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist. `state`: ok, warn (worth knowing) or bad (closing needs a
    reason). `page` is the address name of where to look."""

    key: str
    state: str
    title: str
    detail: str = ""
    page: str = ""


def checklist(month: date) -> list[Check]:
    """Whether a month can be closed with a good conscience, as of now."""
    settings, now = ledger_settings(), clock.now()
    start, end = instants(month, month_of(month).end, settings.timezone)
    total = run(Query(start=month, end=month_of(month).end))
    return [
        _over(month, clock.today(settings.timezone)),
        *_coverage(end),
        _inbox(),
        _unpriced(total.total.unpriced_records),
        _attributed(total.confidence),
        _still(start, end, now),
        _alerts(),
    ]


def problems(checks: list[Check]) -> list[str]:
    """Titles of what is wrong."""
    return [check.title for check in checks if check.state == "bad"]


def _over(month: date, today: date) -> Check:
    if rules.has_ended(month, today):
        return Check("over", "ok", "The month is over")
    last = month_of(month).end - timedelta(days=1)
    return Check("over", "bad", "The month is not over", f"Its last day is {fmt.long_day(last)}.")


def _coverage(end: datetime) -> list[Check]:
    active = [source for source in coverage().sources if source.status != "off"]
    late = [s for s in active if s.complete_through and s.complete_through < end]
    never = [s for s in active if s.status == "never"]
    pushed = [s for s in active if s.status == "open"]
    found = []
    if late or never:
        names = ", ".join(s.name for s in (*late, *never))
        found.append(
            Check(
                "coverage",
                "bad",
                f"{fmt.plural(len(late) + len(never), 'source')} not complete through the month",
                names,
                "connectors:list",
            )
        )
    elif active:
        found.append(Check("coverage", "ok", "Every source that can say so is complete"))
    else:
        found.append(Check("coverage", "warn", "No source is active", page="connectors:list"))
    if pushed:
        names = ", ".join(s.name for s in pushed)
        found.append(
            Check("pushed", "warn", "Pushed sources cannot say when they are complete", names)
        )
    return found


def _inbox() -> Check:
    waiting = IngestBatch.objects.filter(status=BatchStatus.RECEIVED).count()
    if not waiting:
        return Check("inbox", "ok", "No delivery waits")
    return Check("inbox", "bad", f"{fmt.plural(waiting, 'delivery', 'deliveries')} not yet counted")


def _unpriced(records: int) -> Check:
    if not records:
        return Check("unpriced", "ok", "Every record has a price")
    return Check(
        "unpriced",
        "bad",
        f"{fmt.plural(records, 'record')} without a price",
        "Their cost is unknown; priced later, it becomes adjustments.",
        "ledger:unpriced",
    )


def _attributed(shares: dict[str, float]) -> Check:
    without = shares.get("none", 0.0)
    if not without:
        return Check("attributed", "ok", "Every cost has an owner")
    return Check(
        "attributed",
        "warn",
        f"{fmt.pct(without, 1)} of the cost has no owner",
        "A closed month keeps its owners.",
        "ledger:unattributed",
    )


def _alerts() -> Check:
    waiting = live().count()
    if not waiting:
        return Check("quality", "ok", "No data-quality alert is open")
    return Check(
        "quality",
        "warn",
        f"{fmt.plural(waiting, 'data-quality alert')} not resolved",
        page="quality:list",
    )


def _still(start: datetime, end: datetime, now: datetime) -> Check:
    moved = UsageRestatement.objects.filter(
        restated_at__gte=now - STILL, occurred_at__gte=start, occurred_at__lt=end
    ).count()
    if not moved:
        return Check("still", "ok", "Nothing of it was restated in three days")
    return Check(
        "still",
        "warn",
        f"{fmt.plural(moved, 'record')} restated in the last three days",
        "Sources still correct this month.",
        "ledger:restatement_groups",
    )
