"""Runs of agents and workflows: details of their calls, one row per run, sums per day, bands."""

from uuid import UUID

from django.db import models

from apps.common import clock
from apps.ledger.enums import NO_KEY, RunOutcome, RunWordKind
from apps.portfolio.enums import CapabilityKind
from apps.tenancy.db.constraints import TenantTable
from apps.tenancy.models import TenantModel, TenantRow
from apps.trail.refs import ObjectRef

NOBODY = UUID(NO_KEY)
RUN_SUMS = (
    "calls",
    "requests",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "cost_nanos",
    "unpriced_calls",
    "retries",
    "failed_calls",
    "tool_calls",
    "parted_calls",
    "parted_input",
    "system_prompt",
    "safety_instructions",
    "retrieved_context",
    "conversation_history",
    "tool_use",
    "multimodal_input",
    "user_text",
)
"""What is summed over the calls of a run, and over the runs of a day, in column order."""
PART_COLUMNS = RUN_SUMS[-7:]
"""Columns of the parts of a prompt, in the order of `schema.PARTS`."""


class RunWord(TenantRow):
    """A name that calls of runs carry, stored once; `id` is a hash of kind and text."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.BigIntegerField()
    kind = models.SmallIntegerField(choices=RunWordKind.choices)
    text = models.TextField()

    class Meta:
        db_table = "run_word"


class UsageRunDetail(TenantRow):
    """What a record says about its run. Partitioned by month like the records, with their key.

    Beside the records and not in them: a record without a run pays nothing for it. Of several
    deliveries the last observed one counts. Parts of the prompt are NULL where the call states
    none of them. Wide columns come first: the row has no padding.
    """

    pk = models.CompositePrimaryKey("organization_id", "occurred_at", "record_key")
    record_key = models.UUIDField()
    occurred_at = models.DateTimeField()
    observed_at = models.DateTimeField()
    run_key = models.BigIntegerField()
    parent_key = models.BigIntegerField(null=True)
    agent_id = models.BigIntegerField(null=True)
    workflow_id = models.BigIntegerField(null=True)
    tool_id = models.BigIntegerField(null=True)
    system_prompt = models.IntegerField(null=True)
    safety_instructions = models.IntegerField(null=True)
    retrieved_context = models.IntegerField(null=True)
    conversation_history = models.IntegerField(null=True)
    tool_use = models.IntegerField(null=True)
    multimodal_input = models.IntegerField(null=True)
    user_text = models.IntegerField(null=True)
    outcome = models.SmallIntegerField(choices=RunOutcome.choices)
    retry = models.BooleanField()

    tenant_table = TenantTable(grants=("SELECT", "INSERT", "UPDATE", "DELETE"))

    class Meta:
        db_table = "usage_run_detail"
        indexes = [
            models.Index(fields=["organization_id", "run_key"], name="usage_run_detail_run"),
        ]


class RunSums(models.Model):
    """Sums of calls. Tokens of the parts are counted over the calls that state parts, and
    `parted_input` is what those calls' parts are a share of."""

    calls = models.BigIntegerField(db_default=0)
    requests = models.BigIntegerField(db_default=0)
    input_tokens = models.BigIntegerField(db_default=0)
    cached_tokens = models.BigIntegerField(db_default=0)
    output_tokens = models.BigIntegerField(db_default=0)
    cost_nanos = models.BigIntegerField(db_default=0)
    unpriced_calls = models.BigIntegerField(db_default=0)
    retries = models.BigIntegerField(db_default=0)
    failed_calls = models.BigIntegerField(db_default=0)
    tool_calls = models.BigIntegerField(db_default=0)
    parted_calls = models.BigIntegerField(db_default=0)
    parted_input = models.BigIntegerField(db_default=0)
    system_prompt = models.BigIntegerField(db_default=0)
    safety_instructions = models.BigIntegerField(db_default=0)
    retrieved_context = models.BigIntegerField(db_default=0)
    conversation_history = models.BigIntegerField(db_default=0)
    tool_use = models.BigIntegerField(db_default=0)
    multimodal_input = models.BigIntegerField(db_default=0)
    user_text = models.BigIntegerField(db_default=0)

    class Meta:
        abstract = True


class UsageRun(TenantRow, RunSums):
    """One run: sums of its own calls, recomputed whenever one of them changes.

    `run_key` is a hash of the source and the run's id in it. `day` (of the ledger) and the owner
    are those of its first call; a run that is only named as a parent has no calls and no day.
    `outcome` is that of its last call which states one. Keys that do not apply are NO_KEY or 0.
    """

    pk = models.CompositePrimaryKey("organization_id", "run_key")
    run_key = models.BigIntegerField()
    source_id = models.UUIDField()
    run_id = models.TextField()
    parent_key = models.BigIntegerField(db_default=0)
    dimset_id = models.BigIntegerField(db_default=0)
    unit_id = models.UUIDField(db_default=NOBODY)
    capability_id = models.UUIDField(db_default=NOBODY)
    story_id = models.UUIDField(db_default=NOBODY)
    agent_id = models.BigIntegerField(db_default=0)
    workflow_id = models.BigIntegerField(db_default=0)
    tokens = models.BigIntegerField(db_default=0)
    day = models.DateField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.SmallIntegerField(choices=RunOutcome.choices, db_default=RunOutcome.UNKNOWN)

    class Meta:
        db_table = "usage_run"
        indexes = [
            models.Index(
                fields=["organization_id", "capability_id", "started_at", "run_key"],
                include=["tokens", "cost_nanos"],
                condition=models.Q(calls__gt=0),
                name="usage_run_capability",
            ),
            models.Index(
                fields=["organization_id", "started_at", "run_key"],
                include=["tokens", "cost_nanos"],
                condition=models.Q(calls__gt=0),
                name="usage_run_started",
            ),
            models.Index(
                fields=["organization_id", "parent_key"],
                condition=~models.Q(parent_key=0),
                name="usage_run_parent",
            ),
            models.Index(fields=["organization_id", "dimset_id"], name="usage_run_dimset"),
        ]

    def __str__(self) -> str:
        return self.run_id

    @property
    def code(self) -> str:
        """The run in addresses: its key in 16 hexadecimal digits."""
        return f"{self.run_key & (2**64 - 1):016x}"

    @property
    def context_tokens(self) -> int:
        """Tokens of the stated parts of the prompts that are not the user's."""
        return self.parted_input - self.user_text


class RunBands(TenantModel):
    """What an organization expects of the runs of one kind of capability.

    `bands` maps a measure of `rules.bands.MEASURES` to [low, high] as decimal texts or null; a kind
    without a row has the product's reference bands.
    """

    kind = models.TextField(choices=CapabilityKind.choices)
    bands = models.JSONField(default=dict)
    version = models.IntegerField(default=1)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "run_bands"
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "kind"], name="run_bands_kind"),
        ]

    def __str__(self) -> str:
        return f"Reference bands: {self.get_kind_display()}"

    def trail_ref(self) -> ObjectRef:
        return ObjectRef(type="run_bands", id=self.id, label=str(self))


class RollupRun(TenantRow, RunSums):
    """Day x owner x workflow x agent: sums over runs. Moves by the difference of each run."""

    pk = models.CompositePrimaryKey(
        "organization_id",
        "capability_id",
        "day",
        "unit_id",
        "story_id",
        "source_id",
        "workflow_id",
        "agent_id",
    )
    capability_id = models.UUIDField()
    day = models.DateField()
    unit_id = models.UUIDField()
    story_id = models.UUIDField()
    source_id = models.UUIDField()
    workflow_id = models.BigIntegerField()
    agent_id = models.BigIntegerField()
    runs = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "rollup_run"
        indexes = [
            models.Index(fields=["organization_id", "day"], name="rollup_run_day"),
        ]
