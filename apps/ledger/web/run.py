"""One run: its calls in order, what its input was spent on, its tools, the runs around it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.access.web import requires
from apps.common import charts, clock, fmt
from apps.common.money import from_nanos
from apps.common.web import csvout
from apps.ledger.enums import RunOutcome
from apps.ledger.models import PART_COLUMNS, RUN_SUMS, UsageRun
from apps.ledger.schema import PARTS
from apps.ledger.selectors import runs as selectors
from apps.ledger.selectors.runs import Call, Names, Totals
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.web import run_words
from apps.tenancy.urls import org_url

PAGE = 100
CHART_CALLS = 60


@requires(P.USAGE_VIEW)
def run(request: HttpRequest, run: str) -> HttpResponseBase:
    """The page; `?format=csv` gives all calls."""
    units = visible_unit_ids(request.actor, P.USAGE_VIEW)
    found = selectors.run_by_code(run, units)
    names, settings = Names(), ledger_settings()
    if request.GET.get("format") == "csv":
        return _export(found, names, settings.currency)
    names.load([found])
    tree = selectors.tree(found, units)
    names.load([node.run for node in tree])
    number = request.GET.get("page", "1")
    at = max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1
    shown = selectors.calls(found, skip=(at - 1) * PAGE, most=PAGE)
    tools = selectors.tools(found)
    names.load_words(number for call in shown for number in (call.agent_id or 0, call.tool_id or 0))
    names.load_words(line.tool_id or 0 for line in tools)
    totals = Totals(1, *(getattr(found, name) for name in RUN_SUMS))
    parent = UsageRun.objects.filter(run_key=found.parent_key).first() if found.parent_key else None
    if parent is not None and units is not None and parent.calls and parent.unit_id not in units:
        parent = None
    parts = run_words.composition(totals)
    context: dict[str, Any] = {
        "title": headline(found, totals, settings.currency),
        "lede": f"Run {found.run_id}",
        "crumbs": [
            ("Inform", ""),
            ("Agent runs", org_url(request, "ledger:runs")),
            (found.run_id[:40], ""),
        ],
        "run": found,
        "totals": totals,
        "currency": settings.currency,
        "zone": settings.timezone,
        "agent": names.word(found.agent_id),
        "workflow": names.word(found.workflow_id),
        "capability": names.owner("capability", found.capability_id),
        "unit": names.owner("unit", found.unit_id),
        "seconds": _seconds(found),
        "parent": parent,
        "tree": [(node, names.word(node.run.agent_id)) for node in tree] if len(tree) > 1 else [],
        "below": tree[0] if len(tree) > 1 else None,
        "calls": [
            (call, _after(found, call), names.word(call.agent_id), names.word(call.tool_id))
            for call in shown
        ],
        "tools": [(line, names.word(line.tool_id)) for line in tools],
        "has_tools": any(line.tool_id for line in tools),
        "parts": parts,
        "composition": run_words.composition_bar(parts, "Input of this run") if parts else "",
        "chart": _chart(found, shown) if at == 1 else "",
        "page_number": at,
        "first": (at - 1) * PAGE + 1,
        "last": (at - 1) * PAGE + len(shown),
        "previous": at - 1 if at > 1 else 0,
        "next": at + 1 if at * PAGE < found.calls else 0,
        "tones": {outcome.value: tone for outcome, tone in run_words.OUTCOME_TONES.items()},
    }
    return render(request, "ledger/run.html", context)


def _seconds(found: UsageRun) -> float:
    """From the first call's time to the last one's."""
    if found.started_at is None or found.ended_at is None:
        return 0
    return (found.ended_at - found.started_at).total_seconds()


def _after(found: UsageRun, call: Call) -> str:
    """How long after the first call."""
    passed = (call.occurred_at - found.started_at).total_seconds() if found.started_at else 0
    return f"+{fmt.duration(passed)}" if passed else "first"


def headline(found: UsageRun, totals: Totals, currency: str) -> str:
    """What the run did, what it cost, and how it ended."""
    if not found.calls:
        return "This run made no calls of its own"
    cost = fmt.money(totals.known_cost, currency, "unit") if totals.known_cost is not None else ""
    ended = {
        RunOutcome.SUCCESS: "succeeded",
        RunOutcome.ERROR: "failed",
        RunOutcome.TIMEOUT: "timed out",
        RunOutcome.CANCELLED: "was cancelled",
    }.get(RunOutcome(found.outcome), "ended")
    text = f"The run {ended} after {fmt.plural(found.calls, 'call')}"
    return f"{text} and {cost}" if cost else f"{text}, without a price yet"


def _chart(found: UsageRun, shown: Sequence[Call]) -> SafeString | str:
    """Input of each call by part: whether the context grows from call to call."""
    first = shown[:CHART_CALLS]
    if len(first) < 2:
        return ""
    if all(call.parts is None for call in first):
        series = [
            charts.Series("From cache", "s2", [call.cached_tokens for call in first]),
            charts.Series(
                "Other input", "s1", [call.input_tokens - call.cached_tokens for call in first]
            ),
        ]
    else:
        series = []
        for index, name in enumerate(PART_COLUMNS):
            values = [call.parts[index] if call.parts else 0 for call in first]
            if any(values):
                label, tone = run_words.PART_LABELS[name], run_words.PART_TONES[name]
                series.append(charts.Series(label, tone, values))
        rest = [
            max(0, call.input_tokens - sum(call.parts)) if call.parts else call.input_tokens
            for call in first
        ]
        if any(rest):
            series.append(charts.Series("Not stated", run_words.PART_TONES["rest"], rest))
    start, end = first[0].input_tokens, first[-1].input_tokens
    return charts.stacked_bars(
        [str(call.number) for call in first],
        series,
        title=f"Input tokens of each call, run {found.run_id}",
        summary=f"From {fmt.tokens(start)} in the first call to {fmt.tokens(end)} in call "
        f"{len(first)}.",
        axis=fmt.axis_tokens,
        cell=lambda value: fmt.tokens(int(value)),
        labels=[f"Call {call.number}" for call in first],
        head="Call",
    )


def _export(found: UsageRun, names: Names, currency: str) -> HttpResponseBase:
    head = [
        "Call",
        "Time",
        "Model",
        "Agent",
        "Tool",
        "Retry",
        "Outcome",
        "Input tokens",
        "Cached input tokens",
        "Output tokens",
        *(f"{run_words.PART_LABELS[name]} tokens" for name in PARTS),
        f"Cost ({currency})",
    ]
    name = f"run-{found.code}-{clock.today().isoformat()}.csv"
    return csvout.response(name, head, _rows(found, names))


def _rows(found: UsageRun, names: Names) -> Iterator[list[Any]]:
    for skip in range(0, found.calls, 1_000):
        page = selectors.calls(found, skip=skip, most=1_000)
        names.load_words(n for call in page for n in (call.agent_id or 0, call.tool_id or 0))
        for call in page:
            yield [
                call.number,
                call.occurred_at.isoformat(),
                call.model,
                names.word(call.agent_id),
                names.word(call.tool_id),
                call.retry,
                call.outcome.label,
                call.input_tokens,
                call.cached_tokens,
                call.output_tokens,
                *(call.parts or [None] * len(PARTS)),
                None if call.cost_nanos is None else from_nanos(call.cost_nanos),
            ]
