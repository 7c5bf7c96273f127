"""What a record may not say although its types are right. Shared by push and CSV import."""

import re
from datetime import datetime, timedelta

from apps.ledger.rules.validation import EARLIEST, check_values
from apps.ledger.schema import RecordError, UsageIn

FUTURE_TOLERANCE = timedelta(hours=1)
"""Clocks of callers may be this far ahead."""
_TEXTS = (
    "event_id",
    "provider",
    "model",
    "account",
    "api_key_id",
    "api_key",
    "project_id",
    "project",
    "user",
    "service_tier",
    "context_window",
    "region",
    "branch",
    "repository",
    "unit",
    "capability",
    "story",
    "work_item",
)
_RUN_TEXTS = ("id", "parent_id", "agent", "workflow", "tool")


def check_record(
    index: int, record: UsageIn, now: datetime, *, plain: bool = False
) -> RecordError | None:
    """The first thing wrong with a well-typed record, or None.

    `plain` promises texts without control characters (their JSON had no escapes).
    """
    if record.occurred_at > now + FUTURE_TOLERANCE:
        return RecordError(
            index,
            "occurred_at",
            "The time is in the future.",
            "Send the time of the call in UTC; check the clock and the time zone.",
        )
    if record.occurred_at < EARLIEST:
        return RecordError(
            index,
            "occurred_at",
            f"The time is before {EARLIEST.year}.",
            "Check the unit: seconds since 1970 must be written as an ISO 8601 instant.",
        )
    if record.observed_at is not None and record.observed_at > now + FUTURE_TOLERANCE:
        return RecordError(
            index, "observed_at", "The time is in the future.", "Leave it out, or send UTC."
        )
    if error := _check_rest(index, record, now) or _check_tags(index, record):
        return error
    return None if plain else _check_texts(index, record)


def _check_rest(index: int, record: UsageIn, now: datetime) -> RecordError | None:
    if record.cost is None and record.run is None:
        return None
    return check_values(index, record, now + FUTURE_TOLERANCE)


def _check_texts(index: int, record: UsageIn) -> RecordError | None:
    for name in _TEXTS:
        value = getattr(record, name)
        if value and _CONTROL.search(value):
            return _control(index, name)
    if record.run is not None:
        for name in _RUN_TEXTS:
            if _CONTROL.search(getattr(record.run, name)):
                return _control(index, f"run.{name}")
    for key, value in record.tags.items():
        if _CONTROL.search(key) or _CONTROL.search(value):
            return _control(index, "tags")
    return None


def _check_tags(index: int, record: UsageIn) -> RecordError | None:
    for key in record.tags:
        if key.lower() in CONTENT_TAGS:
            return content_error(index, f"tags.{key}")
    return None


def _control(index: int, name: str) -> RecordError:
    return RecordError(
        index, name, "The text holds control characters.", "Remove line breaks, tabs and NULs."
    )


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
CONTENT_TAGS = frozenset(
    {
        "prompt",
        "prompts",
        "messages",
        "completion",
        "completions",
        "system_prompt",
        "user_prompt",
        "response_text",
        "request_body",
        "tool_arguments",
        "headers",
        "request_headers",
    }
)
"""Tag names that promise content."""
CONTENT_NAMES = CONTENT_TAGS | {
    "input_text",
    "output_text",
    "message",
    "content",
    "contents",
    "response",
    "request",
    "body",
    "text",
    "texts",
    "choices",
    "system",
    "assistant",
    "tool_calls",
    "arguments",
    "query",
    "answer",
    "structured_messages",
    "images",
}
"""Field names under which systems send prompts, replies and headers. Never stored."""


def content_error(index: int, name: str) -> RecordError:
    return RecordError(
        index,
        name,
        f"`{name}` holds content. Prompts, replies and headers are not accepted and were not kept.",
        f"Send the record without `{name}`.",
    )
