"""Why a cost changed, as a table of its parts: the same on every page."""

from django.utils.safestring import SafeString

from apps.common import charts, fmt
from apps.common.charts import Step
from apps.ledger.rules.drivers import Drivers


def steps(found: Drivers | None) -> list[Step]:
    """The parts that moved anything, in the order of the product."""
    if found is None:
        return []
    listed = [
        Step(_volume(found), found.volume, _requests(found)),
        Step("Tokens per request", found.tokens_per_request, _size(found)),
        Step("Mix of models", found.model_mix, _models(found)),
        Step("Caching", found.caching, _cached(found)),
        Step("Price per token", found.unit_price, "What a token of the same kind costs"),
    ]
    return [step for step in listed if step.value]


def title(difference: int, currency: str) -> str:
    """“Why cost rose $1,204”."""
    if not difference:
        return "Why cost did not change"
    verb = "rose" if difference > 0 else "fell"
    return f"Why cost {verb} {fmt.money(abs(difference), currency)}"


def table(found: Drivers | None, currency: str, summary: str) -> SafeString | str:
    """The parts with their bars; empty where nothing moved."""
    listed = steps(found)
    if found is None or not listed:
        return ""
    return charts.waterfall(
        listed,
        title=title(found.change, currency),
        summary=summary,
        cell=lambda value: fmt.money(int(value), currency),
    )


def _volume(found: Drivers) -> str:
    return "More requests" if found.volume >= 0 else "Fewer requests"


def _requests(found: Drivers) -> str:
    before, now = found.requests
    if found.uncounted and not (before and now):
        return "No source counts them: tokens stand for them"
    text = f"{fmt.tokens(before)} → {fmt.tokens(now)}"
    if found.uncounted:
        text += f"; use of {_named(found.uncounted)} that is not counted goes by tokens"
    return text


def _size(found: Drivers) -> str:
    if not all(found.requests):
        return ""
    before, now = (
        round(tokens / requests)
        for tokens, requests in zip(found.counted_tokens, found.requests, strict=True)
    )
    return f"{fmt.tokens(before)} → {fmt.tokens(now)} tokens per request"


def _models(found: Drivers) -> str:
    parts = []
    if found.new_models:
        parts.append(f"New: {_named(found.new_models)}")
    if found.gone_models:
        parts.append(f"No longer used: {_named(found.gone_models)}")
    return "; ".join(parts) or "Requests that moved between models"


def _cached(found: Drivers) -> str:
    if not all(found.input):
        return ""
    before, now = (c / i for c, i in zip(found.cached, found.input, strict=True))
    return f"{fmt.pct(before)} → {fmt.pct(now)} of the input from cache"


def _named(models: tuple[str, ...]) -> str:
    return ", ".join(models[:2]) + (f" and {len(models) - 2} more" if len(models) > 2 else "")
