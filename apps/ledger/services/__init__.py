"""Writes of the ledger. Other apps call these."""

from apps.ledger.services.coverage import mark_coverage
from apps.ledger.services.ingest import ingest
from apps.ledger.services.intake import Accepted, accept_batch, fold, store_batch
from apps.ledger.services.periods import close_period, reopen_period, settle_period
from apps.ledger.services.reattribute import reattribute
from apps.ledger.services.reattribution_runs import run_reattribution
from apps.ledger.services.rebuild import rebuild
from apps.ledger.services.recost import preview_recost, recost
from apps.ledger.services.recost_jobs import request_recost, run_recost
from apps.ledger.services.retention import prune, set_retention
from apps.ledger.services.run_bands import set_run_bands

__all__ = [
    "Accepted",
    "accept_batch",
    "close_period",
    "fold",
    "ingest",
    "mark_coverage",
    "preview_recost",
    "prune",
    "reattribute",
    "rebuild",
    "recost",
    "reopen_period",
    "request_recost",
    "run_reattribution",
    "run_recost",
    "set_retention",
    "set_run_bands",
    "settle_period",
    "store_batch",
]
