"""Runs of agents, made the way records bring them."""

from datetime import datetime, timedelta
from typing import Any

from apps.ledger.schema import PromptTokens, RunIn, UsageIn
from tests.factories.ledger import AT, usage

_RUN = set(RunIn.__struct_fields__) - {"id"}
PARTS = PromptTokens(
    system_prompt=200,
    safety_instructions=50,
    retrieved_context=400,
    conversation_history=100,
    tool_use=150,
    user_text=100,
)
"""Parts of 1,000 input tokens."""


def call(run: str = "r1", *, at: float = 0, start: datetime = AT, **fields: Any) -> UsageIn:
    """A call of a run, `at` seconds after its start; run fields are told from usage fields."""
    said = {name: fields.pop(name) for name in list(fields) if name in _RUN}
    return usage(occurred_at=start + timedelta(seconds=at), run=RunIn(id=run, **said), **fields)
