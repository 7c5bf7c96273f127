"""What other apps add to the page of a unit: cards.

Organizations are below the ledger and cannot ask it. It registers here, in its AppConfig.ready().
"""

from collections.abc import Callable

from django.http import HttpRequest

from apps.common.web.panels import Panel
from apps.organizations.models import Unit

PanelProvider = Callable[[HttpRequest, Unit], Panel | None]

_panels: dict[str, PanelProvider] = {}


def register_panel(name: str, provider: PanelProvider) -> None:
    """Add a card; the name keeps a second registration from adding it twice."""
    _panels[name] = provider


def panels_for(request: HttpRequest, unit: Unit) -> list[Panel]:
    """The cards that apply to the unit and that the actor may see."""
    found = (provider(request, unit) for provider in _panels.values())
    return [panel for panel in found if panel is not None]
