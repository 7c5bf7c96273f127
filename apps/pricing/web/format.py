"""How prices are written. They are Decimals per million tokens, not nanos."""

from decimal import Decimal

from apps.common.fmt import DASH


def price(value: Decimal | None) -> str:
    """$2.50, $0.075, $0: at least two decimals, never more digits than the price has."""
    if value is None:
        return DASH
    plain = f"{value.normalize():f}"
    whole, _, decimals = plain.partition(".")
    return f"${int(whole):,}.{decimals.ljust(2, '0')}"


def exact(value: Decimal | None) -> str:
    """All digits, for files; empty when there is no price."""
    return "" if value is None else f"{value.normalize():f}"
