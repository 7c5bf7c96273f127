"""What budgets add to the alerts: those that are filled while demand stands still."""

from collections.abc import Iterator

from apps.access.actors import system_actor
from apps.budgets.rules.filling import Verdict
from apps.budgets.selectors.history import History, histories
from apps.budgets.services.crossings import people_of
from apps.common import clock, fmt
from apps.ledger.quality.enums import Kind, Severity
from apps.ledger.quality.ports import Finding
from apps.organizations.selectors import organization
from apps.tenancy.urls import org_url

ACTOR = "budgets.filling"


def filling_budgets() -> Iterator[Finding]:
    """Budgets whose use nears their limit from whole period to whole period while requests stand
    still: the figures that Trends shows, told once for each last period."""
    today = clock.today(organization().timezone)
    for line in histories(system_actor(ACTOR), today, None, None):
        if line.verdict is Verdict.FILLING:
            yield _finding(line)


def _finding(line: History) -> Finding:
    budget, last = line.budget, line.periods[-1]
    shares = " → ".join(fmt.pct(use.share) for use in line.uses)  # type: ignore[arg-type]
    asked = fmt.delta(float(line.demand)) if line.demand is not None else fmt.DASH
    return Finding(
        kind=Kind.FILLING,
        subject=f"{budget.id}:{last.start}",
        severity=Severity.WARN,
        title=f"{budget.name} fills its budget while demand stands still",
        detail=f"{shares} of its limit over its last {len(line.uses)} whole periods, and requests "
        f"a day moved by {asked}. Each request uses more than before: look at what grew in it "
        "before the budget is renewed. Nothing was stopped.",
        since=last.start,
        capability_id=budget.capability_id,
        people=frozenset(people_of(budget, finance=False)),
        path=_page(line),
    )


def _page(line: History) -> str:
    """Trends, narrowed to the budget's capability or team, at its table of budgets."""
    budget = line.budget
    query = ""
    if budget.capability_id:
        query = f"?capability={budget.capability_id}"
    elif budget.unit_id:
        query = f"?unit={budget.unit_id}"
    return f"{org_url(organization().slug, 'portal:trends')}{query}#h-fill"
