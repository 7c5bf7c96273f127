"""One bar of 100 %: what a whole is made of."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from apps.common import fmt
from apps.common.charts.svg import esc, num


def shares(parts: Sequence[tuple[str, str, int]], *, title: str) -> SafeString:
    """Parts as (label, tone, amount). A table beside it must say the same in figures."""
    whole = sum(amount for _, _, amount in parts) or 1
    at, drawn = 0.0, []
    for label, tone, amount in parts:
        width = amount / whole * 100
        drawn.append(
            f'<rect class="{esc(tone)}" x="{num(at)}%" width="{num(width)}%" height="100%">'
            f"<title>{esc(label)} {esc(fmt.pct(amount / whole, 1))}</title></rect>"
        )
        at += width
    told = ", ".join(f"{label} {fmt.pct(amount / whole)}" for label, _, amount in parts)
    named = esc(f"{title}: {told}")
    return SafeString(f'<svg class="shares" role="img" aria-label="{named}">{"".join(drawn)}</svg>')
