"""The decoded intermediate record: one model call, or one interval of a counter."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum

from apps.connectors.push.rules.counts import Counts
from apps.ledger.schema import PromptTokens, RunIn, UsageIn

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Key = bytes
"""16 bytes that name an emitter, a trace or a span; see `rules.emitters`."""


class Dialect(StrEnum):
    """Who speaks. Each has its own rule of what input and output contain."""

    GENAI = "genai"
    TRACELOOP = "traceloop"
    OPENINFERENCE = "openinference"
    CLAUDE_CODE = "claude_code"
    CODEX = "codex"
    GEMINI_CLI = "gemini_cli"
    LITELLM = "litellm"
    CLOUDEVENTS = "cloudevents"
    RECORDS = "records"
    OTHER = "other"


class Signal(StrEnum):
    """How a call was told."""

    EVENT = "event"
    SPAN = "span"
    METRIC = "metric"
    RECORD = "record"


class Rank(IntEnum):
    """Which signal counts when several tell the same call: the smallest of an emitter's hour.

    A coding agent's own event is complete and per call. A span is per call and has a parent. A
    generic event often lacks details. A span of an agent or turn may sum its children. Counters
    have no calls at all.
    """

    NATIVE_EVENT = 1
    CALL_SPAN = 2
    GENERIC_EVENT = 3
    AGENT_SPAN = 4
    NATIVE_METRIC = 5
    GENERIC_METRIC = 6


@dataclass(slots=True)
class Run:
    """What a call belonged to. `parent_run_id` is the conversation or session around the run.

    `parts` are tokens of the prompt by the ledger's parts (`PromptTokens`), where a source tells.
    """

    run_id: str = ""
    parent_run_id: str = ""
    agent: str = ""
    workflow: str = ""
    tool: str = ""
    operation: str = ""
    retry: int = 0
    parts: dict[str, int] = field(default_factory=dict)

    def told(self) -> RunIn | None:
        """The ledger's form, where the call belongs to a run at all."""
        if not self.run_id:
            return None
        return RunIn(
            id=self.run_id,
            parent_id=self.parent_run_id,
            agent=self.agent,
            workflow=self.workflow,
            tool=self.tool,
            retry=self.retry > 0,
            prompt_tokens=PromptTokens(**self.parts) if self.parts else None,
        )


@dataclass(slots=True)
class Origin:
    """What a resource says of all its telemetry: labels, and what its owner states outright."""

    service: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    user: str = ""
    unit: str = ""
    capability: str = ""
    story: str = ""
    phase: str = ""
    work_item: str = ""
    branch: str = ""
    repository: str = ""


@dataclass(slots=True)
class Call:
    """One call (event, span) or one interval of counters (metric), disjointly counted.

    `claims` are keys under which worse signals of the same usage are recognized; `checks` are the
    keys under which a better signal may already have told, or may still tell, this usage. Both
    count in the hours from `first` to `last` (nanoseconds since 1970). `own` is a span's key and
    `covers` are those of the spans above it: their usage is told by this one.
    """

    dialect: Dialect
    signal: Signal
    rank: Rank
    event_id: str
    first: int
    last: int
    at: int
    provider: str
    model: str
    counts: Counts
    requests: int | None = None
    granularity: str = "event"
    user: str = ""
    service_tier: str = ""
    origin: Origin = field(default_factory=Origin)
    run: Run = field(default_factory=Run)
    claims: tuple[Key, ...] = ()
    checks: tuple[Key, ...] = ()
    own: Key | None = None
    covers: tuple[Key, ...] = ()

    def usage(self) -> UsageIn:
        """The ledger's record. Nothing of a prompt, an answer or a header has come this far."""
        origin, counts = self.origin, self.counts
        return UsageIn(
            occurred_at=moment(self.at),
            provider=self.provider,
            model=self.model,
            event_id=self.event_id,
            granularity=self.granularity,  # type: ignore[arg-type]
            project_id=origin.service,
            user=self.user or origin.user,
            service_tier=self.service_tier,
            branch=origin.branch,
            repository=origin.repository,
            tags=origin.tags,
            unit=origin.unit,
            capability=origin.capability,
            story=origin.story,
            phase=origin.phase,  # type: ignore[arg-type]
            work_item=origin.work_item,
            input_uncached=counts.input_uncached,
            cache_read=counts.cache_read,
            cache_write_5m=counts.cache_write_5m,
            cache_write_1h=counts.cache_write_1h,
            output=counts.output,
            reasoning=counts.reasoning,
            audio_input=counts.audio_input,
            audio_output=counts.audio_output,
            image_input=counts.image_input,
            image_output=counts.image_output,
            requests=self.requests,
            run=self.run.told() if self.granularity == "event" else None,
        )


class Reason(StrEnum):
    """Why something did not become a record of its own."""

    NOT_USAGE = "not_usage"
    NO_TOKENS = "no_tokens"
    SUPERSEDED = "superseded"
    AGGREGATE = "aggregate"
    WITHDRAWN = "withdrawn"
    BASELINE = "baseline"
    OLDER_POINT = "older_point"
    CACHE_HIT = "cache_hit"
    FAILED_CALL = "failed_call"
    GUARDRAIL = "guardrail"
    NO_MODEL = "no_model"
    BAD_COUNT = "bad_count"
    BAD_TIME = "bad_time"
    BAD_ID = "bad_id"
    BAD_TEXT = "bad_text"
    BAD_RECORD = "bad_record"


REFUSALS = {
    Reason.NO_MODEL: "usage without a model name",
    Reason.BAD_COUNT: "a token count that is no whole number from 0 to 10^13",
    Reason.BAD_TIME: "a time before 2020 or in the future",
    Reason.BAD_ID: "usage without ids that tell it from other usage",
    Reason.BAD_TEXT: "a model name with blanks or over 255 characters",
    Reason.BAD_RECORD: "a record that is not valid or over 4 MiB",
    Reason.GUARDRAIL: "a guardrail request: it holds a prompt and no usage",
}
"""What the sender can mend. Everything else is taken quietly and counted."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Telemetry that is no record: counted by dialect, signal and reason, nothing of it kept."""

    dialect: Dialect
    signal: Signal
    reason: Reason
    tokens: int = 0


def moment(nanoseconds: int) -> datetime:
    """An instant, cut to microseconds like every instant of the ledger."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


def nanoseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1) * 1000
