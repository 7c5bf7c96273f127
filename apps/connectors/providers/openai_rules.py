"""OpenAI's numbers in the ledger's words. Pure.

`input_tokens` is the total: uncached + cached + cache writes. The text, audio and image portions
of the input are its uncached part; `input_cached_tokens` holds the cached part of all three.
`output_tokens` contains reasoning, which this API does not tell apart. Fields that older payloads
lack count as zero.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import ClassVar

import msgspec

from apps.common.money import to_nanos
from apps.connectors.providers.base import CostLine, Names, RowRefused, UnitLine
from apps.connectors.providers.drift import Documented
from apps.ledger.schema import UsageIn


class TokenRow(Documented):
    """What a result of any token endpoint holds: completions, embeddings, moderations, decisions.

    Embeddings and moderations have the first two numbers only; the others came later or depend
    on the model. Null dimensions were not grouped by.
    """

    input_tokens: int
    num_model_requests: int
    output_tokens: int = 0
    input_cached_tokens: int | None = None
    input_cache_write_tokens: int | None = None
    input_uncached_tokens: int | None = None
    input_text_tokens: int | None = None
    input_audio_tokens: int | None = None
    input_image_tokens: int | None = None
    output_audio_tokens: int | None = None
    output_image_tokens: int | None = None
    project_id: str | None = None
    api_key_id: str | None = None
    model: str | None = None
    batch: bool | None = None
    service_tier: str | None = None

    unread: ClassVar = frozenset(
        {
            "object",
            "user_id",
            "api_source",
            "input_cache_write_30m_tokens",
            "input_cache_write_12h_tokens",
            "input_cached_text_tokens",
            "input_cached_audio_tokens",
            "input_cached_image_tokens",
            "output_text_tokens",
        }
    )
    may_lack: ClassVar = frozenset(
        {
            "output_tokens",
            "input_cached_tokens",
            "input_cache_write_tokens",
            "input_uncached_tokens",
            "input_text_tokens",
            "input_audio_tokens",
            "input_image_tokens",
            "output_audio_tokens",
            "output_image_tokens",
            "batch",
            "service_tier",
        }
    )


class CompletionRow(TokenRow, kw_only=True):
    """`organization.usage.completions.result`: output and the cached part are always there."""

    may_lack: ClassVar = TokenRow.may_lack - {"output_tokens", "input_cached_tokens", "batch"}


class UnitRow(Documented):
    """A result of an endpoint that counts something else than tokens."""

    images: int | None = None
    characters: int | None = None
    seconds: int | None = None
    usage_bytes: int | None = None
    num_sessions: int | None = None
    num_requests: int | None = None
    num_model_requests: int | None = None
    project_id: str | None = None
    api_key_id: str | None = None
    model: str | None = None
    size: str | None = None
    source: str | None = None
    vector_store_id: str | None = None
    context_level: str | None = None

    unread: ClassVar = frozenset({"object", "user_id", "api_source"})
    may_lack: ClassVar = frozenset(
        {
            "images",
            "characters",
            "seconds",
            "usage_bytes",
            "num_sessions",
            "num_requests",
            "num_model_requests",
            "api_key_id",
            "model",
            "size",
            "source",
            "vector_store_id",
            "context_level",
        }
    )


@dataclass(frozen=True, slots=True)
class UnitEndpoint:
    """What an endpoint counts: the field that holds it, its unit, and what it can be split by."""

    field: str
    unit: str
    groups: tuple[str, ...]
    gauge: bool = False


_BY_KEY = ("project_id", "api_key_id", "model")
UNIT_ENDPOINTS = {
    "images": UnitEndpoint("images", "images", (*_BY_KEY, "size", "source")),
    "audio_speeches": UnitEndpoint("characters", "characters", _BY_KEY),
    "audio_transcriptions": UnitEndpoint("seconds", "seconds", _BY_KEY),
    "vector_stores": UnitEndpoint("usage_bytes", "bytes", ("project_id",), gauge=True),
    "code_interpreter_sessions": UnitEndpoint("num_sessions", "sessions", ("project_id",)),
    "file_search_calls": UnitEndpoint("num_requests", "calls", ("project_id", "api_key_id")),
    "web_search_calls": UnitEndpoint("num_requests", "calls", (*_BY_KEY, "context_level")),
}
"""Endpoints that do not count tokens. None of it has a price here: the money is in the bill."""


class Amount(Documented):
    """Dollars: a JSON number in the specification, a decimal string in the wild."""

    value: Decimal
    currency: str


class CostRow(Documented):
    """`organization.costs.result`. Older answers have no quantity."""

    amount: Amount
    line_item: str | None = None
    project_id: str | None = None
    quantity: Decimal | None = None
    quantity_unit: str | None = None

    unread: ClassVar = frozenset({"object", "api_key_id", "user_id", "api_source"})
    may_lack: ClassVar = frozenset({"quantity", "quantity_unit"})


class Split(msgspec.Struct, frozen=True):
    """Disjoint counts of a row, and what did not add up ("" when everything did)."""

    input_uncached: int
    cache_read: int
    cache_write: int
    output: int
    audio_input: int
    audio_output: int
    image_input: int
    image_output: int
    problem: str = ""


def split(row: TokenRow) -> Split:
    """Disjoint counts. The provider's own totals win over the parts, and the difference is named.

    Raises RowRefused for negative counts and for parts larger than the total they belong to.
    """
    cached, written = row.input_cached_tokens or 0, row.input_cache_write_tokens or 0
    audio, image = row.input_audio_tokens or 0, row.input_image_tokens or 0
    audio_out, image_out = row.output_audio_tokens or 0, row.output_image_tokens or 0
    fresh = row.input_tokens - cached - written
    text = fresh - audio - image
    spoken = row.output_tokens - audio_out - image_out
    counts = (text, cached, written, audio, image, spoken, audio_out, image_out)
    if min(counts) < 0 or row.num_model_requests < 0:
        raise RowRefused(
            f"input {row.input_tokens} and output {row.output_tokens} are less than their parts"
        )
    problems = []
    if row.input_uncached_tokens is not None and row.input_uncached_tokens != fresh:
        problems.append(f"uncached {row.input_uncached_tokens} is not {fresh}")
    if row.input_text_tokens is not None and row.input_text_tokens != text:
        problems.append(f"text {row.input_text_tokens} is not {text}")
    return Split(
        input_uncached=text,
        cache_read=cached,
        cache_write=written,
        output=spoken,
        audio_input=audio,
        audio_output=audio_out,
        image_input=image,
        image_output=image_out,
        problem="; ".join(problems),
    )


def tier_of(row: TokenRow) -> str:
    """The tier that was served: batch is a flag of its own."""
    return "batch" if row.batch else row.service_tier or ""


def usage_of(
    row: TokenRow,
    counts: Split,
    *,
    start: datetime,
    account: str,
    names: Names,
    observed_at: datetime,
) -> UsageIn:
    """One ledger quantity for one bucket and combination of dimensions."""
    project, key = row.project_id or "", row.api_key_id or ""
    return UsageIn(
        occurred_at=start,
        granularity="hour",
        observed_at=observed_at,
        provider="openai",
        account=account,
        model=row.model or "unknown",
        project_id=project,
        project=names.projects.get(project, project),
        api_key_id=key,
        api_key=names.keys.get(key, key),
        service_tier=tier_of(row),
        input_uncached=counts.input_uncached,
        cache_read=counts.cache_read,
        cache_write_5m=counts.cache_write,
        output=counts.output,
        audio_input=counts.audio_input,
        audio_output=counts.audio_output,
        image_input=counts.image_input,
        image_output=counts.image_output,
        requests=row.num_model_requests,
    )


def unit_of(row: UnitRow, what: str, day: date) -> UnitLine:
    """One line of usage that is not tokens. Raises RowRefused when the count lacks or is negative.

    `num_model_requests` is kept beside it; the calls of a search are its quantity.
    """
    endpoint = UNIT_ENDPOINTS[what]
    quantity = getattr(row, endpoint.field)
    if quantity is None or quantity < 0 or (row.num_model_requests or 0) < 0:
        raise RowRefused(f"{endpoint.field} is {quantity}")
    details = (row.size, row.source, row.context_level)
    return UnitLine(
        day=day,
        what=what,
        unit=endpoint.unit,
        quantity=quantity,
        requests=row.num_model_requests,
        project_id=row.project_id or "",
        api_key_id=row.api_key_id or "",
        model=row.model or "",
        detail=", ".join(part for part in details if part),
        gauge=endpoint.gauge,
    )


def cost_of(row: CostRow, day: date) -> CostLine:
    """A line of the bill. OpenAI states dollars."""
    line_item = row.line_item or "all usage"
    quantity = row.quantity
    return CostLine(
        day=day,
        project_id=row.project_id or "",
        line_item=line_item,
        model=line_item.split(", ")[0] if ", " in line_item else "",
        amount_nanos=to_nanos(row.amount.value),
        currency=row.amount.currency.upper(),
        quantity=None if quantity is None else int(quantity.to_integral_value(ROUND_HALF_EVEN)),
        quantity_unit=row.quantity_unit or "",
    )


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
