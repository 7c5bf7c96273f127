"""OpenAI usage that is not tokens, derived from the calls of some keys, and what it costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tokenops.simulator.company import Key
from tokenops.simulator.engine import REQUESTS, UsageModel

GIB = 1024**3
STORE_PROJECT, STORE_GIB, STORE_GROWTH = "Agent assist", 38.0, 0.2
"""The vector store of one project: its size on the anchor day, and what it grows by each day."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A share of a key's calls uses a tool or model besides; `each` is units per such call."""

    endpoint: str
    key: str
    share: float
    each: int
    model: str | None = None
    detail: str | None = None


RULES = (
    Rule("images", "content-drafts-prod", 0.05, 1, "gpt-image-1", "1024x1024"),
    Rule("audio_transcriptions", "call-transcripts-prod", 0.0002, 200, "whisper-1"),
    Rule("audio_speeches", "voice-line-test", 0.5, 420, "tts-1"),
    Rule("code_interpreter_sessions", "actuarial-notebooks-dev", 0.04, 1),
    Rule("file_search_calls", "agent-assist-prod", 0.1, 1),
    Rule("web_search_calls", "regulatory-watch-prod", 0.5, 1, "gpt-5.6-terra", "medium"),
    Rule("web_search_calls", "research-notebooks-dev", 0.25, 1, "gpt-5.5", "medium"),
)
PRICES = {
    "images": ("gpt-image-1, image generation", Decimal("0.042"), "images"),
    "audio_transcriptions": ("whisper-1, transcription", Decimal("0.0001"), "duration_seconds"),
    "audio_speeches": ("tts-1, speech", Decimal("0.000015"), "characters"),
    "code_interpreter_sessions": ("code interpreter sessions", Decimal("0.03"), None),
    "file_search_calls": ("file search tool calls", Decimal("0.0025"), None),
    "web_search_calls": ("web search tool calls", Decimal("0.01"), None),
    "vector_stores": ("vector store storage", Decimal("0.10") / GIB, "gibibyte_hours"),
}
"""Line item of the bill, dollars per unit (bytes of a store: per day), unit of the quantity."""


@dataclass(frozen=True, slots=True)
class Units:
    """Calls and units of one endpoint and key on one UTC day. A store has no key."""

    endpoint: str
    project_id: str
    key: Key | None
    calls: int
    quantity: int
    model: str | None = None
    detail: str | None = None

    @property
    def billed(self) -> float:
        """The quantity of the bill: a store's bytes are gibibyte hours there."""
        return self.quantity / GIB * 24 if self.endpoint == "vector_stores" else self.quantity

    @property
    def dollars(self) -> Decimal:
        """At list price."""
        return self.quantity * PRICES[self.endpoint][1]


def units_of(model: UsageModel, day: date, now: datetime) -> Iterator[Units]:
    """Everything of a UTC day, as seen at `now`; nothing before the first call of the day."""
    calls = model.visible(day, now).sum(axis=0)[:, REQUESTS]
    by_key: dict[str, tuple[Key, int]] = {}
    for index, work in enumerate(model.workloads):
        if work.provider == "openai":
            key, seen = by_key.get(work.key.name, (work.key, 0))
            by_key[work.key.name] = (key, seen + int(calls[index]))
    for rule in RULES:
        key, seen = by_key[rule.key]
        used = int(seen * rule.share)
        if used:
            yield Units(
                rule.endpoint, key.project_id or "", key, used, used * rule.each,
                rule.model, rule.detail,
            )  # fmt: skip
    if any(seen for _, seen in by_key.values()):
        yield _store(model, day)


def _store(model: UsageModel, day: date) -> Units:
    project = next(
        item
        for item in model.company.projects
        if item.provider == "openai" and item.name == STORE_PROJECT
    )
    size = max(1.0, STORE_GIB + STORE_GROWTH * (day - model.anchor).days)
    return Units("vector_stores", project.id or "", None, 0, int(size * GIB))
