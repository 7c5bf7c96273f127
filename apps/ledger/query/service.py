"""Running a query: read the sums, name the groups, order, limit, total, coverage."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter

from apps.ledger.enums import NO_KEY, Axis
from apps.ledger.models import MEASURES
from apps.ledger.query.convert import convert, convert_total, day_of
from apps.ledger.query.countable import WIDTH, with_countable
from apps.ledger.query.counted import read_runs
from apps.ledger.query.naming import Group, Named, Words, added, named_sums
from apps.ledger.query.plan import Plan, plan, plan_windows
from apps.ledger.query.read import Measures, Period, Sum, read, read_each
from apps.ledger.query.reported import Reported
from apps.ledger.query.types import GROUPINGS, Grain, Query, Result, Row
from apps.ledger.selectors.state import ledger_settings
from apps.pricing.fx.selectors import reporting_currency

Costs = dict[tuple[Group, Period], int]
"""Nanos by group and period."""
_AT = {name: index for index, name in enumerate(MEASURES)}


def run(query: Query) -> Result:
    """Answer a query in the open scope. Invalid for one that makes no sense.

    Every page, export, API answer, budget and audit reads here, so that all agree to the nano.
    """
    planned = plan(query)
    named = named_sums(planned, _sums(planned))
    rows = _ordered(query, named)
    total = _row((), (), None, added(measures for _, _, _, measures in named))
    if query.runs:
        counted = named_sums(planned, read_runs(planned))
        runs = {(period, keys): pair for period, keys, _, pair in counted}
        rows = [_with_runs(row, runs.get((row.period, row.keys), (0, 0))) for row in rows]
        total = _with_runs(total, added(runs.values()) if runs else (0, 0))

    def reported(currency: str) -> Reported:
        source = ledger_settings().currency
        return convert(query, rows, total, source=source, target=currency, ask=_answer)

    def in_total(currency: str) -> Reported:
        source = ledger_settings().currency
        return convert_total(query, rows, total, source=source, target=currency, by_day=_by_day)

    return Result(
        rows=rows,
        total=total,
        groups=len({keys for _, keys, _, _ in named}),
        shares=lambda: _shares(query),
        convert=reported,
        convert_total=in_total,
        reporting_currency=reporting_currency,
    )


def side_by_side(query: Query, windows: Sequence[tuple[date, date]]) -> list[list[Row]]:
    """The rows of the same question over several windows of days, read in one statement.

    Each window's rows are those that `run` gives for its days and grain total; the query's own
    days and grain play no part. Windows may overlap; an empty one has no rows.
    """
    return _windows([query], windows)[0]


def crossed(query: Query, windows: Sequence[tuple[date, date]]) -> list[list[Row]]:
    """`side_by_side` by more than two groups: for reports that hold each cell against a rule."""
    planned = plan_windows(query, windows, most_groups=len(GROUPINGS))
    return _cut(planned, windows, named_sums(planned, _sums(planned)))


def side_by_side_by(
    query: Query, windows: Sequence[tuple[date, date]], groups: Sequence[str]
) -> dict[str, list[list[Row]]]:
    """`side_by_side` by each of several groupings, in one statement where nothing is filtered."""
    queries = [replace(query, group_by=(group,)) for group in groups]
    return dict(zip(groups, _windows(queries, windows), strict=True))


def _windows(
    queries: Sequence[Query], windows: Sequence[tuple[date, date]]
) -> list[list[list[Row]]]:
    plans = [plan_windows(query, windows) for query in queries]
    return [
        _cut(planned, windows, named_sums(planned, _told(planned, found)))
        for planned, found in zip(plans, read_each(plans), strict=True)
    ]


def _cut(
    planned: Plan, windows: Sequence[tuple[date, date]], named: Iterable[Named]
) -> list[list[Row]]:
    """The sums between cuts, put together to the rows of each window."""
    parts: dict[Period, list[Named]] = defaultdict(list)
    for part in named:
        parts[part[0]].append(part)
    cuts = planned.cuts
    found = []
    for start, end in windows:
        inside: dict[Group, list[Measures]] = defaultdict(list)
        words: dict[Group, Words] = {}
        for place, first in enumerate(cuts, start=1):
            for _, keys, label, measures in parts[place] if start <= first < end else ():
                inside[keys].append(measures)
                words[keys] = label
        whole: list[Named] = [(None, keys, words[keys], added(m)) for keys, m in inside.items()]
        found.append(_ordered(planned.query, whole))
    return found


def total_of(rows: Iterable[Row]) -> Row:
    """All rows taken together."""
    return _row((), (), None, added(row.measures + (row.counted or ()) for row in rows))


def over_time(result: Result) -> Result:
    """The same answer with each group's periods added up, the largest cost first: what `run`
    gives for grain total without asking again."""
    by_group: dict[Group, list[Row]] = defaultdict(list)
    for row in result.rows:
        by_group[row.keys].append(row)
    rows = []
    for keys, parts in by_group.items():
        whole = added(part.measures + (part.counted or ()) for part in parts)
        row = _row(keys, parts[0].labels, None, whole)
        if parts[0].runs is not None:
            row = _with_runs(row, (sum(p.runs or 0 for p in parts), _run_costs(parts)))
        rows.append(row)
    rows.sort(key=lambda row: row.labels)
    rows.sort(key=lambda row: row.cost_nanos or 0, reverse=True)
    return replace(result, rows=rows)


def _run_costs(rows: Iterable[Row]) -> int:
    return sum(row.run_cost_nanos or 0 for row in rows)


def keyed(query: Query) -> list[Row]:
    """The rows of a query without a word about what its keys are called, in no order: for callers
    that know them, such as an app that asks about its own objects.
    """
    return [
        Row(
            tuple(None if key == NO_KEY else key for key in keys),
            (),
            None if isinstance(period, int) else period,
            measures,
        )
        for period, keys, measures in read(plan(query))
    ]


def values(query: Query, names: Sequence[str]) -> dict[Group, tuple[Words, dict[Period, int]]]:
    """Some measures added up and nothing else, by group: its words, and its value by period.

    For trends of many groups over many days, of which a row of every measure would be read.
    Order and limit of the query play no part; hours are not answered.
    """
    planned = plan(query)
    found: dict[Group, tuple[Words, dict[Period, int]]] = {}
    for period, keys, words, measures in named_sums(planned, list(read(planned, names))):
        found.setdefault(keys, (words, {}))[1][period] = sum(measures)
    return found


def costs(query: Query) -> Costs:
    """The known cost alone, by group and period: for trends and shares, which need nothing else.

    Order and limit of the query play no part.
    """
    return _costs([query])[0]


def costs_by(query: Query, groups: Sequence[str]) -> dict[str, Costs]:
    """`costs` by each of several groupings, in one statement where nothing is filtered."""
    queries = [replace(query, group_by=(group,)) for group in groups]
    return dict(zip(groups, _costs(queries), strict=True))


def _costs(queries: Sequence[Query]) -> list[Costs]:
    plans = [plan(query) for query in queries]
    names = MEASURES if plans[0].query.grain == "hour" else ("cost_nanos",)
    place = names.index("cost_nanos")
    answers = []
    for planned, found in zip(plans, read_each(plans, names), strict=True):
        known: Costs = defaultdict(int)
        for period, keys, _, measures in named_sums(planned, found):
            known[keys, period] += measures[place]
        answers.append(known)
    return answers


def _sums(planned: Plan) -> list[Sum]:
    return _told(planned, list(read(planned)))


def _told(planned: Plan, found: list[Sum]) -> list[Sum]:
    """The sums, where the query asks for it with their part that counts requests."""
    return with_countable(planned, found) if planned.query.requests else found


def _row(keys: Group, words: Words, period: object, measures: Measures) -> Row:
    """A row of sums, which may hold the part that counts requests."""
    return Row(
        keys,
        words,
        period,  # type: ignore[arg-type]
        measures[:WIDTH],
        counted=measures[WIDTH:] or None,
    )


def _with_runs(row: Row, pair: Measures) -> Row:
    return Row(row.keys, row.labels, row.period, row.measures, pair[0], pair[1], row.counted)


def _by_day(query: Query) -> list[tuple[date, int | None]]:
    grain: Grain = "hour" if query.grain == "hour" else "day"
    found = costs(replace(query, grain=grain))
    return [(day_of(period), nanos) for (_, period), nanos in found.items()]


def _answer(query: Query) -> tuple[list[Row], Row]:
    """All rows and their total."""
    named = named_sums((planned := plan(replace(query, requests=False))), _sums(planned))
    total = _row((), (), None, added(measures for _, _, _, measures in named))
    return _ordered(query, named), total


def _ordered(query: Query, named: list[Named]) -> list[Row]:
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
    if query.grain != "total":
        in_time = _hour if query.grain == "hour" else _day
        for rows in chosen:
            rows.sort(key=in_time)
    if query.grain != "total" and not query.group_by:
        return chosen[0] if chosen else []
    return [row for rows in chosen for row in rows]


_day = attrgetter("period")


def _hour(row: Row) -> str:
    return str(row.period)


def _rank(query: Query, rows: list[Row]) -> tuple[int, str] | tuple[str, int]:
    match query.order.lstrip("-"):
        case "tokens":
            return sum(row.tokens.total for row in rows), ""
        case "requests":
            return sum(row.requests for row in rows), ""
        case "label":
            return " ".join(rows[0].labels).lower(), 0
    cost = _AT["cost_nanos"]
    return sum(row.measures[cost] for row in rows), ""


def _shares(query: Query) -> dict[str, float]:
    """Share of the known cost by confidence, under the query's filters."""
    grain: Grain = "hour" if query.grain == "hour" else "total"
    return shares(costs(replace(query, grain=grain, group_by=(Axis.CONFIDENCE.name.lower(),))))


def shares(by_confidence: Costs) -> dict[str, float]:
    """Shares of the known cost, 0 to 1, from `costs` by confidence."""
    by_word: dict[str, int] = defaultdict(int)
    for (keys, _), nanos in by_confidence.items():
        by_word[keys[0] or "none"] += nanos
    whole = sum(by_word.values())
    return {name: cost / whole for name, cost in sorted(by_word.items())} if whole else {}
