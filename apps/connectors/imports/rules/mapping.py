"""What the columns of a file mean: targets, guesses, and a checked mapping. Pure."""

import re
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apps.common.errors import FieldError, Invalid
from apps.common.tokens import KINDS
from apps.connectors.imports.enums import CostUnit
from apps.connectors.imports.rules.mending import own_columns
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
     "currency", "model", "user", "repository", "allocated_resource"}
)  # fmt: skip
"""What a bill's row is about. Never an amount, a quantity, an invoice or tags: those are restated,
and a row keeps its identity."""
BILL_TARGETS = {**CHARGE, **BILL_MEASURES, **CHARGED_FOR, **BILL_DIMENSIONS}
TAG = "tag:"
GRANULARITIES = {"event": "Each row is one call", "hour": "Hours", "day": "UTC days"}
_TAG_NAME = re.compile(r"^[\w.\-:/ ]{1,64}$")
_CURRENCY = re.compile(r"^[A-Z]{3}$")

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


@dataclass(frozen=True, slots=True)
class Mapping:
    """Columns to targets, constants for what the file does not say, and how values are written.

    `kind` says how rows are read: "usage" has token counts in columns, "bill" has one charge per
    row (`rules.billing`). `preset` names the export it was recognised as, "" for none. `bill_only`
    keeps usage of a bill out of the ledger, because another source counts it.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    granularity: str = "event"
    timezone: str = "UTC"
    currency: str = "USD"
    cost_unit: str = CostUnit.UNITS.value
    kind: str = "usage"
    preset: str = ""
    bill_only: bool = False

    @property
    def is_bill(self) -> bool:
        return self.kind == "bill"

    @property
    def targets(self) -> dict[str, str]:
        """What columns of this kind of file can mean."""
        return BILL_TARGETS if self.is_bill else TARGETS

    def column_of(self, target: str) -> str | None:
        return next((column for column, found in self.columns.items() if found == target), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "columns": self.columns,
            "constants": self.constants,
            "granularity": self.granularity,
            "timezone": self.timezone,
            "currency": self.currency,
            "cost_unit": self.cost_unit,
            "kind": self.kind,
            "preset": self.preset,
            "bill_only": self.bill_only,
        }

    @classmethod
    def from_json(cls, data: AnyMapping[str, Any]) -> "Mapping":
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**known)

    def default_key(self, header: Sequence[str]) -> list[str]:
        """The columns that make a row's identity: the id, else all that are no measure."""
        if event := self.column_of("event_id"):
            return [event]
        said = {*MEASURES, *RUN, *PROMPT}
        return [name for name in own_columns(header) if self.columns.get(name, "") not in said]


def check(mapping: Mapping, header: Sequence[str]) -> Mapping:
    """The mapping without empty entries. Invalid names each problem with its fix."""
    columns = {c: t for c, t in mapping.columns.items() if t}
    constants = {t: v.strip() for t, v in mapping.constants.items() if v and v.strip()}
    targets = list(columns.values())
    errors = _wrong_columns(columns, mapping.targets, header)
    for target in {t for t in targets if targets.count(t) > 1}:
        label = mapping.targets.get(target, target)
        errors.append(FieldError("columns", f"Two columns are mapped to “{label}”.", "Keep one."))
    missing = _missing_of_bill(targets) if mapping.is_bill else _missing(targets, constants)
    errors += missing + _doubled(targets, constants)
    errors += _runs(targets, mapping.granularity) + _wrong_writing(mapping)
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    return replace(mapping, columns=columns, constants=constants)


def _wrong_columns(
    columns: AnyMapping[str, str], known: AnyMapping[str, str], header: Sequence[str]
) -> list[FieldError]:
    errors = []
    for column, target in columns.items():
        if column not in header:
            errors.append(
                FieldError("columns", f"The file has no column “{column[:60]}”.", "Map another.")
            )
        elif target.startswith(TAG):
            if not _TAG_NAME.match(target.removeprefix(TAG)):
                errors.append(FieldError("columns", "A tag needs a name.", "tag:team, say."))
        elif target not in known:
            errors.append(FieldError("columns", f"“{target[:60]}” is no target.", ""))
    return errors


def _wrong_writing(mapping: Mapping) -> list[FieldError]:
    errors = []
    if mapping.kind not in KINDS_OF_FILE:
        errors.append(FieldError("kind", "Unknown kind of file.", "usage or bill"))
    if mapping.granularity not in GRANULARITIES:
        errors.append(FieldError("granularity", "Unknown granularity.", "event, hour or day"))
    if not _CURRENCY.match(mapping.currency):
        errors.append(FieldError("currency", "A currency is three capital letters.", "USD"))
    if mapping.cost_unit not in [unit.value for unit in CostUnit]:
        errors.append(FieldError("cost_unit", "Unknown unit of cost.", "units or cents"))
    try:
        ZoneInfo(mapping.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        errors.append(FieldError("timezone", "Unknown time zone.", "UTC or Europe/Berlin, say."))
    return errors


def _missing(targets: Sequence[str], constants: AnyMapping[str, str]) -> list[FieldError]:
    errors = []
    if "occurred_at" not in targets:
        errors.append(
            FieldError("columns", "No column is mapped to the time.", "Choose the time column.")
        )
    errors += [
        FieldError(
            name,
            f"The {name} is missing.",
            f"Map a column to it, or write the {name} that all rows have.",
        )
        for name in ("provider", "model")
        if name not in targets and name not in constants
    ]
    counted = {*KINDS, "input_total", "output_total", "cost", "requests"}
    if not counted & set(targets):
        errors.append(
            FieldError("columns", "No column holds tokens, calls or cost.", "Map at least one.")
        )
    return errors


def _runs(targets: Sequence[str], granularity: str) -> list[FieldError]:
    said = [target for target in targets if target in RUN or target in PROMPT]
    if not said:
        return []
    if granularity != "event":
        return [
            FieldError(
                "granularity", "Buckets of calls belong to no run.", "Leave the run columns out."
            )
        ]
    if "run.id" not in targets:
        return [
            FieldError(
                "columns",
                f"“{TARGETS[said[0]]}” needs the run's id.",
                "Map the column that holds it.",
            )
        ]
    return []


def _missing_of_bill(targets: Sequence[str]) -> list[FieldError]:
    errors = []
    if "charge_start" not in targets:
        errors.append(
            FieldError(
                "columns",
                "No column is mapped to the start of the charge period.",
                "Choose the column with the date of the charge.",
            )
        )
    if not {"cost", "billed"} & set(targets):
        errors.append(
            FieldError("columns", "No column holds the cost.", "Map the effective or billed cost.")
        )
    return errors


def _doubled(targets: Sequence[str], constants: AnyMapping[str, str]) -> list[FieldError]:
    errors = [
        FieldError(name, f"The {DIMENSIONS[name].lower()} is mapped and written.", "Keep one.")
        for name in constants
        if name in targets and name in DIMENSIONS
    ]
    errors += [
        FieldError("columns", f"“{name}” cannot be written for all rows.", "")
        for name in constants
        if name not in DIMENSIONS or name == "tags"
    ]
    for total, part in (("input_total", "input_uncached"), ("output_total", "output")):
        if total in targets and part in targets:
            errors.append(
                FieldError(
                    "columns",
                    f"“{MEASURES[total]}” and “{MEASURES[part]}” say the same twice.",
                    "Map one of them.",
                )
            )
    return errors
