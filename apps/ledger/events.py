"""What the trail learns from the ledger, and the messages it sends."""

from apps.trail.registry import register

PERIOD_SETTLING = register("period.settling", "Period set to settling")
PERIOD_CLOSED = register("period.closed", "Period closed")
PERIOD_REOPENED = register("period.reopened", "Period reopened")
RECOST_REQUESTED = register("ledger.recost_requested", "Pricing of unpriced usage requested")
RECOST_DONE = register("ledger.recost_done", "Unpriced usage priced")
REATTRIBUTED = register("ledger.reattributed", "Usage of open periods re-attributed")
RETENTION_CHANGED = register("ledger.retention_changed", "Retention of raw records changed")
PRUNED = register("ledger.pruned", "Raw records of a closed month pruned")
REBUILT = register("ledger.rebuilt", "Rollups rebuilt from records")
RUN_BANDS_CHANGED = register("run_bands.changed", "Reference bands of runs changed")

INBOX = "ledger.inbox"
"""Outbox topic: there are batches to fold."""
PRUNE = "ledger.prune"
"""Outbox topic: remove the raw records that the retention no longer keeps."""
RECOST = "ledger.recost"
"""Outbox topic: price what has no price; payload {"job_id": id}."""
