"""Running a query: read the sums, name the groups, order, limit, total, coverage."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from apps.common.tokens import KINDS, TokenCounts
from apps.ledger.enums import Axis
from apps.ledger.models import MEASURES
from apps.ledger.query import labels
from apps.ledger.query.convert import Reported, convert
from apps.ledger.query.counted import read_runs
from apps.ledger.query.plan import NOBODY, Plan, plan
from apps.ledger.query.read import Key, Measures, Period, Sum, read
from apps.ledger.query.types import KIND, Query, Result, Row
from apps.ledger.selectors.state import ledger_settings
from apps.portfolio.enums import CapabilityKind
from apps.portfolio.models import Capability
from apps.pricing.fx.selectors import reporting_currency

Group = tuple[str | None, ...]
Words = tuple[str, ...]
_AT = {name: index for index, name in enumerate(MEASURES)}
_ZERO = (0,) * len(MEASURES)


def run(query: Query) -> Result:
    """Answer a query in the open scope. Invalid for one that makes no sense.

    Every page, export, API answer, budget and audit reads here, so that all agree to the nano.
    """
    planned = plan(query)
    named = _named(planned, list(read(planned)))
    rows = _ordered(query, named)
    total = _row((), (), None, _add(measures for _, _, _, measures in named))
    if query.runs:
        counted = _named(planned, read_runs(planned))
        runs = {(period, keys): pair for period, keys, _, pair in counted}
        rows = [_with_runs(row, runs.get((row.period, row.keys), (0, 0))) for row in rows]
        total = _with_runs(total, _add(runs.values()) if runs else (0, 0))

    def reported(currency: str) -> Reported:
        source = ledger_settings().currency
        return convert(query, rows, total, source=source, target=currency, ask=_answer)

    return Result(
        rows=rows,
        total=total,
        groups=len({keys for _, keys, _, _ in named}),
        shares=lambda: _shares(query),
        convert=reported,
        reporting_currency=reporting_currency,
    )


def _with_runs(row: Row, pair: Measures) -> Row:
    return replace(row, runs=pair[0], run_cost_nanos=pair[1])


def _answer(query: Query) -> tuple[list[Row], Row]:
    """All rows and their total."""
    named = _named((planned := plan(query)), list(read(planned)))
    total = _row((), (), None, _add(measures for _, _, _, measures in named))
    return _ordered(query, named), total


def _named(planned: Plan, found: list[Sum]) -> list[tuple[Period, Group, Words, Measures]]:
    """Sums with readable keys and labels. Groups that read the same are added up."""
    distinct = {group for _, group, _ in found}
    spoken: list[dict[Key, tuple[str | None, str]]] = []
    for position, axis in enumerate(planned.axes):
        ids = {group[position] for group in distinct} - {NOBODY}
        if planned.query.group_by[position] == KIND:
            spoken.append(_kinds(ids))
        else:
            known = labels.names_of(axis, [key for key in ids if isinstance(key, UUID)])
            spoken.append({key: known[key] for key in known})
        spoken[-1] |= {key: (str(key), str(key)) for key in ids - spoken[-1].keys()}
        spoken[-1][NOBODY] = (None, labels.missing(axis))
    keys_of: dict[tuple[Key, ...], Group] = {}
    words: dict[Group, Words] = {}
    for group in distinct:
        pairs = [names[key] for names, key in zip(spoken, group, strict=True)]
        keys = keys_of[group] = tuple(key for key, _ in pairs)
        words[keys] = tuple(label for _, label in pairs)
    if len(words) == len(distinct):
        return [
            (period, keys := keys_of[group], words[keys], measures)
            for period, group, measures in found
        ]
    merged: dict[tuple[Period, Group], list[Measures]] = defaultdict(list)
    for period, group, measures in found:
        merged[period, keys_of[group]].append(measures)
    return [(period, keys, words[keys], _add(parts)) for (period, keys), parts in merged.items()]


def _kinds(ids: Iterable[Key]) -> dict[Key, tuple[str | None, str]]:
    """Kinds by their word; from hours come ids of capabilities."""
    known: dict[Key, tuple[str | None, str]] = {
        kind.value: (kind.value, str(kind.label)) for kind in CapabilityKind
    }
    capabilities = [key for key in ids if isinstance(key, UUID)]
    if capabilities:
        rows = Capability.objects.filter(id__in=capabilities).values_list("id", "kind")
        known |= {key: known[kind] for key, kind in rows}
    return known


def _add(parts: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    rows = list(parts)
    if len(rows) == 1:
        return rows[0]
    return tuple(map(sum, zip(*rows, strict=True))) if rows else _ZERO


def _row(keys: Group, words: tuple[str, ...], period: Period, measures: tuple[int, ...]) -> Row:
    records, unpriced = measures[_AT["records"]], measures[_AT["unpriced_records"]]
    return Row(
        keys=keys,
        labels=words,
        period=period,
        tokens=TokenCounts(*measures[: len(KINDS)]),
        requests=measures[_AT["requests"]],
        cost_nanos=None if unpriced and unpriced == records else measures[_AT["cost_nanos"]],
        unpriced_tokens=measures[_AT["unpriced_tokens"]],
        unpriced_requests=measures[_AT["unpriced_requests"]],
        records=records,
        unpriced_records=unpriced,
    )


def _ordered(query: Query, named: list[tuple[Period, Group, Words, Measures]]) -> list[Row]:
    """Groups in the wanted order, each with its periods in time order; the first `limit`."""
    by_group: dict[Group, list[Row]] = defaultdict(list)
    for period, keys, words, measures in named:
        if any(measures):
            by_group[keys].append(_row(keys, words, period, measures))
    if query.order.lstrip("-") == "period":
        rows = [row for group in by_group.values() for row in group]
        rows.sort(key=lambda row: row.labels)
        rows.sort(key=lambda row: str(row.period), reverse=query.order.startswith("-"))
        return rows[: query.limit]
    groups = sorted(by_group.values(), key=lambda rows: rows[0].labels)
    groups.sort(key=lambda rows: _rank(query, rows), reverse=query.order.startswith("-"))
    chosen = groups[: query.limit]
    for rows in chosen:
        rows.sort(key=lambda row: str(row.period))
    if query.grain != "total" and not query.group_by:
        return chosen[0] if chosen else []
    return [row for rows in chosen for row in rows]


def _rank(query: Query, rows: list[Row]) -> tuple[int, str] | tuple[str, int]:
    match query.order.lstrip("-"):
        case "tokens":
            return sum(row.tokens.total for row in rows), ""
        case "requests":
            return sum(row.requests for row in rows), ""
        case "label":
            return " ".join(rows[0].labels).lower(), 0
    return sum(row.cost_nanos or 0 for row in rows), ""


def _shares(query: Query) -> dict[str, float]:
    """Share of the known cost by confidence, under the query's filters."""
    asked = replace(
        query,
        grain="total" if query.grain != "hour" else "hour",
        group_by=(Axis.CONFIDENCE.name.lower(),),
        limit=None,
        order="-cost",
    )
    costs: dict[str, int] = defaultdict(int)
    planned = plan(asked)
    for _, keys, _, measures in _named(planned, list(read(planned))):
        costs[keys[0] or "none"] += measures[_AT["cost_nanos"]]
    whole = sum(costs.values())
    return {name: cost / whole for name, cost in sorted(costs.items())} if whole else {}
