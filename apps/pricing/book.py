"""The price book in memory: from provider, model, account, tier and instant to a price.

Pure: built from rows, whoever read them. List prices come from the catalogue; negotiated terms of
one organization lie on top. The most specific term that is in force wins.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from apps.common.tokens import KINDS
from apps.pricing import rules
from apps.pricing.catalogue import ModelRow, PriceRow, ProviderRow
from apps.pricing.matching import Directory, ModelEntry, ProviderEntry, compile_clause
from apps.pricing.rules import Band, Rates, ResolvedPrice, Schedule, Span, Tier

_SCHEDULE_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Term:
    """One negotiated rate. Empty scope fields match everything; `model` also names models the
    catalogue does not know. Either `discount_bp` (hundredths of a percent) or `fixed` is set."""

    id: UUID
    provider: str
    model: str
    account: str
    tier: str
    starts_at: int
    ends_at: int
    discount_bp: int | None
    fixed: Rates | None

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        return bool(self.model), bool(self.account), bool(self.tier)


@dataclass(slots=True)
class ListBook:
    """List prices of all providers."""

    version: str
    directory: Directory
    spans: dict[tuple[str, str, Tier], tuple[Span, ...]]

    @classmethod
    def build(
        cls,
        version: str,
        providers: Iterable[ProviderRow],
        models: Iterable[ModelRow],
        prices: Iterable[PriceRow],
    ) -> "ListBook":
        by_provider: dict[str, list[ModelEntry]] = {}
        for model in sorted(models, key=lambda row: row.position):
            entry = ModelEntry(model.provider, model.key, compile_clause(model.match))
            by_provider.setdefault(model.provider, []).append(entry)
        entries = tuple(
            ProviderEntry(
                id=row.key,
                models=tuple(by_provider.get(row.key, ())),
                provider_match=compile_clause(row.provider_match) if row.provider_match else None,
                model_match=compile_clause(row.model_match) if row.model_match else None,
                fallbacks=tuple(row.fallbacks),
            )
            for row in sorted(providers, key=lambda row: row.position)
        )
        return cls(version, Directory(entries), _spans(prices))


def _spans(prices: Iterable[PriceRow]) -> dict[tuple[str, str, Tier], tuple[Span, ...]]:
    groups: dict[tuple[str, str, Tier], dict[tuple[int, int, int, int], list[Band]]] = {}
    for row in prices:
        when = (
            day_us(row.starts_on),
            rules.ALWAYS_TO if row.ends_on is None else day_us(row.ends_on),
            0 if row.daily_from is None else time_us(row.daily_from),
            rules.DAY_US if row.daily_to is None else time_us(row.daily_to),
        )
        band = Band(row.over_tokens, row_rates(row.rates, row.per_request), row.id, row.id)
        key = (row.provider, row.model, Tier(row.tier))
        groups.setdefault(key, {}).setdefault(when, []).append(band)
    return {
        key: tuple(
            Span(start, end, tuple(sorted(bands, key=lambda b: b.over)), daily_from, daily_to)
            for (start, end, daily_from, daily_to), bands in sorted(
                group.items(), key=lambda item: item[0]
            )
        )
        for key, group in groups.items()
    }


def day_us(day: date) -> int:
    """The first microsecond of a UTC day."""
    return rules.microseconds(datetime.combine(day, time(), UTC))


def time_us(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000


def row_rates(rates: dict[str, Decimal | None], per_request: Decimal | None) -> Rates:
    return Rates(tuple(rules.pico(rates.get(kind)) for kind in KINDS), rules.pico(per_request))


@dataclass(slots=True)
class PriceBook:
    """Resolves prices for one organization. Instances are immutable apart from their caches."""

    lists: ListBook
    terms: tuple[Term, ...] = ()
    version: str = ""
    _schedules: dict[tuple[str, str, str, str], Schedule | None] = field(
        init=False, default_factory=dict
    )

    def resolve(
        self,
        provider: str,
        model: str,
        at: datetime,
        service_tier: str = "",
        context_window: str = "",
        *,
        account: str = "",
        input_tokens: int = 0,
        granularity: str = rules.Granularity.EVENT,
        requests: int = 1,
    ) -> ResolvedPrice | None:
        """The price of one record, or None when it is unpriced.

        `context_window` is the source's own band (`0-200k`); without it `input_tokens` of a single
        call decides the band.
        """
        schedule = self.schedule(provider, model, account=account, service_tier=service_tier)
        if schedule is None:
            return None
        return schedule.at(
            at,
            input_tokens=input_tokens,
            granularity=granularity,
            context_window=context_window,
            requests=requests,
        )

    def schedule(
        self, provider: str, model: str, *, account: str = "", service_tier: str = ""
    ) -> Schedule | None:
        """All prices over time of one combination; None when it is never priced. Cached."""
        key = (provider, model, account if self.terms else "", service_tier)
        if key not in self._schedules:
            if len(self._schedules) >= _SCHEDULE_LIMIT:
                self._schedules.clear()
            self._schedules[key] = self._schedule(*key)
        return self._schedules[key]

    def canonical(self, provider: str, model: str) -> tuple[str, str]:
        """Catalogue ids of a provider and model, or the given strings where unknown."""
        found = self.lists.directory.find(provider, model)
        if found:
            return found[0].id, found[1].id
        entry = self.lists.directory.provider(provider) if provider else None
        return (entry.id if entry else provider.strip().lower()), model.strip().lower()

    def _schedule(self, provider: str, model: str, account: str, raw: str) -> Schedule | None:
        word, beside = rules.parse_served(raw)
        tier, known = rules.parse_tier(word)
        found = self.lists.directory.find(provider, model)
        provider_id, model_id = self.canonical(provider, model)
        spans = self._list_spans(found, tier)
        if beside:
            surcharge = rules.SURCHARGES.get((provider_id, beside))
            if surcharge is None or not known:
                return None
            spans = _surcharged(spans, surcharge)
        terms = [
            term
            for term in self.terms
            if term.provider in ("", provider_id)
            and term.model in ("", model_id, model.strip().lower())
            and term.account in ("", account)
            and term.tier in ("", tier)
        ]
        spans = apply_terms(spans, terms)
        if not spans:
            return None
        return Schedule(provider_id, model_id, tier, spans, known)

    def _list_spans(
        self, found: tuple[ProviderEntry, ModelEntry] | None, tier: Tier
    ) -> tuple[Span, ...]:
        if found is None:
            return ()
        provider, model = found
        standard = self.lists.spans.get((model.provider, model.id, Tier.STANDARD), ())
        if tier is Tier.STANDARD:
            return standard
        own = self.lists.spans.get((model.provider, model.id, tier), ())
        if provider.id != model.provider:
            own = ()
        if (provider.id, tier) in rules.NO_STAND_IN:
            return own
        return own + tuple(_uncovered(standard, own))


def _surcharged(spans: Sequence[Span], basis_points: int) -> tuple[Span, ...]:
    """Spans with a surcharge on the list price: contracts count from there."""
    return tuple(
        replace(
            span,
            bands=tuple(
                replace(band, rates=rules.surcharged(band.rates, basis_points))
                for band in span.bands
            ),
        )
        for span in spans
    )


def _uncovered(standard: Sequence[Span], own: Sequence[Span]) -> Iterable[Span]:
    """Standard spans for the time in which a tier has no price: estimates."""
    covered = sorted({(span.starts_at, span.ends_at) for span in own})
    for span in standard:
        start = span.starts_at
        for from_us, to_us in [*covered, (rules.ALWAYS_TO, rules.ALWAYS_TO)]:
            if to_us <= start:
                continue
            end = min(span.ends_at, from_us)
            if start < end:
                yield Span(start, end, span.bands, span.daily_from, span.daily_to, exact=False)
            start = max(start, to_us)
            if start >= span.ends_at:
                break


def apply_terms(spans: Sequence[Span], terms: Sequence[Term]) -> tuple[Span, ...]:
    """Spans with negotiated terms on top, cut where a term begins or ends."""
    if not terms:
        return tuple(spans)
    cuts = sorted({edge for term in terms for edge in (term.starts_at, term.ends_at)})
    result: list[Span] = []
    for span in spans:
        edges = [
            span.starts_at,
            *(c for c in cuts if span.starts_at < c < span.ends_at),
            span.ends_at,
        ]
        for start, end in pairwise(edges):
            term = _in_force(terms, start)
            bands = span.bands if term is None else _with_term(span.bands, term)
            result.append(Span(start, end, bands, span.daily_from, span.daily_to, span.exact))
    if not spans:
        result = [
            Span(start, end, (Band(0, term.fixed, term.id),))
            for start, end in pairwise(cuts)
            if (term := _in_force([t for t in terms if t.fixed], start)) and term.fixed
        ]
    return tuple(result)


def _in_force(terms: Sequence[Term], at: int) -> Term | None:
    active = [term for term in terms if term.starts_at <= at < term.ends_at]
    return max(active, key=lambda term: (term.specificity, term.starts_at), default=None)


def _with_term(bands: Sequence[Band], term: Term) -> tuple[Band, ...]:
    if term.fixed is not None:
        fixed = term.fixed
        return tuple(
            Band(b.over, rules.overridden(b.rates, fixed), term.id, b.list_price_id) for b in bands
        )
    cut = term.discount_bp or 0
    return tuple(
        Band(b.over, rules.discounted(b.rates, cut), term.id, b.list_price_id) for b in bands
    )
