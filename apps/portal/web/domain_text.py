"""A domain of consumption in sentences, figures and charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from apps.common import charts, fmt
from apps.common.periods import day_start, days_between
from apps.portal.rules import domains as rules
from apps.portal.selectors.domain_people import Crowd
from apps.portal.selectors.domains import DomainFigures
from apps.portal.web.inform_charts import all_ticks, long_tick

MOST_SERIES = 5


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure of the strip. `warn` is a chip beside the remark."""

    label: str
    value: str
    note: str = ""
    warn: str = ""


def number(value: Decimal | int | None) -> str:
    """A mean as people read it: 3.4, 12, 1,234, 5.2 M."""
    if value is None:
        return fmt.DASH
    if value >= 10_000:
        return fmt.tokens(rules.whole(Decimal(value)))
    if value >= 100:
        return fmt.count(rules.whole(Decimal(value)))
    return f"{value:,.1f}".removesuffix(".0")


def tokens(value: Decimal | int | None) -> str:
    return fmt.tokens(rules.whole(None if value is None else Decimal(value)))


def unit_cost(view: DomainFigures, nanos: int | None) -> str:
    return fmt.money(nanos, view.settings.currency, "unit")


def noun(view: DomainFigures) -> str:
    """What the stories of the shown capabilities count, where all say the same."""
    nouns = {line.promise.noun for line in view.lines if line.promise}
    return nouns.pop() if len(nouns) == 1 and len(view.lines) == 1 else view.domain.once


def headline(view: DomainFigures, crowd: Crowd | None) -> str:
    """The answer to the domain's first question."""
    name, days = view.domain.title, view.window.text
    if not view.has_use:
        return f"{name}: no use in {days}"
    match view.domain.kind:
        case "development":
            return _developers(view, crowd)
        case "analytics":
            return _askers(view, crowd)
    if view.tokens_each is None:
        used = f"{name} used {tokens(view.tokens)} tokens in {days}"
        return f"{used}; no source counts {view.domain.many}"
    each = noun(view)
    text = f"{_a(each)} takes {tokens(view.tokens_each)} tokens"
    if view.cost_each is not None:
        text += f" and costs {unit_cost(view, view.cost_each)}"
    if view.domain.kind == "pipeline" and view.batch_share is not None:
        text += f"; {fmt.pct(view.batch_share)} runs in batch"
        if view.tier_tokens.get(None):
            text += " where sources state it"
    return text


def _a(word: str) -> str:
    return f"{'An' if word[:1].lower() in 'aeiou' else 'A'} {word}"


def _developers(view: DomainFigures, crowd: Crowd | None) -> str:
    if crowd is None or not crowd.count:
        return f"Development used {tokens(view.tokens)} tokens in {view.window.text}"
    people = fmt.plural(crowd.count, "developer")
    if crowd.spread is None:
        return f"{people} used {tokens(view.tokens)} tokens in {view.window.text}"
    return f"Half of {people} take over {tokens(crowd.spread.median)} tokens a day"


def _askers(view: DomainFigures, crowd: Crowd | None) -> str:
    if crowd is None or not crowd.count:
        return f"Business users took {tokens(view.tokens)} tokens in {view.window.text}"
    people = "1 person" if crowd.count == 1 else f"{fmt.count(crowd.count)} people"
    if view.tokens_each is None:
        return f"{people} took {tokens(view.tokens)} tokens in {view.window.text}"
    return f"{people} asked; a query takes {tokens(view.tokens_each)} tokens"


def lede(view: DomainFigures) -> str:
    """Which days, and what runs away from its plan."""
    parts = [f"Whole days {view.window.text}."]
    if above := view.above_plan:
        worst = max(above, key=lambda line: line.over_plan or 0)
        each = f"{fmt.delta(worst.over_plan, 0)} tokens each time against its story"
        parts.append(f"{worst.label} takes {each}.")
    return " ".join(parts)


def kpis(view: DomainFigures, crowd: Crowd | None) -> list[Kpi]:
    """Five figures: three of the domain, then tokens and cost."""
    found = {
        "development": _development_kpis,
        "production": _production_kpis,
        "pipeline": _pipeline_kpis,
        "analytics": _analytics_kpis,
    }[view.domain.kind](view, crowd)
    return [*found, _tokens_kpi(view), _cost_kpi(view)]


def _tokens_kpi(view: DomainFigures) -> Kpi:
    return Kpi("Tokens", tokens(view.tokens), f"{tokens(view.annual_tokens)} a year at this pace")


def _cost_kpi(view: DomainFigures) -> Kpi:
    unpriced = view.total.unpriced_tokens if view.total else 0
    warn = f"{fmt.tokens(unpriced)} tokens without a price" if unpriced else ""
    note = f"before: {fmt.money(view.before_cost, view.settings.currency)}"
    if view.change is not None:
        note = f"{fmt.delta(view.change)} on {view.window.before_text}"
    return Kpi("Cost", fmt.money(view.cost_nanos, view.settings.currency), note, warn)


def _development_kpis(view: DomainFigures, crowd: Crowd | None) -> list[Kpi]:
    spread = crowd.spread if crowd else None
    people = crowd.count if crowd else 0
    per_day = Kpi("Tokens a developer a day", fmt.DASH, _why_no_spread(crowd))
    if spread:
        per_day = Kpi(
            per_day.label, tokens(spread.median), f"median; 95% under {tokens(spread.top)}"
        )
    adoption = Kpi("Adoption", fmt.DASH, "No seats are known here")
    if crowd and crowd.adoption:
        seats = fmt.plural(crowd.adoption.seats, "seat")
        adoption = Kpi(
            "Adoption",
            fmt.pct(crowd.adoption.share),
            f"{crowd.adoption.active_seats:,} of {seats} in use; "
            f"{crowd.adoption.without_seat:,} people without one",
        )
    named = "named by the sources"
    if crowd and crowd.unnamed_tokens:
        part = rules.ratio(crowd.unnamed_tokens, view.tokens)
        named = f"{fmt.pct(part)} of the tokens name nobody"
    developers = Kpi("Developers", fmt.count(people) if people else fmt.DASH, named)
    return [per_day, adoption, developers]


def _why_no_spread(crowd: Crowd | None) -> str:
    if crowd and crowd.hidden:
        return f"Fewer than {rules.SMALLEST_GROUP} people: not shown"
    return "No source names its people"


def _told(view: DomainFigures) -> str:
    if view.interactions is None:
        return "No source counts them"
    share = view.told_share
    if share is not None and share < 1:
        return f"of what holds {fmt.pct(share)} of the tokens"
    return view.window.text


def _each(view: DomainFigures) -> list[Kpi]:
    month = rules.a_month(view.interactions, view.window.days)
    once = view.domain.once
    return [
        Kpi(f"Tokens per {once}", tokens(view.tokens_each), _told(view)),
        Kpi(
            f"{view.domain.many.capitalize()} a month",
            number(month),
            f"{fmt.count(view.interactions)} in {fmt.plural(view.window.days, 'day')}",
        ),
    ]


def _production_kpis(view: DomainFigures, crowd: Crowd | None) -> list[Kpi]:
    calls = "No call names a run"
    if view.calls_each is not None:
        calls = f"of {fmt.plural(sum(t.runs for t in view.runs), 'run')}"
    return [
        *_each(view),
        Kpi("Cost per interaction", unit_cost(view, view.cost_each), "of what has a price"),
        Kpi("Agent calls per task", number(view.calls_each), calls),
    ]


def _pipeline_kpis(view: DomainFigures, crowd: Crowd | None) -> list[Kpi]:
    retries = "No call names a run"
    if view.retries is not None:
        retries = f"{sum(t.retries for t in view.runs):,} calls repeat a failed one"
    batch = "Not stated by these sources"
    if view.batch_share is not None:
        online = fmt.pct(1 - view.batch_share)
        batch = f"{online} online"
        if silent := view.tier_tokens.get(None):
            batch += f"; {fmt.tokens(silent)} tokens not stated"
    return [
        *_each(view),
        Kpi("Retries", fmt.pct(view.retries, 1), retries),
        Kpi("In batch", fmt.pct(view.batch_share), batch),
    ]


def _analytics_kpis(view: DomainFigures, crowd: Crowd | None) -> list[Kpi]:
    people = crowd.count if crowd else 0
    asked = (
        rules.a_month(sum(use.named_requests for use in crowd.groups), view.window.days)
        if crowd
        else None
    )
    per_user = rules.ratio(asked or None, people)
    heavy = Kpi("Heaviest tenth", fmt.DASH, _why_no_spread(crowd))
    if crowd and crowd.persons:
        many, share = rules.top_share([person.tokens for person in crowd.persons])
        who = "1 person" if many == 1 else f"{fmt.count(many)} people"
        heavy = Kpi("Heaviest tenth", fmt.pct(share), f"of the tokens, by {who}")
    return [
        Kpi("People", fmt.count(people) if people else fmt.DASH, "named by the sources"),
        Kpi("Calls a person a month", number(per_user), "of use that names its person"),
        Kpi("Tokens per query", tokens(view.tokens_each), _told(view)),
        heavy,
    ]


def trend(view: DomainFigures) -> SafeString:
    """Tokens of each day by capability; the largest, then all others together."""
    days = list(days_between(view.window.start, view.window.end))
    labels = {line.key: line.label for line in view.lines}
    ranked = sorted(
        view.daily, key=lambda key: -sum(row.tokens.total for row in view.daily[key].values())
    )
    shown, rest = ranked[:MOST_SERIES], ranked[MOST_SERIES:]
    series = [
        charts.Series(labels.get(key or "", "Other"), f"s{place}", _values(view, days, [key]))
        for place, key in enumerate(shown, start=1)
    ]
    if rest:
        name = labels.get(rest[0] or "", "Other") if len(rest) == 1 else f"{len(rest)} others"
        series.append(charts.Series(name, "s6", _values(view, days, rest)))
    lead = series[0] if series else None
    part = rules.ratio(sum(_values(view, days, shown[:1])), view.tokens)
    return charts.stacked_bars(
        all_ticks(days, "day"),
        series,
        title=f"Tokens a day by capability, {view.window.text}",
        summary=f"{lead.label} is {fmt.pct(part)} of the tokens." if lead else "No use.",
        axis=fmt.axis_tokens,
        cell=lambda value: fmt.tokens(int(value)),
        labels=[long_tick(day, "day") for day in days],
        gaps=_gaps(view, days),
    )


def _values(view: DomainFigures, days: Sequence[date], keys: Sequence[str | None]) -> list[int]:
    return [
        sum(view.daily[key][day].tokens.total for key in keys if day in view.daily[key])
        for day in days
    ]


def _gaps(view: DomainFigures, days: Sequence[date]) -> dict[int, str]:
    """Days without use that no source has called complete: unknown, not zero."""
    done = view.coverage.complete_through
    used = {day for rows in view.daily.values() for day in rows}
    zone = view.settings.timezone
    until = done.astimezone(ZoneInfo(zone)) if done else None
    return {
        place: "No data yet"
        for place, day in enumerate(days)
        if day not in used
        and (until is None or day_start(date.fromordinal(day.toordinal() + 1), zone) > until)
    }


@dataclass(frozen=True, slots=True)
class Bar:
    """One range of tokens a day and the people in it. `band`: inside the reference band."""

    label: str
    people: int
    share: Decimal
    band: bool


def bars(crowd: Crowd) -> list[Bar]:
    """How developers are spread over tokens a day."""
    low, high = rules.BAND
    return [
        Bar(
            label=f"Over {tokens(b.low)}"
            if b.high is None
            else f"{tokens(b.low)} to {tokens(b.high)}",
            people=b.people,
            share=rules.ratio(b.people, len(crowd.per_day)) or Decimal(0),
            band=b.high is not None and low <= b.low and b.high <= high,
        )
        for b in crowd.buckets
    ]
