"""What the portal can send by e-mail: the league table, and any saved cut of Explore."""

from datetime import date, timedelta
from itertools import islice

from django.http import QueryDict

from apps.access.actors import Actor
from apps.common import clock, fmt
from apps.ledger.query.persons import refuse_names
from apps.ledger.selectors.coverage import Coverage
from apps.organizations.selectors import organization
from apps.portal.rules.windows import custom
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors import explore as explorations
from apps.portal.selectors.league import asked
from apps.portal.selectors.slices import read_slice
from apps.portal.web import explore as explore_page
from apps.portal.web import explore_tables, league_words
from apps.portal.web.explore_state import FILTERS, read_state
from apps.reports.content import Report
from apps.tenancy.urls import org_url

MOST_CSV_ROWS = 50_000
"""Rows of a file in an e-mail; the page exports all."""
DATES = ("day_from", "day_to", "days_from", "days_to", "period")


def league_report(actor: Actor, query: QueryDict, start: date, end: date) -> Report:
    """The league table of the days [start, end), as far as the actor sees it."""
    home = organization()
    window = custom(start, end, clock.today(home.timezone))
    found = asked(actor, query, window)
    head, rows = league_words.plain(found)
    columns = [column for column in league_words.columns(found) if column.in_csv]
    zone = found.settings.timezone
    return Report(
        title=f"Workflows, {fmt.day_range(start, end)}",
        headline=league_words.headline(found),
        lede=league_words.lede(found),
        facts=[(one.label, one.value, one.note) for one in league_words.facts(found)],
        head=head,
        rows=list(rows),
        csv_head=[column.heading for column in columns],
        csv_rows=[[column.export(line) for column in columns] for line in found.lines],
        notes=_notes(found.coverage, zone),
        path=_path(home.slug, "portal:league", query, ("day_from", "day_to"), start, end),
        filename=f"workflows-{start}-{end - timedelta(days=1)}",
        words=frozenset({0, len(head) - 1}),
    )


def explore_report(actor: Actor, query: QueryDict, start: date, end: date) -> Report:
    """A cut of Explore over the days [start, end), against as many days before them."""
    home = organization()
    params = query.copy()
    params["days_from"], params["days_to"] = start.isoformat(), _last(end)
    params["compare"] = "before"
    params.pop("grain", None)
    chosen, state = read_slice(actor, params, FILTERS), read_state(params)
    if chosen.refused:
        refuse_names(params.getlist("user"))
    found = explorations.explore(
        actor,
        chosen,
        state.window,
        group=state.groups,
        grain=state.grain,
        compare=True,
        runs=state.measure.runs,
    )
    currency = found.totals.currency
    csv_head, csv_rows = explore_page.exact(chosen, state)
    head, rows = _explore_table(found, state)
    total = state.measure.read(found.totals.total)
    fact = state.measure.cell(total, currency) if total is not None else fmt.DASH
    covered = found.totals.coverage
    groups = " and ".join(AXIS_LABELS[name].lower() for name in state.groups)
    return Report(
        title=f"{state.measure.label} by {groups}, {fmt.day_range(start, end)}",
        headline=explore_tables.headline(found, state.measure),
        lede=f"Days {fmt.day_range(start, end)}, against {state.window.before_text}.",
        facts=[(state.measure.label, fact, groups.capitalize())],
        head=head,
        rows=rows,
        csv_head=csv_head,
        csv_rows=list(islice(csv_rows, MOST_CSV_ROWS)),
        notes=_notes(covered, home.timezone),
        path=_path(home.slug, "portal:explore", query, ("days_from", "days_to"), start, end),
        filename=explore_page.filename(state),
    )


def _explore_table(
    found: explorations.Exploration, state: explore_page.State
) -> tuple[list[str], list[list[str]]]:
    """The table of the page in words: groups with measures side by side, or the pivot."""
    if not found.has_use:
        return [], []
    measure, currency = state.measure, found.totals.currency
    table = explore_tables.table(found, measure)
    if table.pivot is not None:
        head = [table.head, *(label for _, label in table.pivot.columns), "Total"]
        return head, [list(cells) for cells in table.cells or ()]
    named = "" if measure.key in ("cost", "tokens") else measure.label
    head = [table.head, *([named] if named else []), "Tokens", "Requests", "Cost", "Change"]
    rows = []
    for flat in table.flat:
        value = measure.read(flat.row)
        own = [measure.cell(value, currency) if value is not None else fmt.DASH]
        rows.append(
            [
                flat.label,
                *(own if named else []),
                fmt.tokens(flat.row.tokens.total),
                fmt.count(flat.row.counted_requests),
                fmt.money(flat.row.cost_nanos, currency),
                fmt.delta(flat.change, 0) if table.compare else fmt.DASH,
            ]
        )
    return head, rows


def _notes(covered: Coverage, zone: str) -> list[str]:
    """How complete the figures are."""
    if covered.data_as_of is None:
        return ["No data yet."]
    complete = covered.complete_through
    found = [
        f"Data to {fmt.moment(covered.data_as_of, zone)}"
        + (f"; complete through {fmt.moment(complete, zone)}." if complete else ".")
    ]
    if late := [source.name for source in covered.lagging]:
        found.append(f"Late sources: {', '.join(late)}.")
    return found


def _path(
    slug: str, url_name: str, query: QueryDict, names: tuple[str, str], start: date, end: date
) -> str:
    """The page with the same filters and these days."""
    params = query.copy()
    for name in DATES:
        params.pop(name, None)
    params[names[0]], params[names[1]] = start.isoformat(), _last(end)
    return f"{org_url(slug, url_name)}?{params.urlencode()}"


def _last(end: date) -> str:
    return (end - timedelta(days=1)).isoformat()
