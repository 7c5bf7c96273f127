"""Negotiated rates: added, ended, withdrawn, each with evidence; and the price of a planned use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.common.tokens import KINDS, TokenCounts
from apps.outbox.services import enqueue
from apps.pricing import events, rules, selectors
from apps.pricing.enums import Standing, TermKind, TierLabel
from apps.pricing.models import ModelStanding, NegotiatedRate, PricingState
from apps.pricing.rules import CostStatus
from apps.tenancy.scope import require_organization_id
from apps.trail.services import record

MAX_RATE = Decimal(10**8)
MAX_NOTE = 500
RATE_FIELDS = (*KINDS, "per_request")


@dataclass(frozen=True, slots=True)
class RateTerms:
    """What a negotiated rate says. Prices are USD per million tokens (per request: per call)."""

    name: str
    provider: str
    kind: str
    starts_on: date
    ends_on: date | None = None
    model: str = ""
    account: str = ""
    tier: str = ""
    discount_percent: Decimal | None = None
    rates: Mapping[str, Decimal | None] | None = None
    note: str = ""


def negotiate_rate(*, actor: Actor, terms: RateTerms) -> NegotiatedRate:
    """Add a rate. Invalid when its scope already has one on a shared day."""
    require(actor, P.PRICE_MANAGE)
    state = _locked_state()
    values = _values(terms)
    _refuse_overlap(values, except_id=None)
    rate = NegotiatedRate.objects.create(**values)
    _changed(state)
    record(actor=actor, action=events.RATE_NEGOTIATED, obj=rate, after=_snapshot(rate))
    return rate


def change_rate(*, actor: Actor, rate_id: UUID, version: int, terms: RateTerms) -> NegotiatedRate:
    """Rewrite a rate that has not begun. Conflict once it has: end it and add another."""
    require(actor, P.PRICE_MANAGE)
    state = _locked_state()
    rate = selectors.negotiated_rate(rate_id)
    if rate.starts_on <= clock.today():
        raise Conflict(
            "This rate has begun: usage may already be priced with it.",
            code="rate_begun",
            fix="End it on a day and add a new rate from that day.",
        )
    before = _snapshot(rate)
    values = _values(terms)
    _refuse_overlap(values, except_id=rate.id)
    _conditional(rate, version, **values)
    _changed(state)
    record(actor=actor, action=events.RATE_CHANGED, obj=rate, before=before, after=_snapshot(rate))
    return rate


def end_rate(*, actor: Actor, rate_id: UUID, version: int, ends_on: date) -> NegotiatedRate:
    """Let a rate stop: `ends_on` is the first day without it, today (UTC) at the earliest."""
    require(actor, P.PRICE_MANAGE)
    state = _locked_state()
    rate = selectors.negotiated_rate(rate_id)
    if ends_on < clock.today():
        raise Invalid(
            "A rate cannot end in the past: usage of those days is priced with it.",
            field="ends_on",
            fix="Choose today or a later day.",
        )
    if ends_on <= rate.starts_on:
        raise Invalid(
            "The rate would end before it begins.",
            field="ends_on",
            fix="Withdraw the rate instead.",
        )
    if rate.ends_on and ends_on > rate.ends_on:
        _refuse_overlap({**_scope(rate), "starts_on": rate.starts_on, "ends_on": ends_on}, rate.id)
    before = _snapshot(rate)
    _conditional(rate, version, ends_on=ends_on)
    _changed(state)
    record(actor=actor, action=events.RATE_ENDED, obj=rate, before=before, after=_snapshot(rate))
    return rate


def withdraw_rate(*, actor: Actor, rate_id: UUID, version: int) -> None:
    """Delete a rate that has not begun. Conflict once it has."""
    require(actor, P.PRICE_MANAGE)
    state = _locked_state()
    rate = selectors.negotiated_rate(rate_id)
    if rate.starts_on <= clock.today():
        raise Conflict(
            "This rate has begun and is part of the record.", code="rate_begun", fix="End it."
        )
    if rate.version != version:
        raise Conflict("The rate was changed by somebody else.", code="version_changed")
    record(actor=actor, action=events.RATE_WITHDRAWN, obj=rate, before=_snapshot(rate))
    rate.delete()
    _changed(state)


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """The price of one planned use; `cost_nanos` None with the reason when there is no price."""

    cost_nanos: int | None
    currency: str
    status: str
    provider: str
    model: str
    reason: str = ""
    price_id: UUID | None = None
    rates: dict[str, Decimal | None] | None = None


def estimate_cost(
    *,
    provider: str,
    model: str,
    counts: TokenCounts,
    requests: int = 1,
    at: datetime | None = None,
    service_tier: str = "",
    account: str = "",
    context_window: str = "",
) -> CostEstimate:
    """Price `requests` equal calls that use `counts` tokens **in total**. Writes nothing.

    Reads the organization's price book at `at` (default now). The band is that of one call, so
    counts are divided by `requests` to find it.
    """
    book = selectors.price_book()
    provider_id, model_id = book.canonical(provider, model)
    calls = max(requests, 1)
    price = book.resolve(
        provider,
        model,
        at or clock.now(),
        service_tier,
        context_window,
        account=account,
        input_tokens=-(-counts.input // calls),
    )
    if price is None:
        return CostEstimate(
            None,
            rules.CURRENCY,
            CostStatus.UNPRICED,
            provider_id,
            model_id,
            reason="The price book does not know this model.",
        )
    cost = price.cost_nanos(counts, requests)
    rates = {kind: price.rates.of(kind) for kind in KINDS}
    if cost is None:
        missing = [k for k, used in counts.as_dict().items() if used and rates[k] is None]
        return CostEstimate(
            None,
            rules.CURRENCY,
            CostStatus.UNPRICED,
            provider_id,
            model_id,
            reason=f"The model has no price for: {', '.join(missing)}.",
            rates=rates,
        )
    return CostEstimate(
        cost, rules.CURRENCY, price.status, provider_id, model_id, "", price.price_id, rates
    )


@transaction.atomic
def set_standing(
    *,
    actor: Actor,
    provider: str,
    model: str = "",
    standing: str,
    note: str = "",
    version: int | None = None,
) -> ModelStanding:
    """Say where a model stands, or every model of a provider (`model` empty); `undecided` takes a
    word back.

    `version` is the one that was seen, 0 or None for the first word. Raises Forbidden, Invalid
    (not a standing, no provider, no reason for a model that is held back), Conflict when somebody
    changed it meanwhile. Stories that wait keep the facts they were submitted with.
    """
    require(actor, P.MODEL_STANDING_MANAGE)
    errors = []
    if standing not in {each.value for each in Standing}:
        known = ", ".join(each.value for each in Standing)
        errors.append(FieldError("standing", f"{standing!r} is not a standing.", f"Use {known}."))
    if not provider.strip():
        errors.append(FieldError("provider", "Which provider?", "Name the provider."))
    held_back = standing in {Standing.RESTRICTED, Standing.NOT_ALLOWED}
    if held_back and not note.strip():
        errors.append(FieldError("note", "Say why it is held back.", "One sentence is enough."))
    if len(note) > MAX_NOTE:
        errors.append(FieldError("note", f"At most {MAX_NOTE} characters.", "Shorten it."))
    if errors:
        raise Invalid("The standing cannot be saved like this.", errors=errors)
    provider, model = _canonical(provider.strip(), model.strip())
    values = {
        "standing": standing,
        "note": note.strip(),
        "changed_at": clock.now(),
        "changed_by_name": actor.name[:200],
    }
    row, made = ModelStanding.objects.get_or_create(provider=provider, model=model, defaults=values)
    before: dict[str, Any] = {}
    if made:
        if version:
            raise _standing_changed()
    else:
        before = {"standing": row.standing, "note": row.note}
        changed = ModelStanding.objects.filter(id=row.id, version=version or 0).update(
            **values, version=F("version") + 1
        )
        if not changed:
            raise _standing_changed()
        row.refresh_from_db()
    record(
        actor=actor,
        action=events.STANDING_CHANGED,
        obj=row,
        before=before,
        after={"standing": row.standing, "note": row.note},
        reason=row.note,
    )
    return row


def _standing_changed() -> Conflict:
    return Conflict(
        "Somebody changed this standing since you opened it.",
        code="version_changed",
        fix="Load the model again.",
    )


def _locked_state() -> PricingState:
    """The organization's state row, locked: two changes never check for overlap side by side."""
    PricingState.objects.bulk_create([PricingState()], ignore_conflicts=True)
    return PricingState.objects.select_for_update().get()


def _changed(state: PricingState) -> None:
    PricingState.objects.filter(id=state.id).update(version=F("version") + 1)
    enqueue(
        events.PRICES_CHANGED,
        key=f"prices:{require_organization_id()}",
        payload={"version": state.version + 1},
    )


def _conditional(rate: NegotiatedRate, version: int, **values: Any) -> None:
    changed = NegotiatedRate.objects.filter(id=rate.id, version=version).update(
        **values, version=version + 1, updated_at=clock.now()
    )
    if not changed:
        raise Conflict("The rate was changed by somebody else.", code="version_changed")
    rate.refresh_from_db()


def _scope(rate: NegotiatedRate) -> dict[str, str]:
    return {name: getattr(rate, name) for name in ("provider", "model", "account", "tier")}


def _refuse_overlap(values: Mapping[str, Any], except_id: UUID | None) -> None:
    others = NegotiatedRate.objects.filter(
        **{name: values[name] for name in ("provider", "model", "account", "tier")}
    ).filter(Q(ends_on=None) | Q(ends_on__gt=values["starts_on"]))
    if values["ends_on"] is not None:
        others = others.filter(starts_on__lt=values["ends_on"])
    if except_id is not None:
        others = others.exclude(id=except_id)
    other = others.first()
    if other:
        until = other.ends_on or "further notice"
        raise Invalid(
            f"“{other.name}” already covers this scope from {other.starts_on} until {until}.",
            field="starts_on",
            code="rate_overlap",
            fix="End the other rate first, or choose days after it.",
        )


def _values(terms: RateTerms) -> dict[str, Any]:
    """Checked column values of a rate."""
    errors: list[FieldError] = []
    if not terms.name.strip():
        errors.append(FieldError("name", "Give the rate a name.", "For example the contract."))
    provider, model = terms.provider.strip().lower(), terms.model.strip().lower()
    if provider:
        provider, model = _canonical(provider, model)
    else:
        errors.append(FieldError("provider", "Choose the provider.", ""))
    if terms.tier and terms.tier not in [tier.value for tier in TierLabel]:
        errors.append(FieldError("tier", "Unknown service tier.", "Choose one of the list."))
    if terms.ends_on and terms.ends_on <= terms.starts_on:
        errors.append(
            FieldError("ends_on", "The rate ends before it begins.", "Choose a later day.")
        )
    money = _money(terms, errors)
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    return {
        "name": terms.name.strip()[:120],
        "provider": provider,
        "model": model,
        "account": terms.account.strip()[:255],
        "tier": terms.tier,
        "kind": terms.kind,
        "starts_on": terms.starts_on,
        "ends_on": terms.ends_on,
        "note": terms.note.strip(),
        **money,
    }


def _canonical(provider: str, model: str) -> tuple[str, str]:
    book = selectors.price_book()
    if model:
        return book.canonical(provider, model)
    entry = book.lists.directory.provider(provider)
    return (entry.id if entry else provider), ""


def _money(terms: RateTerms, errors: list[FieldError]) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(RATE_FIELDS)
    if terms.kind == TermKind.DISCOUNT:
        percent = terms.discount_percent
        if percent is None or not Decimal("0.01") <= percent <= 100:
            errors.append(
                FieldError("discount_percent", "Enter a discount from 0.01 to 100 percent.", "")
            )
            return empty
        points = percent * 100
        if points != points.to_integral_value():
            errors.append(
                FieldError("discount_percent", "At most two decimals.", f"Use {percent:.2f}.")
            )
        return {**empty, "discount_bp": int(points)}
    if terms.kind != TermKind.FIXED:
        errors.append(FieldError("kind", "Choose a discount or fixed prices.", ""))
        return empty
    rates = {name: (terms.rates or {}).get(name) for name in RATE_FIELDS}
    if all(rate is None for rate in rates.values()):
        errors.append(FieldError("rates", "Enter at least one price.", ""))
    for name, rate in rates.items():
        if rate is not None and not (rate.is_finite() and 0 <= rate <= MAX_RATE):
            errors.append(
                FieldError(name, "A price is a number from 0 to 100,000,000.", "USD per million.")
            )
    return {**empty, **rates, "discount_bp": None}


def _snapshot(rate: NegotiatedRate) -> dict[str, Any]:
    shown = {
        "scope": " / ".join(filter(None, _scope(rate).values())),
        "kind": rate.kind,
        "starts_on": str(rate.starts_on),
        "ends_on": str(rate.ends_on) if rate.ends_on else None,
    }
    if rate.discount_bp is not None:
        shown["discount_percent"] = str(Decimal(rate.discount_bp) / 100)
    prices = {n: getattr(rate, n) for n in RATE_FIELDS}
    return shown | {n: str(value) for n, value in prices.items() if value is not None}
