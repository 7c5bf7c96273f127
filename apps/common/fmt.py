"""How numbers are written for people. One place, pure functions, no Django.

Money is an int of nanos (10⁻⁹ of the currency's unit), shares and changes are ratios (0.137 is
13.7 %). Nothing is rounded before it gets here, and files and the API never go through here.
Missing is an en dash, never 0.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from apps.common.money import NANOS, from_nanos

NBSP = "\u00a0"
MINUS = "\u2212"
DASH = "–"

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))
#: Below this base a change says "new" instead of a percentage.
MIN_BASE_NANOS = 100 * NANOS
MIN_BASE_TOKENS = 1_000_000


def _sign(value: float | Decimal) -> str:
    return MINUS if value < 0 else ""


def _fixed(value: Decimal, places: int) -> str:
    quantum = Decimal(1).scaleb(-places)
    return f"{value.quantize(quantum, rounding=ROUND_HALF_EVEN):,}"


def symbol(currency: str) -> str:
    """`$` for USD; an unknown currency is written with its code and a space: `CHF 12`."""
    return SYMBOLS.get(currency, f"{currency}{NBSP}")


def count(value: int | None) -> str:
    """An exact whole number with separators: 12,480."""
    return DASH if value is None else f"{_sign(value)}{abs(value):,}"


def tokens(value: int | None) -> str:
    """940, 842 K, 1.2 M, 44.4 B, 3.2 T: one decimal below 100 of the unit, none above."""
    if value is None:
        return DASH
    size = abs(value)
    for index, (scale, suffix) in enumerate(_SCALES):
        if size < scale:
            continue
        number = Decimal(size) / scale
        places = 1 if number < Decimal("99.95") else 0
        text = _fixed(number, places)
        if text == "1,000" and index > 0:
            text, suffix = "1.0", _SCALES[index - 1][1]
        return f"{_sign(value)}{text}{NBSP}{suffix}"
    return f"{_sign(value)}{size:,}"


def money(nanos: int | None, currency: str = "USD", style: str = "auto") -> str:
    """An amount in nanos.

    auto: $12, $2,538, $48.7k, $1.24M · exact: $48,712 · cents: $48,712.34 · k: $48.7k ·
    agreed: $48,712, or $48,712.50 where it has cents (caps are never rounded) ·
    unit: $0.31, below one cent $0.0042. Raises KeyError for another style.
    """
    if nanos is None:
        return DASH
    amount = abs(from_nanos(nanos))
    return f"{_sign(nanos)}{symbol(currency)}{_STYLES[style](amount)}"


def _auto(amount: Decimal) -> str:
    if amount >= 999_950:
        return f"{_fixed(amount / 1_000_000, 2)}M"
    if amount >= 10_000:
        return f"{_fixed(amount / 1_000, 1)}k"
    if 0 < amount < 10:
        return _unit(amount)
    return _fixed(amount, 0)


def _unit(amount: Decimal) -> str:
    if amount == 0 or amount >= Decimal("0.01"):
        return _fixed(amount, 2)
    if amount >= Decimal("0.00005"):
        return _fixed(amount, 4)
    return f"{amount.normalize():f}" if amount >= Decimal("0.0000005") else "0.0000"


_STYLES = {
    "auto": _auto,
    "exact": lambda amount: _fixed(amount, 0),
    "cents": lambda amount: _fixed(amount, 2),
    "agreed": lambda amount: _fixed(amount, 0 if amount == int(amount) else 2),
    "k": lambda amount: f"{_fixed(amount / 1_000, 1)}k",
    "unit": _unit,
}


def times(value: Decimal | float) -> str:
    """A multiple: 6.7×, and in whole numbers from a hundred on."""
    amount = Decimal(str(value))
    return f"{_fixed(amount, 0 if abs(amount) >= 100 else 1)}×"


def axis_money(nanos: float, currency: str = "USD") -> str:
    """An axis tick: no trailing zeros. $0, $2.5k, $1.2M."""
    amount = abs(Decimal(str(nanos)) / NANOS)
    for scale, suffix in ((10**6, "M"), (10**3, "k")):
        if amount >= scale:
            return f"{_sign(nanos)}{symbol(currency)}{_short(amount / scale)}{suffix}"
    return f"{_sign(nanos)}{symbol(currency)}{_short(amount)}"


def axis_tokens(value: float) -> str:
    """An axis tick: 0, 2.5 M, 10 B."""
    amount = abs(Decimal(str(value)))
    for scale, suffix in _SCALES:
        if amount >= scale:
            return f"{_sign(value)}{_short(amount / scale)}{NBSP}{suffix}"
    return f"{_sign(value)}{_short(amount)}"


def _short(value: Decimal) -> str:
    """Two decimals, and below 1 three figures: ticks of small steps stay apart."""
    places = min(-2, value.adjusted() - 2) if value else 0
    text = f"{value.quantize(Decimal(1).scaleb(places), rounding=ROUND_HALF_EVEN):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def pct(ratio: float | Decimal | None, places: int = 0) -> str:
    """A share: 0.951 is 95%; with one place 95.1%."""
    if ratio is None:
        return DASH
    value = float(ratio) * 100
    text = f"{abs(value):.{places}f}"
    return f"{MINUS if value < 0 and float(text) else ''}{text}%"


def share(part: int | None, whole: int | None, places: int = 1) -> str:
    """`part` of `whole` as a percentage; an en dash when there is nothing to divide by."""
    if part is None or not whole:
        return DASH
    return pct(Decimal(part) / Decimal(whole), places)


def delta(ratio: float | Decimal | None, places: int = 1) -> str:
    """A change with its sign: +13.7%, −6.1%; above three times 12×; under 0.05% it is 0%."""
    if ratio is None:
        return "new"
    value = float(ratio) * 100
    if abs(value) < 0.05 or float(f"{abs(value):.{places}f}") == 0:
        return "0%"
    if value > 300:
        return f"{1 + value / 100:.0f}×"
    return f"{'+' if value > 0 else MINUS}{abs(value):.{places}f}%"


def points(difference: float | Decimal | None, places: int = 0) -> str:
    """A change of a share, in points: +25 pts."""
    if difference is None:
        return DASH
    value = float(difference) * 100
    if round(abs(value), places) == 0:
        return f"0{NBSP}pts"
    return f"{'+' if value > 0 else MINUS}{abs(value):.{places}f}{NBSP}pts"


def signed_money(nanos: int | None, currency: str = "USD", style: str = "auto") -> str:
    """A difference of money with its sign: +$19.8k, −$2.3k. What is shown as nothing has none."""
    if nanos is None:
        return DASH
    size, nothing = money(abs(nanos), currency, style), money(0, currency, style)
    if size == nothing:
        return nothing
    return f"{'+' if nanos > 0 else MINUS}{size}"


def change(now: int | None, before: int | None, minimum: int = 0) -> float | None:
    """The ratio of change; None when the base is missing, 0 or below `minimum` ("new")."""
    if now is None or not before or abs(before) < minimum:
        return None
    return float(Decimal(now - before) / Decimal(abs(before)))


def per_million(cost_nanos: int | None, token_count: int) -> int | None:
    """Nanos per million tokens, half-even; None without cost or tokens."""
    if cost_nanos is None or token_count <= 0:
        return None
    ratio = Decimal(cost_nanos) * 1_000_000 / Decimal(token_count)
    return int(ratio.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def day(value: date | None, today: date | None = None) -> str:
    """22 Nov; with the year when it is not this year's: 22 Nov 2025."""
    if value is None:
        return DASH
    reference = today or datetime.now(UTC).date()
    text = f"{value.day} {value:%b}"
    return text if value.year == reference.year else f"{text} {value.year}"


def long_day(value: date | None) -> str:
    """22 November 2026."""
    return DASH if value is None else f"{value.day} {value:%B %Y}"


def moment(value: datetime | None, zone: str = "UTC") -> str:
    """22 Nov, 06:00 UTC. The zone is always said."""
    if value is None:
        return DASH
    local = value.astimezone(ZoneInfo(zone))
    return f"{day(local.date())}, {local:%H:%M} {local.tzname()}"


def day_range(start: date, end: date) -> str:
    """Days of [start, end): 1–22 Nov, 28 Oct – 3 Nov, 30 Dec 2025 – 2 Jan 2026."""
    last = end - timedelta(days=1)
    if last <= start:
        return day(start)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day}–{day(last)}"
    if start.year == last.year:
        return f"{start.day} {start:%b} – {day(last)}"
    return f"{start.day} {start:%b %Y} – {last.day} {last:%b %Y}"


def due(value: date | None, today: date) -> str:
    """Due today, 1 day late, 3 days left."""
    if value is None:
        return DASH
    days = (value - today).days
    if days == 0:
        return "Due today"
    noun = "day" if abs(days) == 1 else "days"
    return f"{days} {noun} left" if days > 0 else f"{-days} {noun} late"


def duration(seconds: float | None) -> str:
    """A length of time by its two largest units: 42 s, 3 min 5 s, 2 h 10 min, 4 days."""
    if seconds is None:
        return DASH
    whole = int(seconds)
    if whole < 60:
        return f"{whole}{NBSP}s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes}{NBSP}min" + (f" {rest}{NBSP}s" if rest else "")
    if whole < 86400:
        hours, rest = divmod(whole, 3600)
        return f"{hours}{NBSP}h" + (f" {rest // 60}{NBSP}min" if rest >= 60 else "")
    days = whole // 86400
    return f"{days} day" if days == 1 else f"{days} days"


def ago(value: datetime | None, now: datetime) -> str:
    """How long ago: just now, 5 min ago, 3 h ago, 2 days ago."""
    if value is None:
        return DASH
    seconds = (now - value).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)}{NBSP}min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)}{NBSP}h ago"
    return f"{duration(seconds)} ago"


def plural(number: int, noun: str, nouns: str = "") -> str:
    """1 story, 12 stories: `plural(12, "story", "stories")`."""
    word = noun if number == 1 else (nouns or f"{noun}s")
    return f"{count(number)} {word}"
