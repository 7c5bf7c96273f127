"""What an ask says of itself, on its page and in the list."""

from apps.asks.enums import AskKind, AskStatus
from apps.asks.models import Ask
from apps.common import clock, fmt


def amount_words(ask: Ask) -> str:
    if ask.amount_nanos is None:
        return fmt.DASH
    nanos = ask.approved_nanos if ask.approved_nanos is not None else ask.amount_nanos
    text = fmt.money(nanos, ask.currency, style="exact")
    return f"{text} a period" if ask.kind == AskKind.AMOUNT else text


def state_words(ask: Ask) -> str:
    """The status; of what holds until a day also whether it does today."""
    if (ask.is_exception or ask.is_entitlement) and ask.status == AskStatus.APPROVED:
        today = clock.today()
        if ask.holds_on(today):
            return f"Holds until {fmt.day(ask.ends_on)}" if ask.ends_on else "Holds"
        return "Ended" if ask.starts_on <= today else "To come"
    return AskStatus(ask.status).label
