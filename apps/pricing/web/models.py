"""Models and prices: the catalogue, one model with its history, and what changed."""

from functools import cached_property
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.tokens import KINDS, TokenCounts
from apps.common.web.lists import (
    Action,
    BooleanFilter,
    ChoiceFilter,
    Column,
    CustomFilter,
    Empty,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.pricing import selectors, services
from apps.pricing.catalogue import FIRST_DAY
from apps.pricing.changes import ORIGINS, PriceEvent, price_events
from apps.pricing.enums import KIND_LABELS, Standing, TierLabel
from apps.pricing.models import AIModel, ListPrice
from apps.pricing.web.format import exact, price
from apps.pricing.web.standings import standing_context
from apps.tenancy.urls import org_url

UNIT = "USD per million tokens"
MOST = 10**9


def _price_column(kind: str, label: str) -> Column:
    return Column(
        kind,
        label,
        value=lambda model: price(getattr(model, f"now_{kind}")),
        csv=lambda model: exact(getattr(model, f"now_{kind}")),
        csv_label=f"{label}, {UNIT}",
        sort=f"sort_{kind}",
        align="num",
    )


@requires(P.PRICE_VIEW)
class ModelList(ListPage):
    """Every model of the price book with today's standard prices."""

    title = "Models and prices"
    noun = ("model", "models")
    filename = "models"
    columns = (
        Column(
            "name",
            "Model",
            sort="key",
            value=lambda model: model.key,
            sub=lambda model: model.name if model.name != model.key else "",
            link=lambda model, request: org_url(request, "pricing:detail", model.id),
        ),
        Column("provider", "Provider", sort="provider__name", value=lambda m: m.provider.name),
        Column(
            "used",
            "In use",
            sort="unused",
            value=lambda model: "–" if model.unused else "Last 30 days",
            csv=lambda model: "" if model.unused else "yes",
        ),
        Column(
            "standing",
            "Standing",
            sort="standing",
            value=lambda model: Standing(model.standing).label,
        ),
        _price_column("input_uncached", "Input"),
        _price_column("cache_read", "Cached input"),
        _price_column("output", "Output"),
        Column(
            "context",
            "Context window",
            value=lambda model: fmt.tokens(model.context_window),
            csv=lambda model: model.context_window or "",
            csv_label="Context window, tokens",
            align="num",
        ),
    )
    filters = (
        SearchFilter("q", "Search models", fields=("search",)),
        RelationFilter(
            "provider",
            "Provider",
            choices=lambda request: selectors.providers().values_list("id", "name"),
        ),
        CustomFilter(
            "tier",
            "Tier",
            choices=TierLabel.choices(),
            narrow=lambda rows, tier: rows.filter(
                id__in=ListPrice.objects.filter(is_current=True, tier=tier).values("model_id")
            ),
        ),
        CustomFilter(
            "priced",
            "Price",
            choices=(("1", "Has a price"), ("0", "Has none")),
            narrow=lambda rows, value: rows.filter(price_now__isnull=value == "0"),
        ),
        CustomFilter(
            "used",
            "Use",
            choices=(("1", "Used in the last 30 days"), ("0", "Not used")),
            narrow=lambda rows, value: rows.filter(unused=0 if value == "1" else 1),
        ),
        ChoiceFilter("standing", "Standing", choices=Standing.choices()),
        BooleanFilter("deprecated", "Deprecated"),
    )
    default_sort = "unused,provider__name,key"
    empty = Empty(
        "The price book is empty",
        "An operator loads it with “manage.py seed_price_book”.",
        icon="cpu",
    )

    def get_queryset(self) -> QuerySet[AIModel]:
        return selectors.with_use(selectors.with_standing(selectors.model_catalogue()))

    def get_lede(self) -> str:
        book = selectors.latest_version()
        if book is None:
            return ""
        return (
            f"Those in use first. List prices today, {UNIT}, from {book.package}, loaded "
            f"{fmt.day(book.seeded_at.date())}. A dash means no price: such usage is "
            "shown as unpriced, never as free."
        )

    def get_actions(self) -> list[Action]:
        return [
            Action("Price changes", org_url(self.request, "pricing:changes"), "history"),
            Action("Negotiated rates", org_url(self.request, "pricing:rates"), "receipt"),
        ]

    def row_class(self, obj: AIModel) -> str:
        return "mut" if obj.deprecated else ""


def _event_link(event: PriceEvent, request: HttpRequest) -> str:
    if event.model_id:
        return org_url(request, "pricing:detail", event.model_id)
    if event.rate_id and can(request.actor, P.PRICE_MANAGE):
        return org_url(request, "pricing:rate_edit", event.rate_id)
    return ""


@requires(P.PRICE_VIEW)
class ChangeList(ListPage):
    """Dated list prices that differ from the ones before; rates that begin or end."""

    title = "Price changes"
    lede = (
        "What changes the price of a token: list prices of the last year and the coming weeks, and "
        "negotiated rates. Days are UTC. Usage that is already priced keeps its price."
    )
    noun = ("change", "changes")
    filename = "price-changes"
    columns = (
        Column(
            "model",
            "Model",
            value=lambda event: event.model or "All models",
            sub=lambda event: event.provider_name,
            link=_event_link,
            sort="model",
        ),
        Column("provider", "Provider", in_table=False),
        Column("on", "From", sort="on", value=lambda event: event.on),
        Column("origin", "What", value=lambda event: ORIGINS[event.origin], sort="origin"),
        Column("tier", "Tier"),
        Column("kind", "Kind"),
        Column(
            "before",
            "Before",
            value=lambda event: price(event.before),
            csv=lambda event: exact(event.before),
            csv_label=f"Before, {UNIT}",
            align="num",
        ),
        Column(
            "after",
            "After",
            value=lambda event: price(event.after),
            csv=lambda event: exact(event.after),
            csv_label=f"After, {UNIT}",
            align="num",
        ),
        Column(
            "share",
            "Change",
            value=lambda event: "" if event.share is None else fmt.delta(event.share),
            csv=lambda event: event.share,
            align="num",
        ),
    )
    default_sort = "-on"
    empty = Empty("No price has changed", "Dated changes appear here with the next price book.")
    filters = (
        CustomFilter(
            "origin",
            "What",
            choices=list(ORIGINS.items()),
            narrow=lambda rows, value: [e for e in rows if e.origin == value],  # type: ignore[arg-type,return-value]
        ),
        CustomFilter(
            "provider",
            "Provider",
            choices=lambda request: selectors.providers().values_list("key", "name"),
            narrow=lambda rows, value: [e for e in rows if e.provider == value],  # type: ignore[arg-type,return-value]
        ),
        CustomFilter(
            "direction",
            "Direction",
            choices=(("up", "Dearer"), ("down", "Cheaper")),
            narrow=lambda rows, value: [  # type: ignore[arg-type,return-value]
                e for e in rows if e.share is not None and (e.share > 0) == (value == "up")
            ],
        ),
    )

    def get_title(self) -> str:
        """The answer: whether tokens got dearer, and what is about to change."""
        today, events = clock.today(), self.events
        past = [event for event in events if event.on <= today]
        ahead = len(events) - len(past)
        coming = f"{ahead} to come" if ahead else ""
        if not past:
            return f"No price changed in a year{f', {coming}' if coming else ''}"
        dearer = sum(event.share is not None and event.share > 0 for event in past)
        cheaper = sum(event.share is not None and event.share < 0 for event in past)
        parts = [f"{dearer} dearer"] if dearer else []
        parts += [f"{cheaper} cheaper"] if cheaper else []
        parts += [coming] if coming else []
        counted = f"{fmt.plural(len(past), 'price change')} in a year"
        return f"{counted}: {', '.join(parts)}" if parts else counted

    @cached_property
    def events(self) -> list[PriceEvent]:
        return price_events()

    def get_queryset(self) -> list[PriceEvent]:
        return self.events

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Models and prices", org_url(self.request, "pricing:list")),
            (self.title, ""),
        ]


class EstimateForm(forms.Form):
    """Price this: a planned use of one model."""

    input_uncached = forms.IntegerField(
        label="Input tokens", min_value=0, max_value=MOST, initial=10_000, required=False
    )
    cache_read = forms.IntegerField(
        label="Cached input tokens", min_value=0, max_value=MOST, initial=0, required=False
    )
    output = forms.IntegerField(
        label="Output tokens", min_value=0, max_value=MOST, initial=1_000, required=False
    )
    requests = forms.IntegerField(
        label="Calls", min_value=1, max_value=MOST, initial=1, help_text="Each of this size."
    )
    tier = forms.ChoiceField(label="Service tier", choices=TierLabel.choices())


@requires(P.PRICE_VIEW)
def model_detail(request: HttpRequest, model_id: Any) -> HttpResponse:
    """One model: prices in force, price this, history."""
    model = selectors.model(model_id)
    asked = "requests" in request.GET
    form = EstimateForm(request.GET if asked else None)
    estimate = _estimate(model, form) if asked and form.is_valid() else None
    history = list(selectors.price_history(model))
    context = {
        "title": model.key,
        "model": model,
        "crumbs": [
            ("Models and prices", org_url(request, "pricing:list")),
            (model.key, ""),
        ],
        "kinds": [(kind, KIND_LABELS[kind]) for kind in KINDS],
        "in_force": [_row(p) for p in selectors.prices_in_force(model)],
        "history": [_row(p) for p in history],
        "form": form,
        "estimate": estimate,
        "may_manage": can(request.actor, P.PRICE_MANAGE),
        **standing_context(request, model),
        "rates": [
            rate
            for rate in selectors.negotiated_rates()
            if rate.provider == model.provider.key and rate.model in ("", model.key)
        ],
    }
    status = 422 if asked and form.errors else 200
    template = "pricing/_estimate.html" if request.headers.get("HX-Target") == "estimate" else ""
    return render(request, template or "pricing/detail.html", context, status=status)


def _estimate(model: AIModel, form: EstimateForm) -> services.CostEstimate:
    data = form.cleaned_data
    calls = data["requests"]
    counts = TokenCounts(
        input_uncached=(data["input_uncached"] or 0) * calls,
        cache_read=(data["cache_read"] or 0) * calls,
        output=(data["output"] or 0) * calls,
    )
    return services.estimate_cost(
        provider=model.provider.key,
        model=model.key,
        counts=counts,
        requests=calls,
        service_tier=data["tier"],
    )


def _row(item: ListPrice) -> dict[str, Any]:
    """One price as the tables draw it."""
    shown = {kind: price(getattr(item, kind)) for kind in KINDS}
    return {
        "tier": TierLabel(item.tier).label,
        "since": None if item.starts_on == FIRST_DAY else item.starts_on,
        "until": item.ends_on,
        "over": item.over_tokens,
        "daily_from": item.daily_from,
        "daily_to": item.daily_to,
        "current": item.is_current,
        "per_request": price(item.per_request) if item.per_request is not None else "",
        "main": [shown[kind] for kind in MAIN_KINDS],
        "other": _different(item, shown),
    }


MAIN_KINDS = ("input_uncached", "cache_read", "cache_write_5m", "cache_write_1h", "output")


def _different(item: ListPrice, shown: dict[str, str]) -> str:
    """Kinds that cost something else than plain input or output."""
    leaders = {
        "reasoning": "output",
        "audio_input": "input_uncached",
        "audio_output": "output",
        "image_input": "input_uncached",
        "image_output": "output",
    }
    return ", ".join(
        f"{KIND_LABELS[kind].lower()} {shown[kind]}"
        for kind, leader in leaders.items()
        if getattr(item, kind) != getattr(item, leader)
    )
