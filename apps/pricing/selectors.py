"""Reads of the price book. The list part is shared by all organizations and cached per process."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import (
    Case,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from apps.common import clock
from apps.common.errors import NotFound
from apps.common.memo import once
from apps.common.tokens import INPUT_KINDS, KINDS
from apps.pricing import rules
from apps.pricing.book import ListBook, PriceBook, Term, day_us, row_rates
from apps.pricing.catalogue import FIRST_DAY, ModelRow, PriceRow, ProviderRow
from apps.pricing.enums import Standing
from apps.pricing.models import (
    AIModel,
    ListPrice,
    ModelStanding,
    NegotiatedRate,
    PriceBookVersion,
    Provider,
)
from apps.pricing.ports import used_models
from apps.pricing.rules import Rates, Tier
from apps.pricing.standings import Standings
from apps.tenancy.scope import require_organization_id

SHOWN_KINDS = ("input_uncached", "cache_read", "output")
"""The kinds a list of models shows."""
_BOOKS = 200
_SHORTEST = 4
"""Shorter names begin too many others."""
_lock = threading.Lock()
_lists: ListBook | None = None
_books: dict[UUID, PriceBook] = {}


def price_book() -> PriceBook:
    """The prices of the organization in scope, list and negotiated.

    Cached per process; one short statement per call asks whether anything changed since.
    """
    global _lists  # noqa: PLW0603 -- one catalogue per process
    organization_id = require_organization_id()
    catalogue, negotiated = _versions(organization_id)
    version = f"{catalogue}:{negotiated}"
    found = _books.get(organization_id)
    if found and found.version == version:
        return found
    with _lock:
        if _lists is None or _lists.version != catalogue:
            _lists = _read_lists(catalogue)
            _books.clear()
        if len(_books) >= _BOOKS:
            _books.clear()
        book = PriceBook(_lists, _read_terms(), version)
        _books[organization_id] = book
    return book


_latest: tuple[str, dict[str, Rates]] = ("", {})


def relative_prices(models: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Latest standard prices by kind, list or negotiated, of those models that have one for input.

    For comparing kinds of one model with each other (what a cached token weighs against another),
    not for costs: a kind without a price of its own weighs what the input, or for output kinds the
    output, does.
    """
    global _latest  # noqa: PLW0603 -- one catalogue per process
    book = price_book()
    if _latest[0] != book.lists.version:
        found: dict[str, Rates] = {}
        for (_, name, tier), spans in book.lists.spans.items():
            if tier is Tier.STANDARD and spans:
                found.setdefault(name, spans[-1].bands[0].rates)
        _latest = (book.lists.version, found)
    fixed = {term.model: term.fixed for term in book.terms if term.model and term.fixed}
    priced = {}
    for name in models:
        rates = _latest[1].get(name, _NO_RATES)
        if own := fixed.get(name):
            rates = rules.overridden(rates, own)
        if rates.of("input_uncached"):
            priced[name] = _weights(rates)
    return priced


def _weights(rates: Rates) -> tuple[int, ...]:
    price = dict(zip(KINDS, rates.per_mtok, strict=True))
    read, written = price["input_uncached"] or 0, price["output"]
    usual = {kind: read if kind in INPUT_KINDS else written or read for kind in KINDS}
    return tuple(usual[kind] if price[kind] is None else price[kind] or 0 for kind in KINDS)


_NO_RATES = Rates((None,) * len(KINDS))


def price_book_version() -> str:
    """Changes whenever a price of the organization in scope may have changed."""
    return ":".join(_versions(require_organization_id()))


@once
def _versions(organization_id: UUID) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT id::text FROM pricing_pricebookversion ORDER BY id DESC LIMIT 1),"
            " (SELECT version::text FROM pricing_pricingstate WHERE organization_id = %s)",
            [organization_id],
        )
        catalogue, negotiated = cursor.fetchone()
    return catalogue or "", negotiated or "0"


def _read_lists(version: str) -> ListBook:
    """The catalogue in force: thousands of rows, read as values and not as model instances."""
    providers = Provider.objects.filter(is_current=True).values_list(
        "id", "key", "name", "position", "provider_match", "model_match", "fallbacks", "pricing_url"
    )
    models = AIModel.objects.filter(is_current=True).values_list(
        "id",
        "provider__key",
        "key",
        "name",
        "position",
        "match",
        "context_window",
        "deprecated",
    )
    prices = ListPrice.objects.filter(is_current=True).values_list(
        "id",
        "model__provider__key",
        "model__key",
        "tier",
        "starts_on",
        "ends_on",
        "daily_from",
        "daily_to",
        "over_tokens",
        "per_request",
        *KINDS,
    )
    return ListBook.build(
        version,
        [ProviderRow(*row) for row in providers],
        [ModelRow(*row) for row in models],
        [_price_row(row) for row in prices],
    )


def _price_row(row: tuple[Any, ...]) -> PriceRow:
    identity, provider, model, tier, starts, ends, daily_from, daily_to, over, each, *rates = row
    return PriceRow(
        id=identity,
        provider=provider,
        model=model,
        tier=Tier(tier),
        starts_on=starts,
        ends_on=ends,
        daily_from=daily_from,
        daily_to=daily_to,
        over_tokens=over,
        rates=dict(zip(KINDS, rates, strict=True)),
        per_request=each,
    )


def _read_terms() -> tuple[Term, ...]:
    return tuple(
        Term(
            id=rate.id,
            provider=rate.provider,
            model=rate.model,
            account=rate.account,
            tier=rate.tier,
            starts_at=day_us(rate.starts_on),
            ends_at=rules.ALWAYS_TO if rate.ends_on is None else day_us(rate.ends_on),
            discount_bp=rate.discount_bp,
            fixed=(
                None
                if rate.discount_bp is not None
                else row_rates(rate.rate_map(), rate.per_request)
            ),
        )
        for rate in NegotiatedRate.objects.order_by("id")
    )


def latest_version() -> PriceBookVersion | None:
    """The price book in force."""
    return PriceBookVersion.objects.order_by("-id").first()


def providers() -> QuerySet[Provider]:
    return Provider.objects.filter(is_current=True).order_by("name")


def model_catalogue() -> QuerySet[AIModel]:
    """Every known model with its provider and today's standard price of a short call.

    The price's columns are annotated as `now_<kind>`, null where the kind or the model has none.
    """
    today = clock.today()
    current = (
        Q(prices__is_current=True, prices__tier=Tier.STANDARD, prices__over_tokens=0)
        & Q(prices__starts_on__lte=today)
        & (Q(prices__ends_on=None) | Q(prices__ends_on__gt=today))
        & (Q(prices__daily_from=None) | Q(prices__daily_from=time()))
    )
    return (
        AIModel.objects.filter(is_current=True)
        .select_related("provider")
        .annotate(price_now=FilteredRelation("prices", condition=current))
        .annotate(**{f"now_{kind}": F(f"price_now__{kind}") for kind in SHOWN_KINDS})
        .annotate(
            **{
                f"sort_{kind}": Coalesce(F(f"price_now__{kind}"), Value(Decimal(-1)))
                for kind in SHOWN_KINDS
            }
        )
    )


def model(model_id: UUID) -> AIModel:
    """NotFound for an unknown one."""
    found = model_catalogue().filter(id=model_id).first()
    if found is None:
        raise NotFound("There is no such model.", code="model_not_found")
    return found


@once
def standings() -> Standings:
    """What the organization in scope says about models."""
    rows = _said().values_list("provider", "model", "standing")
    return Standings({(p, m): Standing(s) for p, m, s in rows})


def _said() -> QuerySet[ModelStanding]:
    return ModelStanding.objects.exclude(standing=Standing.UNDECIDED)


def standing_rows(provider: str = "", model: str = "") -> QuerySet[ModelStanding]:
    """Every standing, by name; with a model only its own and its provider's."""
    rows = ModelStanding.objects.order_by("provider", "model")
    return rows.filter(provider=provider, model__in=["", model]) if provider else rows


def with_standing(rows: QuerySet[AIModel]) -> QuerySet[AIModel]:
    """Models with `standing` annotated: their own, else their provider's, else undecided."""
    said = _said().filter(provider=OuterRef("provider__key"))
    return rows.annotate(
        standing=Coalesce(
            Subquery(said.filter(model=OuterRef("key")).values("standing")[:1]),
            Subquery(said.filter(model="").values("standing")[:1]),
            Value(Standing.UNDECIDED.value),
        )
    )


def with_use(rows: QuerySet[AIModel]) -> QuerySet[AIModel]:
    """Models with `unused` annotated: 0 for those in use, 1 for the others."""
    used = used_models()
    known = AIModel.objects.filter(key__in={key for _, key in used}).select_related("provider")
    ids = [model.id for model in known if (model.provider.key, model.key) in used]
    unused = Case(When(id__in=ids, then=0), default=1, output_field=IntegerField())
    return rows.annotate(unused=unused)


def prices_in_force(model: AIModel, day: date | None = None) -> QuerySet[ListPrice]:
    """The list prices of a model on a day, by tier, time of day and input size."""
    day = day or clock.today()
    return (
        model.prices.filter(is_current=True, starts_on__lte=day)
        .exclude(ends_on__lte=day)
        .order_by("tier", "daily_from", "over_tokens")
    )


def price_history(model: AIModel) -> QuerySet[ListPrice]:
    """All prices of a model, newest first, superseded ones included."""
    return model.prices.order_by("tier", "-starts_on", "daily_from", "over_tokens")


def negotiated_rate(rate_id: UUID) -> NegotiatedRate:
    """NotFound for one of another organization as for none at all."""
    found = NegotiatedRate.objects.filter(id=rate_id).first()
    if found is None:
        raise NotFound("There is no such rate.", code="rate_not_found")
    return found


def negotiated_rates() -> QuerySet[NegotiatedRate]:
    return NegotiatedRate.objects.order_by("-starts_on", "id")


def lookalikes(model: str, limit: int = 5) -> list[ListPrice]:
    """Standard list prices, in force today, of models whose name begins like this one's or the
    other way round: the same model elsewhere, its dated variants. Suggestions for a person; usage
    is never priced by them alone. The longest common beginning first."""
    wanted = model.strip().lower().rpartition("/")[2]
    near = [
        (min(len(wanted), len(key)), key, model_id)
        for model_id, key in AIModel.objects.filter(is_current=True).values_list("id", "key")
        if len(key) >= _SHORTEST and (wanted.startswith(key) or key.startswith(wanted))
    ]
    near.sort(key=lambda item: (-item[0], item[1]))
    chosen = [model_id for _, _, model_id in near[: limit * 2]]
    today = clock.today()
    prices = (
        ListPrice.objects.filter(
            model_id__in=chosen,
            is_current=True,
            tier=Tier.STANDARD,
            over_tokens=0,
            starts_on__lte=today,
        )
        .filter(Q(ends_on=None) | Q(ends_on__gt=today), Q(daily_from=None))
        .select_related("model__provider")
    )
    order = {model_id: index for index, model_id in enumerate(chosen)}
    return sorted(prices, key=lambda price: (order[price.model_id], str(price.id)))[:limit]


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A list price that differs from the one before it."""

    model: AIModel
    tier: str
    on: date
    kind: str
    before: Decimal
    after: Decimal

    @property
    def share(self) -> Decimal | None:
        """Relative change; None from a price of zero."""
        return (self.after - self.before) / self.before if self.before else None


def price_changes(since: date | None = None, until: date | None = None) -> list[PriceChange]:
    """Dated changes of list prices in [since, until), newest first; by default 365 days back.

    Compares the base band of the whole-day prices of one tier with the ones just before.
    """
    until = until or clock.today() + timedelta(days=60)
    since = since or clock.today() - timedelta(days=365)
    moved = (
        ListPrice.objects.filter(
            is_current=True, starts_on__gte=since, starts_on__lt=until, over_tokens=0
        )
        .exclude(starts_on=FIRST_DAY)
        .filter(daily_from=None)
        .select_related("model__provider")
        .order_by("-starts_on", "model__provider__name", "model__name", "tier")
    )
    rows = list(moved)
    earlier = {
        (price.model_id, price.tier, price.ends_on): price
        for price in ListPrice.objects.filter(
            is_current=True,
            over_tokens=0,
            daily_from=None,
            model_id__in={row.model_id for row in rows},
        )
    }
    return [
        change
        for row in rows
        if (before := earlier.get((row.model_id, row.tier, row.starts_on)))
        for change in _differences(before, row)
    ]


def _differences(before: ListPrice, after: ListPrice) -> Sequence[PriceChange]:
    return [
        PriceChange(after.model, after.tier, after.starts_on, kind, old, new)
        for kind in KINDS
        if (old := getattr(before, kind)) is not None
        and (new := getattr(after, kind)) is not None
        and old != new
        and not (kind != "output" and _follows(before, after, kind))
    ]


def _follows(before: ListPrice, after: ListPrice, kind: str) -> bool:
    """A kind that only repeats another one's price (reasoning is output) is not a second change."""
    leader = "output" if kind in ("reasoning", "audio_output", "image_output") else "input_uncached"
    if kind == leader:
        return False
    return getattr(before, kind) == getattr(before, leader) and getattr(after, kind) == getattr(
        after, leader
    )
