"""OpenAI's numbers in the ledger's words. Pure.

`input_tokens` is the total: uncached + cached + cache writes. The text, audio and image portions
of the input are its uncached part; `input_cached_tokens` holds the cached part of all three.
`output_tokens` contains reasoning, which this API does not tell apart. Fields that older payloads
lack count as zero.
"""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from apps.common.money import to_nanos
from apps.connectors.providers.base import CostLine, Names
from apps.ledger.schema import UsageIn


class CompletionRow(msgspec.Struct):
    """`organization.usage.completions.result`; embeddings have the first two numbers only."""

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


class Amount(msgspec.Struct):
    """Dollars: a JSON number in the specification, a decimal string in the wild."""

    value: Decimal
    currency: str


class CostRow(msgspec.Struct):
    """`organization.costs.result`."""

    amount: Amount
    line_item: str | None = None
    project_id: str | None = None
    quantity: Decimal | None = None
    quantity_unit: str | None = None


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


class RowRefused(ValueError):
    """A row whose counts cannot be true."""


def split(row: CompletionRow) -> Split:
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


def tier_of(row: CompletionRow) -> str:
    """The tier that was served: batch is a flag of its own."""
    return "batch" if row.batch else row.service_tier or ""


def usage_of(
    row: CompletionRow,
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
