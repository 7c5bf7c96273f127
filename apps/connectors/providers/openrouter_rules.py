"""OpenRouter's activity in the ledger's words. Pure.

A row is a UTC day, a model and an endpoint. `usage` is dollars that OpenRouter charged. Prompt
tokens contain cached ones, which are not told apart; completion tokens contain reasoning. Where a
caller's own provider key was used (`byok_usage_inference`), the provider bills and reports the
tokens: such a row is for comparison, whatever the source's role.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from apps.common.money import to_nanos
from apps.connectors.providers.base import Ask, CostLine, RowRefused
from apps.connectors.providers.call_rules import model_of, provider_of
from apps.connectors.providers.drift import Documented
from apps.ledger.schema import UsageIn

GATEWAY = "openrouter"
NANO = Decimal(10) ** -9


class ActivityRow(Documented):
    """One item of /activity."""

    date: str
    model: str
    usage: Decimal
    byok_usage_inference: Decimal
    requests: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    model_permaslug: str = ""
    endpoint_id: str = ""
    provider_name: str = ""


def day_of(row: ActivityRow) -> date:
    """The row's UTC day; the time that some answers add is none. Raises RowRefused."""
    try:
        return date.fromisoformat(row.date[:10])
    except ValueError as error:
        raise RowRefused(f"{row.date[:20]!r} is no day") from error


def is_own_key(row: ActivityRow) -> bool:
    """Whether a caller's own provider key paid for the inference."""
    return row.byok_usage_inference > 0


def usage_of(row: ActivityRow, day: date, ask: Ask) -> UsageIn:
    """One day of a model and endpoint. Raises RowRefused for counts that cannot be true."""
    output = row.completion_tokens - row.reasoning_tokens
    if min(row.prompt_tokens, output, row.reasoning_tokens, row.requests) < 0:
        raise RowRefused(
            f"completion {row.completion_tokens} is less than reasoning {row.reasoning_tokens}"
        )
    own = is_own_key(row)
    model = row.model_permaslug or row.model
    cost = row.byok_usage_inference if own else row.usage
    return UsageIn(
        occurred_at=datetime.combine(day, time(), UTC),
        granularity="day",
        observed_at=ask.observed_at,
        provider=provider_of(model, otherwise=GATEWAY) if own else GATEWAY,
        account=ask.account,
        model=model_of(model) if own else model,
        region=row.provider_name,
        project_id=row.endpoint_id,
        project=row.provider_name,
        input_uncached=row.prompt_tokens,
        output=output,
        reasoning=row.reasoning_tokens,
        requests=row.requests,
        cost=cost.quantize(NANO),
        cost_basis="provider_reported",
    )


def cost_of(row: ActivityRow, day: date) -> CostLine:
    """What OpenRouter charged for the row: its fee where the caller's own key was used."""
    return CostLine(
        day=day,
        project_id=row.endpoint_id,
        line_item=f"{row.model}, own key" if is_own_key(row) else row.model,
        model=row.model_permaslug or row.model,
        amount_nanos=to_nanos(row.usage),
        currency="USD",
        quantity=row.requests,
        quantity_unit="requests",
    )
