"""What Explore's address asks for, and the controls that write it."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import QueryDict

from apps.common import clock
from apps.common.web.filters import Control, parse_day
from apps.portal.rules.windows import Window, against, custom, grain_for, year_before
from apps.portal.rules.words import AXIS_LABELS
from apps.portal.selectors import explore as reads
from apps.portal.selectors.inform import window_now
from apps.portal.selectors.slices import Slice
from apps.portal.web.controls import controls as filters
from apps.portal.web.explore_measures import MEASURES, Measure

GROUPS = (
    "unit",
    "capability",
    "kind",
    "model",
    "provider",
    "source",
    "story",
    "phase",
    "service_tier",
    "confidence",
    "account",
    "project",
    "api_key",
    "user",
)
FILTERS = GROUPS
COMPARISONS = (
    ("before", "The days before"),
    ("year", "A year before"),
    ("custom", "Other days"),
)
RANGES = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "Year"))


@dataclass(frozen=True, slots=True)
class State:
    """What the query string asks for."""

    group: str
    then: str
    measure: Measure
    start: date
    end: date
    grain: str
    compare: str
    today: date
    window: Window
    notices: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        return (self.group, self.then) if self.then else (self.group,)

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)


def read_state(params: QueryDict) -> State:
    get = params.get
    settled, settings, covered = window_now("30d")
    today = clock.today(settings.timezone)
    end = min(parse_day(get("days_to", "")) or today, today) + timedelta(days=1)
    start = parse_day(get("days_from", "")) or end - timedelta(days=settled.days)
    notices = []
    asked = (end - start).days
    start, end = reads.clamp(start, end)
    if asked > reads.MAX_DAYS:
        notices.append(f"At most {reads.MAX_DAYS:,} days are shown: the last ones you asked for.")
    complete = settled.compared_end if covered.complete_through else None
    measure = MEASURES.get(get("measure", ""), MEASURES["cost"])
    group = get("group", "unit") if get("group", "unit") in GROUPS else "unit"
    then = get("then", "") if get("then", "") in GROUPS and get("then") != group else ""
    if measure.runs and (lost := _without_runs(params, group, then)):
        notices.append(
            f"{measure.label} cannot be told by {AXIS_LABELS[lost].lower()}: a run may use many. "
            "Cost is shown instead."
        )
        measure = MEASURES["cost"]
    wanted = get("grain", "") if get("grain", "") in reads.GRAINS else grain_for((end - start).days)
    grain = reads.fine_enough(start, end, wanted)
    if grain == "hour" and (measure.runs or not get("grain", "")):
        grain = "day"
    if grain != wanted and get("grain", ""):
        notices.append(f"{(end - start).days:,} days are shown per {grain}, not per {wanted}.")
    found = custom(start, end, today, complete)
    compare = get("compare", "")
    compare = "before" if compare == "1" else compare if compare in dict(COMPARISONS) else ""
    if compare == "year":
        found = against(found, year_before(start), year_before(found.compared_end))
    elif compare == "custom":
        last = parse_day(get("vs_to", "")) or start - timedelta(days=1)
        first = parse_day(get("vs_from", "")) or last - (end - start) + timedelta(days=1)
        found = against(found, *reads.clamp(first, last + timedelta(days=1)))
    return State(
        group=group,
        then=then,
        measure=measure,
        start=start,
        end=end,
        grain=grain,
        compare=compare,
        today=today,
        window=found,
        notices=tuple(notices),
    )


def _without_runs(params: QueryDict, group: str, then: str) -> str:
    """The first chosen grouping or filter that runs have no place in."""
    asked = [group, *([then] if then else [])]
    asked += [axis for axis in FILTERS if any(params.getlist(axis))]
    return next((axis for axis in asked if axis not in reads.RUN_AXES), "")


def controls(chosen: Slice, state: State) -> list[Control]:
    named = [(name, AXIS_LABELS[name]) for name in GROUPS]
    grains = tuple((grain, grain.capitalize()) for grain in reads.GRAINS)
    measures = tuple((m.key, m.label) for m in MEASURES.values())
    days = [state.start.isoformat(), state.last.isoformat()]
    return [
        Control("dates", "days", "Days", days, keep=True),
        Control("select", "measure", "Show", state.measure.key, measures, "", keep=True),
        Control("select", "group", "By", state.group, tuple(named), "", keep=True),
        Control("select", "then", "Then by", state.then, tuple(named), "Nothing"),
        Control("select", "grain", "Per", state.grain, grains, "", keep=True),
        Control(
            "select",
            "compare",
            "Compare",
            state.compare,
            COMPARISONS,
            "Nothing",
        ),
        *filters(FILTERS, chosen, state.start, state.end),
    ]
