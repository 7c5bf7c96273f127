"""What the columns of a file can mean, and what they are usually called. Pure."""

from collections.abc import Sequence

from apps.common.tokens import KINDS
from apps.connectors.imports.rules.reading import normal

DIMENSIONS: dict[str, str] = {
    "provider": "Provider",
    "model": "Model",
    "account": "Provider account",
    "api_key": "API key, name",
    "api_key_id": "API key, id",
    "project": "Project, name",
    "project_id": "Project, id",
    "user": "User",
    "service_tier": "Service tier served",
    "context_window": "Context window",
    "region": "Region",
    "repository": "Repository",
    "branch": "Branch",
    "unit": "Team code",
    "capability": "Capability code",
    "story": "Token Story number",
    "phase": "Phase",
    "work_item": "Work item",
    "tags": "Tags, JSON",
}
MEASURES: dict[str, str] = {
    "input_total": "Input tokens, cached ones included",
    "input_uncached": "Input tokens without cached ones",
    "cache_read": "Cache read tokens",
    "cache_write_5m": "Cache write tokens, 5 minutes",
    "cache_write_1h": "Cache write tokens, 1 hour",
    "output_total": "Output tokens, reasoning included",
    "output": "Output tokens without reasoning",
    "reasoning": "Reasoning tokens",
    "audio_input": "Audio input tokens",
    "audio_output": "Audio output tokens",
    "image_input": "Image input tokens",
    "image_output": "Image output tokens",
    "requests": "Calls",
    "cost": "Cost",
}
RUN: dict[str, str] = {
    "run.id": "Run, id",
    "run.parent_id": "Run that started it, id",
    "run.agent": "Agent",
    "run.workflow": "Workflow",
    "run.tool": "Tool",
    "run.retry": "Retry (true or false)",
    "run.outcome": "Outcome of the call",
}
"""What a row says about the run its call belongs to."""
PROMPT: dict[str, str] = {
    "run.prompt_tokens.system_prompt": "Prompt: system prompt tokens",
    "run.prompt_tokens.safety_instructions": "Prompt: safety instruction tokens",
    "run.prompt_tokens.retrieved_context": "Prompt: retrieved context tokens",
    "run.prompt_tokens.conversation_history": "Prompt: conversation history tokens",
    "run.prompt_tokens.tool_use": "Prompt: tool call and result tokens",
    "run.prompt_tokens.multimodal_input": "Prompt: multimodal input tokens",
    "run.prompt_tokens.user_text": "Prompt: user text tokens",
}
KINDS_OF_FILE = {"usage": "Usage: tokens in columns", "bill": "A bill: one charge per row"}
IDENTITY: dict[str, str] = {
    "occurred_at": "Time of the call or start of the bucket",
    "event_id": "Id of the call",
}
TARGETS = {**IDENTITY, **DIMENSIONS, **MEASURES, **RUN, **PROMPT}
CHARGE: dict[str, str] = {
    "charge_start": "Start of the charge period",
    "charge_end": "End of the charge period",
    "billing_start": "Start of the billing period",
    "category": "Charge category",
    "charge_class": "Charge class: correction",
    "currency": "Billing currency",
    "pricing_currency": "Pricing or virtual currency",
    "pricing_category": "Pricing category",
}
BILL_MEASURES: dict[str, str] = {
    "cost": "Effective cost, or the only one",
    "billed": "Billed cost",
    "list_cost": "List cost",
    "contracted_cost": "Contracted cost",
    "credits": "Credits of the row, JSON",
    "consumed_quantity": "Consumed quantity",
    "pricing_quantity": "Priced quantity",
    **{kind: MEASURES[kind] for kind in KINDS},
}
CHARGED_FOR: dict[str, str] = {
    "service": "Service",
    "product": "Product or sub-category",
    "meter": "Meter",
    "description": "Description of the charge",
    "sku": "SKU",
    "sku_price": "SKU price",
    "sku_details": "SKU details, JSON",
    "consumed_unit": "Unit of the consumed quantity",
    "pricing_unit": "Unit of the priced quantity",
    "resource_id": "Resource, id",
    "commitment": "Commitment discount",
    "allocated_resource": "Resource a cost was split to",
    "provider_old": "Provider (before FOCUS 1.3)",
    "host": "Host provider",
    "publisher": "Publisher",
    "issuer": "Invoice issuer",
}
BILL_DIMENSIONS = {
    name: label
    for name, label in DIMENSIONS.items()
    if name not in {"context_window", "branch", "story", "phase", "work_item"}
}
IDENTIFYING = frozenset(
    {"account", "project_id", "charge_start", "charge_end", "billing_start", "category",
     "charge_class", "provider", "publisher", "service", "sku", "sku_price", "meter", "description",
     "resource_id", "region", "consumed_unit", "pricing_unit", "pricing_category", "commitment",
     "currency", "model", "user", "repository", "allocated_resource", "api_key", "api_key_id"}
)  # fmt: skip
"""What a bill's row is about. Never an amount, a quantity, an invoice or tags: those are restated,
and a row keeps its identity."""
BILL_TARGETS = {**CHARGE, **BILL_MEASURES, **CHARGED_FOR, **BILL_DIMENSIONS}
TAG = "tag:"
GRANULARITIES = {"event": "Each row is one call", "hour": "Hours", "day": "UTC days"}

_GUESSES: dict[str, str] = {
    "timestamp": "occurred_at",
    "time": "occurred_at",
    "date": "occurred_at",
    "datetime": "occurred_at",
    "created": "occurred_at",
    "created_at": "occurred_at",
    "start_time": "occurred_at",
    "start_time_iso": "occurred_at",
    "usage_date_utc": "occurred_at",
    "starting_at": "occurred_at",
    "run_id": "run.id",
    "parent_run_id": "run.parent_id",
    "agent": "run.agent",
    "agent_name": "run.agent",
    "workflow": "run.workflow",
    "workflow_name": "run.workflow",
    "tool": "run.tool",
    "tool_name": "run.tool",
    "retry": "run.retry",
    "is_retry": "run.retry",
    "outcome": "run.outcome",
    "system_prompt_tokens": "run.prompt_tokens.system_prompt",
    "safety_instruction_tokens": "run.prompt_tokens.safety_instructions",
    "retrieved_context_tokens": "run.prompt_tokens.retrieved_context",
    "conversation_history_tokens": "run.prompt_tokens.conversation_history",
    "tool_use_tokens": "run.prompt_tokens.tool_use",
    "multimodal_input_tokens": "run.prompt_tokens.multimodal_input",
    "user_text_tokens": "run.prompt_tokens.user_text",
    "request_id": "event_id",
    "id": "event_id",
    "call_id": "event_id",
    "model_version": "model",
    "model_name": "model",
    "api_key_name": "api_key",
    "key": "api_key",
    "workspace": "project",
    "project_name": "project",
    "user_email": "user",
    "user_id": "user",
    "email": "user",
    "tier": "service_tier",
    "repo": "repository",
    "team": "unit",
    "app": "capability",
    "application": "capability",
    "context_tokens": "input_total",
    "prompt_tokens": "input_total",
    "input_tokens": "input_total",
    "usage_input_tokens_no_cache": "input_uncached",
    "input_uncached_tokens": "input_uncached",
    "uncached_input_tokens": "input_uncached",
    "input_cached_tokens": "cache_read",
    "cached_tokens": "cache_read",
    "cache_read_tokens": "cache_read",
    "cache_read_input_tokens": "cache_read",
    "usage_input_tokens_cache_read": "cache_read",
    "usage_input_tokens_cache_write_5m": "cache_write_5m",
    "cache_creation_tokens": "cache_write_5m",
    "cache_write_tokens": "cache_write_5m",
    "usage_input_tokens_cache_write_1h": "cache_write_1h",
    "generated_tokens": "output_total",
    "completion_tokens": "output_total",
    "output_tokens": "output_total",
    "usage_output_tokens": "output_total",
    "reasoning_tokens": "reasoning",
    "num_model_requests": "requests",
    "num_requests": "requests",
    "request_count": "requests",
    "calls": "requests",
    "cost_usd": "cost",
    "spend": "cost",
    "amount": "cost",
    "total_cost": "cost",
}


def guess(header: Sequence[str]) -> dict[str, str]:
    """A target for each column whose name is known; no target is guessed twice."""
    found: dict[str, str] = {}
    for column in header:
        name = normal(column)
        target = name if name in TARGETS else _GUESSES.get(name, "")
        if target and target not in found.values():
            found[column] = target
    return found
