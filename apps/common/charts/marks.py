"""Small marks for table cells and panels."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.safestring import SafeString

from apps.common.charts.svg import Number, esc, num, path, runs


def sparkline(values: Sequence[Number | None], *, tone: str = "s1", label: str = "") -> SafeString:
    """A trend without axes. Gaps stay gaps; nothing is drawn for fewer than two values."""
    present = [v for v in values if v is not None]
    if len(present) < 2:
        return SafeString('<span class="mut">–</span>')
    low, span = min(present), (max(present) - min(present)) or 1
    last = max(1, len(values) - 1)

    def point(index: int) -> tuple[float, float]:
        return index / last * 100, 26 - ((values[index] or 0) - low) / span * 22

    drawn = []
    for run in runs(values):
        points = [point(i) for i in run]
        area = f"{path(points)}L{num(points[-1][0])} 30L{num(points[0][0])} 30Z"
        drawn.append(f'<path class="ar" d="{area}"/><path class="ln" d="{path(points)}"/>')
    x, y = point(max(i for i, v in enumerate(values) if v is not None))
    hidden = f'role="img" aria-label="{esc(label)}"' if label else 'aria-hidden="true"'
    return SafeString(
        f'<svg class="spark {esc(tone)}" viewBox="0 0 100 30" preserveAspectRatio="none" {hidden}>'
        f'{"".join(drawn)}<path class="dot" d="M{num(x - 0.5)} {num(y)}h0"/></svg>'
    )


def bullet(
    value: Number,
    limit: Number,
    *,
    forecast: Number | None = None,
    label: str = "",
    scale: Number | None = None,
) -> SafeString:
    """A value against its limit (the tick); the faint bar is the forecast."""
    most = scale or max(value, limit, forecast or 0) * 1.06 or 1
    reached = value if forecast is None else forecast
    tone = "bad" if reached > limit * 1.1 else "warn" if reached > limit else "ok"

    def share(amount: Number) -> str:
        return num(max(0.0, min(100.0, amount / most * 100)))

    faint = (
        f'<rect class="bf {tone}" width="{share(forecast)}%" height="100%" rx="2"/>'
        if forecast is not None
        else ""
    )
    return SafeString(
        f'<svg class="bullet" role="img" aria-label="{esc(label)}">'
        f'<rect class="bt" width="100%" height="100%" rx="2"/>{faint}'
        f'<rect class="bv {tone}" width="{share(value)}%" y="22%" height="56%" rx="2"/>'
        f'<rect class="bl" x="{share(limit)}%" width="2" y="-2" height="14"/></svg>'
    )


def meter(ratio: float | Decimal | None, *, tone: str = "acc", label: str = "") -> SafeString:
    """How much of a whole is reached: 0.5 is half. None draws the empty track."""
    share = 0.0 if ratio is None else max(0.0, min(100.0, float(ratio) * 100))
    named = f'role="img" aria-label="{esc(label)}"' if label else 'aria-hidden="true"'
    return SafeString(
        f'<svg class="meter" {named}><rect class="bt" width="100%" height="100%" rx="3"/>'
        f'<rect class="mv {esc(tone)}" width="{num(share)}%" height="100%" rx="3"/></svg>'
    )


def range_bar(
    low: Number,
    likely: Number,
    high: Number,
    *,
    cap: Number | None = None,
    label: str = "",
    scale: Number | None = None,
) -> SafeString:
    """Low to high with the likely value marked, against a cap."""
    most = scale or max(high, cap or 0) * 1.12 or 1

    def share(amount: Number) -> str:
        return num(max(0.0, min(100.0, amount / most * 100)))

    line = (
        f'<line class="rc" x1="{share(cap)}%" x2="{share(cap)}%" y1="2" y2="28"/>'
        if cap is not None
        else ""
    )
    return SafeString(
        f'<svg class="rb" role="img" aria-label="{esc(label)}">'
        '<rect class="bt" width="100%" y="11" height="8" rx="4"/>'
        f'<rect class="rr" x="{share(low)}%" width="{share(high - low)}%" '
        'y="11" height="8" rx="4"/>'
        f'<rect class="rm" x="{share(likely)}%" width="3" y="7" height="16" rx="1.5"/>{line}</svg>'
    )
