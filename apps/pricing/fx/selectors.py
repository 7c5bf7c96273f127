"""Reads of exchange rates. All need a scope."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.common import clock
from apps.common.errors import NotFound
from apps.common.memo import once
from apps.pricing.fx.enums import FileState, Origin
from apps.pricing.fx.models import ExchangeRate, RateFile, ReportingCurrency
from apps.pricing.fx.reading import Table, read_table
from apps.pricing.fx.rules import Published, RateTable, half_even
from apps.tenancy.scope import require_organization_id


@once
def reporting_currency() -> str:
    """The currency figures are shown in beside their own; empty when none was chosen."""
    found = ReportingCurrency.objects.first()
    return found.currency if found else ""


def exchange_rates() -> QuerySet[ExchangeRate]:
    return ExchangeRate.objects.order_by("-day", "base", "quote", "id")


def exchange_rate(rate_id: UUID) -> ExchangeRate:
    """NotFound for one of another organization as for none at all."""
    found = ExchangeRate.objects.filter(id=rate_id).first()
    if found is None:
        raise NotFound("There is no such exchange rate.", code="exchange_rate_not_found")
    return found


def rate_file(file_id: UUID) -> RateFile:
    """NotFound for one of another organization as for none at all."""
    found = RateFile.objects.filter(id=file_id).first()
    if found is None:
        raise NotFound("There is no such file of rates.", code="rate_file_not_found")
    return found


def currencies() -> list[str]:
    """Every currency with a rate."""
    pairs = ExchangeRate.objects.values_list("base", "quote").distinct()
    return sorted({code for pair in pairs for code in pair})


def rate_table(wanted: Iterable[str], start: date, end: date) -> RateTable:
    """The rates that decide about the days [start, end) between these currencies: those published
    on these days, and of each pair the last one before."""
    codes = sorted(set(wanted))
    sql = (
        "SELECT base, quote, day, rate, origin FROM fx_rate WHERE organization_id = %(org)s "
        "AND (base = ANY(%(codes)s) OR quote = ANY(%(codes)s)) AND day >= %(start)s "
        "AND day < %(end)s UNION ALL (SELECT DISTINCT ON (base, quote, origin) base, quote, day, "
        "rate, origin FROM fx_rate WHERE organization_id = %(org)s "
        "AND (base = ANY(%(codes)s) OR quote = ANY(%(codes)s)) AND day < %(start)s "
        "ORDER BY base, quote, origin, day DESC)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {"org": require_organization_id(), "codes": codes, "start": start, "end": end},
        )
        return RateTable(
            Published(base, quote, day, rate, origin == Origin.MANUAL)
            for base, quote, day, rate, origin in cursor.fetchall()
        )


@dataclass(frozen=True, slots=True)
class Beside:
    """Amounts in the reporting currency at one rate, published on `day`; `reason` says why there
    are none."""

    currency: str
    nanos: list[int]
    day: date | None = None
    reason: str = ""


def beside(amounts: Sequence[int], currency: str) -> Beside | None:
    """Agreed amounts (a budget, an estimate) of the books' currency, at the last rate until today.

    They belong to no day of usage, so one rate converts them all, each rounded half-even once.
    None where no reporting currency is chosen, it is the books' own, or there is no amount.
    """
    target = reporting_currency()
    if not amounts or not target or target == currency:
        return None
    today = clock.today()
    rate = rate_table((currency, target), today, today + timedelta(days=1)).at(
        today, currency, target
    )
    if rate is None:
        return Beside(target, [], reason=f"No rate from {currency} to {target} is known yet.")
    value = rate.value
    converted = [half_even(nanos * value.numerator, value.denominator) for nanos in amounts]
    return Beside(target, converted, rate.day)


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying a file would do. `other` rates differ from stored ones, which stay."""

    table: Table
    new: list[Published]
    same: int
    other: list[tuple[Published, ExchangeRate]]


def preview(content: bytes, *, base: str) -> Preview:
    """Hold a file against the stored rates. ValueError when it is no table of rates."""
    table = read_table(content, base=base, today=clock.today())
    stored = {
        (row.quote, row.day): row
        for row in ExchangeRate.objects.filter(base=base, origin=Origin.IMPORTED).iterator()
    }
    new: list[Published] = []
    other: list[tuple[Published, ExchangeRate]] = []
    same = 0
    for rate in table.rates:
        known = stored.get((rate.quote, rate.day))
        if known is None:
            new.append(rate)
        elif known.rate == rate.rate:
            same += 1
        else:
            other.append((rate, known))
    return Preview(table, new, same, other)


def file_preview(found: RateFile) -> Preview | None:
    """The preview of an uploaded file; None once it is applied or discarded."""
    if found.state != FileState.PREVIEW:
        return None
    return preview(bytes(found.content), base=found.base)
