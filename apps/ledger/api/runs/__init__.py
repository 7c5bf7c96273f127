"""Runs in the API: figures, the list, one run with its calls, reference bands."""

from apps.ledger.api.runs.bands import RunBandsView, RunBandView
from apps.ledger.api.runs.figures import RunFiguresView
from apps.ledger.api.runs.lists import RunListView, RunView

__all__ = ["RunBandView", "RunBandsView", "RunFiguresView", "RunListView", "RunView"]
