"""Codes of the ledger. Stored as smallints in wide tables: never renumber."""

from django.db import models

NO_KEY = "00000000-0000-0000-0000-000000000000"
"""The key of an axis that does not apply (unattributed, unnamed): rollup keys are never NULL."""


class CostBasis(models.IntegerChoices):
    """Who said the cost."""

    PROVIDER_REPORTED = 1, "Reported by the provider"
    COMPUTED = 2, "Computed from the price book"
    ALLOCATED = 3, "Allocated"


class CostStatus(models.IntegerChoices):
    """How sure the cost is. From UNPRICED on, the cost is NULL and the record is in a queue.

    A WITHDRAWN record is one its source no longer reports: all quantities are 0.
    """

    WITHDRAWN = 0, "Withdrawn by the source"
    EXACT = 1, "Exact"
    ESTIMATED = 2, "Estimated"
    UNPRICED = 3, "No price"
    UNCONVERTED = 4, "No exchange rate"


class Granularity(models.IntegerChoices):
    """The width of a record: an event has none, a day bucket is a UTC day."""

    EVENT = 1, "Event"
    HOUR = 2, "Hour"
    DAY = 3, "UTC day"


class Confidence(models.IntegerChoices):
    """How a record found its unit: the caller said so, a rule, a share, or nobody."""

    DIRECT = 1, "Stated by the caller"
    RULE = 2, "By rule"
    ALLOCATED = 3, "Allocated"
    NONE = 4, "Unattributed"


class Axis(models.IntegerChoices):
    """What a figure may be grouped by. `TOTAL` is everything of a day."""

    TOTAL = 0, "Total"
    UNIT = 1, "Unit"
    CAPABILITY = 2, "Capability"
    STORY = 3, "Token Story"
    PHASE = 4, "Phase"
    MODEL = 5, "Model"
    PROVIDER = 6, "Provider"
    SOURCE = 7, "Source"
    SERVICE_TIER = 8, "Service tier"
    CONFIDENCE = 9, "Confidence"
    ACCOUNT = 10, "Provider account"
    API_KEY = 11, "API key"
    PROJECT = 12, "Project"
    USER = 13, "User"


class SliceLevel(models.IntegerChoices):
    """Two grains of the fine rollup: without and with account, key, project and user."""

    FINE = 1, "Fine"
    DETAIL = 2, "Detail"


class PeriodStatus(models.TextChoices):
    OPEN = "open", "Open"
    SETTLING = "settling", "Settling"
    CLOSED = "closed", "Closed"


class BatchStatus(models.TextChoices):
    RECEIVED = "received", "Received"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class JobStatus(models.TextChoices):
    REQUESTED = "requested", "Waiting for a worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class RestatementReason(models.TextChoices):
    RESTATED = "restated", "Restated by the source"
    WITHDRAWN = "withdrawn", "No longer reported by the source"
    RECOST = "recost", "Priced later"


class RunWordKind(models.IntegerChoices):
    """What a name on a run's call names."""

    AGENT = 1, "Agent"
    WORKFLOW = 2, "Workflow"
    TOOL = 3, "Tool"


class RunOutcome(models.IntegerChoices):
    """How a call, and with its last call a run, ended."""

    UNKNOWN = 0, "Not stated"
    SUCCESS = 1, "Succeeded"
    ERROR = 2, "Failed"
    TIMEOUT = 3, "Timed out"
    CANCELLED = 4, "Cancelled"
