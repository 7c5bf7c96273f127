"""How an account is known, and shares of what is covered. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Known(StrEnum):
    """How an account is known, the best way first."""

    CONNECTED = "connected"
    COMPARED = "compared"
    BILLED = "billed"
    DECLARED = "declared"


KNOWN_LABELS = {
    Known.CONNECTED: "Connected",
    Known.COMPARED: "Compared only",
    Known.BILLED: "Billed only",
    Known.DECLARED: "Not connected",
}


def known_as(*, counted: bool, compared: bool, billed: bool) -> Known:
    """Connected is what a channel of record counts: a comparison is in no total, and a bill counts
    no tokens."""
    if counted:
        return Known.CONNECTED
    if compared:
        return Known.COMPARED
    return Known.BILLED if billed else Known.DECLARED


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a whole."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.part / self.whole if self.whole else None


def days_told(
    start: date, end: date, first: date | None, used: Collection[date], complete_until: date | None
) -> tuple[int, list[date]]:
    """Of the days [start, end) from a source's `first` on: how many are expected, and those without
    data. A day without use tells something where the source is complete until after it."""
    begin = max(start, first) if first is not None else start
    every = [begin + timedelta(days=n) for n in range(max(0, (end - begin).days))]
    missing = [
        day
        for day in every
        if day not in used and (complete_until is None or day >= complete_until)
    ]
    return len(every), missing


def spend_told(
    measured: Iterable[tuple[str, int, bool]],
    billed: Mapping[str, int],
    unpriced: Collection[str] = (),
) -> tuple[Part, dict[str, int]]:
    """Spend with token counts, of all spend, by provider.

    `measured` are (provider, nanos, whether there are tokens). A provider's spend is the larger of
    what was measured and what it billed: beyond what was measured nobody counted tokens, unless
    some of its tokens have no price (`unpriced`): then what it billed beyond is theirs. The second
    answer is the spend without token counts by provider.
    """
    whole: dict[str, int] = {}
    told: dict[str, int] = {}
    for provider, nanos, has_tokens in measured:
        whole[provider] = whole.get(provider, 0) + nanos
        told[provider] = told.get(provider, 0) + (nanos if has_tokens else 0)
    for provider, nanos in billed.items():
        more = nanos - whole.get(provider, 0)
        if more > 0:
            whole[provider] = nanos
            told[provider] = told.get(provider, 0) + (more if provider in unpriced else 0)
    left = {name: nanos - told.get(name, 0) for name, nanos in whole.items()}
    return Part(sum(told.values()), sum(whole.values())), {k: v for k, v in left.items() if v > 0}
