"""Writes of the ledger. Other apps call these."""

from apps.ledger.services.coverage import mark_coverage
from apps.ledger.services.ingest import ingest
from apps.ledger.services.intake import Accepted, accept_batch, fold

__all__ = ["Accepted", "accept_batch", "fold", "ingest", "mark_coverage"]
