"""Every uncertain input by path: one list for the form, the simulation, the tornado and diffs."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

from .inputs import Assumptions, Triple

Kind = Literal["count", "tokens", "percent", "change"]

INPUT_PARTS = (
    "system_prompt", "safety", "context", "history", "tools", "multimodal", "user_text",
)  # fmt: skip


class FieldSpec(NamedTuple):
    """``kind`` gives the unit and the bounds: percent is 0 to 100, change is -50 to 100."""

    path: str
    label: str
    unit: str
    kind: Kind
    help: str = ""

    @property
    def phase(self) -> str:
        return self.path.split(".", 1)[0]


FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("production.interactions", "Interactions a month", "a month", "count"),
    FieldSpec("production.users", "People who could use it", "people", "count"),
    FieldSpec("production.adoption", "Adoption", "%", "percent", "Share who use it each month"),
    FieldSpec("production.per_user", "Interactions a person a month", "a month", "count"),
    FieldSpec("production.calls", "Model calls per interaction", "calls", "count",
              "Plan, tools, retries inside the agent, summary"),
    FieldSpec("production.parts.system_prompt", "System prompt", "tokens", "tokens"),
    FieldSpec("production.parts.safety", "Safety instructions", "tokens", "tokens"),
    FieldSpec("production.parts.context", "Retrieved context", "tokens", "tokens"),
    FieldSpec("production.parts.history", "Conversation history", "tokens", "tokens"),
    FieldSpec("production.parts.tools", "Tool calls and results", "tokens", "tokens"),
    FieldSpec("production.parts.multimodal", "Images, audio, files", "tokens", "tokens"),
    FieldSpec("production.parts.user_text", "User text", "tokens", "tokens"),
    FieldSpec("production.parts.output", "Answer", "tokens", "tokens"),
    FieldSpec("production.parts.reasoning", "Reasoning", "tokens", "tokens"),
    FieldSpec("production.cache_hit", "Prompt cache hits", "%", "percent",
              "Share of input read from the provider’s cache"),
    FieldSpec("production.cache_write", "Written to the cache", "%", "percent",
              "Share of the other input that is written to the cache"),
    FieldSpec("production.batch_share", "Batch share", "%", "percent",
              "Share of calls that can wait for the batch price"),
    FieldSpec("production.retry", "Retries", "%", "percent", "Calls made again after a failure"),
    FieldSpec("production.growth", "Growth a month", "%", "change"),
    FieldSpec("development.developers", "Developers", "people", "count"),
    FieldSpec("development.days", "Working days", "days", "count"),
    FieldSpec("development.tokens_per_day", "Tokens a developer a day", "tokens", "tokens"),
    FieldSpec("development.size_tokens", "Tokens for this size", "tokens", "tokens"),
    FieldSpec("development.output_share", "Output share", "%", "percent",
              "Part of those tokens that the model writes"),
    FieldSpec("development.cache_hit", "Prompt cache hits", "%", "percent"),
    FieldSpec("testing.runs", "Evaluation runs", "runs", "count"),
    FieldSpec("testing.cases", "Cases a run", "cases", "count"),
    FieldSpec("testing.tokens_per_case", "Tokens a case", "tokens", "tokens"),
    FieldSpec("testing.ci_runs", "Agent runs in CI", "runs", "count"),
    FieldSpec("testing.tokens_per_ci_run", "Tokens an agent run", "tokens", "tokens"),
    FieldSpec("testing.output_share", "Output share", "%", "percent"),
    FieldSpec("testing.cache_hit", "Prompt cache hits", "%", "percent"),
    FieldSpec("testing.batch_share", "Batch share", "%", "percent"),
)  # fmt: skip

BY_PATH: dict[str, FieldSpec] = {field.path: field for field in FIELDS}

BOUNDS: dict[Kind, tuple[Decimal, Decimal]] = {
    "count": (Decimal(0), Decimal(10) ** 12),
    "tokens": (Decimal(0), Decimal(10) ** 15),
    "percent": (Decimal(0), Decimal(100)),
    "change": (Decimal(-50), Decimal(100)),
}


def value_at(assumptions: Assumptions, path: str) -> Triple:
    node: object = assumptions
    for name in path.split("."):
        node = getattr(node, name)
    assert isinstance(node, Triple)  # noqa: S101  (paths come from FIELDS only)
    return node


def is_used(assumptions: Assumptions, path: str) -> bool:
    """Whether the chosen basis reads this input at all."""
    dev = assumptions.development.basis
    by_users = assumptions.production.volume == "users"
    unused = {
        "production.interactions": by_users,
        "production.users": not by_users,
        "production.adoption": not by_users,
        "production.per_user": not by_users,
        "development.developers": dev != "effort",
        "development.days": dev != "effort",
        "development.tokens_per_day": dev != "effort",
        "development.size_tokens": dev != "size",
    }
    return not unused.get(path, False)
