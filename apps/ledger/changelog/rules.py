"""Steps in daily figures, what likely caused them, and switches of models. Pure.

A step is a lasting change of level: not an outlier, not a trend of noise. Medians and their
absolute deviations decide, so that a day of trouble neither makes nor hides one. Everything is
integer arithmetic: the limits are exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from apps.ledger.changelog.enums import ChangeKind

MIN_BEFORE, MIN_AFTER = 7, 3
"""Days with enough use on each side of a step."""
MIN_CHANGE = 20
"""Percent of the level before: less is not told."""
SPREADS = 4
"""The change in standard errors of the difference, at least: as of two samples of days."""
NORMAL = 14_826
"""A median absolute deviation times 1.4826 is a standard deviation of normal values."""
_TEN_THOUSAND = 10_000

CAUSE_BEFORE, CAUSE_AFTER = 3, 1
"""A change this many days before a step, or after it (days of two zones), may have caused it."""

SWITCH_BEFORE, SWITCH_AFTER = 5, 3
SWITCH_LOW, SWITCH_HIGH = 20, 50
"""Percent of a day's tokens: a model that had so little has so much from a day on."""
SWITCH_TOKENS = 10_000
"""A day with fewer tokens says nothing about the mix."""


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of one day, in whole units (tokens per run, nanos per run)."""

    day: date
    value: int


@dataclass(frozen=True, slots=True)
class Step:
    """From `day` on the level is another. Both levels are medians, twice as large as they are."""

    day: date
    before_twice: int
    after_twice: int

    @property
    def before(self) -> float:
        return self.before_twice / 2

    @property
    def after(self) -> float:
        return self.after_twice / 2

    @property
    def change(self) -> float:
        """Relative change of the level."""
        return (self.after_twice - self.before_twice) / self.before_twice


def median_twice(values: Sequence[int]) -> int:
    """Twice the median, so that it is whole for an even number of values too."""
    ordered = sorted(values)
    half, odd = divmod(len(ordered), 2)
    return 2 * ordered[half] if odd else ordered[half - 1] + ordered[half]


def find_step(points: Sequence[Point]) -> Step | None:
    """The step in points of ascending days; None when there is none.

    Of all days that leave MIN_BEFORE points before and MIN_AFTER from it on, the one that splits
    the points best (smallest sum of distances to the two medians, the earliest of equals) is held
    against the limits: MIN_CHANGE, SPREADS standard errors by the noisier side, and on each side at
    most a quarter of the days nearer to the other level.
    """
    values = [point.value for point in points]
    splits = range(MIN_BEFORE, len(values) - MIN_AFTER + 1)
    if not splits:
        return None
    at = min(splits, key=lambda place: (_cost(values[:place]) + _cost(values[place:]), place))
    before, after = values[:at], values[at:]
    if not _is_step(before, after):
        return None
    return Step(points[at].day, median_twice(before), median_twice(after))


def _cost(values: Sequence[int]) -> int:
    middle = median_twice(values)
    return sum(abs(2 * value - middle) for value in values)


def _is_step(before: Sequence[int], after: Sequence[int]) -> bool:
    low, high = median_twice(before), median_twice(after)
    size = abs(high - low)
    if low <= 0 or size * 100 < low * MIN_CHANGE:
        return False
    noise = max(_deviation(before, low), _deviation(after, high))
    # change >= SPREADS x deviation x sqrt(1 / days before + 1 / days after), squared so that it is
    # exact. `size` is twice the change, `noise` four times the deviation.
    days, product = len(before) + len(after), len(before) * len(after)
    if 4 * (size * _TEN_THOUSAND) ** 2 * product < (SPREADS * NORMAL * noise) ** 2 * days:
        return False
    up = high > low
    strays = sum((4 * value >= low + high) == up for value in before)
    fallen = sum((4 * value >= low + high) != up for value in after)
    return strays * 4 <= len(before) and fallen * 4 <= len(after)


def _deviation(values: Sequence[int], middle_twice: int) -> int:
    """Four times the median absolute deviation."""
    return median_twice([abs(2 * value - middle_twice) for value in values])


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that happened on a day, in words that follow “the day of”."""

    day: date
    words: str


def likely_cause(day: date, causes: Sequence[Cause]) -> Cause | None:
    """The change nearest to a step; of two as near, the one before it; of equals, the first."""
    near = [c for c in causes if -CAUSE_BEFORE <= (c.day - day).days <= CAUSE_AFTER]
    if not near:
        return None
    return min(near, key=lambda cause: (abs((cause.day - day).days), cause.day > day))


def cause_words(day: date, cause: Cause) -> str:
    """“the day of release 2.3”, “2 days after prompt version 7”, “a day before …”."""
    apart = (day - cause.day).days
    if apart == 0:
        return f"the day of {cause.words}"
    length = "a day" if abs(apart) == 1 else f"{abs(apart)} days"
    return f"{length} {'after' if apart > 0 else 'before'} {cause.words}"


_NAMED = {
    ChangeKind.RELEASE: "release",
    ChangeKind.PROMPT: "prompt version",
    ChangeKind.MODEL: "the model switch",
    ChangeKind.CONFIGURATION: "the configuration change",
}


def change_words(kind: str, title: str) -> str:
    """“release 2.3”, “prompt version 7”, “the model switch “Haiku for Sonnet””."""
    known = ChangeKind(kind)
    name = _NAMED[known]
    if known in (ChangeKind.MODEL, ChangeKind.CONFIGURATION):
        return f"{name} “{title}”"
    first, _, rest = title.partition(" ")
    if rest and first.casefold() in (name.split(" ")[0], known.label.split(" ")[0].casefold()):
        return f"{first.lower()} {rest}"
    return f"{name} {title}"


MARK = 40
"""Letters of a label on a chart."""


def mark_words(kind: str, title: str) -> str:
    """The same for a chart: “release 2.3”, “Haiku for Sonnet”."""
    named = ChangeKind(kind) in (ChangeKind.MODEL, ChangeKind.CONFIGURATION)
    text = title if named else change_words(kind, title)
    return text if len(text) <= MARK else f"{text[: MARK - 1]}…"


@dataclass(frozen=True, slots=True)
class Switch:
    """From `day` on, `to` does most of the work that `was` did most of."""

    day: date
    to: str
    was: str


def find_switches(days: Mapping[date, Mapping[str, int]]) -> list[Switch]:
    """Switches of the model mix; `days` are tokens by model.

    A model is switched to on the first of SWITCH_AFTER days in a row with at least SWITCH_HIGH
    percent of the tokens each, when its median share of the SWITCH_BEFORE days before was at most
    SWITCH_LOW percent. Days with fewer than SWITCH_TOKENS are passed over.
    """
    used = [(day, days[day]) for day in sorted(days) if sum(days[day].values()) >= SWITCH_TOKENS]
    models = sorted({model for _, mix in used for model in mix})
    found = []
    for place in range(SWITCH_BEFORE, len(used) - SWITCH_AFTER + 1):
        before = [mix for _, mix in used[place - SWITCH_BEFORE : place]]
        after = [mix for _, mix in used[place : place + SWITCH_AFTER]]
        found += [
            Switch(used[place][0], model, _leader(before))
            for model in models
            if _is_switch(model, before, after)
        ]
    return found


def _is_switch(
    model: str, before: Sequence[Mapping[str, int]], after: Sequence[Mapping[str, int]]
) -> bool:
    low = sum(_at_most(mix, model, SWITCH_LOW) for mix in before)
    return (
        low * 2 > len(before)
        and not _at_least(before[-1], model, SWITCH_HIGH)
        and all(_at_least(mix, model, SWITCH_HIGH) for mix in after)
    )


def _at_least(mix: Mapping[str, int], model: str, percent: int) -> bool:
    return mix.get(model, 0) * 100 >= sum(mix.values()) * percent


def _at_most(mix: Mapping[str, int], model: str, percent: int) -> bool:
    return mix.get(model, 0) * 100 <= sum(mix.values()) * percent


def _leader(mixes: Sequence[Mapping[str, int]]) -> str:
    totals: dict[str, int] = {}
    for mix in mixes:
        for model, tokens in mix.items():
            totals[model] = totals.get(model, 0) + tokens
    return max(sorted(totals), key=lambda model: totals[model])
