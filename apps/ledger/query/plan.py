"""From a query to the narrowest table that can answer it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from apps.common.errors import Invalid
from apps.ledger.enums import NO_KEY, Axis, SliceLevel
from apps.ledger.query.persons import refuse_names
from apps.ledger.query.types import AXES, GROUPINGS, KIND, MAX_GROUPS, Query
from apps.ledger.rules import keys
from apps.ledger.rules.axes import ENTITY_AXES, FINE_AXES
from apps.ledger.selectors.periods import pruned_months
from apps.portfolio.models import Capability
from apps.tenancy.scope import require_organization_id

NOBODY = UUID(NO_KEY)
GRAINS = ("total", "hour", "day", "week", "month", "quarter", "year")
ORDERS = ("cost", "tokens", "requests", "label", "period")
MAX_HOUR_DAYS = 35
MAX_DAYS = 366 * 10


@dataclass(frozen=True, slots=True)
class Plan:
    """`axes` to group by, accepted keys per axis, and the level of the fine rollup (None: one
    narrow axis answers)."""

    query: Query
    axes: tuple[Axis, ...]
    filters: dict[Axis, frozenset[UUID]]
    level: SliceLevel | None
    windows: tuple[tuple[date, date], ...] = ()
    """Instead of periods of the grain: windows of days, told apart by `cuts`."""

    @property
    def cuts(self) -> list[date]:
        """Every day on which a window begins or ends, in order."""
        return sorted({day for window in self.windows for day in window})

    @property
    def narrow(self) -> Axis:
        """The axis of the narrow rollup."""
        return next(iter({*self.axes, *self.filters}), Axis.TOTAL)

    @property
    def nothing(self) -> bool:
        return self.query.start >= self.query.end or any(
            not accepted for accepted in self.filters.values()
        )


def plan(query: Query) -> Plan:
    """Check a query and choose its table. Invalid names the part that is wrong, Forbidden a person
    it may not ask for."""
    check(query)
    _refuse_pruned_hours(query)
    return _plan(query)


def plan_windows(
    query: Query, windows: Sequence[tuple[date, date]], most_groups: int = MAX_GROUPS
) -> Plan:
    """The plan that reads windows of days at once; of the query's own days and grain it takes
    nothing. Invalid as `plan`, for each window."""
    for start, end in windows:
        check(replace(query, start=start, end=end, grain="total"), most_groups)
    present = tuple(window for window in windows if window[0] < window[1])
    start = min((first for first, _ in present), default=query.start)
    end = max((last for _, last in present), default=start)
    asked = replace(query, start=start, end=end, grain="total")
    return replace(_plan(asked), windows=present)


def _plan(query: Query) -> Plan:
    axes = tuple(AXES["capability" if name == KIND else name] for name in query.group_by)
    filters = _filters(query)
    return Plan(query, axes, filters, _level(axes, filters))


def _level(axes: Iterable[Axis], filters: Iterable[Axis]) -> SliceLevel | None:
    needed = {*axes, *filters}
    if len(needed) < 2:
        return None
    return SliceLevel.FINE if needed <= set(FINE_AXES) else SliceLevel.DETAIL


def narrowed(plan: Plan, axis: Axis, values: Iterable[str]) -> Plan:
    """The plan with one more filter on an axis of objects, within what it accepts already."""
    accepted = frozenset(UUID(value) for value in values)
    filters = dict(plan.filters)
    filters[axis] = filters[axis] & accepted if axis in filters else accepted
    return replace(plan, filters=filters, level=_level(plan.axes, filters))


def check(query: Query, most_groups: int = MAX_GROUPS) -> None:
    """Invalid for a query that has no answer."""
    unknown = [name for name in (*query.group_by, *query.filters) if name not in GROUPINGS]
    if unknown:
        raise Invalid(
            f"Usage cannot be grouped by {unknown[0]!r}.",
            field="group_by" if unknown[0] in query.group_by else "filters",
            fix=f"Use one of {', '.join(GROUPINGS)}.",
        )
    if len(query.group_by) > most_groups or len(set(query.group_by)) < len(query.group_by):
        raise Invalid("Group by at most two different things.", field="group_by")
    if query.grain not in GRAINS:
        raise Invalid(
            f"Unknown grain {query.grain!r}.", field="grain", fix=f"Use {', '.join(GRAINS)}."
        )
    if query.order.lstrip("-") not in ORDERS:
        raise Invalid(
            f"Unknown order {query.order!r}.", field="order", fix=f"Use {', '.join(ORDERS)}."
        )
    days = (query.end - query.start).days
    limit = MAX_HOUR_DAYS if query.grain == "hour" else MAX_DAYS
    if days > limit:
        raise Invalid(
            f"{days} days are too many for grain {query.grain}.",
            field="start",
            fix=f"Ask for at most {limit} days.",
        )


def _refuse_pruned_hours(query: Query) -> None:
    """Hours are read from records: a month without them has none."""
    gone = pruned_months(query.start, query.end) if query.grain == "hour" else []
    if gone:
        raise Invalid(
            f"The raw records of {gone[0]:%B %Y} were removed, and hours with them.",
            field="grain",
            code="hours_pruned",
            fix="Ask for days.",
        )


def _filters(query: Query) -> dict[Axis, frozenset[UUID]]:
    found: dict[Axis, frozenset[UUID]] = {}
    for name, values in query.filters.items():
        if name == KIND:
            axis, accepted = Axis.CAPABILITY, _of_kind(values)
        else:
            axis = AXES[name]
            if axis == Axis.USER and not query.people:
                refuse_names(str(value) for value in values)
            accepted = frozenset(_key(axis, str(value)) for value in values)
        found[axis] = found[axis] & accepted if axis in found else accepted
    if query.unit_ids is not None:
        seen = frozenset(query.unit_ids)
        found[Axis.UNIT] = found[Axis.UNIT] & seen if Axis.UNIT in found else seen
    return found


def _of_kind(kinds: object) -> frozenset[UUID]:
    wanted = [str(kind) for kind in kinds]  # type: ignore[attr-defined]
    return frozenset(Capability.objects.filter(kind__in=wanted).values_list("id", flat=True))


def _key(axis: Axis, value: str) -> UUID:
    """The rollup key of a filter's value."""
    if value in ("", "none") and axis != Axis.CONFIDENCE:
        return NOBODY
    if axis in ENTITY_AXES:
        try:
            return UUID(value)
        except ValueError:
            raise Invalid(
                f"{value!r} is not the id of a {axis.label.lower()}.",
                field=axis.name.lower(),
                fix="Send the id as a UUID.",
            ) from None
    return keys.axis_key(require_organization_id(), axis, value)


def period_of(day: date, grain: str) -> date:
    """The first day of the period of a grain that holds the day."""
    if grain == "month":
        return day.replace(day=1)
    if grain == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if grain == "year":
        return day.replace(month=1, day=1)
    if grain == "week":
        return date.fromordinal(day.toordinal() - day.weekday())
    return day
