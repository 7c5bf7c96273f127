"""What a row of a bill is charged for, by whom and for how long. Pure."""

import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from apps.connectors.enums import BillPart
from apps.ledger.schema import MAX_TEXT

DAY = timedelta(days=1)
USAGE = frozenset({"usage", "regular", "consumption", "discountedusage", "savingsplancoveredusage"})
"""Charge categories that are usage; the others are charges of another nature."""
_PARTS = {
    "purchase": BillPart.PURCHASE,
    "fee": BillPart.PURCHASE,
    "rifee": BillPart.PURCHASE,
    "savingsplanupfrontfee": BillPart.PURCHASE,
    "savingsplanrecurringfee": BillPart.PURCHASE,
    "savingsplannegation": BillPart.PURCHASE,
    "unusedreservation": BillPart.PURCHASE,
    "unusedsavingsplan": BillPart.PURCHASE,
    "tax": BillPart.TAX,
    "credit": BillPart.CREDIT,
    "refund": BillPart.CREDIT,
    "edpdiscount": BillPart.CREDIT,
    "privateratediscount": BillPart.CREDIT,
    "bundleddiscount": BillPart.CREDIT,
    "adjustment": BillPart.CORRECTION,
    "roundingadjustment": BillPart.ROUNDING,
    "roundingerror": BillPart.ROUNDING,
}
"""Charge categories of FOCUS, types of AWS line items, of Azure charges and of Google costs."""
_BY_REASON = {
    "": BillPart.TOKENS,
    "compared": BillPart.TOKENS,
    "period": BillPart.TOKENS,
    "uncounted": BillPart.TOKENS,
    "meter": BillPart.UNNAMED,
    "model": BillPart.UNNAMED,
    "unit": BillPart.UNITS,
    "virtual": BillPart.UNITS,
    "correction": BillPart.CORRECTION,
    "negative": BillPart.CREDIT,
}
_PROVIDERS = (
    (("amazon", "aws"), "aws"),
    (("microsoft", "azure"), "azure"),
    (("google", "gcp"), "google"),
    (("openai",), "openai"),
    (("anthropic",), "anthropic"),
    (("openrouter",), "openrouter"),
    (("github",), "github-copilot"),
    (("databricks",), "databricks"),
    (("mistral",), "mistral"),
    (("cohere",), "cohere"),
)


def category_of(said: dict[str, str]) -> str:
    """The row's charge category in one spelling; usage where it says none."""
    return re.sub(r"[ _]", "", said.get("category", "usage")).lower()


def credited(text: str) -> Decimal:
    """The sum of a row's credits: a list of objects with an `amount`, as Google Cloud writes it.
    ValueError for anything else."""
    try:
        found = json.loads(text, parse_float=Decimal, parse_int=Decimal)
        whole = sum((Decimal(item["amount"]) for item in found), Decimal())
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        raise ValueError("no credits") from None
    if not whole.is_finite():
        raise ValueError("no credits")
    return whole


def part_of(reason: str, said: dict[str, str]) -> str:
    """What a row is for (BillPart), from why it stays on the bill and its charge category."""
    part = _BY_REASON.get(reason) or _PARTS.get(category_of(said), BillPart.OTHER)
    return part.value


def until(start: datetime, end: datetime | None) -> date | None:
    """The last UTC day of a charge of more than a day."""
    if end is None or end - start <= DAY:
        return None
    return (end - timedelta(microseconds=1)).date()


def provider_of(said: dict[str, str]) -> str:
    """The provider whose prices apply: the service's (FOCUS 1.3+), else the older columns."""
    text = ""
    for name in ("provider", "provider_old", "host", "publisher", "issuer"):
        if text := said.get(name, ""):
            break
    lowered = text.lower()
    for signs, provider in _PROVIDERS:
        if any(sign in lowered for sign in signs):
            return provider
    return lowered[:MAX_TEXT] or "unknown"
