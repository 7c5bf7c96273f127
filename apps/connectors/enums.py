"""Words of the connectors."""

from django.db.models import TextChoices


class SourceKind(TextChoices):
    """How usage arrives: pulled on a schedule (PULLED_KINDS), or handed in."""

    OPENAI = "openai", "OpenAI organization"
    ANTHROPIC = "anthropic", "Anthropic organization"
    CLAUDE_ANALYTICS = "claude_analytics", "Claude analytics"
    CLAUDE_CODE = "claude_code", "Claude Code analytics"
    LITELLM = "litellm", "LiteLLM gateway"
    OPENROUTER = "openrouter", "OpenRouter"
    LANGFUSE = "langfuse", "Langfuse"
    COPILOT = "copilot", "GitHub Copilot"
    CURSOR = "cursor", "Cursor"
    RECORDS_API = "records_api", "Records API"
    OTLP = "otlp", "OpenTelemetry (OTLP)"
    LITELLM_PUSH = "litellm_push", "LiteLLM callback"
    CLOUDEVENTS = "cloudevents", "CloudEvents"
    CSV = "csv", "CSV files"
    FILES = "files", "Files of a folder or bucket"


PULLED_KINDS = (
    SourceKind.OPENAI,
    SourceKind.ANTHROPIC,
    SourceKind.CLAUDE_ANALYTICS,
    SourceKind.CLAUDE_CODE,
    SourceKind.LITELLM,
    SourceKind.OPENROUTER,
    SourceKind.LANGFUSE,
    SourceKind.COPILOT,
    SourceKind.CURSOR,
)
SCHEDULED_KINDS = (*PULLED_KINDS, SourceKind.FILES)
"""Kinds that a worker reads by itself. Files have a place instead of a provider's API."""


PUSHED_KINDS = (
    SourceKind.RECORDS_API,
    SourceKind.OTLP,
    SourceKind.LITELLM_PUSH,
    SourceKind.CLOUDEVENTS,
)
"""Programs send it by themselves, over the push endpoints."""


PROVIDER_KINDS = frozenset(
    {SourceKind.OPENAI, SourceKind.ANTHROPIC, SourceKind.COPILOT, SourceKind.CURSOR}
)
"""Providers' own organizations: they bill every call, others see the end of fewer."""


class SourceRole(TextChoices):
    """Whether a source's usage enters the ledger's totals, or is kept to compare with them.

    The same call is visible through several channels: one of them is the channel of record.
    """

    RECORD = "record", "Channel of record"
    COMPARISON = "comparison", "Comparison only"


COMPARISON_BY_DEFAULT = frozenset(
    {
        SourceKind.CLAUDE_ANALYTICS,
        SourceKind.CLAUDE_CODE,
        SourceKind.LITELLM,
        SourceKind.OPENROUTER,
        SourceKind.LANGFUSE,
    }
)
"""Kinds that see calls which a provider's own API reports too."""
COMPARISON_ALWAYS = frozenset({SourceKind.CLAUDE_CODE})
"""Its tokens are in the provider's usage, or belong to a subscription and cost nothing more."""


def default_role(kind: str) -> SourceRole:
    """The role of a new source of a kind."""
    return SourceRole.COMPARISON if kind in COMPARISON_BY_DEFAULT else SourceRole.RECORD


class SourceStatus(TextChoices):
    """Blocked: the provider refused the credential; nothing is tried until it is replaced."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    BLOCKED = "blocked", "Credential refused"


class RunKind(TextChoices):
    """What a run was for. A check reads one small page and writes no usage."""

    BACKFILL = "backfill", "History"
    PULL = "pull", "Pull"
    REREAD = "reread", "Long re-read"
    CHECK = "check", "Connection test"


class RunStatus(TextChoices):
    """Lost: the worker died; its lease ran out and the window is read again by the next run."""

    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    LOST = "lost", "Lost"


class Trigger(TextChoices):
    """Who started a run."""

    SCHEDULE = "schedule", "Schedule"
    PERSON = "person", "Person"
    SETUP = "setup", "First connection"


class EntryKind(TextChoices):
    """What a provider's directory names."""

    PROJECT = "project", "Project or workspace"
    API_KEY = "api_key", "API key"
    ADMIN_KEY = "admin_key", "Administration key"
    SERVICE_ACCOUNT = "service_account", "Service account"
    USER = "user", "Person"


class BillPart(TextChoices):
    """What a line of a bill that came as a file is for, as the bill itself says."""

    TOKENS = "tokens", "Tokens"
    UNNAMED = "unnamed", "Tokens without a kind or model"
    UNITS = "units", "Usage in other units"
    PURCHASE = "purchase", "Purchases and commitments"
    TAX = "tax", "Tax"
    CREDIT = "credit", "Credits and refunds"
    CORRECTION = "correction", "Corrections of earlier bills"
    ROUNDING = "rounding", "Rounding"
    OTHER = "other", "Other charges"


class SchemaChange(TextChoices):
    """How a provider's answer differs from what it documents."""

    UNKNOWN = "unknown", "New field"
    MISSING = "missing", "Missing field"


class Health(TextChoices):
    """What the list shows: the worst of status, last run and age of the data."""

    FRESH = "fresh", "Up to date"
    CATCHING_UP = "catching_up", "Reading history"
    LATE = "late", "Late"
    FAILING = "failing", "Failing"
    BLOCKED = "blocked", "Credential refused"
    PAUSED = "paused", "Paused"
    WAITING = "waiting", "No data yet"


class KeyStanding(TextChoices):
    """What an organization decided about an API key."""

    SANCTIONED = "sanctioned", "Sanctioned"
    TOLERATED = "tolerated", "Tolerated"
    BANNED = "banned", "Banned"


class Listing(TextChoices):
    """Whether a provider's directory knows a key."""

    LISTED = "listed", "Listed by its provider"
    GONE = "gone", "No longer listed"
    UNLISTED = "unlisted", "In no directory"
