"""What capabilities cost and give, by capability and by month."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common import clock
from apps.common.errors import NotFound
from apps.common.periods import Month, day_in_zone, month_of
from apps.ledger.query import Query, Row, run
from apps.organizations.selectors import organization
from apps.outcomes.enums import Basis, Due, Standing, Unknown
from apps.outcomes.models import WorthDecision
from apps.outcomes.rules import Given, Promise, Use, counts, given
from apps.outcomes.selectors.decisions import newest_decisions
from apps.portfolio.enums import CapabilityKind, Stage
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capabilities
from apps.stories.enums import Phase, ValuePer
from apps.stories.selectors.value import Hypothesis, hypotheses

DAYS = 30
TREND_MONTHS = 6
_BUILDING = {Phase.DEVELOPMENT.value, Phase.TESTING.value}


@dataclass(frozen=True, slots=True)
class Worth:
    """One capability. `given` is None where nothing can be compared; then `unknown` says why.

    `cost_nanos` and `tokens` are of running in the last 30 days; of a capability that does not run
    yet `given` holds a month as it was estimated.
    """

    capability: Capability
    hypothesis: Hypothesis | None
    currency: str
    cost_nanos: int | None
    tokens: int
    given: Given | None
    basis: Basis | None
    unknown: Unknown | None
    decision: WorthDecision | None
    due: Due

    @property
    def standing(self) -> Standing:
        return Standing.UNKNOWN if self.given is None else self.given.standing

    @property
    def lost_nanos(self) -> int | None:
        """Lost a month; negative where it is worth it, None where it cannot be compared."""
        return None if self.given is None else self.given.lost_nanos

    @property
    def rank(self) -> tuple[int, int]:
        """Most money lost first; what cannot be compared last, by its cost."""
        if self.lost_nanos is None:
            return (1, -(self.cost_nanos or 0))
        return (0, -self.lost_nanos)


def worth_in_sight(actor: Actor) -> list[Worth]:
    """Capabilities that run or are approved, in units whose use and stories the actor sees.

    The most money lost first. Retired ones are left out: their decision is carried out.
    """
    shown = list(_seen(actor))
    found = _worth(shown)
    return sorted(
        (each for each in found if each.tokens or each.hypothesis or each.decision),
        key=lambda each: (*each.rank, each.capability.name_norm),
    )


def worth_of(actor: Actor, capability_id: UUID) -> Worth:
    """One capability, retired or not. Raises NotFound for one out of sight as for none at all."""
    found = [c for c in _reached(actor) if c.id == capability_id]
    if not found:
        raise NotFound("There is no such capability.", code="capability_not_found")
    return _worth(found)[0]


def worth_now(capability: Capability) -> Worth:
    """The same for a service that has checked the permission itself."""
    return _worth([capability])[0]


def sees(actor: Actor, unit_id: UUID) -> bool:
    """Whether the actor sees both use and stories of a unit."""
    reach = (visible_unit_ids(actor, p) for p in (P.USAGE_VIEW, P.STORY_VIEW))
    return all(units is None or unit_id in units for units in reach)


def _reached(actor: Actor) -> Iterable[Capability]:
    rows = capabilities(actor)
    for permission in (P.USAGE_VIEW, P.STORY_VIEW):
        units = visible_unit_ids(actor, permission)
        if units is not None:
            rows = rows.filter(unit_id__in=units)
    return rows


def _seen(actor: Actor) -> Iterable[Capability]:
    return (c for c in _reached(actor) if c.stage != Stage.RETIRED)


def _worth(shown: Sequence[Capability]) -> list[Worth]:
    home = organization()
    today = clock.today(home.timezone)
    ids = [capability.id for capability in shown]
    promised, decided = hypotheses(ids), newest_decisions(ids)
    used: dict[str | None, list[Row]] = {}
    currency = home.currency
    if ids:
        result = run(
            Query(
                start=today - dt.timedelta(days=DAYS - 1),
                end=today + dt.timedelta(days=1),
                group_by=("capability", "phase"),
                filters={"capability": [str(i) for i in ids]},
            )
        )
        currency = result.currency
        for row in result.rows:
            used.setdefault(row.keys[0], []).append(row)
    return [
        _one(
            capability,
            promised.get(capability.id),
            running(capability, used.get(str(capability.id), ()), at=1),
            currency,
            decided.get(capability.id),
            today,
        )
        for capability in shown
    ]


def _one(
    capability: Capability,
    hypothesis: Hypothesis | None,
    use: Use,
    currency: str,
    decision: WorthDecision | None,
    today: dt.date,
) -> Worth:
    unknown = _why_unknown(hypothesis, use, currency)
    made: tuple[Given, Basis] | None = None
    if hypothesis is not None and unknown is None:
        made = _given(hypothesis, use)
    due = Due.NONE
    if decision is not None:
        due = Due.DUE if decision.review_on <= today else Due.OPEN
    return Worth(
        capability,
        hypothesis,
        currency,
        use.cost_nanos,
        use.tokens,
        made[0] if made else None,
        made[1] if made else None,
        unknown,
        decision,
        due,
    )


def _why_unknown(hypothesis: Hypothesis | None, use: Use, currency: str) -> Unknown | None:
    if hypothesis is None:
        return Unknown.NO_STORY
    revision = hypothesis.revision
    if revision.value_change is None or revision.value_money_nanos is None:
        return Unknown.NO_MONEY
    if revision.currency != currency:
        return Unknown.CURRENCY
    if use.tokens and use.cost_nanos is None:
        return Unknown.UNPRICED
    if not use.tokens and hypothesis.story.went_live_at is not None:
        return Unknown.IDLE
    return None


def _given(hypothesis: Hypothesis, use: Use) -> tuple[Given, Basis]:
    """Of what runs as measured; of what has never run as estimated, a typical month of it."""
    promise, revision = promise_of(hypothesis), hypothesis.revision
    if not use.tokens:
        month = Use(
            revision.month_cost_likely,
            revision.month_tokens_likely,
            int(promise.calls) or None,
        )
        return given(promise, month), Basis.ESTIMATED
    measured = hypothesis.report is not None and counts(promise, use.requests)
    return given(promise, use), Basis.MEASURED if measured else Basis.PARTLY


def promise_of(hypothesis: Hypothesis) -> Promise:
    """The hypothesis of an approved version whose change and money are stated."""
    money = hypothesis.revision.value_money_nanos
    assert money is not None  # noqa: S101 -- _why_unknown
    return change_of(hypothesis, money)


def change_of(hypothesis: Hypothesis, money_nanos: int = 0) -> Promise:
    """The same for its outcomes alone, whatever they are worth. Its change is stated."""
    revision, report = hypothesis.revision, hypothesis.report
    expected = revision.value_change
    assert expected is not None  # noqa: S101 -- asked by the caller
    return Promise(
        expected=expected,
        change=expected if report is None else report.measured_change,
        each=revision.value_per == ValuePer.INTERACTION,
        adoption=revision.value_adoption,
        volume=Decimal(revision.estimate.get("volume", "0")),
        calls=Decimal(revision.estimate.get("calls", "0")),
        money_nanos=money_nanos,
    )


def running(capability: Capability, rows: Iterable[Row], *, at: int) -> Use:
    """Running of some rows; `at` is the place of the phase in their keys.

    Use that says no phase runs in production: what is built and tested is said to be. A capability
    of development runs by building and testing: all of its use is running.
    """
    spared = () if capability.kind == CapabilityKind.DEVELOPMENT else _BUILDING
    return reduce(_plus, (row for row in rows if row.keys[at] not in spared), Use(0, 0, 0))


def _plus(sum_: Use, row: Row) -> Use:
    """None as soon as a part is unknown: a sum of some parts would be called the whole."""
    cost = row.cost_nanos
    requests = row.counted_requests
    return Use(
        None if cost is None or sum_.cost_nanos is None else sum_.cost_nanos + cost,
        sum_.tokens + row.tokens.total,
        None if requests is None or sum_.requests is None else sum_.requests + requests,
    )


@dataclass(frozen=True, slots=True)
class MonthGiven:
    """A whole month of a capability; `given` is None where its use has no price."""

    month: Month
    given: Given | None


def trend(worth: Worth) -> list[MonthGiven]:
    """The last whole months since the story's approval, oldest first, at the change known today."""
    hypothesis = worth.hypothesis
    if hypothesis is None or worth.given is None or hypothesis.story.approved_at is None:
        return []
    zone = organization().timezone
    this = month_of(clock.today(zone))
    approved = day_in_zone(hypothesis.story.approved_at, zone)
    whole = month_of(approved) if approved.day == 1 else month_of(approved).shift(1)
    first = max(this.shift(-TREND_MONTHS), whole)
    if first >= this:
        return []
    rows = run(
        Query(
            start=first.start,
            end=this.start,
            grain="month",
            group_by=("phase",),
            filters={"capability": [str(worth.capability.id)]},
        )
    ).rows
    by_month: dict[dt.date, list[Row]] = {}
    for row in rows:
        if isinstance(row.period, dt.date):
            by_month.setdefault(row.period, []).append(row)
    promise, lines = promise_of(hypothesis), []
    for start in sorted(by_month):
        use = running(worth.capability, by_month[start], at=0)
        if use.tokens:
            made = None if use.cost_nanos is None else given(promise, use)
            lines.append(MonthGiven(month_of(start), made))
    return lines
