"""What a caller may say about one quantity of usage: the typed door of the ledger.

Every source (connector, push endpoint, CSV import) hands the ledger `UsageIn` values. The JSON
form of the push endpoint is the same structure, decoded strictly: unknown fields are refused,
numbers are whole, instants carry an offset. Token kinds are disjoint: `input_uncached` never
contains `cache_read`, `output` never contains `reasoning`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_TOKENS = 10**13
"""Largest count of one token kind in one record: 1,000 times the busiest published day bucket."""
MAX_REQUESTS = 2**31 - 1
MAX_COST = Decimal(10) ** 9
"""Largest cost of one record in whole units; a bigint of nanos holds 9.2 times as much."""
MAX_TAGS = 32
MAX_TEXT = 255
MAX_PART_TOKENS = 2**31 - 1
"""Largest count of one part of one call's prompt."""

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
RequiredText = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Count = Annotated[int, Meta(ge=0, le=MAX_TOKENS)]
Instant = Annotated[datetime, Meta(tz=True)]
TagKey = Annotated[str, Meta(min_length=1, max_length=64)]

Granularity = Literal["event", "hour", "day"]
Basis = Literal["provider_reported", "computed", "allocated"]
Phase = Literal["", "development", "testing", "production"]
Outcome = Literal["", "success", "error", "timeout", "cancelled"]
PartCount = Annotated[int, Meta(ge=0, le=MAX_PART_TOKENS)]


class PromptTokens(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What a call's input tokens were spent on. Counts, never texts; a part left out is 0.

    `tool_use` is the calls of tools and their results, as far as they are part of the input.
    Parts are a description and need not add up to the input exactly (callers count with another
    tokenizer): figures divide by the larger of the input and the sum of the parts.
    """

    system_prompt: PartCount = 0
    safety_instructions: PartCount = 0
    retrieved_context: PartCount = 0
    conversation_history: PartCount = 0
    tool_use: PartCount = 0
    multimodal_input: PartCount = 0
    user_text: PartCount = 0


PARTS = PromptTokens.__struct_fields__
"""Parts of a prompt, in column order. Everything but `user_text` is context."""


class RunIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The run of an agent or workflow that a call belongs to. Only single calls have one.

    `id` names the run within its source; `parent_id` the run that started it. `agent`, `workflow`
    and `tool` are low-cardinality names. `retry`: the call repeats one that failed. `outcome` is
    the call's; a run ended as its last call that says so. A later observation of the record
    replaces its details; a delivery without `run` says nothing about runs and removes nothing.
    """

    id: RequiredText
    parent_id: Text = ""
    agent: Text = ""
    workflow: Text = ""
    tool: Text = ""
    retry: bool = False
    outcome: Outcome = ""
    prompt_tokens: PromptTokens | None = None


class UsageIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One quantity of usage: an event (one call) or a provider's bucket (hour or day x dimensions).

    Identity. With `event_id` a record is that event of that source. Without it, the record is the
    bucket starting at `occurred_at` with these dimensions. Cost, arrival time and position are
    never part of it, so a restatement finds its record. `occurred_at` is the event's own time or
    the bucket's start and may not change between deliveries.

    Money. `cost` is in whole units of `currency`, never cents; None asks the ledger to price the
    tokens. `observed_at` orders versions of one record: the later observation wins; None means
    "when it was accepted". `requests` None means the source does not say how many calls the
    record holds (an event is one call).
    """

    occurred_at: Instant
    provider: RequiredText
    model: RequiredText
    event_id: Text | None = None
    granularity: Granularity = "event"
    observed_at: Instant | None = None

    account: Text = ""
    api_key_id: Text = ""
    api_key: Text = ""
    project_id: Text = ""
    project: Text = ""
    user: Text = ""
    service_tier: Text = ""
    context_window: Text = ""
    region: Text = ""
    branch: Text = ""
    repository: Text = ""
    tags: Annotated[dict[TagKey, Text], Meta(max_length=MAX_TAGS)] = {}

    unit: Text = ""
    capability: Text = ""
    story: Text = ""
    phase: Phase = ""
    work_item: Text = ""

    input_uncached: Count = 0
    cache_read: Count = 0
    cache_write_5m: Count = 0
    cache_write_1h: Count = 0
    output: Count = 0
    reasoning: Count = 0
    audio_input: Count = 0
    audio_output: Count = 0
    image_input: Count = 0
    image_output: Count = 0
    requests: Annotated[int, Meta(ge=0, le=MAX_REQUESTS)] | None = None

    cost: Decimal | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "USD"
    cost_basis: Basis | None = None

    run: RunIn | None = None


class RecordError(msgspec.Struct, frozen=True):
    """Why one record was refused: position in the batch (from 0), field, problem and repair."""

    index: int
    field: str
    message: str
    fix: str


class IngestResult(msgspec.Struct, kw_only=True):
    """What one ingest did. `changed` records got a new version; `unchanged` ones wrote nothing.

    `withdrawn` buckets are those a complete pull no longer contains. `adjusted` records belong to
    a closed period and became adjustment rows. `pruned` records belong to a month whose raw
    records were removed by retention: whether they are known can no longer be told, so they are
    not taken. `restated_cost_nanos` is the sum of the cost differences of changed and withdrawn
    records, in the organization's currency.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    adjusted: int = 0
    unpriced: int = 0
    pruned: int = 0
    restated_cost_nanos: int = 0
    errors: list[RecordError] = []

    def add(self, other: "IngestResult") -> None:
        """Sum another result into this one (folding many chunks or batches)."""
        for name in _COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.errors = [*self.errors, *other.errors]


_COUNTERS = (
    "new",
    "changed",
    "unchanged",
    "withdrawn",
    "adjusted",
    "unpriced",
    "pruned",
    "restated_cost_nanos",
)
