"""What other apps add to the pages of a capability: figures and cards.

The portfolio is below the ledger and the budgets and cannot ask them. They register here, in
their AppConfig.ready().
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.http import HttpRequest

from apps.common.web.panels import Panel
from apps.portfolio.models import Capability

__all__ = ["Panel", "costs", "panels_for", "register_costs", "register_panel"]

PanelProvider = Callable[[HttpRequest, Capability], Panel | None]
CostProvider = Callable[[HttpRequest], Mapping[UUID, int]]

_panels: dict[str, PanelProvider] = {}
_costs: dict[str, CostProvider] = {}


def register_panel(name: str, provider: PanelProvider) -> None:
    """Add a card; the name keeps a second registration from adding it twice."""
    _panels[name] = provider


def register_costs(provider: CostProvider) -> None:
    """The source of the list's cost column: nanos of the last 30 days by capability."""
    _costs["cost"] = provider


def panels_for(request: HttpRequest, capability: Capability) -> list[Panel]:
    found = (provider(request, capability) for provider in _panels.values())
    return [panel for panel in found if panel is not None]


def costs(request: HttpRequest) -> Mapping[UUID, int] | None:
    """None when no app supplies costs, or the actor may not see them."""
    provider = _costs.get("cost")
    return provider(request) if provider else None
