"""Cards on the page of a capability: what it used, and the budgets that pay for it."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can, can_anywhere, visible_unit_ids
from apps.budgets import selectors
from apps.budgets.enums import BudgetStatus as State
from apps.budgets.web.present import BudgetRow
from apps.common import clock
from apps.ledger.changelog.selectors import marks as change_marks
from apps.ledger.query import Query, run
from apps.ledger.web.notes import Event, prices_of
from apps.ledger.web.usage_card import DAYS, usage_card
from apps.portfolio.models import Capability
from apps.portfolio.panels import Panel
from apps.tenancy.urls import org_url


def usage_panel(request: HttpRequest, capability: Capability) -> Panel | None:
    """What it used in the last 30 days. None without the permission."""
    if not can(request.actor, P.USAGE_VIEW, unit_id=capability.unit_id):
        return None
    return usage_card(
        request,
        capability.name,
        {"capability": [str(capability.id)]},
        lambda start: _events(request, capability, start),
        link=f"{org_url(request, 'portal:explore')}?group=model&capability={capability.id}",
    )


def _events(request: HttpRequest, capability: Capability, start: date) -> list[Event]:
    """Changes of the capability and of the prices of what it uses."""
    end = start + timedelta(days=DAYS)
    changes = change_marks(request.actor, start, end, {capability.id})
    return [*changes, *prices_of(start, end, {capability.id})]


def budgets_panel(request: HttpRequest, capability: Capability) -> Panel | None:
    """Active budgets of the capability and of its stories."""
    if not can_anywhere(request.actor, P.BUDGET_VIEW):
        return None
    found = selectors.budgets_for(request.actor).filter(
        capability_id=capability.id, status=State.ACTIVE
    )
    rows = [BudgetRow(status) for status in selectors.budget_statuses(found)]
    return Panel(
        "budgets/_capability_budgets.html",
        {
            "rows": sorted(rows, key=lambda row: row.urgency),
            "capability": capability,
            "may_open": can(request.actor, P.BUDGET_MANAGE, unit_id=capability.unit_id)
            and not capability.is_retired,
        },
    )


def costs(request: HttpRequest) -> Mapping[UUID, int]:
    """Cost of the last 30 days by capability, as far as the actor may see usage."""
    units = visible_unit_ids(request.actor, P.USAGE_VIEW)
    today = clock.today(request.organization.timezone)
    result = run(
        Query(
            start=today - timedelta(days=DAYS - 1),
            end=today + timedelta(days=1),
            group_by=("capability",),
            unit_ids=units,
        )
    )
    return {
        UUID(row.keys[0]): row.cost_nanos
        for row in result.rows
        if row.keys[0] and row.cost_nanos is not None
    }
