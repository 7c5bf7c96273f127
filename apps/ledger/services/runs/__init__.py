"""Writing what calls say about their runs, and the sums per run and day."""

from apps.ledger.services.runs.details import take, take_away, touched
from apps.ledger.services.runs.sums import recompute, recompute_all, reown

__all__ = ["recompute", "recompute_all", "reown", "take", "take_away", "touched"]
